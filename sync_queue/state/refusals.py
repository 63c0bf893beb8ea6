"""What Plex refused, and when it is tried again: {"asked", "shown", "since", "plex_version", "tries", "next_try_at"}.

It stands by field in the state of its item. `tries` are those that nobody asked for. Times are seconds since the epoch.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from storage.database import Database

_EACH = "item_state, json_each(item_state.refused) AS refusal WHERE item_state.refused != '{}' AND scene_id > 0"
_NEXT_TRY_AT = "json_extract(refusal.value, '$.next_try_at')"


def has_refusals(database: Database) -> bool:
    """Whether any field of any item stands as refused."""
    return database.one("SELECT 1 FROM item_state WHERE refused != '{}' LIMIT 1") is not None


def is_try_near(database: Database, tries: int, earliest: float, latest: float) -> bool:
    """Whether a field that was tried again fewer than `tries` times is to be tried between these two moments."""
    near = f"json_extract(refusal.value, '$.tries') < ? AND {_NEXT_TRY_AT} BETWEEN ? AND ?"
    return database.one(f"SELECT 1 FROM {_EACH} AND {near} LIMIT 1", (tries, earliest, latest)) is not None


def is_try_awaited(database: Database, tries: int, earliest: float, now: float, latest: float) -> bool:
    """Whether a field is due, or is to be tried until `latest` and was tried again fewer than `tries` times.

    One that was due before `earliest` is awaited by nobody: it is of a server that PlexSync does not write to any more.
    """
    awaited = f"{_NEXT_TRY_AT} BETWEEN ? AND CASE WHEN json_extract(refusal.value, '$.tries') < ? THEN ? ELSE ? END"
    return database.one(f"SELECT 1 FROM {_EACH} AND {awaited} LIMIT 1", (earliest, tries, latest, now)) is not None


def take_due(
    database: Database, server_id: str, plex_version: str, now: float, delay: Callable[[int], float], longest: float
) -> list[int]:
    """Scenes of which this server refused a field that is due, or refused it as another version; each counts as tried.

    `delay` gives the seconds from one try to the next, by how many there were; `longest` is the longest of them, so
    that a clock that was set back puts none off for longer. To be part of the caller's transaction.
    """
    due = f"({_NEXT_TRY_AT} <= ? OR {_NEXT_TRY_AT} > ? OR json_extract(refusal.value, '$.plex_version') != ?)"
    rows = database.all(
        f"SELECT DISTINCT rating_key, scene_id, item_state.refused FROM {_EACH} AND server_id = ? AND {due}",
        (server_id, now, now + longest, plex_version),
    )
    for rating_key, _, text in rows:
        refused = {name: _tried(each, plex_version, now, delay) for name, each in json.loads(text).items()}
        database.execute(
            "UPDATE item_state SET refused = ? WHERE server_id = ? AND rating_key = ?",
            (json.dumps(refused), server_id, rating_key),
        )
    return sorted({scene_id for _, scene_id, _ in rows})


def _tried(refusal: dict[str, Any], plex_version: str, now: float, delay: Callable[[int], float]) -> dict[str, Any]:
    tries = refusal["tries"] + 1
    return {**refusal, "plex_version": plex_version, "tries": tries, "next_try_at": now + delay(tries)}
