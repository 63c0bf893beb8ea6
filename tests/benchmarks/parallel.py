"""What more writes in flight buy, by Plex's latency."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.drain_rate import SCENES, SMALL, DrainBench
from tests.benchmarks.report import Row, Table
from tests.world import World

WRITES = (1, 2, 4, 8)
LATENCIES = (0.020, 0.100)
"""Of Plex, in seconds."""
TEXT = (
    f"As the table of the drain rate ({SCENES} scenes, {SMALL:,} items in Plex), by the setting parallel_writes. The "
    "reference is as many PUTs one after the other. Two is the default: a Plex on a NAS has one disk, and others watch "
    "films from it."
)


def measure(folder: Path) -> Table:
    """The table of parallel writes."""
    rows: dict[tuple[float, int], Row] = {}
    for writes in WRITES:
        with World(folder / str(writes), SMALL, idle_seconds=300.0, parallel_writes=writes) as world:
            bench = DrainBench(world)
            for latency in LATENCIES:
                rows[latency, writes] = _row(bench, latency, writes)
    return Table("parallel", "Writes in flight", TEXT, tuple(rows[key] for key in sorted(rows)))


def _row(bench: DrainBench, latency: float, writes: int) -> Row:
    drains, puts = bench.rates(latency)
    default = " (default)" if writes == 2 else ""
    return Row(
        f"{latency * 1000:.0f} ms, parallel_writes {writes}{default}",
        f"{drains.shown()} scenes a second",
        f"{puts.shown()} PUTs a second",
        f"{drains.ratios(puts).median * 100:.0f} %",
    )
