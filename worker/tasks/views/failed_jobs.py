"""The dead letters, for whoever reviews them. Writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import DeadLetter
from validation.errors import ConfigError
from worker.base.paths import scene_name, shown_path
from worker.base.words import counted, local_time
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

FAILED_JOBS_FORMAT = 1
"""Version of the object that `failed_jobs` returns; docs/status.md describes it."""
SHOWN = 50
"""Newest entries that the log names; the result has them all."""


def view_failed_jobs(task: Task) -> dict[str, Any]:
    """Say what was given up and why."""
    try:
        obfuscate_paths = task.workplace.contexts.read_settings().obfuscate_paths
    except ConfigError:
        # Nobody can say whether the user wants them shown.
        obfuscate_paths = True
    return list_failed_jobs(DeadLetterQueue(task.database).get_all(), obfuscate_paths)


def list_failed_jobs(letters: Sequence[DeadLetter], obfuscate_paths: bool) -> dict[str, Any]:
    """Say which jobs were given up, newest first; returns the same as docs/status.md describes it."""
    newest_first = list(reversed(letters))
    if not newest_first:
        logger.info("No job was given up")
    for letter in newest_first[:SHOWN]:
        for line in _in_words(letter, obfuscate_paths):
            logger.info("%s", line)
    if len(newest_first) > SHOWN:
        logger.info("… and %s", counted(len(newest_first) - SHOWN, "older one"))
    if newest_first:
        total = counted(len(letters), "dead letter")
        logger.info("%s. Fix what is wrong, then press Retry Failed Jobs", total)
    entries = [_as_json(letter, obfuscate_paths) for letter in newest_first]
    return {"format": FAILED_JOBS_FORMAT, "count": len(entries), "failed_jobs": entries}


def _in_words(letter: DeadLetter, obfuscate_paths: bool) -> list[str]:
    failure = letter.failure
    name = scene_name(letter.scene_id, failure.title, failure.path, obfuscate_paths)
    tried = f"{counted(letter.attempts, 'try')}, given up {local_time(letter.buried_at)}"
    lines = [f"{name}: {failure.error_text} ({failure.error_type}, {tried})"]
    return lines + [f"  {shown_path(path, obfuscate_paths)}" for path in failure.candidates]


def _as_json(letter: DeadLetter, obfuscate_paths: bool) -> dict[str, Any]:
    failure = letter.failure
    return {
        "id": letter.id,
        "scene_id": letter.scene_id,
        "title": failure.title,
        "path": shown_path(failure.path, obfuscate_paths) if failure.path else "",
        "error_type": failure.error_type,
        "error_text": failure.error_text,
        "candidates": [shown_path(path, obfuscate_paths) for path in failure.candidates],
        "attempts": letter.attempts,
        "first_failed_at": letter.first_failed_at,
        "buried_at": letter.buried_at,
    }
