"""An edit in Stash reaches Plex with no further action: real processes, real SQLite, real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulators.faults import hang
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.plex_edits import EditMode
from tests.support.agreement import EDIT_MODES, disagreements, wait_until_in_step
from tests.world import PLEX_ROOT, STASH_ROOT, TOKEN, World, wait_until

each_edit_mode = pytest.mark.parametrize("mode", EDIT_MODES)


def world_with(tmp_path: Path, mode: EditMode, scenes: int = 2, **settings: Any) -> World:
    """A world whose Plex understands lists in one of the ways that a real one may."""
    return World(tmp_path, scenes, plex=PlexSimulator(token=TOKEN, edit_mode=mode), **settings)


def whole_edit(world: World) -> dict[str, Any]:
    """An edit of every field that Plex shows."""
    return {
        "title": "A Better Title",
        "details": "What happens in it.\n\nAnd what comes after.",
        "date": "2024-05-17",
        "rating100": 85,
        "studio_id": world.stash.studio_id("Studio One"),
        "performer_ids": [world.stash.performer_id("Ann"), world.stash.performer_id("Bob, Jr.")],
        "tag_ids": [world.stash.tag_id("Drama"), world.stash.tag_id("R&B = 100%")],
    }


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
def test_an_edit_reaches_plex_by_itself(tmp_path: Path, dialect: Dialect) -> None:
    with World(tmp_path, scenes=2, plex=PlexSimulator(token=TOKEN, dialect=dialect)) as world:
        world.plex.edit_as_user(world.keys[1], genres=["drama"], roles=["ann"])
        world.edit(2, **whole_edit(world))
        wait_until(lambda: world.item(2).title == "A Better Title", "the title in Plex")
        wait_until_in_step(world, [2])
        item = world.item(2)
        assert {"title", "summary", "studio", "originallyAvailableAt", "actor", "genre", "collection"} <= item.locked
        assert world.item(1).edit_count == 0
        assert world.plex.errors == []


def test_an_edit_survives_the_next_metadata_refresh_of_plex(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, **whole_edit(world))
        wait_until_in_step(world, [1])
        world.plex.refresh_metadata(world.keys[1], title="Agent's", genres=["Agent's"], roles=["X"], thumb=b"agent")
        assert disagreements(world, [1]) == []


def test_of_two_edits_in_a_row_plex_ends_with_the_second(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(1, title="First", details="Of the first edit.")
        wait_until(lambda: held.hits == 1, "the first edit on its way to Plex")
        world.edit(1, title="Second", details="")
        held.remove()
        wait_until_in_step(world, [1])
        assert (world.item(1).title, world.item(1).summary) == ("Second", "")


def test_an_edit_that_is_undone_before_it_is_written_costs_no_write(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="As it is", details="d")
        wait_until_in_step(world, [1])
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(2, title="Keeps the drainer busy", details="d")
        wait_until(lambda: held.hits == 1, "the drainer to be busy")
        world.edit(1, title="As it was for a moment")
        world.edit(1, title="As it is")
        held.remove()
        wait_until_in_step(world, [1, 2])
        assert world.item(1).edit_count == 1


@each_edit_mode
def test_a_click_on_a_star_changes_the_rating_and_nothing_else(tmp_path: Path, mode: EditMode) -> None:
    with world_with(tmp_path, mode) as world:
        world.edit(1, **whole_edit(world))
        wait_until_in_step(world, [1])
        before = world.plex.snapshot()
        world.plex.reset_log()
        world.edit(1, rating100=40)
        wait_until(lambda: world.item(1).user_rating == 4.0, "the rating in Plex")
        world.wait_until_drained()
        assert [request.path for request in world.plex.requests if request.method != "GET"] == ["/:/rate"]
        before[world.keys[1]]["user_rating"] = 4.0
        assert world.plex.snapshot() == before


@each_edit_mode
def test_removed_tags_and_performers_disappear(tmp_path: Path, mode: EditMode) -> None:
    with world_with(tmp_path, mode) as world:
        tags = [world.stash.tag_id(name) for name in ("Stays", "Goes", "Goes, too", "Goes 3")]
        performers = [world.stash.performer_id(name) for name in ("Ann", "Bob, Jr.", "Cid & Co")]
        world.edit(1, tag_ids=tags, performer_ids=performers, studio_id=world.stash.studio_id("Before"))
        wait_until_in_step(world, [1])
        world.edit(1, tag_ids=tags[:1], performer_ids=performers[2:], studio_id=world.stash.studio_id("After"))
        wait_until_in_step(world, [1])
        item = world.item(1)
        assert (item.genres, item.roles, item.collections) == (("Stays",), ("Cid & Co",), ("After",))
        world.edit(1, tag_ids=[], performer_ids=None, studio_id=None, details="so that something is left")
        wait_until_in_step(world, [1])
        assert (item.genres, item.roles, item.collections, item.studio) == ((), (), (), "")


@each_edit_mode
def test_what_plex_had_in_its_lists_gives_way_to_stash(tmp_path: Path, mode: EditMode) -> None:
    with world_with(tmp_path, mode) as world:
        world.plex.edit_as_user(world.keys[1], genres=["Old", "Older", "Drama"], roles=["Nobody", "Ann"])
        world.edit(1, **whole_edit(world))
        wait_until_in_step(world, [1])


@each_edit_mode
def test_only_the_collection_that_we_set_is_removed(tmp_path: Path, mode: EditMode) -> None:
    with world_with(tmp_path, mode) as world:
        world.plex.edit_as_user(world.keys[1], collections=["Mine", "Best of"])
        for studio in ("One", "Two"):
            world.edit(1, studio_id=world.stash.studio_id(studio))
            world.wait_until_drained()
            assert set(world.item(1).collections) == {"Mine", "Best of", studio}
        world.edit(1, studio_id=None, details="so that something is left")
        world.wait_until_drained()
        assert set(world.item(1).collections) == {"Mine", "Best of"}


def test_an_emptied_summary_date_and_studio_are_cleared(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, **whole_edit(world))
        wait_until_in_step(world, [1])
        world.edit(1, details="", date=None, studio_id=None)
        wait_until_in_step(world, [1])
        item = world.item(1)
        assert (item.summary, item.originally_available_at, item.studio) == ("", "", "")


def test_an_empty_title_or_rating_is_left_alone(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.edit_as_user(world.keys[1], title="Plex's own", user_rating=7.0)
        world.edit(1, title="", rating100=None, details="A summary.")
        wait_until_in_step(world, [1])
        assert (world.item(1).title, world.item(1).user_rating) == ("Plex's own", 7.0)


def test_a_file_of_the_same_name_in_another_folder_is_never_touched(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        name = Path(world.scene(1).files[0].path).name
        twins = [
            world.plex.add_item(world.section, f"{PLEX_ROOT}/{folder}{name}") for folder in ("elsewhere/", "", "a/b/")
        ]
        lonely = world.stash.add_scene(f"{STASH_ROOT}/nowhere/{name}")
        before = [world.plex.item(key).snapshot() for key in twins]
        world.edit(lonely.id, title="Has no item in Plex", details="d")
        world.edit(1, **whole_edit(world))
        wait_until(lambda: world.item(1).title == "A Better Title", "the edit of the scene that Plex has")
        wait_until(lambda: world.queue().waiting_for_retry == 1, "the scene that Plex does not have to be put off")
        assert [world.plex.item(key).snapshot() for key in twins] == before
        assert disagreements(world, [1]) == []


def test_a_scene_with_several_files_reaches_each_of_its_items(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        second = world.plex.add_item(world.section, f"{PLEX_ROOT}/cuts/directors-cut.mp4")
        paths = [file.path for file in world.scene(1).files]
        scene = world.stash.add_scene(*paths, f"{STASH_ROOT}/cuts/directors-cut.mp4")
        world.edit(scene.id, title="Both", details="d")
        world.wait_until_drained()
        assert {world.item(1).title, world.plex.item(second).title} == {"Both"}
