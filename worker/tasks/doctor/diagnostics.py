"""Everything that somebody needs who is asked for help, in one file; by default without a title, a name or a path.

Light: it is wanted most where the packages are missing.
"""

from __future__ import annotations

import io
import json
import logging
import os
import platform
import sqlite3
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from typing import Any

from storage.json_file import JsonFile
from storage.local_files import time_stamp
from worker.base.own_words import own_lines, own_values
from worker.base.plugin_folder import REQUIREMENTS
from worker.base.words import counted
from worker.data_folder import TEMPORARY_PREFIX, DataFolder
from worker.errors import TaskError
from worker.packages.requirements import installed_packages, packages_folder
from worker.tasks.arguments import switch
from worker.tasks.task import Task
from worker.tasks.views.status_report import queue_status, report_outages
from worker.version import VERSION

logger = logging.getLogger(__name__)

DIAGNOSTICS_FORMAT = 1
"""Version of what is in the file; docs/status.md describes it."""
LOG_BYTES = 500_000
"""Bytes of the drainer's log that go along, the last ones."""
DIALECT = "plex-dialect.json"
HIDDEN = "[secret]"


def save_diagnostics(task: Task) -> dict[str, Any]:
    """Write the file where Stash serves it, if there is room; it is deleted after a day. Raises OSError."""
    with_names = switch(task.args, "with_names")
    contents, secret = _gather(task, with_names)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in contents.items():
            file.writestr(name, text.replace(secret, HIDDEN) if secret else text)
    content = buffer.getvalue()
    path, asset = _save(task.folder, f"diagnostics-{time_stamp(time.time())}.zip", content)
    holds = "with titles and paths" if with_names else "without titles and paths"
    logger.info("Diagnostics %s saved in %s (%s); deleted after a day", holds, path, counted(len(contents), "file"))
    return {
        "format": DIAGNOSTICS_FORMAT,
        "file": path,
        "asset": asset,
        "bytes": len(content),
        "with_names": with_names,
    }


def _save(folder: DataFolder, name: str, content: bytes) -> tuple[str, str]:
    """Write the file into the first place that takes it; its path and its address below Stash's assets, "" for none.

    It is wanted most where the data folder takes nothing, and the plugin's own may be on the same full disk.
    """
    real = folder.stands_for or folder
    places = [(real.live, f"live/{name}")]
    if not folder.fault:
        places.insert(0, (real.reports, f"reports/{name}" if real.is_served else ""))
    for place, asset in places:
        with suppress(OSError):
            return _write(place, name, content), asset
    return _write(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX), name, content), ""


def _write(place: str, name: str, content: bytes) -> str:
    """Returns the path. Raises OSError, and leaves no part of the file then."""
    if not os.path.isdir(place):
        os.mkdir(place, 0o700)
    path = os.path.join(place, name)
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError:
        with suppress(OSError):
            os.unlink(path)
        raise
    return path


def _gather(task: Task, with_names: bool) -> tuple[dict[str, str], str]:
    """The texts by file name, and the Plex token ("" where none is known), which none of them may hold."""
    folder, now = task.folder, time.time()
    real = folder.stands_for or folder
    examined, secret = _examined(task, with_names)
    parts: dict[str, Any] = {
        **(_state(task, now) if not folder.fault else {"data-folder.json": {"error": folder.fault}}),
        **examined,
        "plex-dialect.json": _dialect(real),
    }
    log = _end_of_log(real.log)
    texts = {name: part if with_names else own_values(part) for name, part in parts.items() if part}
    contents = {"about.json": _about(folder, now), "sizes.json": _sizes(real), **texts}
    written = {name: json.dumps(part, indent=1) for name, part in contents.items()}
    return {**written, "log.txt": log if with_names else own_lines(log)}, secret


def _state(task: Task, now: float) -> dict[str, Any]:
    return {
        "status.json": queue_status(task.folder, task.database, now, ()),
        "outages.json": report_outages(task.folder, task.database, now),
    }


def _dialect(folder: DataFolder) -> dict[str, Any] | None:
    with suppress(OSError):
        return JsonFile(os.path.join(folder.reports, DIALECT)).peek()
    return None


def _examined(task: Task, with_names: bool) -> tuple[dict[str, Any], str]:
    """What only Stash and Plex can tell, by file name, and the token; where the packages are of no use, the reason."""
    try:
        workplace = task.workplace
        # Heavy, and only importable once the packages are there.
        from worker.tasks.doctor.examined import examined  # noqa: PLC0415

        return examined(workplace, with_names)
    except TaskError as error:
        return {"doctor.json": {"error": str(error)}}, ""
    except Exception as error:  # whatever is broken, the file is wanted for just that
        logger.debug("The diagnostics go without the doctor", exc_info=error)
        damage = _damage(task.folder.stands_for or task.folder)
        return {"doctor.json": {"error": f"failed ({type(error).__name__})", "packages": damage}}, ""


def _damage(folder: DataFolder) -> str:
    """What is wrong with the packages, "" where they are whole. Raises OSError."""
    # Only needed where something is wrong.
    from worker.packages.soundness import fault  # noqa: PLC0415

    lock = REQUIREMENTS.removesuffix("txt") + "lock"
    return fault(REQUIREMENTS, lock, packages_folder(folder.dependencies, lock))


def _about(folder: DataFolder, now: float) -> dict[str, Any]:
    return {
        "format": DIAGNOSTICS_FORMAT,
        "saved_at": now,
        "version": VERSION,
        "python": sys.version,
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": installed_packages(REQUIREMENTS),
        "tidied_at": (JsonFile(folder.tidying).peek() or {}).get("tidied_at"),
    }


def _sizes(folder: DataFolder) -> dict[str, int]:
    """Bytes by what is in the data folder; of the packages, reports and backups only their sum, and none of others."""
    ours = {os.path.relpath(path, folder.root).split(os.sep)[0] for path in vars(folder).values()} - {"."}
    sizes: dict[str, int] = {}
    for place, _, names in os.walk(folder.root):
        for name in names:
            path = os.path.join(place, name)
            top = os.path.relpath(path, folder.root).split(os.sep)[0]
            key = top if top.startswith(tuple(ours)) else "other"
            sizes[key] = sizes.get(key, 0) + (os.path.getsize(path) if os.path.exists(path) else 0)
    return sizes


def _end_of_log(path: str) -> str:
    """The last LOG_BYTES of the log; the line that this cuts is left out."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:  # there is none yet, or it is somebody else's
        return ""
    return text if size <= LOG_BYTES else text.partition("\n")[2]
