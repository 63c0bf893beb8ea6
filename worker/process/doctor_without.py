"""The doctor, and who saves its findings, where the data folder cannot be used: they look at everything else."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from storage.database import NewerFormat
from worker.base.plugin_folder import REQUIREMENTS
from worker.base.storage_advice import MAKE_WRITABLE, next_step
from worker.data_folder import ENVIRONMENT_VARIABLE, TEMPORARY_PREFIX, DataFolder, StandIn
from worker.errors import TaskError
from worker.packages.requirements import missing_packages
from worker.process.privacy import FolderNotPrivate

logger = logging.getLogger(__name__)


def examine_without(
    folder: DataFolder,
    error: OSError | sqlite3.Error | FolderNotPrivate,
    ensure_packages: Callable[[], object],
    perform: Callable[[DataFolder], dict[str, Any]],
    *,
    needs_packages: bool,
) -> dict[str, Any]:
    """Have the doctor look at the rest, with a folder that is deleted at the end. Raises TaskError, OSError.

    `error` is why `folder` cannot be used; `perform` runs the doctor in another one, or what saves its findings, which
    needs no packages.
    """
    fault = _in_words(folder, error)
    if not isinstance(error, NewerFormat):  # a newer version may need others there
        with suppress(TaskError, OSError, sqlite3.Error):  # that they cannot be stored there is known by now
            ensure_packages()
    missing = missing_packages(REQUIREMENTS)
    if missing and needs_packages:
        return _examined_without_packages(fault, missing)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX) as root:
        stand_in = StandIn(root, fault, folder)
        stand_in.create()
        if not missing:
            _keep_identity(folder, root)
        return perform(stand_in)


def refuse_missing_packages() -> None:
    """For a folder that stands in: nothing is fetched into it. Raises TaskError."""
    missing = missing_packages(REQUIREMENTS)
    if missing:
        raise TaskError(_missing_in_words(missing))


def _keep_identity(folder: DataFolder, root: str) -> None:
    # Only importable once the packages are there.
    from plex.device_identity import FILE_NAME  # noqa: PLC0415

    with suppress(OSError):  # without it we would be a new device to Plex
        shutil.copy(os.path.join(folder.root, FILE_NAME), root)


def _examined_without_packages(fault: str, missing: list[str]) -> dict[str, Any]:
    """The doctor's result where it cannot be imported; see worker.tasks.doctor.connection_check.Diagnosis."""
    found = {"Data folder": fault, "Packages": _missing_in_words(missing)}
    for name, detail in found.items():
        logger.error("%s: %s", name, detail)
    checks = [{"name": name, "ok": False, "detail": detail} for name, detail in found.items()]
    return {"ok": False, "checks": checks, "path_map": ""}


def _missing_in_words(missing: list[str]) -> str:
    return f"Packages are missing ({', '.join(missing)}). They are kept in the data folder, so fix that first"


def _in_words(folder: DataFolder, error: OSError | sqlite3.Error | FolderNotPrivate) -> str:
    if isinstance(error, FolderNotPrivate | NewerFormat):
        return str(error)
    place, reason = folder.queue, str(error)
    if isinstance(error, OSError):
        place, reason = str(error.filename or folder.root), error.strerror or reason
    step = next_step(error, place) or MAKE_WRITABLE
    return f"{place} cannot be used ({reason}). {step}, or name another folder in {ENVIRONMENT_VARIABLE}"
