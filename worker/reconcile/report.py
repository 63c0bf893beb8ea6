"""Reports of comparisons: one JSON file for programs and one HTML page for people, the newest KEPT_REPORTS of each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from storage.crash_points import reach
from storage.local_files import time_stamp, write_whole
from worker.data_folder import DataFolder
from worker.reconcile.page import page_parts
from worker.reconcile.rows import Row, in_order
from worker.version import VERSION

REPORT_FORMAT = 1
"""Version of the JSON report; docs/status.md describes it."""
KEPT_REPORTS = 20

_NAME = re.compile(r"(compare-\d{8}-\d{6}-\d{6})\.(json|html)", re.ASCII)


class ReportFiles(NamedTuple):
    """Paths of one report."""

    json: str
    html: str


def write_report(
    folder: DataFolder,
    summary: Mapping[str, Any],
    rows: Callable[[], Iterable[Row]],
    unknown: Callable[[], Iterable[Row]],
    stash_url: str,
) -> ReportFiles:
    """Write both files and delete the oldest reports beyond KEPT_REPORTS. Raises OSError.

    `summary` is as docs/status.md says; the report's name comes from its `started_at`, so that writing it again
    replaces it. `rows` (of scenes) and `unknown` (of files that belong to none) give all rows anew at each call; they
    are never held all at once.
    """
    path = os.path.join(folder.reports, f"compare-{time_stamp(summary['started_at'])}")
    files = ReportFiles(f"{path}.json", f"{path}.html")
    head = {"format": REPORT_FORMAT, "version": VERSION, **summary}
    write_whole(files.json, _json_parts(head, {"rows": in_order(rows), "unknown": unknown()}))
    reach("reconcile:half_reported")
    write_whole(files.html, page_parts(summary, in_order(rows), unknown(), stash_url, os.path.basename(files.json)))
    delete_old_reports(folder)
    return files


def delete_old_reports(folder: DataFolder) -> None:
    """Keep the newest KEPT_REPORTS, by name."""
    found = [match for match in map(_NAME.fullmatch, os.listdir(folder.reports)) if match]
    kept = sorted({match[1] for match in found}, reverse=True)[:KEPT_REPORTS]
    for match in found:
        if match[1] not in kept:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder.reports, match[0]))


def _json_parts(summary: Mapping[str, Any], lists: Mapping[str, Iterable[Row]]) -> Iterator[str]:
    """One JSON object: the summary, and the lists with their rows, one a line."""
    yield json.dumps(summary, indent=1).removesuffix("\n}")
    for name, rows in lists.items():
        yield f',\n "{name}": ['
        separator = "\n"
        for row in rows:
            yield separator + "  " + json.dumps(row)
            separator = ",\n"
        yield "\n ]"
    yield "\n}\n"
