"""One SQLite file of our own: opened and checked, made anew where it is damaged, changed in transactions.

On the hook's path, where every millisecond is a user's waiting time: it imports the standard library's cheapest only.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from _thread import RLock  # what threading.RLock is; to import threading would cost the hook a millisecond
from contextlib import closing, contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one; persist-queue's own default."""
JOURNALS = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database (SQLite documentation, Temporary Files)."""
IN_LIST = "IN (SELECT value FROM json_each(?))"
"""A condition whose one parameter `as_list` makes; of placeholders SQLite allows 999 (its documentation, Limits)."""


class NewerFormat(sqlite3.OperationalError):
    """A later version of the plugin wrote the data; nothing was touched. The text says what to do."""


class Database:
    """One connection to an SQLite file, safe to share between threads, with nestable transactions.

    `connection` must leave transactions to us (`isolation_level=None`); `open` makes such a one.
    """

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._lock = RLock()
        self._depth = 0
        self._file = _number_of(path)

    @classmethod
    def open(cls, path: str, *, synchronous: str = "FULL", check: bool = False) -> Database:
        """Open the file at `path`, in an existing folder; `check` looks through all of it for damage.

        `synchronous` as SQLite's PRAGMA: in WAL mode NORMAL may lose the last commits at a power cut (SQLite
        documentation), FULL loses none. Raises sqlite3.OperationalError where the file cannot be used, another
        sqlite3.DatabaseError where it is damaged.
        """
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            database = cls(path, connection)
            if check:
                database.check()
            database.schema_version()  # or damage to the header would show at the first query only
        except sqlite3.Error:
            connection.close()  # or Windows would not let a damaged file be renamed
            raise
        return database

    def check(self) -> None:
        """Look through all of the file. Raises sqlite3.DatabaseError where it is damaged."""
        row = self.one("PRAGMA quick_check(1)")
        if row != ("ok",):
            raise sqlite3.DatabaseError(row[0] if row else "no answer to quick_check")

    def schema_version(self) -> int:
        """The version that `create_schema` gave; 0 for a new file, and for one whose maker was killed."""
        row = self.one("PRAGMA user_version")
        return int(row[0]) if row else 0

    def create_schema(self, statements: Iterable[str], version: int) -> None:
        """Run the statements that make the tables, and note the version, in one transaction."""
        with self.transaction() as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")

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

    def all(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        with self._lock:
            return self.connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> tuple[Any, ...] | None:
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
        """A number that another file in this one's place would not have; 0 where its maker gave none."""
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
        """Close the connection; the last one to close also folds a WAL into the file."""
        with self._lock:
            self.connection.close()


def open_or_replace(path: str, open_file: Callable[[], Database], clock: Callable[[], float] = time.time) -> Database:
    """What `open_file` opens at `path`; a damaged file is set aside with a warning first, and made anew by it.

    For one process at a time. `clock`: seconds since the epoch. Raises sqlite3.OperationalError where the file cannot
    be used, OSError where it cannot be set aside.
    """
    try:
        return open_file()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        from storage.local_files import set_aside  # noqa: PLC0415 - heavy for the first hook, which makes the queue

        with _kept_open(path):
            set_aside(path, str(error), clock(), JOURNALS)
            return open_file()


@contextmanager
def _kept_open(path: str) -> Iterator[None]:
    """Have nobody else take himself for the last one who closes the old file.

    That one deletes the journal by its name, which is the new file's by then. Windows renames no open file at all.
    """
    if sys.platform == "win32":
        yield
        return
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as holder:
        with suppress(sqlite3.DatabaseError):  # a damaged header: then nobody else can begin to use it, either
            holder.execute("SELECT 1 FROM sqlite_master").fetchone()
        yield


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is damaged; an OperationalError is about what surrounds it."""
    return type(error) is sqlite3.DatabaseError


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else has the file; the text is SQLite's own since 3.0, the code exists from Python 3.11 on."""
    return isinstance(error, sqlite3.OperationalError) and "database is locked" in str(error)


def as_list(values: Iterable[Any]) -> str:
    """Numbers or texts, however many, as the one parameter of IN_LIST."""
    return json.dumps(list(values))


def _number_of(path: str) -> tuple[int, int]:
    """What tells the file from another of its name; (0, 0) for none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino
