"""When the next comparison of the whole library by itself is due. Light: the status tells of it, too."""

from __future__ import annotations

from storage.json_file import JsonFile, stored_number

INTERVALS = {"hourly": 3_600.0, "daily": 86_400.0, "weekly": 604_800.0}
"""Seconds between the end of one and the start of the next, by `reconcile_interval`."""
RECONCILED_AT = "reconciled_at"
"""The key under which the end of the last one is stored, in seconds since the epoch."""


def next_reconcile_at(path: str, interval: str, known_since: float) -> float | None:
    """When the next one is due (seconds since the epoch), None for never; as the file at `path` says.

    `interval` is the setting; where none has ever ended, one is due since somebody first read it, at `known_since`.
    """
    if interval not in INTERVALS:
        return None
    ended_at = stored_number((JsonFile(path).peek() or {}).get(RECONCILED_AT))
    return max(ended_at + INTERVALS[interval], known_since) if ended_at else known_since
