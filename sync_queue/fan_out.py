"""Renames and removals on their way to the scenes that show them: one row each, expanded page by page.

How far one has come stands in its row and changes in the transaction that enqueues a page, so a kill at any moment
neither skips a scene nor begins again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.crash_points import reach
from storage.database import Database
from sync_queue.enqueue import REMOVED, enqueue_many, serialize
from sync_queue.schema import ACKNOWLEDGED, PENDING
from sync_queue.state.discarded import IS_LEFT_ALONE

SOURCE = "rename"
REMOVAL_SOURCE = "removal"


@dataclass(frozen=True)
class FanOut:
    """What scenes may show otherwise now: `kind` (performer, studio, tag or group) and id, and which `fields` of it.

    One that `is_removal` has no id: what is gone is carried by no scene, and so it concerns all that were synced.
    `after_scene`: the last scene id dealt with.
    """

    row_id: int
    kind: str
    entity_id: int
    after_scene: int
    fields: tuple[str, ...] = ("name",)
    is_removal: bool = False


def next_fan_out(database: Database) -> FanOut | None:
    """The oldest that is not fully expanded, or None; renames before removals."""
    # Asked at every step. For IS NOT NULL, SQLite would scan the whole queue; a range uses the index.
    row = database.one(
        f"SELECT _id, data FROM ack_queue_default WHERE {PENDING} AND fan_out > ''"
        " ORDER BY substr(fan_out, 1, ?) = ?, _id LIMIT 1",
        (len(REMOVED), REMOVED),
    )
    if row is None:
        return None
    data = json.loads(row[1])
    name = data["fan_out"]
    if name.startswith(REMOVED):
        return FanOut(row[0], name.removeprefix(REMOVED), 0, data["after_scene"], ("removed",), is_removal=True)
    kind, entity_id, *changed = name.split(":")
    fields = tuple(changed[0].split("+")) if changed else ("name",)
    return FanOut(row[0], kind, int(entity_id), data["after_scene"], fields)


def synced_scenes_after(database: Database, server_id: str, scene_id: int, limit: int) -> list[int]:
    """The next ids above `scene_id`, ascending, of scenes that were synced.

    Without those that have a job waiting, are kept for review as dead letters, were undone on the server, or were taken
    out of the queue since: nothing is due for them.
    """
    rows = database.all(
        "SELECT scene_id FROM scene_state WHERE scene_id > ?"
        " AND scene_id NOT IN (SELECT scene_id FROM undone WHERE server_id = ? AND scene_id > ?)"
        " AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE dead_letters.scene_id = scene_state.scene_id)"
        f" AND NOT EXISTS (SELECT 1 FROM discarded WHERE {IS_LEFT_ALONE} AND discarded.scene_id = scene_state.scene_id)"
        f" AND scene_id NOT IN (SELECT scene_id FROM ack_queue_default WHERE {PENDING} AND scene_id > ?)"
        " ORDER BY scene_id LIMIT ?",
        (scene_id, server_id, scene_id, scene_id, limit),
    )
    return [row[0] for row in rows]


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
        enqueue_many(database, scene_ids, REMOVAL_SOURCE if fan_out.is_removal else SOURCE, now)
        reach("expand:enqueued")
        data["after_scene"] = scene_ids[-1] if scene_ids else fan_out.after_scene
        database.execute(
            "UPDATE ack_queue_default SET data = ?, status = ? WHERE _id = ?",
            (serialize(data), ACKNOWLEDGED if is_last else row[1], fan_out.row_id),
        )
    reach("expand:done")
