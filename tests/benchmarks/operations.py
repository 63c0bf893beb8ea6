"""What the page's operations cost: the whole process, as Stash starts it, beside a bare interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import Failure, Job
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MILLISECONDS, in_turns, seconds_of
from tests.world import World
from worker.launcher import isolated

ROUNDS = 30
FAILED = 100_000
STATUS_BAR = 4.0
TEXT = (
    "Wall time of a process with its stdin given and its stdout read to the end, as Stash does for "
    "`runPluginOperation`, beside `python3 -c pass` of the same interpreter; `quiet` is true, as the page asks. A ratio"
    " is the median of the pairs' ratios. The rows with failed jobs have so many dead letters in the queue's file."
)
OPERATIONS: tuple[dict[str, Any], ...] = (
    {"mode": "queue_status"},
    {"mode": "jobs", "state": "failed", "limit": 50},
    {"mode": "recent_syncs", "limit": 50},
    {"mode": "scene_status", "scene_id": 1},
    {"mode": "history"},
)


def measure(folder: Path) -> Table:
    """The table of the page's operations."""
    with World(folder, idle_seconds=1.0) as world:
        world.stash.run_operation("PlexSync", mode="process_queue")
        rows = [_row(world, args, "") for args in OPERATIONS]
        database = open_queue_database(world.data.queue)
        try:
            _bury(database, FAILED)
        finally:
            database.close()
        suffix = f", {FAILED:,} failed jobs"
        rows += [_row(world, args, suffix) for args in OPERATIONS[:2]]
        rows.append(_row(world, {**OPERATIONS[1], "search": "title 99"}, f"{suffix}, searched"))
    return Table("operations", "The page's operations", TEXT, tuple(rows))


def _row(world: World, args: dict[str, Any], suffix: str) -> Row:
    stdin = json.dumps({"server_connection": world.stash.server_connection(), "args": {**args, "quiet": True}})
    command = isolated(sys.executable, str(world.plugin_folder / "PlexSync.py"))
    operation = partial(seconds_of, partial(_run, command, stdin.encode()))
    bare = partial(seconds_of, partial(_run, [sys.executable, "-c", "pass"], b""))
    in_turns(3, bare, operation)  # compiled files and caches are warm from here on
    reference, whole = in_turns(ROUNDS, bare, operation)
    ratios = whole.ratios(reference)
    bar = STATUS_BAR if args["mode"] == "queue_status" and not suffix else None
    return Row(
        f"{args['mode']}{suffix}",
        whole.shown("ms", MILLISECONDS),
        f"bare: {reference.shown('ms', MILLISECONDS)}",
        ratios.shown(decimals=2),
        at_most(ratios.median, bar) if bar else None,
    )


def _run(command: list[str], stdin: bytes) -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, env=dict(os.environ), check=True)
    if stdin and b'"output"' not in done.stdout:
        raise AssertionError(f"the operation answered {done.stdout!r}")


def _bury(database: Database, count: int) -> None:
    letters = DeadLetterQueue(database)
    now = time.time()
    with database.transaction():
        for number in range(1, count + 1):
            title, path = f"Title {number}", f"/data/{number}.mp4"
            failure = Failure("PlexNotFound", "no item in Plex has this file yet", title, path)
            letters.add(Job(0, number, (), "hook", now), failure, now)
