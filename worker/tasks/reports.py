"""The reports of comparisons, and the rows of one, a page at a time. Light."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from worker.base.known_settings import read_known_settings
from worker.data_folder import DataFolder
from worker.drain.standing import FORMAT
from worker.errors import ArgumentError
from worker.reconcile.due import next_reconcile_at
from worker.tasks import arguments
from worker.tasks.task import Task

NAME = re.compile(r"compare-\d{8}-\d{6}-\d{6}", re.ASCII)
"""As worker.reconcile.report names them."""
_ROWS = ' "rows": ['
"""The line of a report after which each line is a row."""
_SUMMARY = (
    "kind", "scope", "started_at", "ended_at", "scenes", "in_step", "differs", "not_in_plex", "ambiguous", "failed",
    "fields", "enqueued", "row_count",
)  # fmt: skip


_WITH_ROWS = ("differs", "not_in_plex", "ambiguous", "failed")
"""Verdicts of which a report has rows, beside `undone`."""


def list_reports(task: Task) -> dict[str, Any]:
    """The reports that are kept, newest first."""
    known = read_known_settings(task.folder.known_settings)
    names = sorted(_names(task.folder), reverse=True)
    reports = [summary for name in names if (summary := _summary(task.folder, name)) is not None]
    due_at = next_reconcile_at(task.folder.reconcile, known.reconcile_interval, known.read_at)
    return {"format": FORMAT, "next_automatic_at": due_at, "reports": reports}


def show_report(task: Task) -> dict[str, Any]:
    """A page of a report's rows, one for each scene. Raises ArgumentError."""
    name = arguments.text(task.args, "name")
    path = report_path(task.folder, name)
    summary = _summary(task.folder, name)
    if summary is None:
        raise _unknown(name)
    limit, after = arguments.page(task.args)
    with arguments.valid_cursor(task.args):
        scenes, following = _scenes(path, limit, after)
    rows = list(map(_scene, scenes))
    count = sum(summary[verdict] for verdict in _WITH_ROWS) + _undone(task.folder, name)
    return {"format": FORMAT, "count": count, "next": following, "report": summary, "rows": rows}


def _names(folder: DataFolder) -> list[str]:
    try:
        found = os.listdir(folder.reports)
    except FileNotFoundError:
        return []
    return [name.removesuffix(".json") for name in found if name.endswith(".json") and NAME.fullmatch(name[:-5])]


def _summary(folder: DataFolder, name: str) -> dict[str, Any] | None:
    """What the report begins with, as it is shown; None where it is none, or just being deleted."""
    stored = _head(folder, name)
    if not all(key in stored for key in _SUMMARY):
        return None
    shown = {key: stored[key] for key in _SUMMARY}
    return {"name": name, **shown, "asset": f"reports/{name}.html" if folder.is_served else None}


def _undone(folder: DataFolder, name: str) -> int:
    return int(_head(folder, name).get("undone", 0))


def _head(folder: DataFolder, name: str) -> dict[str, Any]:
    """All keys in front of the rows; {} where there are none."""
    lines: list[str] = []
    try:
        with open(_path(folder, name), encoding="utf-8") as file:
            for line in file:
                if line.startswith(_ROWS):
                    stored: dict[str, Any] = json.loads("".join(lines).rstrip().rstrip(",") + "}")
                    return stored
                lines.append(line)
    except (OSError, ValueError):
        pass
    return {}


def _scenes(path: str, limit: int, after: str | None) -> tuple[list[list[dict[str, Any]]], str | None]:
    """The rows of `limit` scenes, those of one scene together, and what follows them, None at the end.

    `after` is what followed the page before: a place in the file. Raises ValueError for another text.
    """
    scenes: list[list[dict[str, Any]]] = []
    with open(path, "rb") as file:
        if after:
            file.seek(int(after))
        else:
            while not file.readline().startswith(_ROWS.encode()):
                continue
        while True:
            start = file.tell()
            text = file.readline().strip().rstrip(b",")
            if not text.startswith(b"{"):
                return scenes, None
            row = json.loads(text)
            if scenes and scenes[-1][0]["scene_id"] == row["scene_id"]:
                scenes[-1].append(row)
            elif len(scenes) == limit:
                return scenes, str(start)
            else:
                scenes.append([row])


def _scene(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one scene as one."""
    first = rows[0]
    is_refused = first["verdict"] == "differs" and all(row.get("refused") for row in rows)
    changes = [
        {"rating_key": row["rating_key"], "field": row["field"], "was": row["was"], "will_be": row["will_be"]}
        for row in rows
        if row["field"]
    ]
    return {
        "scene_id": first["scene_id"],
        "title": first["title"],
        "path": first["path"],
        "verdict": "refused" if is_refused else first["verdict"],
        "changes": changes,
        "candidates": first["candidates"],
        "reason": first["reason"],
    }


def report_path(folder: DataFolder, name: str) -> str:
    """The file of the report of this name. Raises ArgumentError where there is none."""
    path = _path(folder, name)
    if not NAME.fullmatch(name) or not os.path.exists(path):
        raise _unknown(name)
    return path


def _unknown(name: str) -> ArgumentError:
    return ArgumentError(f'"{name}" is no report that is kept. The operation reports lists those that are')


def _path(folder: DataFolder, name: str) -> str:
    return os.path.join(folder.reports, f"{name}.json")
