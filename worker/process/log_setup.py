"""Where log records go: to Stash from a task; to a file, and to whoever comes next, from the drainer."""

from __future__ import annotations

import logging
import logging.handlers
from collections.abc import Callable

from stash.protocol import log
from worker.data_folder import DataFolder

LOG_BYTES = 1_000_000
LOG_FILES = 3

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CHATTY = ("urllib3", "plexapi", "persistqueue", "charset_normalizer")


def level_name(record: logging.LogRecord) -> str:
    """The record's level as stash.protocol names it."""
    if record.levelno >= logging.ERROR:
        return "error"
    if record.levelno >= logging.WARNING:
        return "warning"
    return "info" if record.levelno >= logging.INFO else "debug"


class StashHandler(logging.Handler):
    """Writes records to Stash's log, over stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        log(level_name(record), self.format(record))


class RelayHandler(logging.Handler):
    """Keeps records until `flush_to` hands them over: a record must not write to a database in mid-transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((level_name(record), self.format(record)))

    def flush_to(self, post: Callable[[list[tuple[str, str]]], None]) -> None:
        """Hand the kept lines to `post`, if there are any."""
        self.acquire()
        try:
            lines, self._lines = self._lines, []
        finally:
            self.release()
        if lines:
            post(lines)


def log_to_stash() -> None:
    """Send everything to Stash's log."""
    _install(StashHandler())


def log_to_file_and_relay(folder: DataFolder) -> RelayHandler:
    """Send everything to the rotating file in the data folder, and to the handler that is returned."""
    file = logging.handlers.RotatingFileHandler(folder.log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    file.setFormatter(logging.Formatter(_FORMAT))
    relay = RelayHandler()
    _install(file, relay)
    return relay


def _install(*handlers: logging.Handler) -> None:
    logging.basicConfig(handlers=handlers, force=True, level=logging.INFO, format="%(message)s")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
