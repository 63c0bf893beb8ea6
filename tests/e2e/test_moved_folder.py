"""The data folder deleted, moved or put back from a backup under a living drainer: one writes, and no edit is lost."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulators.faults import slow
from tests.support.agreement import disagreements, wait_until_in_step, wait_until_logged
from tests.world import World, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no open file")]

PATIENT = 600.0


def delete(data: Path, _backup: Path) -> None:
    while data.exists():  # the drainer may be writing into it
        shutil.rmtree(data, ignore_errors=True)


def move(data: Path, _backup: Path) -> None:
    data.rename(data.with_name("elsewhere"))


def restore(data: Path, backup: Path) -> None:
    delete(data, backup)
    shutil.copytree(backup, data)


def assert_nothing_was_written_twice(world: World) -> None:
    titles = [title for request in world.plex.requests if (title := request.query.get("title.value"))]
    assert sorted(titles) == sorted(set(titles))


def back_up(world: World, backup: Path) -> Path:
    return shutil.copytree(world.data.root, backup, ignore=shutil.ignore_patterns("*.json.*", "*.pipe"))


def wait_until_idle_drainer_is_gone(world: World) -> None:
    wait_until(lambda: not world.drainers(), "the drainer to end")


@pytest.mark.parametrize("fate", [delete, move, restore])
def test_what_waited_arrives_and_one_drainer_is_left(tmp_path: Path, fate: Callable[[Path, Path], None]) -> None:
    with World(tmp_path, 4, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before the backup", details="d")
        wait_until_in_step(world, [1])
        back_up(world, tmp_path / "backup")
        world.plex.refuse()
        world.edit(2, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        fate(Path(world.data.root), tmp_path / "backup")
        world.edit(3, title="Into the new one", details="d")
        world.plex.accept()
        wait_until(lambda: disagreements(world, [1, 2, 3]) == [], "what waited to arrive")
        wait_until(lambda: len(world.drainers()) == 1, "the other drainer to end")
        world.edit(4, title="Afterwards", details="d")
        wait_until_in_step(world, [1, 2, 3, 4])
        assert_nothing_was_written_twice(world)
        assert "was deleted, moved or replaced while PlexSync was at work" in world.logged()


@pytest.mark.parametrize("fate", [delete, move])
def test_an_idle_drainer_makes_room(tmp_path: Path, fate: Callable[[Path, Path], None]) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        fate(Path(world.data.root), tmp_path)
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        wait_until(lambda: len(world.drainers()) == 1, "the other drainer to end")
        assert_nothing_was_written_twice(world)
        assert "Traceback" not in world.logged()


def test_what_a_task_had_in_hand_goes_on_in_a_drainer(tmp_path: Path) -> None:
    with World(tmp_path, 120, idle_seconds=PATIENT, parallel_writes=1) as world:
        for scene_id in world.keys:
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        writes = world.plex.inject(slow(0.05), method="PUT")
        job = world.stash.run_task("PlexSync", "Sync All Scenes")
        wait_until(lambda: writes.hits > 60, "some writes of the second batch")
        move(Path(world.data.root), tmp_path)
        assert job.ended.wait(60)
        writes.remove()
        wait_until_in_step(world, world.keys)
        assert_nothing_was_written_twice(world)


def test_the_plugin_deleted_as_a_whole_leaves_nothing(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        world.plugin_folder.rename(tmp_path / "thrown away")
        wait_until_idle_drainer_is_gone(world)
        assert not world.plugin_folder.exists()


@pytest.mark.parametrize("whole", [True, False], ids=["the data folder", "the queue's file"])
def test_a_backup_put_back_while_nobody_works(tmp_path: Path, whole: bool) -> None:
    with World(tmp_path, 4, idle_seconds=0.5) as world:
        world.edit(1, title="Before the backup", details="d")
        wait_until_in_step(world, [1])
        wait_until_idle_drainer_is_gone(world)
        backup = back_up(world, tmp_path / "backup")
        world.edit(1, title="Before the backup")  # one more job that is older than what is synced
        world.edit(2, title="Synced after the backup", details="d")
        wait_until_in_step(world, [1, 2])
        wait_until_idle_drainer_is_gone(world)
        world.plex.refuse()
        world.edit(3, title="Waits in the queue that is replaced", details="d")
        wait_until_logged(world, "refused the connection")
        world.kill_drainer()
        if whole:
            restore(Path(world.data.root), backup)
        else:
            restore(Path(world.data.queue), backup / "queue")
        world.plex.accept()
        world.edit(4, title="Wakes", details="d")
        wait_until(lambda: disagreements(world, [1, 2, 3, 4]) == [], "what was lost to be found")
        assert_nothing_was_written_twice(world)
