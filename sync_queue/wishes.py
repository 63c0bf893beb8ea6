"""What a person wants of a drainer that is at work already. A wish is granted once, by whoever works on the queue."""

from __future__ import annotations

from storage.database import Database

ASK_PLEX = "ask Plex"
"""That Plex is asked at once whether an outage is over."""


def make_wish(database: Database, name: str) -> None:
    """Leave a wish."""
    database.execute("INSERT OR IGNORE INTO wishes (name) VALUES (?)", (name,))


def take_wish(database: Database, name: str) -> bool:
    """Whether there was such a wish; it is none any more."""
    if database.one("SELECT 1 FROM wishes WHERE name = ?", (name,)) is None:
        return False
    return database.execute("DELETE FROM wishes WHERE name = ?", (name,)) > 0
