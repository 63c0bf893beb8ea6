"""Which scenes a person took out of the queue, and when: nothing but an edit or a person puts them there again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from storage.database import IN_LIST, Database, as_list
from sync_queue.schema import PENDING

KEPT_SECONDS = 365 * 86_400.0
"""Seconds for which it is remembered: a year. Chosen: longer than anybody leaves Stash off between two looks at it."""

JUST_AFTER = 0.001
"""Seconds from a sync to what comes after it. Stash tells whole seconds."""
IS_LEFT_ALONE = "discarded_at > COALESCE(synced_at, 0)"
"""The condition (SQL) on a scene's rows of `discarded` and `scene_state`: taken out, and not synced since."""


def note_discarded(database: Database, row_ids: Iterable[int], now: float) -> None:
    """Remember the scenes of these pending jobs as taken out at `now` (seconds since the epoch), just before it."""
    database.execute("DELETE FROM discarded WHERE discarded_at NOT BETWEEN ? AND ?", (now - KEPT_SECONDS, now))
    _note(
        database,
        f"SELECT scene_id, ? FROM ack_queue_default WHERE {PENDING} AND scene_id > 0 AND _id {IN_LIST}",
        (now, as_list(row_ids)),
    )


def leave_alone(database: Database, scene_ids: Iterable[int], now: float) -> None:
    """Have nothing that comes by itself sync these scenes until they are edited; `now`: seconds since the epoch.

    As taken out just after they were synced, or `now` where they never were: an edit since, of which no hook told, is
    another matter.
    """
    scenes = (
        "SELECT DISTINCT value, COALESCE(synced_at + ?, ?) FROM json_each(?)"
        " LEFT JOIN scene_state ON scene_state.scene_id = value WHERE value > 0"
    )
    _note(database, scenes, (JUST_AFTER, now, as_list(scene_ids)))


def delete_letters(database: Database, condition: str, values: Sequence[Any]) -> int:
    """Delete the dead letters that fulfil a condition (SQL, with its values), and remember their scenes; how many.

    As taken out when they were given up: what was edited since, and not sent yet, is another matter.
    """
    with database.transaction():
        _note(
            database,
            f"SELECT scene_id, MAX(buried_at) FROM dead_letters WHERE {condition} AND scene_id > 0 GROUP BY scene_id",
            values,
        )
        return database.execute(f"DELETE FROM dead_letters WHERE {condition}", values)


def discarded_since(database: Database, since: float, scene_ids: Iterable[int]) -> list[int]:
    """Those of the scenes whose job was taken out of the queue since then (seconds since the epoch)."""
    return [scene_id for scene_id, moment in discarded_times(database, scene_ids).items() if moment >= since]


def discarded_times(database: Database, scene_ids: Iterable[int]) -> dict[int, float]:
    """When each of the scenes was taken out last (seconds since the epoch); one that never was is absent."""
    rows = database.all(f"SELECT scene_id, discarded_at FROM discarded WHERE scene_id {IN_LIST}", (as_list(scene_ids),))
    return dict(rows)


def left_alone(database: Database, scene_ids: Iterable[int]) -> set[int]:
    """Those of the scenes that were taken out and not synced since: what comes by itself has to leave them alone."""
    rows = database.all(
        "SELECT discarded.scene_id FROM discarded LEFT JOIN scene_state USING (scene_id)"
        f" WHERE discarded.scene_id {IN_LIST} AND {IS_LEFT_ALONE}",
        (as_list(scene_ids),),
    )
    return {scene_id for (scene_id,) in rows}


def _note(database: Database, scenes: str, values: Sequence[Any]) -> None:
    database.execute(
        f"INSERT INTO discarded (scene_id, discarded_at) {scenes}"
        " ON CONFLICT DO UPDATE SET discarded_at = MAX(discarded_at, excluded.discarded_at)",
        values,
    )
