"""The tasks that say how things stand. Light, where they are asked to be quiet."""

from __future__ import annotations

import time
from typing import Any

from stash.protocol import log
from worker.base.known_settings import read_known_settings
from worker.errors import TaskError
from worker.status.live_file import write_where_needed
from worker.tasks.arguments import number_within
from worker.tasks.task import Task
from worker.tasks.views.status_report import queue_status, report_outages


def view_status(task: Task) -> dict[str, Any]:
    """Say how things stand."""
    problems = _problems(task)
    now = time.time()
    status = queue_status(task.folder, task.database, now, problems)
    if not status["drainer"]["alive"]:
        write_where_needed(task.folder, task.database, now)
    if not task.is_quiet:
        # It logs, which costs half a bare interpreter start, and not for the page's sake.
        from worker.tasks.views.status_words import tell_status  # noqa: PLC0415

        tell_status(status)
    return status


def _problems(task: Task) -> list[str]:
    """What is wrong with the settings: as Stash has them now, or as somebody last read them, where nothing is to be
    waited for and where the packages cannot be had: why nothing is sent then is known without."""
    known = list(read_known_settings(task.folder.known_settings).problems)
    if task.is_quiet:
        return known
    try:
        workplace = task.workplace  # first of all: it sees to the packages, which the module needs
    except TaskError as error:
        log("error", str(error))
        return known
    # Heavy, and not for the page's sake.
    from worker.tasks.views.settings_now import settings_problems  # noqa: PLC0415

    return settings_problems(workplace)


def outage_report(task: Task) -> dict[str, Any]:
    """List the outages that were; the figures are over the last `days`, or over all. Raises ArgumentError."""
    now = time.time()
    days = number_within(task.args, "days", 0, 366)
    report = report_outages(task.folder, task.database, now, since=now - days * 86400.0 if days else 0.0)
    if not task.is_quiet:
        # As for the status.
        from worker.tasks.views.status_words import tell_outages  # noqa: PLC0415

        tell_outages(report_outages(task.folder, task.database, now))
    return report
