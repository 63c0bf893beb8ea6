"""Where a drainer's log records go: to a file, and to whoever comes next."""

from __future__ import annotations

import logging
import logging.handlers
import sqlite3
from collections.abc import Callable

from sync_queue.relay import KEPT_LINES
from worker.data_folder import DataFolder
from worker.process.stash_log import install, level_name

LOG_BYTES = 1_000_000
LOG_FILES = 3

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RelayHandler(logging.Handler):
    """Keeps records until `flush_to` hands them over: a record must not write to a database in mid-transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((level_name(record), self.format(record)))

    def flush_to(self, post: Callable[[list[tuple[str, str]]], None]) -> None:
        """Hand the kept lines to `post`, if there are any. The queue may take none now: then they are kept for later.

        Raises sqlite3.Error where the queue is damaged.
        """
        lines = self._exchange([])
        try:
            if lines:
                post(lines)
        except sqlite3.OperationalError:  # not a word of it: that would be one line more each time
            self._exchange([*lines, *self._exchange([])][-KEPT_LINES:])

    def _exchange(self, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Keep these lines from now on; returns those that were kept."""
        self.acquire()
        try:
            before, self._lines = self._lines, lines
        finally:
            self.release()
        return before


def log_to_file_and_relay(folder: DataFolder) -> RelayHandler:
    """Send everything to the rotating file in the data folder, and to the handler that is returned."""
    file = logging.handlers.RotatingFileHandler(folder.log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    file.setFormatter(logging.Formatter(_FORMAT))
    relay = RelayHandler()
    install(file, relay)
    return relay
