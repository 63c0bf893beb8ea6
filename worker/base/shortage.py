"""When the machine gives too little: the sentence for a person, and what to raise. Standard library, on light paths."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # it costs half a bare interpreter start
    import logging

ENOUGH_FILES = 64
"""Files that a process of ours may have to open at a time: three files with their journals, locks, sockets."""


def shortage(error: BaseException) -> str:
    """What there is too little of, if that is what the error is about, "" otherwise."""
    if isinstance(error, MemoryError):
        return (
            "Stash gets too little memory for PlexSync. Raise the memory limit of its container, or that of its user "
            "(ulimit -v), by 200 MB. The edits wait meanwhile"
        )
    if _is_about_open_files(error):
        return (
            "Stash may open too few files at a time for PlexSync. Raise the limit of its user (ulimit -n, or "
            "ulimits.nofile in Docker) to 1,024. The edits wait meanwhile"
        )
    return ""


def log_end(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Say why `what` ended, at the outermost edge: in a sentence where one fits, with the traceback otherwise."""
    said = shortage(error)
    if said:
        logger.error("%s ended: %s", what, said)
    else:
        logger.error("%s ended by an error; the jobs are kept", what, exc_info=error)


def _is_about_open_files(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return True
    # SQLite says no more than "unable to open database file" (SQLITE_CANTOPEN, sqlite.org/rescode.html).
    is_unopened = isinstance(error, sqlite3.OperationalError) and "unable to open" in str(error)
    return is_unopened and _open_files_limit() < ENOUGH_FILES


def _open_files_limit() -> int:
    """How many files this process may have open; ENOUGH_FILES where nobody counts them."""
    limit = ENOUGH_FILES if sys.platform == "win32" else os.sysconf("SC_OPEN_MAX")
    return limit if limit >= 0 else ENOUGH_FILES
