"""The tasks that delete jobs, after writing them to a file."""

from __future__ import annotations

import logging
import time
from typing import Any

from sync_queue.dlq import DeadLetterQueue
from sync_queue.views.job_list import discard_waiting, pending_jobs
from worker.base.words import counted
from worker.tasks.backup import write_backup
from worker.tasks.task import Task

logger = logging.getLogger(__name__)


def clear_queue(task: Task) -> dict[str, Any]:
    """Delete the pending jobs, after writing them to a file."""
    jobs, now = pending_jobs(task.database), time.time()
    file = write_backup(task.folder, "pending-queue", [job.data for job in jobs], now)
    return _deleted(discard_waiting(task.database, jobs, now), "pending job", file)


def clear_dead_letters(task: Task) -> dict[str, Any]:
    """Delete the dead letters, after writing them to a file."""
    dead_letters = DeadLetterQueue(task.database)
    letters = dead_letters.get_all()
    file = write_backup(task.folder, "dead-letters", letters, time.time())
    return _deleted(dead_letters.delete(letters), "dead letter", file)


def purge_dead_letters(task: Task) -> dict[str, Any]:
    """Delete the dead letters that are older than dlq_retention_days."""
    days = task.workplace.contexts.read_settings().dlq_retention_days
    now = time.time()
    dead_letters = DeadLetterQueue(task.database)
    old = dead_letters.get_older_than(days, now)
    file = write_backup(task.folder, "old-dead-letters", old, now)
    deleted = dead_letters.delete(old)
    return _deleted(deleted, "dead letter", file, f", given up over {counted(days, 'day')} ago")


def _deleted(count: int, noun: str, file: str, which: str = "") -> dict[str, Any]:
    kept = f"; {'it is' if count == 1 else 'they are'} kept in {file}" if file else ""
    logger.info("%s deleted%s%s", counted(count, noun), which, kept)
    return {"deleted": count, "file": file}
