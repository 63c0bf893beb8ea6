"""What is deleted in Stash leaves Plex, and what a hook cannot tell of is found by the next drainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.simulators.faults import slow
from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.world import World, wait_until


def carried_by_all(world: World) -> tuple[int, int, int]:
    """A tag, a performer and a studio that every scene carries, in step with Plex; their ids."""
    tag, performer = world.stash.tag_id("Gone"), world.stash.performer_id("Ann Gone")
    studio = world.stash.studio_id("Studio Gone")
    for scene_id in world.keys:
        fields: dict[str, Any] = {"tag_ids": [tag, world.stash.tag_id("Stays")], "performer_ids": [performer]}
        world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", studio_id=studio, **fields)
    assert world.stash.run_task("PlexSync", "Sync All Scenes").ended.wait(60)
    wait_until_in_step(world, world.keys)
    assert world.item(1).genres == ("Gone", "Stays")
    return tag, performer, studio


def test_a_removed_tag_performer_and_studio_leave_plex(tmp_path: Path) -> None:
    with World(tmp_path, 60) as world:
        tag, performer, studio = carried_by_all(world)
        world.plex.reset_log()
        world.stash.destroy_tags(tag)
        wait_until(lambda: all(world.item(each).genres == ("Stays",) for each in world.keys), "the tag to go")
        world.stash.destroy_performers(performer)
        world.stash.destroy_studios(studio)
        wait_until_in_step(world, world.keys)
        assert all((world.item(each).studio, world.item(each).collections) == ("", ()) for each in world.keys)
        world.wait_until_drained()


def test_removals_by_the_dozen_survive_kills(tmp_path: Path) -> None:
    with World(tmp_path, 120) as world:
        carried_by_all(world)
        others = [world.stash.tag_id(f"Other {number}") for number in range(12)]
        world.plex.inject(slow(0.02), method="PUT")
        world.stash.destroy_tags(world.stash.tag_id("Gone"), *others)
        wait_until(lambda: world.item(1).genres == ("Stays",), "the first to change")
        world.kill_drainer()
        world.edit(120, details="Any sign of life.")
        wait_until_in_step(world, world.keys)


def test_an_edit_does_not_wait_for_a_removal(tmp_path: Path) -> None:
    with World(tmp_path, 200, parallel_writes=1) as world:
        tag, _, _ = carried_by_all(world)
        world.plex.inject(slow(0.05), method="PUT")
        world.stash.destroy_tags(tag)
        wait_until(lambda: world.item(1).genres == ("Stays",), "the comparison to begin")
        world.edit(200, details="Now.")
        wait_until(lambda: world.item(200).summary == "Now.", "the edit")
        assert sum("Gone" in world.item(each).genres for each in world.keys) > 0
        wait_until_in_step(world, world.keys)


def test_a_parent_studio_reaches_the_scenes_of_its_children(tmp_path: Path) -> None:
    with World(tmp_path, 2, collections_from="studio, parent_studio") as world:
        _, _, studio = carried_by_all(world)
        parent = world.stash.studio_id("Parent")
        world.stash.update_studio(studio, parent_id=parent)
        world.stash.rename_studio(parent, "Renamed")
        wait_until_logged(world, "A studio was renamed: 2 of its scenes")
        world.wait_until_drained()
        assert all("Renamed" in world.item(each).collections for each in world.keys)


def test_scenes_that_a_program_creates_are_found_by_the_next_drainer(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=0.3) as world:
        world.edit(1, title="So that a first look sets its mark", details="d")
        wait_until_in_step(world, [1])
        wait_until(lambda: not world.drainers(), "the drainer to end")
        file = world.scene(2).files[0]
        created = world.stash.create_scene(title="By a program", details="d", file_ids=[file.id]).ids[0]
        world.keys[created] = world.keys.pop(2)
        assert not world.drainers()
        world.edit(1, details="What starts a drainer.")
        wait_until(lambda: world.item(created).title == "By a program", "the scene that no hook told of")
