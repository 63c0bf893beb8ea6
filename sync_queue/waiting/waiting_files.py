"""The scenes whose files Plex does not have yet: where their files are, and how they go on once Plex has them.

A scene waits while its job, pending or buried, failed last because Plex does not have it, or because a library that may
hold it could not be listed; what is stored here beside that is forgotten when somebody asks next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.database import IN_LIST, Database, as_list
from sync_queue.dlq import DeadLetterQueue
from sync_queue.dlq_recovery import redrive
from sync_queue.schema import PENDING
from sync_queue.views.counts import NOT_FOUND, UNLISTED, WAITING_FOR_PLEX

_ERROR_TYPE = "json_extract(CAST(data AS TEXT), '$.last_error_type')"
_FOR_FILES = f"{_ERROR_TYPE} IN {WAITING_FOR_PLEX}"
_WAITS_PENDING = f"""
    SELECT 1 FROM ack_queue_default AS job WHERE job.scene_id = waiting_files.scene_id AND job.{PENDING}
    AND {_FOR_FILES}
"""
_WAITS_BURIED = f"""
    SELECT 1 FROM dead_letters AS letter WHERE letter.scene_id = waiting_files.scene_id
    AND letter.error_type = '{NOT_FOUND}'
"""
_WAITS = f"(EXISTS ({_WAITS_PENDING}) OR EXISTS ({_WAITS_BURIED}))"

_MAKE_DUE = (
    "UPDATE ack_queue_default SET data = CAST(json_set(CAST(data AS TEXT), '$.next_retry_at', ?) AS BLOB)"
    f" WHERE {PENDING} AND due > ?"
)


@dataclass(frozen=True)
class WaitingScene:
    """A scene that Plex does not have; `files` as Stash sees them, `since` in seconds since the epoch."""

    scene_id: int
    files: tuple[str, ...]
    since: float


def note_waiting(database: Database, scene: WaitingScene) -> None:
    """Remember where the scene's files are and since when it waits. May be part of a larger transaction."""
    database.execute(
        "INSERT OR REPLACE INTO waiting_files (scene_id, files, since) VALUES (?, ?, ?)",
        (scene.scene_id, json.dumps(scene.files), scene.since),
    )


def forget_waiting(database: Database, scene_ids: Iterable[int]) -> None:
    """These scenes are in Plex. May be part of a larger transaction."""
    database.execute(f"DELETE FROM waiting_files WHERE scene_id {IN_LIST}", (as_list(scene_ids),))


def waiting_scenes(database: Database) -> list[WaitingScene]:
    """Every scene that waits, the newest first; what is stored of others is forgotten."""
    with database.transaction():
        database.execute(f"DELETE FROM waiting_files WHERE NOT {_WAITS}")
        rows = database.all("SELECT scene_id, files, since FROM waiting_files ORDER BY since DESC, scene_id")
    return [WaitingScene(scene_id, tuple(json.loads(files)), since) for scene_id, files, since in rows]


def waiting_since(database: Database) -> float | None:
    """When the scene that came last began to wait (seconds since the epoch), None where none does."""
    row = database.one("SELECT MAX(since) FROM waiting_files")
    return None if row is None else row[0]


def set_back(database: Database, now: float) -> None:
    """Where the clock was ahead of `now` (seconds since the epoch), have those who began to wait then begin now."""
    with database.transaction():
        for table in ("waiting_files", "partly_found"):
            database.execute(f"UPDATE {table} SET since = ? WHERE since > ?", (now, now))


def wake(database: Database, scene_ids: Sequence[int], now: float) -> int:
    """Make these scenes' jobs due at `now` (seconds since the epoch), the buried ones with fresh counters; how many."""
    letters = DeadLetterQueue(database).of_scenes(scene_ids, NOT_FOUND)
    revived = redrive(database, letters, now)
    return revived + database.execute(
        f"{_MAKE_DUE} AND scene_id {IN_LIST} AND {_FOR_FILES}", (now, now, as_list(scene_ids))
    )


def wake_unlisted(database: Database, now: float) -> int:
    """Make the jobs due at `now` (seconds since the epoch) that wait for a library which cannot be listed; how many."""
    return database.execute(f"{_MAKE_DUE} AND {_ERROR_TYPE} = '{UNLISTED}'", (now, now))
