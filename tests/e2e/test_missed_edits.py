"""Edits of which no hook ever told: the next drainer asks Stash for them, and they arrive as all others do."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.agreement import disagreements, wait_until_in_step
from tests.world import World, wait_until
from worker.launcher import ask_for_a_look

NO_DRAINER_ENDS = 600.0
"""Idle seconds after which no drainer of a test ends by itself."""
HEARD_OF = 1
"""The scene whose edit has a hook: it starts the drainer that finds the others."""


@contextmanager
def world_in_use(folder: Path, scenes: int) -> Iterator[World]:
    """A world in which a drainer has run once, so that the catch-up knows from when to look; none runs now."""
    with World(folder, scenes, idle_seconds=NO_DRAINER_ENDS) as world:
        world.edit(HEARD_OF, title="The first that is heard of", details="d")
        wait_until_in_step(world, [HEARD_OF])
        wait_until(Path(world.data.catch_up).exists, "the catch-up's mark")
        world.kill_drainer()
        yield world


def edit_once_more(world: World) -> None:
    """An edit with a hook: a drainer starts."""
    world.edit(HEARD_OF, details="Edited once more")


def save_while_the_plugin_is_off(world: World) -> None:
    """The user has the plugin switched off for a while."""
    world.stash.plugins.disabled.add("PlexSync")
    world.edit(2, title="Saved", details="while the plugin was off", rating100=60)
    world.stash.bulk_save([3, 4], studio_id=world.stash.studio_id("Off"))
    world.stash.plugins.disabled.clear()
    assert len(world.stash.runs) == 1


def merge_scenes(world: World) -> None:
    """Scene 3 takes scene 4 in, with its file, as Stash merges scenes: no hook runs."""
    library, source = world.stash.library, world.scene(4)
    files = (*world.scene(3).files, *source.files)
    library.remove_scene(source.id)
    library.change_scene(3, title="Merged", details="from two", files=files)


def close_the_browser_in_a_bulk_edit(world: World) -> None:
    """All scenes are stored, but only the hooks of the first ones run."""
    before = len(world.stash.runs)
    saving = threading.Thread(target=lambda: world.stash.bulk_save(world.keys, details="Bulk"))
    saving.start()
    wait_until(lambda: len(world.stash.runs) >= before + 2, "some hooks to have run")
    wait_until(lambda: world.stash.kill_running_hooks() > 0, "a hook to be cut off")
    saving.join()
    world.kill_drainer()
    assert len([run for run in world.stash.runs if run.output == "ok"]) < len(world.keys)


def test_edits_while_the_plugin_was_off_arrive(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 5) as world:
        save_while_the_plugin_is_off(world)
        edit_once_more(world)
        wait_until(lambda: disagreements(world, [1, 2, 3, 4]) == [], "all to arrive")
        assert world.item(5).edit_count == 0


def test_a_merged_scene_arrives_at_the_items_of_all_its_files(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 4) as world:
        merge_scenes(world)
        edit_once_more(world)
        wait_until(lambda: disagreements(world, [1, 3]) == [], "the merged scene to arrive")
        wait_until(lambda: world.item(4).title == "Merged", "it to arrive at the other file's item")
        world.wait_until_drained()
        assert world.dead_letters().get_count() == 0


def test_a_job_of_a_scene_that_was_merged_into_another_is_no_trouble(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 4) as world:
        world.stash.library.plugin_settings["PlexSync"]["paused"] = True
        world.edit(4, title="Edited", details="just before the merge")
        merge_scenes(world)
        world.kill_drainer()
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        edit_once_more(world)
        wait_until(lambda: disagreements(world, [1, 3]) == [], "the merged scene to arrive")
        world.wait_until_drained()
        assert (world.item(4).title, world.dead_letters().get_count()) == ("Merged", 0)


def test_a_bulk_edit_that_was_cut_off_arrives_whole(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 20) as world:
        close_the_browser_in_a_bulk_edit(world)
        edit_once_more(world)
        wait_until(lambda: disagreements(world, world.keys) == [], "all to arrive")


def test_what_was_found_once_is_not_written_again_by_the_next_drainer(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 2) as world:
        world.stash.save_without_hook(2, title="Auto Tag", details="tells nobody")
        edit_once_more(world)
        wait_until(lambda: disagreements(world, [1, 2]) == [], "both to arrive")
        world.wait_until_drained()
        world.kill_drainer()
        world.plex.reset_log()
        world.edit(HEARD_OF, details="Edited a third time")
        wait_until_in_step(world, [1, 2])
        assert len([request for request in world.plex.requests if request.method != "GET"]) == 1


def break_queue(world: World) -> None:
    """Put a file in the place of the queue's folder."""
    queue = Path(world.data.queue)
    queue.rename(queue.with_name("queue-aside"))
    queue.write_text("in the way")


def repair_queue(world: World) -> None:
    """Undo `break_queue`."""
    queue = Path(world.data.queue)
    queue.unlink()
    queue.with_name("queue-aside").rename(queue)


def test_an_edit_that_met_an_unusable_data_folder_is_found_as_its_log_says(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 2) as world:
        break_queue(world)
        world.edit(2, title="Not queued", details="But saved")
        assert (
            "error: Scene 2 is saved in Stash, but is not in PlexSync's queue, which cannot be written now. Fix that, "
            "then the next edit of any scene finds this one too, or press Sync Recent Scenes"
        ) in world.logged()
        assert f"{world.data.queue} cannot be used" in world.logged()
        repair_queue(world)
        edit_once_more(world)
        wait_until_in_step(world, [1, 2])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_living_drainer_finds_what_could_not_be_queued(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=NO_DRAINER_ENDS) as world:
        world.edit(HEARD_OF, title="The first that is heard of", details="d")
        wait_until_in_step(world, [HEARD_OF])
        wait_until(Path(world.data.catch_up).exists, "the catch-up's mark")
        (drainer,) = world.drainers()
        world.stash.save_without_hook(2, title="Not queued", details="But saved")
        assert ask_for_a_look(world.data)  # as a hook does that cannot write its row
        wait_until(lambda: disagreements(world, [1, 2]) == [], "the edit to arrive")
        assert [process.pid for process in world.drainers()] == [drainer.pid]


def test_where_nothing_knows_since_when_to_look_the_log_says_what_to_press(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        (tmp_path / "file").write_text("in the way")
        world.stash.plugins.environment["STASH_PLUGIN_DATA"] = str(tmp_path / "file" / "data")
        world.edit(2, title="Not queued", details="But saved")
        assert (
            "error: Scene 2 is saved in Stash, but is not in PlexSync's queue, which cannot be written now. Fix that, "
            "then press Sync Recent Scenes (within a day; after that, Sync All Scenes)"
        ) in world.logged()
        del world.stash.plugins.environment["STASH_PLUGIN_DATA"]
        world.stash.run_operation("PlexSync", mode="recent")
        assert disagreements(world, [2]) == []


def test_a_rename_that_was_not_queued_is_found_by_syncing_all(tmp_path: Path) -> None:
    with world_in_use(tmp_path, 2) as world:
        world.edit(2, title="t", details="d", studio_id=world.stash.studio_id("Old"))
        wait_until_in_step(world, [1, 2])
        world.kill_drainer()
        break_queue(world)
        world.stash.rename_studio(world.stash.studio_id("Old"), "New")
        assert (
            "error: The rename is saved in Stash, but is not in PlexSync's queue, which cannot be written now. Fix "
            "that, then press Sync All Scenes"
        ) in world.logged()
        repair_queue(world)
        world.stash.run_operation("PlexSync", mode="all")
        assert disagreements(world, [2]) == []
