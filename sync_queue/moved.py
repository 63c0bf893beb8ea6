"""Taking open jobs along into another file, where the one that a process works on was deleted, moved or replaced."""

from __future__ import annotations

from storage.database import Database
from sync_queue.schema import CLAIMED, PENDING, READY


def take_along(old: Database, new: Database, now: float) -> int:
    """Add to `new` what is pending or in progress in `old`, unless it has a job of that scene; returns how many.

    `old` is a file without a name, which stays readable while it is open. `now`: seconds since the epoch.
    """
    rows = [row for condition in (CLAIMED, PENDING) for row in _open_rows(old, condition)]
    with new.transaction():
        return new.execute_many(
            f"INSERT OR IGNORE INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, {READY})",
            [(data, now) for data in rows],
        )


def _open_rows(database: Database, condition: str) -> list[bytes]:
    rows = database.all(f"SELECT data FROM ack_queue_default WHERE {condition} ORDER BY _id")
    return [data for (data,) in rows]
