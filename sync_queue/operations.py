"""What can happen to a job, one function a transition: enqueue → claim → ack, release or fail.

A retry is a release of `job.retried(…)`; a job that is discarded is acknowledged without having been done. Transitions
are guarded: a job that is not claimed cannot be acknowledged, released or failed. Each may be part of a larger
transaction, so that a batch is settled as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from storage.crash_points import reach
from storage.database import IN_LIST, Database, as_list
from sync_queue.enqueue import fold_ended, newest_row
from sync_queue.models import Job
from sync_queue.schema import ACKNOWLEDGED, CLAIMED, FAILED, PENDING, READY, UNACKNOWLEDGED
from sync_queue.views.counts import count_jobs

if TYPE_CHECKING:  # it loads persist-queue, which the light operations have no use for
    from sync_queue.manager import AckQueue


class JobNotClaimed(Exception):
    """A transition was asked for a job that is not in progress: it ended already, or was put back."""


def claim(queue: AckQueue, limit: int, now: float) -> list[Job]:
    """Claim up to `limit` jobs that are due at `now`, fresh ones first, in one immediate transaction."""
    with queue.database.transaction():
        rows = queue.database.all(
            "SELECT _id, data FROM ack_queue_default"
            f" WHERE {PENDING} AND due <= ? AND scene_id IS NOT NULL ORDER BY due, _id LIMIT ?",
            (now, limit),
        )
        queue.database.execute_many(
            f"UPDATE ack_queue_default SET status = {UNACKNOWLEDGED} WHERE _id = ?", [(row_id,) for row_id, _ in rows]
        )
        reach("claim:marked")
    reach("claim:done")
    return [Job.from_row(row_id, data) for row_id, data in rows]


get_pending = claim
"""The name by which other plugins of this kind know `claim`."""


def ack_job(queue: AckQueue, job: Job) -> None:
    """The job is done, or nothing is left to do. Raises JobNotClaimed."""
    _end(queue.database, job, ACKNOWLEDGED)


def fail_job(queue: AckQueue, job: Job) -> None:
    """The job will not be tried again (see DeadLetterQueue.bury). Raises JobNotClaimed."""
    _end(queue.database, job, FAILED)


def release_job(queue: AckQueue, job: Job) -> bool:
    """Put a claimed job back as `job` now says, its row updated in place: persist-queue's `nack`.

    Returns False where a newer pending job of its scene takes its work over, and it ends. Raises JobNotClaimed.
    """
    with queue.database.transaction():
        try:
            changed = queue.database.execute(
                f"UPDATE ack_queue_default SET data = ?, status = {READY} WHERE _id = ? AND {CLAIMED}",
                (job.serialized(), job.row_id),
            )
        except sqlite3.IntegrityError:  # one pending job a scene; SQLite undoes this statement alone
            ack_job(queue, job)
            fold_ended(queue.database, job.data())
            return False
        _require_one(changed, job)
        reach("retry:updated")
        return True


def has_work_at(database: Database, now: float) -> bool:
    """Whether a job is in progress, or due at `now` (seconds since the epoch)."""
    due_at = next_due_at(database)
    return (due_at is not None and due_at <= now) or count_jobs(database, CLAIMED) > 0


def next_due_at(database: Database) -> float | None:
    """When the earliest pending job falls due (seconds since the epoch), or None where none is pending."""
    row = database.one(f"SELECT MIN(due) FROM ack_queue_default WHERE {PENDING}")
    return None if row is None else row[0]


def is_scene_due(database: Database, now: float) -> bool:
    """Whether the job of a scene is due at `now` (seconds since the epoch)."""
    due = f"{PENDING} AND due <= ? AND scene_id IS NOT NULL"
    return database.one(f"SELECT 1 FROM ack_queue_default WHERE {due} LIMIT 1", (now,)) is not None


def count_due(database: Database, now: float, limit: int) -> int:
    """How many scenes' jobs are due at `now` (seconds since the epoch), `limit` at most."""
    due = f"{PENDING} AND due <= ? AND scene_id IS NOT NULL"
    row = database.one(f"SELECT COUNT(*) FROM (SELECT 1 FROM ack_queue_default WHERE {due} LIMIT ?)", (now, limit))
    return int(row[0]) if row else 0


def newest_arrivals(database: Database, limit: int) -> list[tuple[float, str]]:
    """When the newest jobs arrived, `limit` of them (seconds since the epoch), and who asked; the newest first."""
    return database.all(
        "SELECT timestamp, json_extract(CAST(data AS TEXT), '$.data.source') FROM ack_queue_default"
        " ORDER BY _id DESC LIMIT ?",
        (limit,),
    )


def first_due_arrival(database: Database, now: float, source: str | None = None) -> float | None:
    """When the job arrived that is claimed next (seconds since the epoch), None where none is due at `now`.

    With `source`: of those that just this one asked for.
    """
    due = f"{PENDING} AND due <= ?1 AND scene_id IS NOT NULL"
    asked = "?2 IS NULL OR json_extract(CAST(data AS TEXT), '$.data.source') = ?2"
    row = database.one(
        f"SELECT timestamp FROM ack_queue_default WHERE {due} AND ({asked}) ORDER BY due, _id LIMIT 1", (now, source)
    )
    return None if row is None else row[0]


def work_mark(database: Database) -> tuple[int, float | None]:
    """What differs once a job arrived or one that waited fell due: the newest row's id, and the earliest due time."""
    return newest_row(database), next_due_at(database)


def bring_forward(database: Database, latest: float, now: float) -> int:
    """Make the pending jobs that fall due later than `latest` due at `now` (seconds since the epoch); how many."""
    return database.execute(
        "UPDATE ack_queue_default SET data = CAST(json_set(CAST(data AS TEXT), '$.next_retry_at', ?) AS BLOB)"
        f" WHERE {PENDING} AND due > ?",
        (now, latest),
    )


def make_due(database: Database, scene_id: int | None, now: float) -> int:
    """Make what waits for a retry due at `now` (seconds since the epoch), of one scene or of all; returns how many."""
    condition, values = ("1", ()) if scene_id is None else ("scene_id = ?", (scene_id,))
    return database.execute(
        "UPDATE ack_queue_default SET data = CAST(json_set(CAST(data AS TEXT), '$.next_retry_at', ?) AS BLOB)"
        f" WHERE {PENDING} AND due > ? AND {condition}",
        (now, now, *values),
    )


def pending_scene_ids(database: Database, scene_ids: Iterable[int]) -> set[int]:
    """Those of `scene_ids` that have a pending job."""
    rows = database.all(
        f"SELECT scene_id FROM ack_queue_default WHERE {PENDING} AND scene_id {IN_LIST}",
        (as_list(scene_ids),),
    )
    return {scene_id for (scene_id,) in rows}


def _end(database: Database, job: Job, status: int) -> None:
    changed = database.execute(
        f"UPDATE ack_queue_default SET status = ? WHERE _id = ? AND {CLAIMED}", (status, job.row_id)
    )
    _require_one(changed, job)


def _require_one(changed: int, job: Job) -> None:
    if changed != 1:
        raise JobNotClaimed(f"job {job.row_id} of scene {job.scene_id} is not in progress")
