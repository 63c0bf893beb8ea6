"""The tasks that put many scenes into the queue, or none, and process it in the foreground."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from stash.protocol import progress
from sync_queue.enqueue import enqueue_many
from worker.tasks.foreground import drain
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

RECENT = timedelta(hours=24)


def sync_all(task: Task) -> dict[str, Any]:
    """Enqueue every scene, then drain."""
    return _sync(task, task.workplace.stash.scene_ids(), "All scenes")


def sync_recent(task: Task) -> dict[str, Any]:
    """Enqueue the scenes updated within the last 24 hours, then drain."""
    since = datetime.now(timezone.utc) - RECENT
    pages = ([scene_id for scene_id, _ in page] for page in task.workplace.stash.updated_since(since))
    return _sync(task, pages, "Scenes updated in the last 24 hours")


def process_queue(task: Task) -> dict[str, Any]:
    """Drain what is due."""
    return drain(task)


def _sync(task: Task, pages: Iterable[list[int]], what: str) -> dict[str, Any]:
    found = added = 0
    for page in pages:
        found += len(page)
        added += enqueue_many(task.database, page, task.request.mode, time.time())
    others = " (the others waited there already)" if added < found else ""
    logger.info("%s: %d found, %d put in the queue%s", what, found, added, others)
    progress(0.0)
    return {"found": found, "enqueued": added, **drain(task)}
