"""Put scenes into the queue: the hook's half of the queue's SQL. See database.py for why it imports so little."""

from __future__ import annotations

import json

from storage.crash_points import reach
from storage.database import IN_LIST, as_list
from sync_queue.schema import CLAIMED, NEW, PENDING
from sync_queue.sources import is_about_the_library, joined_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from storage.database import Database

METADATA = "metadata"
"""Update type of a job that makes Plex show what Stash says."""
UNDO = "undo"
"""Update type of a job that makes Plex show what it showed before."""

EVERYTHING = "*"
"""Stands among a job's fields for those that nobody named. A job without any field is about everything, too."""

REMOVED = "removed:"
"""How the name of a fan-out of what is gone begins; what follows is its kind."""

AT_ONCE, BEHIND_EDITS = 0.0, 1.0
"""When a fresh job falls due (seconds since the epoch): jobs are claimed in this order, so that what somebody saves
does not wait for a whole library that is synced at the time."""

_INSERT = f"INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, {NEW})"


def serialize(data: dict[str, Any]) -> bytes:
    """A job's data as persist-queue's JSON serializer stores it: UTF-8 bytes."""
    return json.dumps(data).encode()


def new_job_data(scene_id: int, fields: Iterable[str], source: str, now: float) -> dict[str, Any]:
    """The stored shape of a fresh job, which is due; `now` in seconds since the epoch."""
    return {
        "scene_id": scene_id,
        "update_type": METADATA,
        "data": {"fields": sorted(fields), "source": source},
        "enqueued_at": now,
        "retry_count": 0,
        "next_retry_at": BEHIND_EDITS if is_about_the_library(source) else AT_ONCE,
        "last_error_type": None,
    }


def enqueue(database: Database, scene_id: int, fields: Iterable[str], source: str, now: float) -> bool:
    """Make sure that a pending job for `scene_id` exists that will read Stash after this moment.

    A pending job of the scene takes the edit in: its fields are joined, and one that waits for a retry becomes
    due at once with fresh counters, for what failed may be what has just been fixed. Returns True where a row was
    added. Raises `sqlite3.Error` where the row cannot be made durable.
    """
    fresh = new_job_data(scene_id, fields, source, now)
    # A job seen pending here is claimed later than the edit, so its reader sees the edit: no write is needed.
    pending = _pending_job(database, scene_id)
    if pending is not None and _folded(pending[1], fresh) == pending[1]:
        return False
    with database.transaction():
        pending = _pending_job(database, scene_id)
        if pending is None:
            insert_job(database, fresh, now)
            return True
        _fold_into(database, *pending, fresh)
        return False


def enqueue_fan_out(
    database: Database, kind: str, entity_id: int, source: str, now: float, fields: Iterable[str] = ("name",)
) -> None:
    """Note that a performer, studio, tag or group is another now: one row, expanded later into jobs of its scenes.

    One that is being expanded already begins anew, for the scenes that it has passed show what was before. `fields` as
    in stash.hook.Rename; a row for each set of them, so that none takes another's place.
    """
    changed = "+".join(sorted(fields))
    name = f"{kind}:{entity_id}" if changed == "name" else f"{kind}:{entity_id}:{changed}"
    _insert_fan_out(database, name, source, now)


def enqueue_removal(database: Database, kind: str, source: str, now: float) -> None:
    """Note that a performer, studio, tag or group is gone: one row for all of a kind, however many go.

    Nobody knows which scenes carried it, so one that is being expanded begins anew.
    """
    _insert_fan_out(database, f"{REMOVED}{kind}", source, now)


def _insert_fan_out(database: Database, name: str, source: str, now: float) -> None:
    data = {**new_job_data(0, (), source, now), "scene_id": None, "update_type": "fan_out"}
    data |= {"fan_out": name, "after_scene": 0}
    database.execute(
        _INSERT + f" ON CONFLICT (fan_out) WHERE {PENDING} DO UPDATE SET data = excluded.data", (serialize(data), now)
    )


def enqueue_undo(database: Database, scene_ids: Iterable[int], now: float) -> None:
    """Enqueue scenes whose items are to be as they were, in the place of any other job of theirs."""
    rows = [
        (serialize({**new_job_data(scene_id, (), "undo", now), "update_type": UNDO}), now) for scene_id in scene_ids
    ]
    with database.transaction():
        database.execute_many(
            _INSERT + f" ON CONFLICT (scene_id) WHERE {PENDING} DO UPDATE SET data = excluded.data", rows
        )


def insert_job(database: Database, data: dict[str, Any], now: float) -> None:
    """Add a pending job. Raises sqlite3.IntegrityError where its scene has one."""
    database.execute(_INSERT, (serialize(data), now))
    reach("enqueue:inserted")


def enqueue_many(database: Database, scene_ids: Iterable[int], source: str, now: float) -> int:
    """Enqueue many scenes in one transaction (all fields), as `enqueue` does; returns how many rows were added."""
    wanted = dict.fromkeys(scene_ids)
    with database.transaction():
        pending = _pending_jobs(database, wanted)
        added = [scene_id for scene_id in wanted if scene_id not in pending]
        database.execute_many(
            _INSERT, [(serialize(new_job_data(scene_id, (), source, now)), now) for scene_id in added]
        )
        for row_id, data in pending.values():
            _fold_into(database, row_id, data, new_job_data(data["scene_id"], (), source, now))
    reach("enqueue:many")
    return len(added)


def fold_ended(database: Database, data: dict[str, Any]) -> None:
    """Have the pending job of a scene do the work of an older one too, which ends without having been done."""
    pending = _pending_job(database, data["scene_id"])
    if pending is not None:
        row_id, newer = pending
        _update(database, row_id, _folded(data, newer))


def has_open_jobs(database: Database) -> bool:
    """Whether any job is pending or in progress."""
    # Two questions, for each has an index of its own and neither covers both.
    row = database.one(
        f"SELECT EXISTS (SELECT 1 FROM ack_queue_default WHERE {PENDING})"
        f" OR EXISTS (SELECT 1 FROM ack_queue_default WHERE {CLAIMED})"
    )
    return row == (1,)


def has_newer_job(database: Database, row_id: int) -> bool:
    """Whether a job is pending that came after the row `row_id`."""
    return database.one(f"SELECT 1 FROM ack_queue_default WHERE {PENDING} AND _id > ?", (row_id,)) is not None


def newest_row(database: Database) -> int:
    """The largest id that a row ever had, 0 for none: ids only ever grow."""
    row = database.one("SELECT MAX(_id) FROM ack_queue_default")
    return int(row[0] or 0) if row else 0


def _pending_job(database: Database, scene_id: int) -> tuple[int, dict[str, Any]] | None:
    row = database.one(f"SELECT _id, data FROM ack_queue_default WHERE scene_id = ? AND {PENDING}", (scene_id,))
    return None if row is None else (row[0], json.loads(row[1]))


def _pending_jobs(database: Database, scene_ids: Iterable[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    rows = database.all(
        f"SELECT scene_id, _id, data FROM ack_queue_default WHERE {PENDING} AND scene_id {IN_LIST}",
        (as_list(scene_ids),),
    )
    return {scene_id: (row_id, json.loads(data)) for scene_id, row_id, data in rows}


def _fold_into(database: Database, row_id: int, pending: dict[str, Any], newer: dict[str, Any]) -> None:
    folded = _folded(pending, newer)
    if folded != pending:
        _update(database, row_id, folded)


def _update(database: Database, row_id: int, data: dict[str, Any]) -> None:
    database.execute("UPDATE ack_queue_default SET data = ? WHERE _id = ?", (serialize(data), row_id))


def _folded(older: dict[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
    """The newer job, with what the older one was asked for too, and waiting since the older one began to wait."""
    source = newer["data"]["source"]
    if older["update_type"] == UNDO and newer["update_type"] != UNDO and is_about_the_library(source):
        return older  # what is about the whole library leaves alone what was undone
    data = {"fields": _joined_fields(older, newer), "source": joined_sources(older["data"]["source"], source)}
    due_at = min(older["next_retry_at"], newer["next_retry_at"])
    return {**newer, "data": data, "enqueued_at": older["enqueued_at"], "next_retry_at": due_at}


def _joined_fields(older: dict[str, Any], newer: dict[str, Any]) -> list[str]:
    """What either names, and EVERYTHING where only one of them names any."""
    one, other = older["data"]["fields"], newer["data"]["fields"]
    return sorted({*one, *other} if bool(one) == bool(other) else {*one, *other, EVERYTHING})
