"""What was done lately and day by day, and PlexSync's own log. Light."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from plex.files.index_reader import server_id
from sync_queue.state.activity import Sync, day_counts, known_titles, recent_syncs
from sync_queue.state.undone import undone_scenes
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.task import Task

DAYS = 90
MOST_DAYS = 366
LINES = 200
MOST_LINES = 1000
_BYTES_PER_LINE = 400
"""Bytes of a log's line that are reckoned with; where lines are longer, fewer come."""
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) (DEBUG|INFO|WARNING|ERROR|CRITICAL) \S+: (.*)")
"""As worker.process.log_setup has lines written."""


def recent(task: Task) -> dict[str, Any]:
    """The newest syncs. Raises ArgumentError."""
    limit, after = arguments.page(task.args)
    with arguments.valid_cursor(task.args):
        syncs, following, count = recent_syncs(task.database, limit, after)
    return {"format": FORMAT, "count": count, "next": following, "syncs": list(map(_sync, syncs))}


def history(task: Task) -> dict[str, Any]:
    """Done and failed by day. Raises ArgumentError."""
    days = arguments.number_within(task.args, "days", DAYS, MOST_DAYS)
    counts = day_counts(task.database, days, datetime.now().date())
    return {"format": FORMAT, "days": [{"date": day, "done": done, "failed": failed} for day, done, failed in counts]}


def undone(task: Task) -> dict[str, Any]:
    """The scenes that were put back and are left alone since. Raises ArgumentError."""
    limit, after = arguments.page(task.args)
    with arguments.valid_cursor(task.args):
        found, following, count = undone_scenes(task.database, server_id(task.folder.file_index), limit, after)
    titles = known_titles(task.database, [scene_id for scene_id, _ in found])
    scenes = [{"scene_id": each, "title": titles.get(each, ""), "undone_at": at} for each, at in found]
    return {"format": FORMAT, "count": count, "next": following, "scenes": scenes}


def log(task: Task) -> dict[str, Any]:
    """The last lines of PlexSync's own log. Raises ArgumentError, OSError."""
    wanted = arguments.number_within(task.args, "lines", LINES, MOST_LINES)
    lines: list[dict[str, Any]] = []
    for line in _tail(task.folder.log, wanted):
        lines.append(_log_line(line, lines))
    return {"format": FORMAT, "lines": lines}


def _sync(sync: Sync) -> dict[str, Any]:
    changes = [each._asdict() for each in sync.changes]
    return {**sync._asdict(), "changes": changes, "warnings": list(sync.warnings)}


def _tail(path: str, lines: int) -> list[str]:
    """The last lines of a text file, [] where there is none."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - lines * _BYTES_PER_LINE)
        file.seek(start)
        found = file.read().decode("utf-8", "replace").splitlines()
    return found[1 if start else 0 :][-lines:]


def _log_line(line: str, before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = _LINE.match(line)
    if found is None:  # it continues the one before
        return {"at": None, "level": before[-1]["level"] if before else "info", "text": line}
    moment, milliseconds, level, text = found.groups()
    at = time.mktime(time.strptime(moment, "%Y-%m-%d %H:%M:%S")) + int(milliseconds) / 1000
    return {"at": at, "level": "error" if level == "CRITICAL" else level.lower(), "text": text}
