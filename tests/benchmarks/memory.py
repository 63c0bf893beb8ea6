"""The most memory that a drainer needs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue_many
from tests.benchmarks.peak_memory import MEGABYTE, peak_bytes
from tests.benchmarks.report import Row, Table
from tests.world import PROJECT, World, wait_until

LIBRARY = 10_000
SYNCED = 1_000
_IMPORTS = "import sys, worker.drain.parts, worker.process.drain_process; print(flush=True); sys.stdin.read()"
TEXT = (
    f"The highest resident memory of a drainer, with {LIBRARY:,} items in Plex: after its first edit, for which it "
    f"indexed them, and after {SYNCED:,} more scenes with two pictures each. The reference is a Python process that "
    "has imported what the drainer imports, and does nothing."
)


def measure(folder: Path) -> Table:
    """The table of memory."""
    with World(folder, LIBRARY, idle_seconds=300.0) as world:
        world.edit(1, title="The first", details="It has details.")
        wait_until(lambda: world.item(1).title == "The first", "the first edit in Plex")
        world.wait_until_drained()
        (drainer,) = world.drainers()
        first = peak_bytes(drainer)
        _sync_many(world)
        rows = (
            _row(f"{LIBRARY:,} items indexed, one edit", first, "150 MB"),
            _row(f"{SYNCED:,} scenes more", peak_bytes(drainer), "150 MB"),
        )
    return Table("memory", "Memory of the drainer", TEXT, rows)


def _sync_many(world: World) -> None:
    scene_ids = range(2, SYNCED + 2)
    for scene_id in scene_ids:
        world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="What happens in it.")
    database = open_queue_database(world.data.queue)
    try:
        enqueue_many(database, scene_ids, "benchmark", time.time())
    finally:
        database.close()
    world.wait_until_drained(120.0)


def _row(what: str, peak: int, nearest: str) -> Row:
    idle = _peak_of_imports()
    return Row(what, _shown(peak), f"imports: {_shown(idle)}", f"{peak / idle:.2f}", nearest=nearest)


def _peak_of_imports() -> int:
    command = [sys.executable, "-c", _IMPORTS]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT)
    assert process.stdin and process.stdout
    with process:
        process.stdout.readline()
        peak = peak_bytes(psutil.Process(process.pid))
        process.stdin.close()
    return peak


def _shown(peak: int) -> str:
    return f"{peak / MEGABYTE:.0f} MB"
