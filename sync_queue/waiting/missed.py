"""Whether Plex lacks a further file of a scene that is in step. On the path of the light operations: no dataclasses."""

from __future__ import annotations

from storage.database import Database


def is_missed_since(database: Database, moment: float) -> bool:
    """Whether a further file was missed after `moment` (seconds since the epoch) and is still not in Plex."""
    return database.one("SELECT 1 FROM partly_found WHERE since > ? LIMIT 1", (moment,)) is not None
