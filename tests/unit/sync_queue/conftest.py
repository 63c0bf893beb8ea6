"""What every test of the queue begins with: a queue of its own, on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.manager import AckQueue, QueueManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[QueueManager]:
    opened = QueueManager.open(str(tmp_path / "queue"))
    yield opened
    opened.close()


@pytest.fixture
def database(manager: QueueManager) -> Database:
    return manager.database


@pytest.fixture
def queue(manager: QueueManager) -> AckQueue:
    return manager.get_queue()


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """A second connection to the same file, as another process has one."""
    opened = Database.open(database.path)
    yield opened
    opened.close()
