"""The reports of comparisons, and the rows of one, a page at a time. Light."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, BinaryIO

from storage.json_file import JsonFile
from worker.base.known_settings import read_known_settings
from worker.data_folder import DataFolder
from worker.errors import ArgumentError
from worker.reconcile.due import next_reconcile_at
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.task import Task

NAME = re.compile(r"compare-\d{8}-\d{6}-\d{6}", re.ASCII)
"""As worker.reconcile.report names them."""
_ROWS, _UNKNOWN = ' "rows": [', ' "unknown": ['
"""The lines of a report after which each line is a row: of a scene, or of a file that belongs to none."""
_SUMMARY = (
    "kind", "scope", "started_at", "ended_at", "scenes", "in_step", "differs", "not_in_plex", "ambiguous", "failed",
    "nothing_to_sync", "fields", "enqueued", "row_count",
)  # fmt: skip
_LATER: dict[str, Any] = {
    **dict.fromkeys(("undone", "gone", "lock_only", "refused", "agent_matched"), 0),
    "unknown_to_stash": None,
}
"""What reports of earlier versions lack, and what it is there."""
_WITH_ROWS = ("differs", "not_in_plex", "ambiguous", "failed", "undone")
"""Verdicts of which reports of earlier versions have rows, which did not say how many scenes they list."""
ONLY = ("all", "scenes", "unknown")
"""What a page of rows is taken of: everything, or one of the two lists."""


def list_reports(task: Task) -> dict[str, Any]:
    """The reports that are kept, newest first."""
    known = read_known_settings(task.folder.known_settings)
    names = sorted(_names(task.folder), reverse=True)
    reports = [summary for name in names if (summary := _summary(task.folder, name)) is not None]
    due_at = next_reconcile_at(task.folder.reconcile, known.reconcile_interval, known.read_at)
    return {"format": FORMAT, "next_automatic_at": due_at, "reports": reports}


def show_report(task: Task) -> dict[str, Any]:
    """A page of a report's rows, one for each scene, then one for each file that belongs to none.

    `only` is one of ONLY. Raises ArgumentError.
    """
    name = arguments.text(task.args, "name")
    if not name:
        raise arguments.missing("report", "name", '"compare-20261122-010517-887574"', "reports lists them.")
    only = arguments.choice(task.args, "only", ONLY)
    path = report_path(task.folder, name)
    summary = _summary(task.folder, name)
    if summary is None:
        raise _unknown(name)
    limit, after = arguments.page(task.args)
    with _whole(name), arguments.valid_cursor(task.args) if after else nullcontext():
        found, following = _page(path, limit, after, only)
        rows = [_unknown_file(rows[0]) if rows[0]["scene_id"] is None else _scene(rows) for rows in found]
        count = _count(_head(task.folder, name), only)
    return {"format": FORMAT, "count": count, "next": following, "report": summary, "rows": rows}


def differing_scenes(folder: DataFolder, name: str) -> list[int]:
    """The ids of the scenes that differ in the report of this name. Raises ArgumentError."""
    with _whole(name):
        rows = (JsonFile(report_path(folder, name)).peek() or {})["rows"]
        return list(dict.fromkeys(int(row["scene_id"]) for row in rows if row["verdict"] == "differs"))


@contextmanager
def _whole(name: str) -> Iterator[None]:
    """Have a damaged report be no report: somebody edited it, or the disk did. Raises ArgumentError."""
    try:
        yield
    except (ValueError, LookupError, TypeError):
        raise _unknown(name) from None


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
    shown = {**{key: stored[key] for key in _SUMMARY}, **{key: stored.get(key, none) for key, none in _LATER.items()}}
    return {"name": name, **shown, "asset": f"reports/{name}.html" if folder.is_served else None}


def _count(stored: dict[str, Any], only: str) -> int:
    """How many rows there are in all, by what the report begins with."""
    scenes = stored.get("listed", sum(stored.get(verdict, 0) for verdict in _WITH_ROWS))
    files = stored.get("unknown_to_stash") or 0
    return int({"all": scenes + files, "scenes": scenes, "unknown": files}[only])


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


def _page(path: str, limit: int, after: str | None, only: str) -> tuple[list[list[dict[str, Any]]], str | None]:
    """`limit` scenes, each with its rows, or files; and what follows them, None at the end.

    `after` is what followed the page before: a place in the file. Raises ValueError for another text.
    """
    found: list[list[dict[str, Any]]] = []
    with open(path, "rb") as file:
        if after:
            file.seek(int(after))
        else:
            _seek_list(file, _UNKNOWN if only == "unknown" else _ROWS)
        for start, row in _rows(file, is_to_the_end=only != "scenes"):
            if found and row["scene_id"] is not None and found[-1][0]["scene_id"] == row["scene_id"]:
                found[-1].append(row)
            elif len(found) == limit:
                return found, str(start)
            else:
                found.append([row])
    return found, None


def _seek_list(file: BinaryIO, beginning: str) -> None:
    """Go behind the line with which a list of the report begins; to the end where there is none."""
    while (line := file.readline()) and not line.startswith(beginning.encode()):
        continue


def _rows(file: BinaryIO, *, is_to_the_end: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows from here on, each with its place in the file: of this list, or of those behind it, too."""
    while True:
        start = file.tell()
        line = file.readline()
        text = line.strip().rstrip(b",")
        if text.startswith(b"{"):
            yield start, json.loads(text)
        elif not line or not is_to_the_end:
            return


def _scene(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one scene as one."""
    first = rows[0]
    is_refused = first["verdict"] == "differs" and all(row.get("refused") for row in rows)
    changes = [
        {key: row[key] for key in ("rating_key", "field", "was", "will_be", "lock_only", "refused")}
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
        "guids": list(dict.fromkeys(row["guid"] for row in rows if row.get("guid"))),
        "library": "",
        "trashed": False,
    }


def _unknown_file(row: dict[str, Any]) -> dict[str, Any]:
    """A file in Plex that belongs to no scene, in the shape of a scene's row."""
    return {
        **{key: row[key] for key in ("scene_id", "title", "path", "verdict", "library", "trashed")},
        "changes": [],
        "candidates": [],
        "reason": "",
        "guids": [row["guid"]] if row["guid"] else [],
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
