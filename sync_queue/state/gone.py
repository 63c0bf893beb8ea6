"""Forgetting what is known of scenes, items and servers that are no more: a listing that lacks them is not enough.

What is missing is marked with when that was first noticed, and loses the mark as soon as it is seen again. Only what
had its mark for as long as the caller says is forgotten. What writes may be part of the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from storage.database import IN_LIST, Database, as_list
from sync_queue.state.sync_state import SCENE_TABLES

SCENES = ""
"""In the place of a server: the ids are those of scenes in Stash."""
WHOLE_SERVER = 0
"""In the place of a rating key: the server itself is not the one of the settings any more."""
NAME_TABLES = ("plex_forms", "person_photos")
"""What is known of names on a server."""
SERVER_TABLES = ("item_state", "plex_forms", "server_traits", "person_photos", "pins", "undone")

_LEADS_THERE = """EXISTS (SELECT 1 FROM scene_state, json_each(scene_state.rating_keys) AS key
    WHERE scene_state.scene_id = item_state.scene_id AND key.value = item_state.rating_key)"""


def note(database: Database, server_id: str, seen: Iterable[int], missing: Iterable[int], now: float) -> None:
    """Mark what is missing since `now` (seconds since the epoch), unless it is marked; unmark what was seen.

    Ids of scenes with SCENES as `server_id`, otherwise rating keys of that Plex server.
    """
    with database.transaction():
        database.execute(f"DELETE FROM missing WHERE server_id = ? AND id {IN_LIST}", (server_id, as_list(seen)))
        database.execute_many(
            # The clock may have been set back since: then the mark counts from now on.
            "INSERT INTO missing (server_id, id, since) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET since = min(since, excluded.since)",
            [(server_id, each, now) for each in missing],
        )


def known_scenes(database: Database, after: int, until: int) -> list[int]:
    """Ids above `after` and up to `until` of scenes of which anything is known, ascending."""
    rows = database.all(
        "SELECT scene_id FROM scene_state WHERE scene_id > ?1 AND scene_id <= ?2"
        " UNION SELECT scene_id FROM pins WHERE scene_id > ?1 AND scene_id <= ?2 ORDER BY 1",
        (after, until),
    )
    return [row[0] for row in rows]


def known_items(database: Database, server_id: str, after: int, limit: int) -> list[int]:
    """The next `limit` rating keys above `after` of which anything is known, ascending."""
    rows = database.all(
        "SELECT rating_key FROM item_state WHERE server_id = ? AND rating_key > ? ORDER BY rating_key LIMIT ?",
        (server_id, after, limit),
    )
    return [row[0] for row in rows]


def known_servers(database: Database) -> list[str]:
    """The servers of which anything is known."""
    tables = " UNION ".join(f"SELECT server_id FROM {table}" for table in SERVER_TABLES)
    return [row[0] for row in database.all(tables)]


def forget_scenes(database: Database, missing_since: float) -> int:
    """Drop what is known of scenes that have been missing since then or longer; returns how many were known.

    What their items showed before the first write stays: it belongs to the items.
    """
    with database.transaction():
        rows = database.all("SELECT id FROM missing WHERE server_id = ? AND since <= ?", (SCENES, missing_since))
        gone = as_list(row[0] for row in rows)
        dropped = [database.execute(f"DELETE FROM {table} WHERE scene_id {IN_LIST}", (gone,)) for table in SCENE_TABLES]
        database.execute(f"DELETE FROM missing WHERE server_id = ? AND id {IN_LIST}", (SCENES, gone))
    return dropped[SCENE_TABLES.index("scene_state")]


def forgettable_items(database: Database, server_id: str, missing_since: float) -> list[int]:
    """Rating keys that have been missing since then or longer, and to which the scene that owns them leads no more."""
    rows = database.all(
        "SELECT rating_key FROM item_state JOIN missing"
        " ON missing.server_id = item_state.server_id AND missing.id = item_state.rating_key"
        f" WHERE item_state.server_id = ? AND since <= ? AND NOT {_LEADS_THERE} ORDER BY rating_key",
        (server_id, missing_since),
    )
    return [row[0] for row in rows]


def forget_items(database: Database, server_id: str, rating_keys: Sequence[int]) -> int:
    """Drop what is known of items, and their marks; returns how many were known."""
    keys = as_list(rating_keys)
    with database.transaction():
        database.execute(f"DELETE FROM missing WHERE server_id = ? AND id {IN_LIST}", (server_id, keys))
        return database.execute(
            f"DELETE FROM item_state WHERE server_id = ? AND rating_key {IN_LIST}", (server_id, keys)
        )


def note_servers(database: Database, current: Collection[str], now: float) -> None:
    """Mark the servers that are not among `current` since `now` (seconds since the epoch), and unmark the others."""
    with database.transaction():
        for server_id in {*known_servers(database), *current}:
            is_current = server_id in current
            seen, missing = ([WHOLE_SERVER], []) if is_current else ([], [WHOLE_SERVER])
            note(database, server_id, seen, missing, now)


def forget_servers(database: Database, missing_since: float) -> list[str]:
    """Drop all that is known of servers that have been others since then or longer; returns which."""
    with database.transaction():
        rows = database.all(
            "SELECT server_id FROM missing WHERE id = ? AND since <= ? AND server_id != ?",
            (WHOLE_SERVER, missing_since, SCENES),
        )
        gone = [row[0] for row in rows]
        for table in (*SERVER_TABLES, "missing"):
            database.execute_many(f"DELETE FROM {table} WHERE server_id = ?", [(server_id,) for server_id in gone])
    return gone


def keep_newest(database: Database, table: str, kept: int) -> int:
    """Drop all rows of one of NAME_TABLES but for the `kept` that were written last; returns how many were dropped."""
    return database.execute(f"DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?", (kept,))


def give_back_room(database: Database, pages: int) -> bool:
    """Shorten the file by at most so many unused pages of 4,096 bytes; whether there are more.

    A few at a time: a hook waits meanwhile. https://www.sqlite.org/pragma.html#pragma_incremental_vacuum
    """
    database.all(f"PRAGMA incremental_vacuum({pages})")
    row = database.one("PRAGMA freelist_count")
    return bool(row and row[0])
