"""The jobs that wait and that failed, a page at a time. Light."""

from __future__ import annotations

import time
from typing import Any

from sync_queue.views.job_list import JobFilter, failed_page, waiting_page
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.page.job_shapes import JobShapes
from worker.tasks.task import Task


def list_jobs(task: Task) -> dict[str, Any]:
    """One page of `jobs`. Raises ArgumentError."""
    state = arguments.choice(task.args, "state", ("waiting", "failed"))
    limit, after = arguments.page(task.args)
    wanted = job_filter(task)
    read = waiting_page if state == "waiting" else failed_page
    with arguments.valid_cursor(task.args):
        page = read(task.database, wanted, limit, after)
    shapes = JobShapes(task.folder, task.database, time.time())
    return {
        "format": FORMAT,
        "state": state,
        "count": page.total,
        "next": page.next,
        "by_type": page.by_type,
        "jobs": shapes.shapes(page.rows),
    }


def job_filter(task: Task) -> JobFilter:
    """Which jobs the arguments mean. Raises ArgumentError."""
    kinds = arguments.texts(task.args, "error_type")
    ids = arguments.whole_numbers(task.args, "ids")
    return JobFilter(
        search=arguments.search(task.args),
        error_types=None if kinds is None else frozenset(kinds),
        ids=None if ids is None else frozenset(ids),
    )
