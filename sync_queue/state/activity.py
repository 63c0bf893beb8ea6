"""What was done: the newest syncs with what they changed, and how many scenes were done and failed each day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from storage.database import IN_LIST, Database, as_list

KEPT_SYNCS = 200
KEPT_DAYS = 400
"""Days that are counted. Chosen: a year, and a little more."""


class Change(NamedTuple):
    """One field of one item: what Plex showed, and what it shows now; both as JSON. None of a picture."""

    rating_key: int | None
    field: str
    was: Any
    now: Any


class Sync(NamedTuple):
    """One scene that was brought in step; `synced_at` in seconds since the epoch. `id` is given when it is stored."""

    scene_id: int
    title: str
    synced_at: float
    milliseconds: int
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    id: int = 0


def note_syncs(database: Database, syncs: Sequence[Sync]) -> None:
    """Keep these, and the newest KEPT_SYNCS of all. May be part of a larger transaction."""
    if not syncs:
        return
    database.execute_many(
        "INSERT INTO recent_syncs (scene_id, title, synced_at, milliseconds, changes, warnings)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(*sync[:4], json.dumps(sync.changes), json.dumps(sync.warnings)) for sync in syncs[-KEPT_SYNCS:]],
    )
    database.execute("DELETE FROM recent_syncs WHERE id <= (SELECT MAX(id) FROM recent_syncs) - ?", (KEPT_SYNCS,))


def recent_syncs(database: Database, limit: int, after: str | None) -> tuple[list[Sync], str | None, int]:
    """A page, newest first, what follows it (None at the end), and how many there are in all.

    `after` is what followed the page before. Raises ValueError for another text.
    """
    rows = database.all(
        "SELECT scene_id, title, synced_at, milliseconds, changes, warnings, id FROM recent_syncs"
        " WHERE id < ? ORDER BY id DESC LIMIT ?",
        (int(after) if after else 1 << 62, limit + 1),
    )
    found = list(map(_sync, rows[:limit]))
    count = database.one("SELECT COUNT(*) FROM recent_syncs")
    return found, str(found[-1].id) if len(rows) > limit else None, count[0] if count else 0


def _sync(row: tuple[Any, ...]) -> Sync:
    scene_id, title, synced_at, milliseconds, changes, warnings, row_id = row
    read = tuple(Change(*each) for each in json.loads(changes))
    return Sync(scene_id, title, synced_at, milliseconds, read, tuple(json.loads(warnings)), row_id)


def known_titles(database: Database, scene_ids: Sequence[int]) -> dict[int, str]:
    """The titles of those scenes of which one was noted lately."""
    rows = database.all(
        "SELECT scene_id, title FROM dead_letters WHERE scene_id " + IN_LIST + " UNION ALL"
        " SELECT scene_id, title FROM (SELECT scene_id, title FROM recent_syncs"
        " WHERE scene_id " + IN_LIST + " ORDER BY id)",
        (as_list(scene_ids), as_list(scene_ids)),
    )
    return {scene_id: title for scene_id, title in rows if title}


def note_day(database: Database, done: int, failed: int, now: float) -> None:
    """Count scenes that were done, and that were given up, for the day of `now` (seconds since the epoch)."""
    if not done and not failed:
        return
    today = datetime.fromtimestamp(now).date()
    changed = database.execute(
        "UPDATE days SET done = done + ?, failed = failed + ? WHERE date = ?", (done, failed, today.isoformat())
    )
    if not changed:
        database.execute("INSERT INTO days (date, done, failed) VALUES (?, ?, ?)", (today.isoformat(), done, failed))
        oldest = (today - timedelta(days=KEPT_DAYS)).isoformat()
        database.execute("DELETE FROM days WHERE date < ?", (oldest,))


def day_counts(database: Database, days: int, today: date) -> list[tuple[str, int, int]]:
    """Date, done and failed of each of the last `days` days, the oldest first and today last."""
    wanted = [(today - timedelta(days=ago)).isoformat() for ago in range(days - 1, -1, -1)]
    known = {row[0]: row[1:] for row in database.all("SELECT date, done, failed FROM days WHERE date >= ?", wanted[:1])}
    return [(each, *known.get(each, (0, 0))) for each in wanted]
