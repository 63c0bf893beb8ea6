"""Scenes that are in step and have further files that Plex lacks: a copy in 4K, perhaps, that is not scanned yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from storage.database import IN_LIST, Database, as_list
from sync_queue.enqueue import enqueue_many
from sync_queue.waiting.waiting_files import WaitingScene

SOURCE = "found"


def note_partly_found(database: Database, scene: WaitingScene) -> None:
    """Remember which of the scene's files Plex lacks. `since` stays as it was while these are the same.

    May be part of a larger transaction.
    """
    database.execute(
        "INSERT INTO partly_found (scene_id, files, since) VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET since = CASE WHEN files = excluded.files THEN since ELSE excluded.since END, files = excluded.files",
        (scene.scene_id, json.dumps(scene.files), scene.since),
    )


def forget_partly_found(database: Database, scene_ids: Iterable[int]) -> None:
    """Plex lacks none of these scenes' files, or they have none. May be part of a larger transaction."""
    database.execute(f"DELETE FROM partly_found WHERE scene_id {IN_LIST}", (as_list(scene_ids),))


def partly_found_scenes(database: Database) -> list[WaitingScene]:
    """Each scene with the files that Plex lacks, the newest first."""
    rows = database.all("SELECT scene_id, files, since FROM partly_found ORDER BY since DESC, scene_id")
    return [WaitingScene(scene_id, tuple(json.loads(files)), since) for scene_id, files, since in rows]


def partly_found_since(database: Database) -> float | None:
    """When a further file was missed last (seconds since the epoch), None where none is."""
    row = database.one("SELECT MAX(since) FROM partly_found")
    return None if row is None else row[0]


def enqueue_found(database: Database, scene_ids: Sequence[int], now: float) -> int:
    """Put scenes whose further files Plex has now into the queue at `now` (seconds since the epoch); how many."""
    with database.transaction():
        forget_partly_found(database, scene_ids)
        return enqueue_many(database, scene_ids, SOURCE, now)
