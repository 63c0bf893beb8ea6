"""The one SQLite file behind queue, dead letters and sync state: where it is and how it is opened.

It is on the hook's path, so it imports no typing, dataclasses, logging or persistqueue (`import persistqueue` alone
costs five bare interpreter starts).
"""

from __future__ import annotations

import os
import sqlite3
import time

from storage.database import Database, is_busy
from sync_queue.schema import SCHEMA_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def open_queue_database(
    queue_folder: str, *, check: bool = False, sleep: Callable[[float], object] = time.sleep
) -> Database:
    """Open `plexsync.db` in `queue_folder`, creating folder (mode 0700), file and schema where missing.

    An unreadable file is set aside with a warning and begun anew; `check` looks through all of it for damage. Whoever
    has to make or repair the file does it alone; the others wait by `sleep` (seconds) and find it done. Raises
    `sqlite3.OperationalError` where nothing can be opened: no room, no permission, locked for BUSY_TIMEOUT.
    """
    os.makedirs(queue_folder, mode=0o700, exist_ok=True)
    path = os.path.join(queue_folder, "plexsync.db")
    try:
        # synchronous=FULL: a commit here is an edit that somebody was told is safe.
        database = Database.open(path, check=check)
    except sqlite3.DatabaseError as error:
        # Somebody may be setting it aside at this moment: whoever looks alone sees what it really is.
        if is_busy(error):
            raise
    else:
        if database.schema_version() == SCHEMA_VERSION:
            return database
        database.close()
    from sync_queue.creation import open_alone  # noqa: PLC0415 - heavy for a hook, and needed at most once

    return open_alone(queue_folder, path, check, sleep)
