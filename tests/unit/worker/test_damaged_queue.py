"""A queue whose file was damaged keeps nobody from saving, and no task from running: it is set aside and begun anew."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from stash.protocol import Request
from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue_many
from sync_queue.relay import post_lines
from tests.support.queue_examples import pending_data
from worker.data_folder import DataFolder
from worker.hook import handle_hook
from worker.process.task_runner import pass_on_news

NOW = 1_800_000_000.0
CONNECTION = {"Scheme": "http", "Host": "127.0.0.1", "Port": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A data folder with a queue of many pages, whose drain lock is held, so that no hook starts a drainer."""
    made = DataFolder(str(tmp_path / "data"))
    made.create()
    database = open_queue_database(made.queue)
    enqueue_many(database, range(1, 500), "all", NOW)
    post_lines(database, [("info", f"Line {number}") for number in range(300)])
    database.close()
    lock = ProcessLock(made.drain_lock)
    assert lock.acquire()
    yield made
    lock.release()


def spoil(folder: DataFolder) -> None:
    """Replace every page but the first."""
    path = Path(folder.queue, "plexsync.db")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + random.Random(1).randbytes(len(content) - 4096))


def truncate(folder: DataFolder) -> None:
    """Leave two pages."""
    os.truncate(os.path.join(folder.queue, "plexsync.db"), 8192)


def edit(folder: DataFolder, scene_id: int) -> None:
    """What a save in Stash does."""
    context = {"id": scene_id, "type": "Scene.Update.Post", "inputFields": ["title"]}
    handle_hook(folder, "no plugin is started", Request(CONNECTION, {"hookContext": context}))


DAMAGE = pytest.mark.parametrize("damage", [spoil, truncate])


@DAMAGE
def test_a_hook_sets_it_aside_and_makes_its_edit_durable(folder: DataFolder, damage: object) -> None:
    assert callable(damage)
    damage(folder)
    edit(folder, 1000)
    database = open_queue_database(folder.queue, check=True)
    assert [data["scene_id"] for data in pending_data(database)] == [1000]
    assert [name for name in os.listdir(folder.queue) if name.startswith("plexsync.db.corrupt-")]


@DAMAGE
def test_a_task_sets_it_aside_before_it_begins(folder: DataFolder, damage: object) -> None:
    assert callable(damage)
    damage(folder)
    pass_on_news(folder)
    assert pending_data(open_queue_database(folder.queue)) == []


def test_news_that_cannot_be_passed_on_fail_no_save(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    """The edit is durable by then; whoever comes next passes the news on."""
    database = open_queue_database(folder.queue)
    database.execute("DROP TABLE log_relay")
    edit(folder, 1000)
    assert 1000 in [data["scene_id"] for data in pending_data(database)]


def test_a_drain_lock_that_cannot_be_read_fails_no_save(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.drain_lock = os.path.join(folder.root, "queue")  # a folder, in the lock's place
    edit(folder, 1000)
    assert 1000 in [data["scene_id"] for data in pending_data(open_queue_database(folder.queue))]
