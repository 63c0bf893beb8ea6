"""Runs what a button or an operation asks for. Standard library only: the packages may have to be installed first."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from contextlib import suppress
from typing import Any

from stash.protocol import Request, log
from sync_queue.database import open_queue_database
from sync_queue.relay import take_lines
from worker.data_folder import ENVIRONMENT_VARIABLE, TEMPORARY_PREFIX, DataFolder, StandIn
from worker.errors import TaskError
from worker.packages.dependencies import Dependencies, DependencyError
from worker.packages.requirements import missing_packages
from worker.process.log_setup import log_to_stash
from worker.process.privacy import FolderNotPrivate, keep_private

logger = logging.getLogger(__name__)

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of a data folder that cannot be written to."""


DOCTOR = "health_check"
"""The mode that looks at everything else where the data folder cannot be used."""


def run_task(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    """Run the task of `request.mode`; returns its result.

    Raises TaskError, and OSError or sqlite3.OperationalError where the data folder cannot be used.
    """
    log_to_stash()
    try:
        pass_on_news(folder)
        keep_private(folder)
        _ensure_packages(folder, plugin_file)
        return _perform(folder, plugin_file, request)
    except (OSError, sqlite3.OperationalError, FolderNotPrivate) as error:
        if request.mode != DOCTOR:
            raise
        return _examine_without(folder, plugin_file, request, _in_words(folder, error))


def _ensure_packages(folder: DataFolder, plugin_file: str) -> None:
    try:
        Dependencies(folder, os.path.dirname(plugin_file), log).ensure(insist=True)
    except DependencyError as error:
        raise TaskError(str(error)) from error


def _perform(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    # Heavy, and only importable once the packages are there.
    from worker.tasks.registry import perform  # noqa: PLC0415

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


def _examine_without(folder: DataFolder, plugin_file: str, request: Request, fault: str) -> dict[str, Any]:
    """Have the doctor look at the rest, with a folder that is deleted at the end. Raises TaskError, OSError."""
    with suppress(TaskError, OSError, sqlite3.Error):  # that they cannot be stored there is known by now
        _ensure_packages(folder, plugin_file)
    missing = missing_packages(os.path.join(os.path.dirname(plugin_file), "requirements.txt"))
    if missing:
        return _examined_without_packages(fault, missing)
    # Only importable once the packages are there.
    from plex.device_identity import FILE_NAME  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX) as root:
        stand_in = StandIn(root, fault)
        stand_in.create()
        with suppress(OSError):  # without it we would be a new device to Plex
            shutil.copy(os.path.join(folder.root, FILE_NAME), root)
        return _perform(stand_in, plugin_file, request)


def _examined_without_packages(fault: str, missing: list[str]) -> dict[str, Any]:
    """The doctor's result where it cannot be imported; see worker.tasks.connection_check.Diagnosis."""
    advice = "are missing: they are kept in the data folder, so mend that first"
    found = {"Data folder": fault, "Packages": f"{', '.join(missing)} {advice}"}
    for name, detail in found.items():
        logger.error("%s: %s", name, detail)
    checks = [{"name": name, "ok": False, "detail": detail} for name, detail in found.items()]
    return {"ok": False, "checks": checks, "path_map": ""}


def _in_words(folder: DataFolder, error: OSError | sqlite3.Error | FolderNotPrivate) -> str:
    if isinstance(error, FolderNotPrivate):
        return str(error)
    place, reason = folder.queue, str(error)
    if isinstance(error, OSError):
        place, reason = error.filename or folder.root, error.strerror or reason
    return (
        f"{place} cannot be used: {reason}: make it writable for Stash's user, or name another folder in "
        f"{ENVIRONMENT_VARIABLE}"
    )


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
