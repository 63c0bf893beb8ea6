"""Which drainer may write: the one that began last."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue
from sync_queue.generation import Generation, Superseded


def test_whoever_begins_supersedes_all_before(tmp_path: Path) -> None:
    databases = [open_queue_database(str(tmp_path)) for _ in range(3)]
    generations = []
    for database in databases:
        generations.append(Generation.begin(database))
        generations[-1].check()
        for older in generations[:-1]:
            with pytest.raises(Superseded):
                older.check()
    for database in databases:
        database.close()


def test_what_others_write_supersedes_nobody(tmp_path: Path) -> None:
    ours, theirs = open_queue_database(str(tmp_path)), open_queue_database(str(tmp_path))
    generation = Generation.begin(ours)
    enqueue(theirs, 1, ["title"], "hook", 1.0)
    generation.check()
    ours.close()
    theirs.close()


def test_a_look_costs_one_pragma(tmp_path: Path) -> None:
    database: Database = open_queue_database(str(tmp_path))
    generation = Generation.begin(database)
    generation.check()
    asked: list[str] = []
    database.connection.set_trace_callback(asked.append)
    generation.check()
    assert asked == ["PRAGMA data_version"]
    database.close()
