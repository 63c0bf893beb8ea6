"""The one SQLite file behind queue, dead letters and sync state: connection, schema, transactions.

It is on the hook's path, where every millisecond is a user's waiting time, so it imports the standard
library's cheapest only: no typing, dataclasses, logging or persistqueue (`import persistqueue` alone costs
five bare interpreter starts).

The job table is the one that persist-queue 1.1's `SQLiteAckQueue` makes (same name, columns and status codes),
with generated columns behind it, so that persist-queue can work on it and the database itself can hold what
memory must not be trusted with: at most one pending job per scene, and the order in which jobs fall due.
"""

from __future__ import annotations

import os
import sqlite3
import time
from _thread import RLock  # what threading.RLock is; to import threading would cost the hook a millisecond
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

SCHEMA_VERSION = 1
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one; persist-queue's own default."""

READY = 1
UNACKNOWLEDGED = 2
ACKNOWLEDGED = 5
FAILED = 9
"""Status codes of persist-queue 1.1 (`AckStatus`); below UNACKNOWLEDGED a job is pending (0: new, 1: put back)."""


class Database:
    """One connection to the queue's file, safe to share between threads, with nestable transactions.

    `path` is the file; its folder must exist. Raises `sqlite3.Error` where the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        self._lock = RLock()
        self._depth = 0
        # FULL, because in WAL mode NORMAL may lose the last commits at a power cut (SQLite documentation, PRAGMA
        # synchronous), and a commit here is an edit that somebody was told is safe.
        try:
            self.connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            self.connection.close()  # or Windows would not let a damaged file be renamed
            raise
        self._file = _number_of(path)

    def has_schema(self) -> bool:
        """Whether the tables stand; False for a new file, and for one whose maker was killed."""
        return self.one("PRAGMA user_version") == (SCHEMA_VERSION,)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one immediate transaction; a nested block joins the outer one."""
        with self._lock:
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.connection
                if self._depth == 1:
                    self.connection.execute("COMMIT")
            except BaseException:
                # Where the disk is full, SQLite has rolled back by itself.
                if self._depth == 1 and self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def all(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with self._lock:
            return self.connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        with self._lock:
            row: tuple[Any, ...] | None = self.connection.execute(sql, parameters).fetchone()
            return row

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; returns the number of rows it changed."""
        with self._lock:
            return self.connection.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement for many rows; returns the number of rows changed."""
        with self._lock:
            return self.connection.executemany(sql, rows).rowcount

    def identity(self) -> int:
        """A number that another file in this one's place would not have."""
        row = self.one("PRAGMA application_id")
        return int(row[0]) if row else 0

    def is_in_place(self) -> bool:
        """Whether `path` still names the file that is open: somebody may have set it aside, or deleted it."""
        return self._file == _number_of(self.path)

    def change_counter(self) -> int:
        """A number that changes whenever another connection commits: a poll that reads no table."""
        row = self.one("PRAGMA data_version")
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Close the connection; the last one to close also folds the WAL into the file."""
        with self._lock:
            self.connection.close()


def open_queue_database(
    queue_folder: str, *, check: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Database:
    """Open `plexsync.db` in `queue_folder`, creating folder (mode 0700), file and schema where missing.

    An unreadable file is set aside with a warning and begun anew; `check` looks through all of it for damage. Whoever
    has to make or mend the file does it alone; the others wait by `sleep` (seconds) and find it done. Raises
    `sqlite3.OperationalError` where nothing can be opened: no room, no permission, locked for BUSY_TIMEOUT.
    """
    os.makedirs(queue_folder, mode=0o700, exist_ok=True)
    path = os.path.join(queue_folder, "plexsync.db")
    try:
        database = open_sound(path, check)
    except sqlite3.DatabaseError as error:
        # Somebody may be setting it aside at this moment: whoever looks alone sees what it really is.
        if is_busy(error):
            raise
    else:
        if database.has_schema():
            return database
        database.close()
    from sync_queue.mending import open_alone  # noqa: PLC0415 - heavy for a hook, and needed at most once

    return open_alone(queue_folder, path, check, sleep)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is damaged; an OperationalError is about what surrounds it."""
    return isinstance(error, sqlite3.DatabaseError) and type(error) is sqlite3.DatabaseError


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the file; the text is SQLite's own, the code exists from Python 3.11 on."""
    return isinstance(error, sqlite3.OperationalError) and "database is locked" in str(error)


def _number_of(path: str) -> tuple[int, int]:
    """What tells the file from another of its name; (0, 0) for none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def open_sound(path: str, check: bool) -> Database:
    """Open the file as it is; `check` looks through all of it. Raises sqlite3.DatabaseError where it is damaged."""
    database = Database(path)
    try:
        if check and database.all("PRAGMA quick_check(1)") != [("ok",)]:
            raise sqlite3.DatabaseError("database disk image is malformed")
        database.has_schema()
    except sqlite3.Error:
        database.close()
        raise
    return database
