"""What the tests of the in-process workbench share about syncing everything."""

from __future__ import annotations

from sync_queue.enqueue import enqueue_many
from tests.support.workbench import Workbench

AN_HOUR = 3600.0


def sync_all(bench: Workbench, source: str = "all") -> int:
    """An hour later, do as *Sync All* does, or what else `source` names; returns how many writes it took."""
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    enqueue_many(bench.database, list(bench.keys), source, bench.clock.now)
    bench.drain()
    return sum(request.method != "GET" for request in bench.plex.requests)
