"""The tasks that say how things stand."""

from __future__ import annotations

import logging
import time
from typing import Any

from worker.tasks.status_report import (
    outages_in_words,
    problems_in_words,
    queue_status,
    report_outages,
    status_in_words,
)
from worker.tasks.task import Task

logger = logging.getLogger(__name__)


def view_status(task: Task) -> dict[str, Any]:
    """Say how things stand."""
    status = queue_status(task.workplace, time.time())
    for line in status_in_words(status):
        logger.info("%s", line)
    for line in problems_in_words(status):
        logger.error("%s", line)
    return status


def outage_report(task: Task) -> dict[str, Any]:
    """List the outages that were."""
    report = report_outages(task.workplace, time.time())
    for line in outages_in_words(report):
        logger.info("%s", line)
    return report
