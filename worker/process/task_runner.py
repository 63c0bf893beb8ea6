"""Runs what a button or an operation asks for. Light: it imports what a light operation needs, the rest when needed."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from functools import partial
from typing import Any

from stash.protocol import Request, log
from sync_queue.database import open_queue_database
from sync_queue.relay import take_lines
from worker.base.shortage import shortage
from worker.data_folder import DataFolder
from worker.errors import TaskError
from worker.process.privacy import FolderNotPrivate, keep_private
from worker.process.stash_log import log_to_stash
from worker.tasks.registry import is_light, is_quiet, perform

logger = logging.getLogger(__name__)

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a data folder that cannot be written to."""


DOCTOR = "health_check"
"""The mode that looks at everything else where the data folder cannot be used."""


def run_task(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    """Run the task of `request.mode`; returns its result.

    Raises TaskError, and OSError or sqlite3.OperationalError where the data folder cannot be used.
    """
    quiet = is_quiet(request)
    log_to_stash(quiet=quiet)
    ensure_packages = partial(_ensure_packages, folder, plugin_file)
    try:
        if not quiet:  # else the next hook passes it on
            pass_on_news(folder)
        elif not is_light(request):
            open_queue_database(folder.queue).close()  # before anything is touched that may be a newer version's
        if not (quiet and is_light(request)):  # what the page asks often takes no time for it
            keep_private(folder)
        if not is_light(request):
            ensure_packages()
        return _perform(folder, plugin_file, request)
    except (OSError, sqlite3.OperationalError, FolderNotPrivate) as error:
        if request.mode != DOCTOR:
            raise
        # Heavy, and needed where nothing works.
        from worker.process.doctor_without import examine_without  # noqa: PLC0415

        examine = partial(_perform, plugin_file=plugin_file, request=request)
        return examine_without(folder, plugin_file, error, ensure_packages, examine)


def _ensure_packages(folder: DataFolder, plugin_file: str) -> None:
    # Heavy, and nothing that a light operation needs.
    from worker.packages.dependencies import Dependencies, DependencyError  # noqa: PLC0415

    try:
        Dependencies(folder, os.path.dirname(plugin_file), log).ensure(insist=True)
    except DependencyError as error:
        raise TaskError(str(error)) from error


def _perform(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    try:
        return perform(folder, plugin_file, request, partial(_ensure_packages, folder, plugin_file))
    except (TaskError, sqlite3.OperationalError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and _is_about_the_folder(folder, error):
            # The entry has words for a disk that is full or read-only, and what to do about it.
            raise
        if said := shortage(error):
            raise TaskError(said) from error
        # The process's outermost edge: the person gets a sentence, the log the cause.
        logger.exception("Task %s failed", request.mode)
        raise TaskError(f"{request.mode} failed, unforeseen ({type(error).__name__}). See Stash's log") from error


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
