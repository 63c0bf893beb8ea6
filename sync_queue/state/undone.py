"""Which scenes were undone, on each Plex server by itself: another server shows another value, ours or its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from storage.database import IN_LIST, Database, as_list


class Undone(NamedTuple):
    """A scene's mark: when it was undone (seconds since the epoch), and Stash's `updated_at` of it then, "" = gone."""

    at: float
    stash_updated_at: str


def undone_among(database: Database, server_id: str, scene_ids: Sequence[int]) -> dict[int, Undone]:
    """The marks that these scenes have on a server (its machineIdentifier); one without is absent."""
    rows = database.all(
        f"SELECT scene_id, undone_at, stash_updated_at FROM undone WHERE server_id = ? AND scene_id {IN_LIST}",
        (server_id, as_list(scene_ids)),
    )
    return {scene_id: Undone(at, updated_at) for scene_id, at, updated_at in rows}


def mark(database: Database, server_id: str, scene_id: int, undone: Undone | None) -> None:
    """Give a scene its mark on a server, or take it away with None (may be part of the caller's transaction)."""
    if undone is None:
        database.execute("DELETE FROM undone WHERE server_id = ? AND scene_id = ?", (server_id, scene_id))
        return
    database.execute(
        "INSERT OR REPLACE INTO undone (server_id, scene_id, undone_at, stash_updated_at) VALUES (?, ?, ?, ?)",
        (server_id, scene_id, undone.at, undone.stash_updated_at),
    )


def undone_scenes(
    database: Database, server_id: str, limit: int, after: str | None
) -> tuple[list[tuple[int, float]], str | None, int]:
    """A page of the scenes undone on a server, each with when (seconds since the epoch), the newest first.

    Then what follows it (None at the end), and how many there are in all. `after` is what followed the page before.
    Raises ValueError for another text.
    """
    at, scene_id = after.split(":") if after else ("inf", "0")
    rows = database.all(
        "SELECT scene_id, undone_at FROM undone WHERE server_id = ? AND (undone_at, scene_id) < (?, ?)"
        " ORDER BY undone_at DESC, scene_id DESC LIMIT ?",
        (server_id, float(at), int(scene_id), limit + 1),
    )
    count = database.one("SELECT COUNT(*) FROM undone WHERE server_id = ?", (server_id,))
    found = [(row[0], row[1]) for row in rows[:limit]]
    following = f"{found[-1][1]!r}:{found[-1][0]}" if len(rows) > limit else None
    return found, following, int(count[0]) if count else 0
