"""Open jobs go along into another file, once a scene, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_fan_out, enqueue_removal
from sync_queue.manager import QueueManager
from sync_queue.moved import take_along
from sync_queue.operations import claim, pending_scene_ids
from sync_queue.views.counts import count_open

NOW = 1_000_000.0


@contextmanager
def queue_at(folder: Path) -> Iterator[Database]:
    with closing(open_queue_database(str(folder))) as database:
        yield database


def test_what_is_pending_or_in_progress_goes_along(tmp_path: Path) -> None:
    manager = QueueManager.open(str(tmp_path / "old"))
    with closing(manager), queue_at(tmp_path / "new") as new:
        for scene_id in (1, 2, 3):
            enqueue(manager.database, scene_id, ["title"], "hook", NOW)
        claim(manager.get_queue(), 1, NOW)
        enqueue(manager.database, 1, ["title"], "hook", NOW)  # an edit while it is in progress: one job in the new file
        enqueue(new, 3, ["details"], "hook", NOW)
        enqueue_fan_out(manager.database, "tag", 7, "hook", NOW, ["name"])
        enqueue_removal(manager.database, "performer", "hook", NOW)
        take_along(manager.database, new, NOW)
        assert pending_scene_ids(new, [1, 2, 3]) == {1, 2, 3}
        assert count_open(new) == 5


def test_to_take_along_twice_adds_nothing(tmp_path: Path) -> None:
    with queue_at(tmp_path / "old") as old, queue_at(tmp_path / "new") as new:
        enqueue(old, 1, ["title"], "hook", NOW)
        assert [take_along(old, new, NOW), take_along(old, new, NOW)] == [1, 0]
