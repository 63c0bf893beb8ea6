"""What a person does with the jobs that wait and that failed. Light."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from sync_queue.enqueue import enqueue_many
from sync_queue.operations import make_due, pending_scene_ids
from sync_queue.views.job_list import (
    JobFilter,
    WaitingJob,
    discard_failed,
    discard_waiting,
    failed_ids,
    failed_page,
    waiting_jobs,
)
from sync_queue.wishes import ASK_PLEX, make_wish
from worker.base.known_settings import read_known_settings
from worker.base.words import counted
from worker.status.standing import FORMAT, stored_gate
from worker.tasks import arguments
from worker.tasks.backup import write_backup
from worker.tasks.page.jobs import job_filter
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

MOST_SCENES = 500
"""Scenes that one call may name."""
SHOWN = 50
"""Entries of a list in an answer that is not paged."""
SOURCE = "page"
PAUSED = "Syncing is paused. They are sent once Pause is off."


def discard(task: Task) -> dict[str, Any]:
    """Delete jobs, after writing them to a file. Raises ArgumentError, OSError."""
    state = arguments.choice(task.args, "state", ("failed", "waiting"))
    dry_run = arguments.switch(task.args, "dry_run", default=True)
    wanted = job_filter(task)
    if state == "failed":
        ids = failed_ids(task.database, wanted)
        count, keep = len(ids), []
        file, discarded = ("", 0) if dry_run else _discard_failed(task, ids)
    else:
        jobs = waiting_jobs(task.database, wanted)
        free = [job for job in jobs if not job.is_claimed]
        count, keep = len(free), [_kept(job) for job in jobs if job.is_claimed]
        file, discarded = ("", 0) if dry_run else _discard_waiting(task, free)
    if not dry_run:
        logger.info("%s deleted; they are kept in %s", counted(discarded, "job"), file)
    return {
        "format": FORMAT,
        "dry_run": dry_run,
        "discarded": discarded,
        "discard_count": count,
        "keep_count": len(keep),
        "keep": keep[:SHOWN],
        "file": file,
    }


def _discard_failed(task: Task, ids: Sequence[int]) -> tuple[str, int]:
    """The file in which they are now, and how many were deleted."""
    letters = failed_page(task.database, JobFilter(ids=frozenset(ids)), max(1, len(ids)), None).rows
    file = write_backup(task.folder, "dead-letters", [each._asdict() for each in letters], time.time())
    return file, discard_failed(task.database, ids)


def _discard_waiting(task: Task, jobs: Sequence[WaitingJob]) -> tuple[str, int]:
    now = time.time()
    file = write_backup(task.folder, "pending-queue", [each._asdict() for each in jobs], now)
    return file, discard_waiting(task.database, jobs, now)


def _kept(job: WaitingJob) -> dict[str, Any]:
    return {"id": job.id, "scene_id": job.data["scene_id"], "reason": "it is being sent right now"}


def retry_now(task: Task) -> dict[str, Any]:
    """Make what waits due at once; in an outage, have Plex asked at once. Raises ArgumentError."""
    scene_id = arguments.whole_number(task.args, "scene_id")
    now = time.time()
    due = make_due(task.database, scene_id, now)
    probing = not stored_gate(task.folder, now).is_closed()
    if probing:
        make_wish(task.database, ASK_PLEX)
    reason = PAUSED if read_known_settings(task.folder.known_settings).paused else ""
    if not due and scene_id is not None and not pending_scene_ids(task.database, [scene_id]):
        reason = f"Scene {scene_id} has no job that waits."
    return {"format": FORMAT, "due": due, "probing": probing, "reason": reason}


def sync_scene(task: Task) -> dict[str, Any]:
    """Put scenes in the queue as an edit would. Raises ArgumentError."""
    scene_ids = arguments.whole_numbers(task.args, "scene_id", MOST_SCENES)
    if scene_ids is None:
        raise arguments.missing("sync_scene", "scene_id", "7")
    enqueued = enqueue_many(task.database, scene_ids, SOURCE, time.time())
    task.start_drainer()
    left = len(scene_ids) - enqueued
    paused = PAUSED if read_known_settings(task.folder.known_settings).paused else ""
    reason = f"{counted(left, 'scene')} waited in the queue already." if left else paused
    return {"format": FORMAT, "enqueued": enqueued, "reason": reason}
