"""Runs what a button or an operation asks for. Standard library only: the packages may have to be installed first."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from typing import Any

from stash.protocol import Request, log
from sync_queue.database import open_queue_database
from sync_queue.relay import take_lines
from worker.data_folder import DataFolder
from worker.dependencies import Dependencies, DependencyError
from worker.log_setup import log_to_stash

logger = logging.getLogger(__name__)

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a data folder that cannot be written to."""


class TaskError(Exception):
    """A task could not do its work; the text says why and what to do."""


def run_task(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    """Run the task of `request.mode`; returns its result.

    Raises TaskError, and OSError or sqlite3.OperationalError where the data folder cannot be used.
    """
    log_to_stash()
    pass_on_news(folder)
    try:
        Dependencies(folder, os.path.dirname(plugin_file), log).ensure(insist=True)
    except DependencyError as error:
        raise TaskError(str(error)) from error
    # Heavy, and only importable once the packages are there.
    from worker.tasks import perform  # noqa: PLC0415

    try:
        return perform(folder, plugin_file, request)
    except (TaskError, sqlite3.OperationalError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and _is_about_the_folder(folder, error):
            # The entry has words for a disk that is full or read-only, and what to do about it.
            raise
        # The process's outermost edge: the person gets a sentence, the log the cause.
        logger.exception("Task %s failed", request.mode)
        raise TaskError(f"{request.mode} failed, unforeseen ({type(error).__name__}): see Stash's log") from error


def _is_about_the_folder(folder: DataFolder, error: OSError) -> bool:
    """A write that fails names no file."""
    return error.errno in UNWRITABLE or str(error.filename or "").startswith(folder.root)


def pass_on_news(folder: DataFolder) -> None:
    """Pass on what the drainer logged since the last invocation. Raises sqlite3.Error."""
    database = open_queue_database(folder.queue, check=True)
    try:
        for level, message in take_lines(database):
            log(level, message)
    finally:
        database.close()
