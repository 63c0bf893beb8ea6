"""What a job's get and ack cost when the queue has a long history behind it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import persistqueue.serializers.json
from persistqueue import SQLiteAckQueue

from sync_queue.enqueue import new_job_data, serialize
from sync_queue.manager import QueueManager
from sync_queue.operations import ack_job, claim
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MICROSECONDS, Sample, in_turns, seconds_of

SHORT, LONG = 1_000, 100_000
JOBS = 300
BAR = 1.5
_INSERT = "INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, ?)"
_ACKNOWLEDGED, _NEW = 5, 0
TEXT = (
    f"One job's get and ack, {JOBS} times in turns, with acknowledged jobs behind them in the table; each get and "
    "each ack is a durable commit (WAL, synchronous FULL). The reference of a long history is the short one. The "
    "plugin deletes history beyond 1,000 rows, so the long one is what would be if it did not. persist-queue's own "
    "get and ack on the table that it makes itself stand beside: it finds the next job by a scan, where the plugin's"
    " table has an index."
)


def measure(folder: Path) -> Table:
    """The table of get and ack."""
    actions = [
        _ours(folder / "ours-short", SHORT),
        _ours(folder / "ours-long", LONG),
        _theirs(folder / "theirs-short", SHORT),
        _theirs(folder / "theirs-long", LONG),
    ]
    ours_short, ours_long, theirs_short, theirs_long = in_turns(JOBS, *actions)
    ours, theirs = ours_long.median / ours_short.median, theirs_long.median / theirs_short.median
    what = f"{LONG:,} rows of history"
    rows = (
        Row(what, _shown(ours_long), f"{SHORT:,} rows: {_shown(ours_short)}", f"{ours:.2f}", at_most(ours, BAR)),
        Row(f"{what}, persist-queue's own", _shown(theirs_long), _shown(theirs_short), f"{theirs:.2f}"),
    )
    return Table("history", "Queue: get and ack", TEXT, rows)


def _ours(folder: Path, history: int) -> Callable[[], float]:
    manager = QueueManager.open(str(folder))
    queue = manager.get_queue()
    with manager.database.transaction():
        manager.database.execute_many(_INSERT, _rows(history))

    def get_and_ack() -> None:
        (job,) = claim(queue, 1, time.time())
        ack_job(queue, job)

    return lambda: seconds_of(get_and_ack)


def _theirs(folder: Path, history: int) -> Callable[[], float]:
    queue = SQLiteAckQueue(str(folder), serializer=persistqueue.serializers.json)
    with closing(sqlite3.connect(folder / "data.db")) as connection, connection:
        connection.executemany(_INSERT, _rows(history))  # its own put would commit each
    return lambda: seconds_of(lambda: queue.ack(queue.get(block=False)))


def _rows(history: int) -> list[tuple[bytes, float, int]]:
    """`history` acknowledged jobs and JOBS new ones behind them."""
    states = [_ACKNOWLEDGED] * history + [_NEW] * JOBS
    return [
        (serialize(new_job_data(number, ("title",), "benchmark", 0.0)), float(number), state)
        for number, state in enumerate(states, start=1)
    ]


def _shown(seconds: Sample) -> str:
    return seconds.shown("µs", MICROSECONDS, decimals=0)
