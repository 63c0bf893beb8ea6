"""Runs what a button or an operation asks for. Light: it imports what a light operation needs, the rest when needed."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from functools import partial
from typing import Any

from stash.protocol import Request, log
from sync_queue.database import open_queue_database
from sync_queue.relay import take_lines
from worker.base.shortage import shortage
from worker.data_folder import DataFolder
from worker.errors import TaskError
from worker.process.privacy import FolderNotPrivate, keep_private
from worker.tasks.registry import is_light, is_quiet, is_silent, perform

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a data folder that cannot be written to."""


WITHOUT_FOLDER = frozenset({"health_check", "save_diagnostics"})
"""The modes that look at everything else where the data folder cannot be used."""


def run_task(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    """Run the task of `request.mode`; returns its result.

    Raises TaskError, and OSError or sqlite3.OperationalError where the data folder cannot be used.
    """
    quiet = is_quiet(request)
    if not (quiet and is_silent(request)):
        _set_up_log(quiet)
    ensure_packages = partial(_ensure_packages, folder, plugin_file, quiet)
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
        if request.mode not in WITHOUT_FOLDER:
            raise
        # Heavy, and needed where nothing works.
        from worker.process.doctor_without import examine_without  # noqa: PLC0415

        examine = partial(_perform, plugin_file=plugin_file, request=request)
        return examine_without(folder, error, ensure_packages, examine, needs_packages=not is_light(request))


def _set_up_log(quiet: bool) -> None:
    # `logging` costs half a bare interpreter start, and the page's light operations log nothing.
    from worker.process.stash_log import log_to_stash  # noqa: PLC0415

    log_to_stash(quiet=quiet)


def _ensure_packages(folder: DataFolder, plugin_file: str, quiet: bool) -> None:
    _set_up_log(quiet)  # an operation that could have gone without has work for Stash and Plex
    if folder.fault:
        # Heavy, and needed where nothing works.
        from worker.process.doctor_without import refuse_missing_packages  # noqa: PLC0415

        refuse_missing_packages()
        return
    # Heavy, and nothing that a light operation needs.
    from worker.packages.dependencies import Dependencies, DependencyError  # noqa: PLC0415

    try:
        Dependencies(folder, os.path.dirname(plugin_file), log_quietly if quiet else log).ensure(insist=True)
    except DependencyError as error:
        raise TaskError(str(error)) from error


def log_quietly(_level: str, message: str) -> None:
    """Log to Stash what the page does not want to be loud about: whoever asked gets the failure as its answer."""
    log("debug", message)


def _perform(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    quiet, began_at = is_quiet(request), time.time()
    try:
        return perform(folder, plugin_file, request, partial(_ensure_packages, folder, plugin_file, quiet))
    except (TaskError, sqlite3.OperationalError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and _is_about_the_folder(folder, error):
            # The entry has words for a disk that is full or read-only, and what to do about it.
            raise
        if said := shortage(error):
            raise TaskError(said) from error
        # Heavy, and only needed where something is wrong.
        from worker.process.fresh_start import run_anew  # noqa: PLC0415

        anew = None if folder.fault else run_anew(folder, plugin_file, request, began_at, quiet=quiet)
        if anew is not None:
            return anew
        # The process's outermost edge: the person gets a sentence, the log the cause.
        _log_cause(request.mode, error, quiet)
        raise TaskError(f"{request.mode} failed, unforeseen ({type(error).__name__}). See Stash's log") from error


def _log_cause(mode: str, error: Exception, quiet: bool) -> None:
    # As for the log's set-up.
    import logging  # noqa: PLC0415

    _set_up_log(quiet)
    logging.getLogger(__name__).error("Task %s failed", mode, exc_info=error)


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
