"""Small files of our own that must be whole or absent, and what to do with broken ones."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from storage.crash_points import reach

log = logging.getLogger(__name__)

_PAUSES = (0.01, 0.05, 0.2, 0.5)
"""Seconds to wait before the next attempt to take a name on Windows."""


def take_name(source: str, target: str, wait: Callable[[float], object] = time.sleep) -> None:
    """Rename `source` to `target`, in whose place it comes. Raises OSError.

    On Windows that is refused while anybody has one of the two open: a reader of a small file, or a virus scanner.
    """
    for pause in _PAUSES:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if sys.platform != "win32":
                raise
            wait(pause)
    os.replace(source, target)


def write_whole(path: str, content: str | Iterable[str], *, durable: bool = True) -> None:
    """Write a file so that a reader, or a power cut, sees the old content or the new, never a half.

    `content` is the text, or its parts where it is too long to be held at once. What is not `durable` may be lost at a
    power cut: it is written anew soon, and so often that waiting for the disk would cost too much. Raises OSError.
    """
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path) + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines([content] if isinstance(content, str) else content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
                reach("save:written")
        take_name(temporary, path)
        if durable:
            reach("save:done")
    except BaseException:
        os.unlink(temporary)
        raise
    if durable:
        _sync_folder(os.path.dirname(path))


def _sync_folder(folder: str) -> None:
    """Have the folder's names survive a power cut: the fsync of a file does not see to its name (fsync(2)).

    Windows opens no folder, and some network file systems refuse: there the name is as durable as they make it.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def time_stamp(now: float) -> str:
    """`now` (seconds since the epoch) as a part of a file's name, in local time; a later one sorts behind it."""
    return datetime.fromtimestamp(now).strftime("%Y%m%d-%H%M%S-%f")


def set_aside(path: str, reason: str, now: float, companions: Sequence[str] = ()) -> None:
    """Rename an unreadable file to NAME.corrupt-<now>, so that a new one can be made and a person can look at it.

    `now` is in seconds since the epoch. `companions` are endings of files that belong to it (SQLite's "-wal"): left
    in place, they would be taken for the new file's. Raises OSError.
    """
    aside = f"{path}.corrupt-{int(now)}"
    for ending in ("", *companions):
        # It may not be there; or SQLite deletes it at this moment, for another process.
        with contextlib.suppress(FileNotFoundError):
            take_name(path + ending, aside + ending)
    log.warning("%s cannot be read (%s). It was set aside as %s, and a new one is made", path, reason, aside)
