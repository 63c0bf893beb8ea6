"""What earlier syncs know: of each scene when it was last in step, of each Plex item what we wrote and what was there.

Values are plain JSON (text, number, null, list of names) by field name; a list field's value is a list of names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from storage.crash_points import reach
from storage.database import IN_LIST, Database, as_list
from sync_queue.schema import MAY_BE_SPLIT
from sync_queue.state.undone import Undone, mark, undone_among

SCENE_TABLES = ("pins", "undone", "partly_found", "discarded", "scene_state")
"""What is known of scenes."""
_PARTS = (
    "originals",
    "written",
    "writing",
    "shown",
    "asked",
    "images",
    "uploading",
    "refused",
    "files",
    "refreshed",
    "made",
)
"""Fields of an ItemState that are stored as JSON, each in a column of its name."""


@dataclass(frozen=True)
class SceneState:
    """When a scene was last in step with Plex (seconds since the epoch), and with which `updated_at` of Stash.

    `stash_updated_at` is "" where the scene may have changed since without another `updated_at`. `changed_at`: when
    anything of it was last sent to Plex, be it a picture (seconds since the epoch; 0.0 = never). `undone`: its mark on
    this server, None where it has none.
    """

    scene_id: int
    synced_at: float
    stash_updated_at: str
    rating_keys: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    changed_at: float = 0.0
    undone: Undone | None = None


@dataclass(frozen=True)
class ItemState:
    """What we know of one Plex item.

    `originals`: values before our first overwrite. `written`: what we last sent (of lists, the names that are ours).
    `writing`: likewise, from just before a write until it is known to have arrived; of a picture whose lock went ahead
    of it, "".
    `shown`: how Plex shows it where it understood something else, `asked`: what was wanted then.
    `images`: SHA-1 by image field, as Plex knows what we uploaded. `uploading`: likewise, from just before an upload
    until it is known to have ended. `refused`: by field what Plex would not take, as in
    sync_queue/state/refusals.py. `files`: the item's, as Plex sees them. `scene_id`: whose the
    item is, 0 = nobody's. `written_at`: when fields were last written, in seconds since the epoch; 0.0 = never.
    `refreshed`: {"updated_at", "read_at"} of the scene when Plex was last asked to refresh the item: Stash's time, and
    when it was read (seconds since the epoch); {} = never. `made`: by image field, what was done to the
    cover before it was uploaded, "crop <SHA-1 of the cover>"; absent where it went as it is.
    """

    rating_key: int
    originals: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    writing: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    uploading: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()
    scene_id: int = 0
    written_at: float = 0.0
    refreshed: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)


class SyncState:
    """The sync state in one database, for one Plex server (`server_id` is its machineIdentifier)."""

    def __init__(self, database: Database, server_id: str) -> None:
        self._database = database
        self._server_id = server_id

    def scenes(self, scene_ids: Sequence[int]) -> dict[int, SceneState]:
        """The states of those scenes that were synced before."""
        rows = self._database.all(
            "SELECT scene_id, synced_at, stash_updated_at, rating_keys, warnings, changed_at"
            f" FROM scene_state WHERE scene_id {IN_LIST}",
            (as_list(scene_ids),),
        )
        marks = undone_among(self._database, self._server_id, scene_ids)
        return {row[0]: _scene_state(row, marks.get(row[0])) for row in rows}

    def items(self, rating_keys: Sequence[int]) -> dict[int, ItemState]:
        """The state of each item; one never written has an empty state."""
        rows = self._database.all(
            f"SELECT rating_key, written_at, scene_id, {', '.join(_PARTS)} FROM item_state"
            f" WHERE rating_key {IN_LIST} AND server_id = ?",
            (as_list(rating_keys), self._server_id),
        )
        known = {row[0]: _item_state(row) for row in rows}
        return {key: known.get(key, ItemState(key)) for key in rating_keys}

    def items_of_scenes(self, scene_ids: Sequence[int]) -> list[ItemState]:
        """The states of all items that are these scenes', be their keys in Plex still or not."""
        rows = self._database.all(
            f"SELECT rating_key, written_at, scene_id, {', '.join(_PARTS)} FROM item_state"
            f" WHERE scene_id {IN_LIST} AND server_id = ? ORDER BY rating_key",
            (as_list(scene_ids), self._server_id),
        )
        return [_item_state(row) for row in rows]

    def items_written(self) -> list[ItemState]:
        """The states of all items to which anything was written, by rating key."""
        rows = self._database.all(
            f"SELECT rating_key, written_at, scene_id, {', '.join(_PARTS)} FROM item_state"
            " WHERE server_id = ? AND (originals != '{}' OR images != '{}') ORDER BY rating_key",
            (self._server_id,),
        )
        return list(map(_item_state, rows))

    def scenes_of_files(self, files: Iterable[str]) -> list[int]:
        """The scenes whose items had one of these files, as Plex sees them. Looks through all items: for rare cases."""
        rows = self._database.all(
            "SELECT DISTINCT scene_id FROM item_state WHERE server_id = ? AND scene_id > 0"
            f" AND EXISTS (SELECT 1 FROM json_each(files) AS file WHERE file.value {IN_LIST}) ORDER BY scene_id",
            (self._server_id, as_list(files)),
        )
        return [row[0] for row in rows]

    def items_split_from(self, files: Iterable[str]) -> list[ItemState]:
        """The states of items that had several files, or lost some, where one of these is among them."""
        rows = self._database.all(
            f"SELECT rating_key, written_at, scene_id, {', '.join(_PARTS)} FROM item_state"
            f" WHERE {MAY_BE_SPLIT} AND server_id = ?"
            f" AND EXISTS (SELECT 1 FROM json_each(files) AS file WHERE file.value {IN_LIST}) ORDER BY rating_key",
            (self._server_id, as_list(files)),
        )
        return [_item_state(row) for row in rows]

    def save_items(self, states: Iterable[ItemState]) -> None:
        """Store item states, in one transaction (or as part of the caller's)."""
        with self._database.transaction():
            self._database.execute_many(
                f"INSERT OR REPLACE INTO item_state (server_id, rating_key, written_at, scene_id, {', '.join(_PARTS)})"
                f" VALUES (?, ?, ?, ?{', ?' * len(_PARTS)})",
                [
                    (self._server_id, state.rating_key, state.written_at, state.scene_id, *_item_parts(state))
                    for state in states
                ],
            )
        reach("state:saved")

    def save_scene(self, state: SceneState) -> None:
        """Store a scene's state (may be part of the caller's transaction)."""
        self._database.execute(
            "INSERT OR REPLACE INTO scene_state"
            " (scene_id, synced_at, stash_updated_at, rating_keys, warnings, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
            (
                state.scene_id,
                state.synced_at,
                state.stash_updated_at,
                json.dumps(state.rating_keys),
                json.dumps(state.warnings),
                state.changed_at,
            ),
        )
        mark(self._database, self._server_id, state.scene_id, state.undone)

    def forget_items(self, rating_keys: Iterable[int]) -> None:
        """Drop what is known of items (may be part of the caller's transaction)."""
        self._database.execute_many(
            "DELETE FROM item_state WHERE server_id = ? AND rating_key = ?",
            [(self._server_id, key) for key in rating_keys],
        )


def forget_scene(database: Database, scene_id: int) -> None:
    """Drop all that is known of a scene that Stash does not have, and what a person chose for it.

    What its items showed before the first write stays: it belongs to the items.
    """
    for table in SCENE_TABLES:
        database.execute(f"DELETE FROM {table} WHERE scene_id = ?", (scene_id,))


def scenes_written_since(database: Database, moment: float) -> list[int]:
    """Ids of the scenes for which fields were written since `moment` (seconds since the epoch), ascending.

    Those that were only compared, and found in step, are not among them.
    """
    rows = database.all(
        "SELECT DISTINCT scene_state.scene_id FROM scene_state, json_each(scene_state.rating_keys) AS key"
        " JOIN item_state ON item_state.rating_key = key.value WHERE written_at >= ? ORDER BY scene_state.scene_id",
        (moment,),
    )
    return [row[0] for row in rows]


def _scene_state(row: tuple[Any, ...], undone: Undone | None) -> SceneState:
    scene_id, synced_at, updated_at, keys, warnings, changed_at = row
    rating_keys, texts = tuple(json.loads(keys)), tuple(json.loads(warnings))
    return SceneState(scene_id, synced_at, updated_at, rating_keys, texts, changed_at, undone)


def _item_parts(state: ItemState) -> list[str]:
    values = asdict(state)
    return [json.dumps(values[name]) for name in _PARTS]


def _item_state(row: tuple[Any, ...]) -> ItemState:
    rating_key, written_at, scene_id, *texts = row
    parts = {name: json.loads(text) for name, text in zip(_PARTS, texts, strict=True)}
    return ItemState(rating_key, written_at=written_at, scene_id=scene_id, **{**parts, "files": tuple(parts["files"])})


def stash_times(database: Database, scene_ids: Sequence[int]) -> dict[int, str]:
    """Stash's `updated_at` of each scene when it was last synced; a scene never synced is absent."""
    return dict(
        database.all(
            f"SELECT scene_id, stash_updated_at FROM scene_state WHERE scene_id {IN_LIST}", (as_list(scene_ids),)
        )
    )
