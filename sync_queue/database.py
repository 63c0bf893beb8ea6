"""The one SQLite file behind queue, dead letters and sync state: where it is and how it is opened.

It is on the hook's path, so it imports no typing, dataclasses, logging or persistqueue (`import persistqueue` alone
costs five bare interpreter starts).
"""

from __future__ import annotations

import os
import sqlite3
import time

from storage.database import Database, NewerFormat, is_busy
from sync_queue.schema import FORMAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def open_queue_database(
    queue_folder: str,
    *,
    check: bool = False,
    any_format: bool = False,
    sleep: Callable[[float], object] = time.sleep,
) -> Database:
    """Open `plexsync.db` in `queue_folder`, creating folder (mode 0700), file and schema where missing.

    An unreadable file is set aside with a warning and begun anew; `check` looks through all of it for damage. Whoever
    has to make or repair the file does it alone; the others wait by `sleep` (seconds) and find it done. It may be of an
    older format: of that, only KEPT_TABLES are known. One of a newer format raises NewerFormat, unless `any_format`.
    Raises `sqlite3.OperationalError` where nothing can be opened: no room, no permission, locked for BUSY_TIMEOUT.
    """
    os.makedirs(queue_folder, mode=0o700, exist_ok=True)
    path = os.path.join(queue_folder, "plexsync.db")
    try:
        # synchronous=FULL: a commit here is an edit that somebody was told is safe.
        database = Database.open(path)
        if _is_usable(database, any_format, check):
            return database
        database.close()
    except sqlite3.DatabaseError as error:
        # Somebody may be setting it aside at this moment: whoever looks alone sees what it really is.
        if is_busy(error) or isinstance(error, NewerFormat):
            raise
    from sync_queue.creation import open_alone  # noqa: PLC0415 - heavy for a hook, and needed at most once

    return open_alone(queue_folder, path, check, sleep)


def _is_usable(database: Database, any_format: bool, check: bool) -> bool:
    """Whether its tables stand. Raises NewerFormat before it looks for damage, which is for that version to repair."""
    try:
        if not any_format:
            refuse_newer(database)
        if check:
            database.check()
        return database.schema_version() > 0
    except sqlite3.Error:
        database.close()  # or Windows would not let a damaged file be renamed
        raise


def refuse_newer(database: Database) -> None:
    """Raises NewerFormat where a later version has changed the tables."""
    found = database.schema_version()
    if found > FORMAT:
        raise NewerFormat(
            f"A newer PlexSync wrote {database.path} (format {found}, and this version knows {FORMAT}). Nothing was "
            "changed. Install the newest version under Settings > Plugins"
        )
