"""Renames on their way to the scenes that show them: one row each, expanded page by page.

How far a rename has come stands in its row and changes in the transaction that enqueues a page, so a kill at any moment
neither skips a scene nor begins again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.crash_points import reach
from storage.database import Database
from sync_queue.enqueue import enqueue_many, serialize
from sync_queue.schema import ACKNOWLEDGED, PENDING

SOURCE = "rename"


@dataclass(frozen=True)
class FanOut:
    """A rename: `kind` (performer, studio or tag) and id of what was renamed, and the last scene id dealt with."""

    row_id: int
    kind: str
    entity_id: int
    after_scene: int


def next_fan_out(database: Database) -> FanOut | None:
    """The oldest rename that is not fully expanded, or None."""
    # Asked at every step. For IS NOT NULL, SQLite would scan the whole queue; a range uses the index.
    row = database.one(f"SELECT _id, data FROM ack_queue_default WHERE {PENDING} AND fan_out > '' ORDER BY _id LIMIT 1")
    if row is None:
        return None
    data = json.loads(row[1])
    kind, _, entity_id = data["fan_out"].partition(":")
    return FanOut(row[0], kind, int(entity_id), data["after_scene"])


def expand(database: Database, fan_out: FanOut, scene_ids: Sequence[int], is_last: bool, now: float) -> None:
    """Enqueue one page of scenes, ascending, and remember the place, in one transaction.

    Without effect where the rename was begun anew meanwhile: its page is read again. `now`: seconds since the epoch.
    """
    with database.transaction():
        row = database.one("SELECT data, status FROM ack_queue_default WHERE _id = ?", (fan_out.row_id,))
        if row is None or row[1] >= ACKNOWLEDGED:
            return
        data = json.loads(row[0])
        if data["after_scene"] != fan_out.after_scene:
            return
        enqueue_many(database, scene_ids, SOURCE, now)
        reach("expand:enqueued")
        data["after_scene"] = scene_ids[-1] if scene_ids else fan_out.after_scene
        database.execute(
            "UPDATE ack_queue_default SET data = ?, status = ? WHERE _id = ?",
            (serialize(data), ACKNOWLEDGED if is_last else row[1], fan_out.row_id),
        )
    reach("expand:done")
