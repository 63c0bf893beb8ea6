"""Which scenes a person took out of the queue, and when, so that whoever put them there can say so."""

from __future__ import annotations

from collections.abc import Iterable

from storage.database import IN_LIST, Database, as_list
from sync_queue.schema import PENDING

KEPT_SECONDS = 604_800.0
"""Seconds for which it is remembered: a week, longer than a task runs."""


def note_discarded(database: Database, row_ids: Iterable[int], now: float) -> None:
    """Remember the scenes of these pending jobs as taken out at `now` (seconds since the epoch), just before it."""
    database.execute("DELETE FROM discarded WHERE discarded_at NOT BETWEEN ? AND ?", (now - KEPT_SECONDS, now))
    database.execute(
        "INSERT OR REPLACE INTO discarded (scene_id, discarded_at) SELECT scene_id, ? FROM ack_queue_default"
        f" WHERE {PENDING} AND scene_id > 0 AND _id {IN_LIST}",
        (now, as_list(row_ids)),
    )


def discarded_since(database: Database, since: float, scene_ids: Iterable[int]) -> list[int]:
    """Those of the scenes whose job was taken out of the queue since then (seconds since the epoch)."""
    rows = database.all(
        f"SELECT scene_id FROM discarded WHERE discarded_at >= ? AND scene_id {IN_LIST}", (since, as_list(scene_ids))
    )
    return [scene_id for (scene_id,) in rows]
