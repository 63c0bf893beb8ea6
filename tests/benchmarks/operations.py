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
ROUNDS_OF_WHOLE_LISTS = 3
"""What looks at every failed job takes seconds."""
FAILED = 100_000
STATUS_BAR = 4.0
TEXT = (
    "Wall time of a process with its stdin given and its stdout read to the end, as Stash does for "
    "`runPluginOperation`, beside `python3 -c pass` of the same interpreter; `quiet` is true, as the page asks. A ratio"
    " is the median of the pairs' ratios, kB are those of the answer. The rows with failed jobs have so many dead "
    "letters in the queue's file, each of a scene that Stash has and Plex has not: *retry_failed*, as a dry run, looks "
    "each of them up in Stash and in Plex, and *discard* writes each of them to a file first."
)
WHOLE_LISTS: tuple[dict[str, Any], ...] = (
    {"mode": "retry_failed", "dry_run": True, "limit": 50},
    {"mode": "discard", "state": "failed", "dry_run": True},
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
        rows = [_row(world, args) for args in OPERATIONS]
        for number in range(1, FAILED + 1):
            world.stash.add_scene(f"/data/{number}.mp4", title=f"Title {number}")
        database = open_queue_database(world.data.queue)
        try:
            bury(database, FAILED)
        finally:
            database.close()
        suffix = f", {FAILED:,} failed jobs"
        rows += [_row(world, args, suffix) for args in OPERATIONS[:2]]
        rows.append(_row(world, {**OPERATIONS[1], "search": "title 99"}, f"{suffix}, searched"))
        rows += [_row(world, args, f"{suffix}, dry run", ROUNDS_OF_WHOLE_LISTS) for args in WHOLE_LISTS]
        rows.append(_row(world, {**WHOLE_LISTS[1], "dry_run": False}, suffix, 1))
    return Table("operations", "The page's operations", TEXT, tuple(rows))


def _row(world: World, args: dict[str, Any], suffix: str = "", rounds: int = ROUNDS) -> Row:
    """One operation, as often as `rounds` says; what is done only once is not warmed up either."""
    stdin = json.dumps({"server_connection": world.stash.server_connection(), "args": {**args, "quiet": True}})
    command = isolated(sys.executable, str(world.plugin_folder / "PlexSync.py"))
    sizes: list[int] = []
    operation = partial(seconds_of, lambda: sizes.append(_run(command, stdin.encode())))
    bare = partial(seconds_of, partial(_run, [sys.executable, "-c", "pass"], b""))
    if rounds == ROUNDS:
        in_turns(3, bare, operation)  # compiled files and caches are warm from here on
    reference, whole = in_turns(rounds, bare, operation)
    ratios = whole.ratios(reference)
    bar = STATUS_BAR if args["mode"] == "queue_status" and not suffix else None
    return Row(
        f"{args['mode']}{suffix}",
        f"{whole.shown('ms', MILLISECONDS)}, {sizes[-1] / 1_000:,.1f} kB",
        f"bare: {reference.shown('ms', MILLISECONDS)}",
        ratios.shown(decimals=2),
        at_most(ratios.median, bar) if bar else None,
    )


def _run(command: list[str], stdin: bytes) -> int:
    """The bytes of the answer."""
    done = subprocess.run(command, input=stdin, capture_output=True, env=dict(os.environ), check=True)
    if stdin and b'"output"' not in done.stdout:
        raise AssertionError(f"the operation answered {done.stdout!r}")
    return len(done.stdout)


def bury(database: Database, count: int) -> None:
    """Give up the scenes 1 to `count`: Plex does not have them."""
    letters = DeadLetterQueue(database)
    now = time.time()
    with database.transaction():
        for number in range(1, count + 1):
            title, path = f"Title {number}", f"/data/{number}.mp4"
            failure = Failure("PlexNotFound", "no item in Plex has this file yet", title, path)
            letters.add(Job(0, number, (), "hook", now), failure, now)
