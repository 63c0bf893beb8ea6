"""Log records that go to Stash, over stderr: all that a task logs. Light, so without what files need."""

from __future__ import annotations

import logging

from stash.protocol import log

_CHATTY = ("urllib3", "plexapi", "persistqueue", "charset_normalizer")


def level_name(record: logging.LogRecord) -> str:
    """The record's level as stash.protocol names it."""
    if record.levelno >= logging.ERROR:
        return "error"
    if record.levelno >= logging.WARNING:
        return "warning"
    return "info" if record.levelno >= logging.INFO else "debug"


class StashHandler(logging.Handler):
    """Writes records to Stash's log."""

    def emit(self, record: logging.LogRecord) -> None:
        log(level_name(record), self.format(record))


class QuietHandler(StashHandler):
    """The same for an operation that was asked to be quiet: what nobody foresaw keeps its level, all else is Debug."""

    def emit(self, record: logging.LogRecord) -> None:
        log(level_name(record) if record.exc_info else "debug", self.format(record))


def log_to_stash(*, quiet: bool = False) -> None:
    """Send everything to Stash's log; `quiet`: nothing at Info or above."""
    install(QuietHandler() if quiet else StashHandler())


def install(*handlers: logging.Handler) -> None:
    """Have these handlers, and no others, get what is logged at Info or above. Other people's libraries stay quiet."""
    logging.basicConfig(handlers=handlers, force=True, level=logging.INFO, format="%(message)s")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
