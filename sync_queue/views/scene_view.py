"""How one scene and its items stand, for people: a part of what earlier syncs know, by lighter means than theirs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from storage.database import IN_LIST, Database, as_list
from sync_queue.state.undone import undone_among

_ITEMS = (
    "SELECT rating_key, scene_id, files, coalesce(json_extract(shown, '$.title'), json_extract(written, '$.title')),"
    " originals != '{}' FROM item_state WHERE"
)


class SceneView(NamedTuple):
    """A scene that was synced: when (seconds since the epoch), to which items, and with which warnings."""

    synced_at: float
    rating_keys: tuple[int, ...]
    warnings: tuple[str, ...]
    is_undone: bool


class ItemView(NamedTuple):
    """An item to which a scene leads: its files as Plex sees them, and whose it is, 0 = nobody's.

    `title`: what Plex showed after the last write, "" where no title was written. `has_originals`: whether values are
    known from before our first write.
    """

    rating_key: int
    scene_id: int = 0
    files: tuple[str, ...] = ()
    title: str = ""
    has_originals: bool = False


def scene_view(database: Database, server_id: str, scene_id: int) -> SceneView | None:
    """What is known of a scene on a server (its machineIdentifier); None where it was never synced."""
    row = database.one("SELECT synced_at, rating_keys, warnings FROM scene_state WHERE scene_id = ?", (scene_id,))
    if row is None:
        return None
    is_undone = scene_id in undone_among(database, server_id, [scene_id])
    return SceneView(row[0], tuple(json.loads(row[1])), tuple(json.loads(row[2])), is_undone)


def item_views(database: Database, server_id: str, scene_id: int, rating_keys: Sequence[int]) -> list[ItemView]:
    """The items with these keys, known or not, then the others that are the scene's."""
    # Two questions, for each has an index of its own; the + keeps SQLite from taking that of the first for the second.
    rows = database.all(
        f"{_ITEMS} server_id = ? AND rating_key {IN_LIST}"
        f" UNION {_ITEMS} +server_id = ? AND scene_id = ? ORDER BY rating_key",
        (server_id, as_list(rating_keys), server_id, scene_id),
    )
    found = {row[0]: _item_view(row) for row in rows}
    return [found.get(key, ItemView(key)) for key in dict.fromkeys((*rating_keys, *found))]


def _item_view(row: tuple[Any, ...]) -> ItemView:
    rating_key, owner, files, title, has_originals = row
    return ItemView(rating_key, owner, tuple(json.loads(files)), title or "", bool(has_originals))
