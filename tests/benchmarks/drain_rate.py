"""How fast a queue drains, beside one PUT per round trip."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import count
from pathlib import Path

from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue_many
from tests.benchmarks.report import Row, Table, at_least
from tests.benchmarks.timing import Sample, in_turns
from tests.world import PROJECT, World

SCENES = 150
ROUNDS = 3
SMALL, LARGE = 1_000, 10_000
BAR_PERCENT = 80
SLOW = 0.020
"""Latency of Plex in seconds."""
TEXT = (
    f"{SCENES} scenes whose title and tags changed, put into the queue of a running drainer, from its first request "
    f"to Plex to the last; {ROUNDS} times in turns with the reference: as many PUTs of a title from another process, "
    "one after the other over one connection that is kept alive. The drainer has up to two writes in flight unless "
    "the setting parallel_writes says otherwise. Both simulators share a process."
)


class DrainBench:
    """A world with a running drainer and SCENES scenes that were synced before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = list(world.keys)[:SCENES]
        self._turn = count(1)
        self.drain()  # the first sync brings the pictures, which a later change of the title does not

    def drain(self) -> float:
        """Scenes a second."""
        turn = next(self._turn)
        for scene_id in self._ids:
            tags = [self._world.stash.tag_id(f"Tag {turn}"), self._world.stash.tag_id(f"Tag {scene_id % 10}")]
            self._world.stash.save_without_hook(scene_id, title=f"Title {scene_id}, {turn}", tag_ids=tags)
        self._world.plex.reset_log()
        database = open_queue_database(self._world.data.queue)
        try:
            enqueue_many(database, self._ids[1:], "benchmark", time.time())
        finally:
            database.close()
        # The last one's hook makes sure that a drainer runs.
        self._world.edit(self._ids[0], details=f"Turn {turn}")
        self._world.wait_until_drained(300.0)
        times = [request.time for request in self._world.plex.requests if request.path != "/identity"]
        return SCENES / (times[-1] - times[0] + self._world.plex.latency)

    def put(self) -> float:
        """PUTs a second."""
        plex = self._world.plex
        command = [sys.executable, "-m", "tests.benchmarks.put_titles", plex.url, str(self._world.section)]
        keys = " ".join(str(self._world.keys[scene_id]) for scene_id in self._ids)
        result = subprocess.run(
            command, input=f"{plex.token}\n{keys}\n", capture_output=True, text=True, cwd=PROJECT, check=True
        )
        return float(result.stdout)

    def rates(self, latency: float) -> tuple[Sample, Sample]:
        """Drains and PUTs at this latency (seconds)."""
        self._world.plex.latency = latency
        drains, puts = in_turns(ROUNDS, self.drain, self.put)
        return drains, puts


def measure(folder: Path) -> Table:
    """The table of drain rates."""
    rows = []
    slow = f"{SLOW * 1000:.0f} ms"
    with World(folder / "small", SMALL, idle_seconds=300.0) as world:
        bench = DrainBench(world)
        rows.append(_row(f"no latency, {SMALL:,} items in Plex", *bench.rates(0.0), "4.3"))
        rows.append(_row(f"{slow}, {SMALL:,} items in Plex", *bench.rates(SLOW), "2.3", BAR_PERCENT))
    with World(folder / "single", SMALL, idle_seconds=300.0, parallel_writes=1) as world:
        bench = DrainBench(world)
        rows.append(_row(f"{slow}, {SMALL:,} items, parallel_writes 1", *bench.rates(SLOW), "2.3", BAR_PERCENT))
    with World(folder / "large", LARGE, idle_seconds=300.0) as world:
        bench = DrainBench(world)
        rows.append(_row(f"{slow}, {LARGE:,} items in Plex", *bench.rates(SLOW), "1.6", BAR_PERCENT))
    return Table("drain", "Drain rate", TEXT, tuple(rows))


def _row(what: str, drains: Sample, puts: Sample, nearest: str, bar: int | None = None) -> Row:
    percent = drains.ratios(puts).median * 100
    return Row(
        what,
        f"{drains.shown()} scenes a second",
        f"{puts.shown()} PUTs a second",
        f"{percent:.0f} %",
        at_least(percent, bar, " %") if bar else None,
        nearest,
    )
