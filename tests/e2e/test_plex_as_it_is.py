"""On real processes, how people's servers really are: answers that say yes and do nothing, names, versions, keys."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.simulators.pictures import cover
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_agent import film_agent
from tests.simulators.plex_dialect import Dialect
from tests.simulators.plex_writes import EVERY_FIELD, NO_FIELD
from tests.support.agreement import disagreements, wait_until_logged
from tests.world import PATIENCE, PLEX_ROOT, STASH_ROOT, TOKEN, World, wait_until


def puts(world: World) -> int:
    """How many edits Plex was sent."""
    return sum(request.method == "PUT" for request in world.plex.requests)


def run_to_its_end(world: World, **arguments: str) -> None:
    """Press a button, and wait for its task."""
    assert world.stash.run_task("PlexSync", **arguments).ended.wait(PATIENCE)


def plain_scene(world: World, name: str) -> int:
    """A scene as a scan leaves it, known to both servers; returns its id."""
    scene = world.stash.add_scene(f"{STASH_ROOT}/{name}", title="")
    world.keys[scene.id] = world.plex.add_item(world.section, f"{PLEX_ROOT}/{name}", title=name)
    return scene.id


# --- what somebody types and saves must show (0)


def test_a_title_alone_on_a_plain_scene_arrives(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        scene_id = plain_scene(world, "holiday.mp4")
        world.edit(scene_id, title="A Day at the Sea")
        wait_until(lambda: world.item(scene_id).title == "A Day at the Sea", "the title")


def test_a_cover_alone_on_a_plain_scene_arrives(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        scene_id = plain_scene(world, "holiday.mp4")
        world.edit(scene_id, cover_image=cover("a day at the sea"))
        wait_until(lambda: "thumb" in world.item(scene_id).locked, "the poster")


def test_what_is_left_alone_says_so_once(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        scene_id = plain_scene(world, "holiday.mp4")
        for _ in range(2):
            world.edit(scene_id, title="holiday.mp4")
            world.wait_until_drained()
        assert puts(world) == 0
        assert world.logged().count("its title is only the name of its file") == 1


# --- refused is not Plex's own form (1)


def test_edits_that_plex_ignored_for_a_while_arrive_by_themselves(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3, idle_seconds=30.0) as world:
        world.plex.writes.ignored = EVERY_FIELD
        world.stash.bulk_save(world.keys, details="Typed while Plex was away with its thoughts")
        wait_until(lambda: world.retries_counted() > 0, "a retry")
        assert world.open_jobs() == 3
        world.plex.writes.ignored = NO_FIELD
        world.wait_until_drained()
        assert disagreements(world, world.keys) == []


def test_a_field_that_plex_refuses_is_never_called_in_step_and_is_tried_again_by_hand(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.writes.ignored = frozenset({"tagline", "summary"})
        world.edit(1, title="Arrives", details="Does not")
        world.wait_until_drained()
        assert world.item(1).title == "Arrives"
        compared = world.stash.run_operation("PlexSync", mode="compare")
        assert (compared["in_step"], compared["differs"]) == (0, 1)
        world.plex.writes.ignored = NO_FIELD
        run_to_its_end(world, mode="all")
        world.wait_until_drained()
        assert world.item(1).summary == "Does not"


# --- names (2)


@pytest.mark.parametrize("removal_ignores_case", [False, True])
def test_a_name_that_the_library_spells_its_own_way_costs_nothing_and_says_it_once(
    tmp_path: Path, removal_ignores_case: bool
) -> None:
    plex = PlexSimulator(
        token=TOKEN, dialect=Dialect("add", tag_names="first_spelling", removal_ignores_case=removal_ignores_case)
    )
    with World(tmp_path, scenes=6, plex=plex, idle_seconds=30.0) as world:
        world.plex.add_item(world.section, f"{PLEX_ROOT}/known.mp4", genres=("Blue Hat",))
        tag = world.stash.tag_id("blue hat")
        for scene_id in world.keys:
            world.edit(scene_id, title=f"Scene {scene_id}", tag_ids=[tag])
        world.wait_until_drained()
        assert [world.item(scene_id).genres for scene_id in world.keys] == [("Blue Hat",)] * 6
        assert world.logged().count("Blue Hat") <= 1
        before = puts(world)
        run_to_its_end(world, mode="all")
        world.wait_until_drained()
        assert puts(world) == before
        world.edit(1, tag_ids=[])
        world.wait_until_drained()
        assert world.item(1).genres == ()


# --- one item, two scenes (3)


def test_two_versions_that_plex_shows_as_one_belong_to_one_scene(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=30.0) as world:
        world.plex.versions.merge(world.keys[1], world.keys.pop(2))
        world.stash.bulk_save([1, 2], details="Both")
        world.edit(1, title="The 4K one")
        world.edit(2, title="The HD one")
        world.wait_until_drained()
        run_to_its_end(world, mode="all")
        world.wait_until_drained()
        before = puts(world)
        assert world.item(1).title == "The 4K one"
        run_to_its_end(world, mode="all")
        world.wait_until_drained()
        assert puts(world) == before
        world.stash.run_operation("PlexSync", mode="undo_scene", scene_id="1", dry_run="false")
        world.wait_until_drained()
        assert (world.item(1).title, world.item(1).summary) == ("scene-1", "")


def test_the_other_version_shows_once_the_scene_that_showed_is_deleted(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=30.0) as world:
        world.plex.versions.merge(world.keys[1], world.keys.pop(2))
        world.edit(1, title="The 4K one")
        world.edit(2, title="The HD one")
        world.wait_until_drained()
        assert world.item(1).title == "The 4K one"
        world.stash.destroy_scene(1)
        item = world.plex.item(world.keys[1])
        wait_until(lambda: item.title == "The HD one", "the other version")


# --- state is about files (4)


def test_keys_that_were_given_to_other_files_mix_nothing_up(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=30.0) as world:
        for scene_id in (1, 2):
            world.edit(scene_id, title=f"Film {scene_id}", details=f"About {scene_id}")
        world.wait_until_drained()
        world.plex.versions.swap(world.keys[1], world.keys[2])
        world.keys = {1: world.keys[2], 2: world.keys[1]}
        world.edit(1, details="About 1, again")
        world.wait_until_drained()
        assert [world.item(scene_id).summary for scene_id in (1, 2)] == ["About 1, again", "About 2"]
        world.stash.run_operation("PlexSync", mode="undo_scene", scene_id="1", dry_run="false")
        world.wait_until_drained()
        assert [world.item(scene_id).title for scene_id in (1, 2)] == ["scene-1", "Film 2"]


# --- locks (5)


def test_a_field_that_is_equal_but_not_locked_survives_the_agents_next_refresh(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.item(world.keys[1]).title = "Mine"
        world.edit(1, title="Mine", details="Mine too")
        world.wait_until_drained()
        world.plex.agent = film_agent
        world.plex.refresh_everything()
        assert (world.item(1).title, world.item(1).summary) == ("Mine", "Mine too")


# --- listings (10), trashed copies (11), limits (12)


def test_ties_that_come_in_any_order_hide_no_item(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3, idle_seconds=30.0) as world:
        for number in range(1200):
            world.plex.add_item(world.section, f"{PLEX_ROOT}/other/{number}.mp4")
        for item in world.plex.items.values():
            item.added_at = 1_700_000_000
        world.plex.listing_modes.tie_order = random.Random(7)
        world.stash.bulk_save(world.keys, details="Found")
        world.wait_until_drained()
        assert disagreements(world, world.keys) == []


def test_of_a_moved_file_the_copy_that_is_there_wins(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        old = world.plex.add_item(world.section, f"{PLEX_ROOT}/old/studio-1/scene-1.mp4", title="trashed")
        world.plex.versions.trash(old)
        world.edit(1, title="Moved")
        world.wait_until_drained()
        assert world.item(1).title == "Moved"
        assert world.plex.item(old).title == "trashed"
        assert world.dead_letters().get_count() == 0


def names_of(world: World, count: int) -> Sequence[int]:
    return [world.stash.tag_id(f"A rather long name of a tag, number {number:03}") for number in range(count)]


def test_a_list_goes_as_far_as_a_proxy_lets_it_and_the_rest_is_named(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, max_tags=100, idle_seconds=30.0) as world:
        world.plex.writes.max_request_line = 3000
        world.edit(1, title="Fits", tag_ids=names_of(world, 100))
        world.wait_until_drained()
        arrived = len(world.item(1).genres)
        assert world.item(1).title == "Fits"
        assert 10 < arrived < 100
        left_out = f"and {100 - arrived - 5} more"
        wait_until_logged(world, left_out)
        before = puts(world)
        run_to_its_end(world, mode="reconcile", scope="all")
        world.wait_until_drained()
        assert puts(world) == before
        assert world.logged().count(left_out) == 1


# --- what Plex refused is tried again


def test_a_task_that_leaves_a_refused_field_leaves_a_drainer_that_tries_it_again(tmp_path: Path) -> None:
    with World(tmp_path, idle_seconds=0.5) as world:
        world.add_scene(title="Title", details="Summary")
        world.plex.writes.refused = frozenset({"summary"})
        run_to_its_end(world, mode="all")
        wait_until(world.drainer_is_alive, "a drainer")
        assert world.open_jobs() == 0
