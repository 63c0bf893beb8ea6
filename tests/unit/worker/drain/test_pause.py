"""The pause between two steps: over where work arrives, and not for anything else that is committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_fan_out
from sync_queue.relay import post_lines
from worker.drain.pause import Pause

LONG = 30.0
SHORT = 0.3


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Database]:
    database = open_queue_database(str(tmp_path))
    yield database
    database.close()


@pytest.fixture
def theirs(tmp_path: Path, ours: Database) -> Iterator[Database]:
    database = open_queue_database(str(tmp_path))
    yield database
    database.close()


ARRIVALS: dict[str, Callable[[Database], object]] = {
    "a job": lambda database: enqueue(database, 2, ["title"], "hook", 1.0),
    "a rename": lambda database: enqueue_fan_out(database, "tag", 1, "hook", 1.0),
    "a job that waited falls due": lambda database: database.execute(
        "UPDATE ack_queue_default SET data = json_set(CAST(data AS TEXT), '$.next_retry_at', 5.0)"
    ),
}


@pytest.mark.parametrize("arrive", ARRIVALS.values(), ids=ARRIVALS)
def test_it_ends_where_work_arrives(ours: Database, theirs: Database, arrive: Callable[[Database], object]) -> None:
    enqueue(theirs, 1, ["title"], "hook", 1.0)
    pause = Pause(ours, threading.Event())
    pause.wait(0.0)
    arriving = threading.Timer(0.1, arrive, (theirs,))
    arriving.start()
    started = time.monotonic()
    pause.wait(LONG)
    arriving.join()
    assert time.monotonic() - started < LONG


def test_what_arrived_before_it_began_is_not_overlooked(ours: Database, theirs: Database) -> None:
    pause = Pause(ours, threading.Event())
    pause.wait(0.0)
    enqueue(theirs, 1, ["title"], "hook", 1.0)
    started = time.monotonic()
    pause.wait(LONG)
    assert time.monotonic() - started < LONG


def test_log_lines_on_their_way_are_no_work(ours: Database, theirs: Database) -> None:
    pause = Pause(ours, threading.Event())
    pause.wait(0.0)
    post_lines(theirs, [("info", "a line")])
    started = time.monotonic()
    pause.wait(SHORT)
    assert time.monotonic() - started >= SHORT


def test_it_ends_where_the_worker_is_stopped(ours: Database) -> None:
    stopping = threading.Event()
    stopping.set()
    pause = Pause(ours, stopping)
    pause.wait(LONG)
    started = time.monotonic()
    pause.wait(LONG)
    assert time.monotonic() - started < LONG
