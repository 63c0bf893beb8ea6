"""The buttons that delete: what goes is written to a file first, and the file is named."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from storage.lock import ProcessLock
from sync_queue.models import Failure, Job
from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import logged_times
from tests.support.buttons import operate, press
from tests.world import World

DAY = 86_400.0


def wait_in_the_queue(world: World, count: int) -> None:
    """Edit the first `count` scenes of a world that is paused."""
    for scene_id in range(1, count + 1):
        world.edit(scene_id, title=f"Title {scene_id}", details="d")


def bury(world: World, scene_id: int, days_ago: float = 0.0) -> None:
    """Leave a dead letter behind, as a drainer of that day did."""
    now = time.time() - days_ago * DAY
    job = Job(0, scene_id, ("title",), "hook", now - 60.0)
    failure = Failure("AmbiguousMatch", "Two fit", f"Title {scene_id}", "/data/a.mp4", ("/media/a.mp4", "/media/b.mp4"))
    world.dead_letters().add(job, failure, now)


def kept_in(world: World, result: dict[str, Any]) -> list[dict[str, Any]]:
    """What the named file holds; it is the newest in the backups' folder, and the log names it, too."""
    file = Path(result["file"])
    assert file.parent == Path(world.data.backups)
    entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    assert logged_times(world, f"{'it is' if len(entries) == 1 else 'they are'} kept in {file}") == 1
    assert len(entries) == result["deleted"]
    return entries


def test_pending_jobs_are_written_down_before_they_are_deleted(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3, paused=True) as world:
        wait_in_the_queue(world, 3)
        kept = kept_in(world, operate(world, "clear_queue"))
        assert [(job["scene_id"], job["data"]["source"]) for job in kept] == [(1, "hook"), (2, "hook"), (3, "hook")]
        assert world.open_jobs() == 0


def test_one_that_is_deleted_is_in_the_singular(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, paused=True) as world:
        wait_in_the_queue(world, 1)
        bury(world, 1)
        operate(world, "clear_queue")
        assert "1 pending job deleted; it is kept in " in world.logged()
        operate(world, "clear_dlq")
        assert "1 dead letter deleted; it is kept in " in world.logged()
        operate(world, "clear_dlq")
        assert "0 dead letters deleted" in world.logged()


def test_dead_letters_are_written_down_before_they_are_deleted(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        for scene_id in (1, 2):
            bury(world, scene_id)
        kept = kept_in(world, operate(world, "clear_dlq"))
        assert [(letter["scene_id"], letter["failure"]["title"]) for letter in kept] == [(1, "Title 1"), (2, "Title 2")]
        assert kept[0]["failure"]["candidates"] == ["/media/a.mp4", "/media/b.mp4"]
        assert kept[0]["job"]["enqueued_at"] > 0
        assert world.dead_letters().get_count() == 0


def test_old_dead_letters_are_written_down_and_the_others_stay(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, dlq_retention_days=7) as world:
        bury(world, 1, days_ago=8.0)
        bury(world, 2, days_ago=6.0)
        assert [letter["scene_id"] for letter in kept_in(world, operate(world, "purge_dlq"))] == [1]
        assert [letter.scene_id for letter in world.dead_letters().get_all()] == [2]


def test_each_time_makes_a_file_of_its_own(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        files = set()
        for _ in range(3):
            bury(world, 1)
            files.add(operate(world, "clear_dlq")["file"])
        assert {Path(file) for file in files} == set(Path(world.data.backups).iterdir())
        assert len(files) == 3


@pytest.mark.parametrize("task_name", ["Clear Pending Queue", "Clear Dead Letter Queue", "Purge Old DLQ Entries"])
def test_where_there_is_nothing_no_file_is_made(tmp_path: Path, task_name: str) -> None:
    with World(tmp_path) as world:
        press(world, task_name)
        assert logged_times(world, " deleted") == 1
        assert not Path(world.data.backups).exists()


@pytest.mark.parametrize("mode", ["clear_queue", "clear_dlq", "purge_dlq"])
def test_what_cannot_be_written_down_is_not_deleted(tmp_path: Path, mode: str) -> None:
    with World(tmp_path, scenes=1, paused=True) as world:
        wait_in_the_queue(world, 1)
        world.kill_drainer()
        drainer = ProcessLock(world.data.drain_lock)
        assert drainer.acquire()  # another one would see to old dead letters itself
        bury(world, 1, days_ago=90.0)
        Path(world.data.backups).write_text("a file where the folder should be", encoding="utf-8")
        with pytest.raises(ResolverError, match=r"cannot be used.*Move away the file"):
            operate(world, mode)
        assert (world.open_jobs(), world.dead_letters().get_count()) == (1, 1)
