"""The pause between two steps of the loop: over at once where work arrives."""

from __future__ import annotations

import threading
import time

from storage.database import Database
from sync_queue.operations import work_mark

LOOK_EVERY = 0.05
"""Seconds between two looks. One look is SQLite's `data_version`, which reads no table: some microseconds."""


class Pause:
    """Waits for work in one database, or for `stopping`."""

    def __init__(self, database: Database, stopping: threading.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._counter = -1
        self._mark: tuple[int, float | None] = (0, None)

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or at once where a job arrived since the last call, or the worker is stopped."""
        end = time.monotonic() + seconds
        while not self._has_news():
            left = end - time.monotonic()
            if left <= 0 or self._stopping.wait(min(left, LOOK_EVERY)):
                return

    def _has_news(self) -> bool:
        counter = self._database.change_counter()
        if counter == self._counter:
            return False
        self._counter = counter
        # Others commit more than jobs: log lines on their way to Stash, and their being fetched.
        mark = work_mark(self._database)
        has_news, self._mark = mark != self._mark, mark
        return has_news
