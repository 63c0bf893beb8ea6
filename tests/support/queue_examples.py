"""Values and looks at the stored rows that the tests of this room share."""

from __future__ import annotations

import json
from typing import Any

from storage.database import Database
from sync_queue.enqueue import enqueue
from sync_queue.manager import AckQueue
from sync_queue.models import Failure, Job
from sync_queue.operations import claim as claim_many
from sync_queue.views.job_list import pending_jobs

NOW = 1_800_000_000.0
"""Seconds since the epoch at which most tests happen."""
LATER = NOW + 1_000_000.0
"""When every retry is due."""
FAILURE = Failure("PlexPermanentError", "status 400", "A title", "/data/a.mp4")


def add(database: Database, *scene_ids: int, now: float = NOW) -> None:
    """Enqueue scenes, one after the other."""
    for scene_id in scene_ids:
        enqueue(database, scene_id, ["title"], "hook", now)


def claim(queue: AckQueue, now: float = LATER) -> Job:
    """Claim the one job that is next."""
    (job,) = claim_many(queue, 1, now)
    return job


def claimed_scenes(queue: AckQueue, limit: int = 100, now: float = LATER) -> list[int]:
    """Claim what is due; the scenes in the order in which they were claimed."""
    return [job.scene_id for job in claim_many(queue, limit, now)]


def rows(database: Database) -> list[tuple[int, int]]:
    """`(scene_id, status)` of every row, oldest first."""
    return [(row[0], row[1]) for row in database.all("SELECT scene_id, status FROM ack_queue_default ORDER BY _id")]


def pending(database: Database, scene_id: int) -> dict[str, Any]:
    """The stored data of a scene's pending job."""
    row = database.one("SELECT data FROM ack_queue_default WHERE scene_id = ? AND status < 2", (scene_id,))
    assert row is not None, f"scene {scene_id} has no pending job"
    data: dict[str, Any] = json.loads(row[0])
    return data


def pending_data(database: Database) -> list[dict[str, Any]]:
    """Every pending row as it is stored, oldest first: jobs, and renames that are not yet expanded."""
    return [job.data for job in pending_jobs(database)]
