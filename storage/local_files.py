"""Small files of our own that must be whole or absent, and what to do with broken ones."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable, Sequence

from storage.crash_points import reach

log = logging.getLogger(__name__)


def write_whole(path: str, content: str | Iterable[str]) -> None:
    """Write a file so that a reader, or a power cut, sees the old content or the new, never a half.

    `content` is the text, or its parts where it is too long to be held at once. Raises OSError.
    """
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=os.path.basename(path) + ".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines([content] if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        reach("save:written")
        os.replace(temporary, path)
        reach("save:done")
    except BaseException:
        os.unlink(temporary)
        raise


def set_aside(path: str, reason: str, now: float, companions: Sequence[str] = ()) -> None:
    """Rename an unreadable file to NAME.corrupt-<now>, so that a new one can be made and a person can look at it.

    `now` is in seconds since the epoch. `companions` are endings of files that belong to it (SQLite's "-wal"): left
    in place, they would be taken for the new file's. Raises OSError.
    """
    aside = f"{path}.corrupt-{int(now)}"
    for ending in ("", *companions):
        if os.path.exists(path + ending):
            os.replace(path + ending, aside + ending)
    log.warning("%s cannot be read (%s): it was set aside as %s and is made anew", path, reason, aside)
