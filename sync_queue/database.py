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
import sys
import time
from _thread import RLock  # what threading.RLock is; to import threading would cost the hook a millisecond
from contextlib import closing, contextmanager, suppress

from storage.lock import ProcessLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

SCHEMA_VERSION = 1
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one; persist-queue's own default."""
WAIT_FOR_LOCK = 0.01
"""Seconds between two looks whether somebody else has made the file, which takes a few commits."""
PASSING_ERRORS = 10
"""Attempts of whoever is alone with a file, before an error counts as the disk's."""

READY = 1
UNACKNOWLEDGED = 2
ACKNOWLEDGED = 5
FAILED = 9
"""Status codes of persist-queue 1.1 (`AckStatus`); below UNACKNOWLEDGED a job is pending (0: new, 1: put back)."""

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS ack_queue_default (
        _id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB, timestamp FLOAT, status INTEGER,
        fan_out TEXT GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.fan_out')) VIRTUAL,
        scene_id INTEGER GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.scene_id')) VIRTUAL,
        due REAL GENERATED ALWAYS AS (json_extract(CAST(data AS TEXT), '$.next_retry_at')) VIRTUAL)
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS one_pending_job_per_scene ON ack_queue_default (scene_id) WHERE status < 2",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_pending_fan_out ON ack_queue_default (fan_out) WHERE status < 2",
    "CREATE INDEX IF NOT EXISTS pending_jobs_by_due ON ack_queue_default (due, _id) WHERE status < 2",
    "CREATE INDEX IF NOT EXISTS jobs_in_progress ON ack_queue_default (scene_id) WHERE status = 2",
    """
    CREATE TABLE IF NOT EXISTS dead_letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT, scene_id INTEGER NOT NULL, title TEXT NOT NULL, path TEXT NOT NULL,
        error_type TEXT NOT NULL, error_text TEXT NOT NULL, candidates TEXT NOT NULL, attempts INTEGER NOT NULL,
        first_failed_at REAL NOT NULL, buried_at REAL NOT NULL, job TEXT NOT NULL)
    """,
    "CREATE INDEX IF NOT EXISTS dead_letters_by_scene ON dead_letters (scene_id)",
    """
    CREATE TABLE IF NOT EXISTS scene_state (
        scene_id INTEGER PRIMARY KEY, synced_at REAL NOT NULL, stash_updated_at TEXT NOT NULL,
        rating_keys TEXT NOT NULL, warnings TEXT NOT NULL)
    """,
    """
    CREATE TABLE IF NOT EXISTS item_state (
        server_id TEXT NOT NULL, rating_key INTEGER NOT NULL, originals TEXT NOT NULL,
        written TEXT NOT NULL, writing TEXT NOT NULL, shown TEXT NOT NULL, asked TEXT NOT NULL,
        images TEXT NOT NULL, uploading TEXT NOT NULL, written_at REAL NOT NULL,
        PRIMARY KEY (server_id, rating_key))
    """,
    """
    CREATE TABLE IF NOT EXISTS log_relay (
        id INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, message TEXT NOT NULL)
    """,
)


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

    def create_schema(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Make the tables where they are missing. One process at a time; `sleep` takes seconds."""
        if self.has_schema():
            return
        self._switch_to_wal(sleep)
        with self.transaction():
            for statement in SCHEMA:
                self.connection.execute(statement)
            # SQLite keeps 32 bits for an application's own use: they tell this file from one made after its loss.
            identity = int.from_bytes(os.urandom(4), "big") >> 1
            self.connection.execute(f"PRAGMA application_id = {identity}")
            self.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _switch_to_wal(self, sleep: Callable[[float], None]) -> None:
        """Change the journal's kind, which SQLite refuses without waiting ("database is locked"), whatever the timeout.

        A reader that becomes a writer might wait for ever. Others may be clearing away what a killed maker left.
        """
        for _ in range(int(BUSY_TIMEOUT / WAIT_FOR_LOCK)):
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
            sleep(WAIT_FOR_LOCK)
        self.connection.execute("PRAGMA journal_mode = WAL")

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
        database = _open_sound(path, check)
    except sqlite3.DatabaseError as error:
        # Somebody may be setting it aside at this moment: whoever looks alone sees what it really is.
        if is_busy(error):
            raise
    else:
        if database.has_schema():
            return database
        database.close()
    return _begin_alone(queue_folder, path, check, sleep)


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


def _open_sound(path: str, check: bool) -> Database:
    """Raises sqlite3.DatabaseError where the file is damaged."""
    database = Database(path)
    try:
        if check and database.all("PRAGMA quick_check(1)") != [("ok",)]:
            raise sqlite3.DatabaseError("database disk image is malformed")
        database.has_schema()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _begin_alone(queue_folder: str, path: str, check: bool, sleep: Callable[[float], None]) -> Database:
    lock = _repair_lock(queue_folder, sleep)
    try:
        database = _sound_or_new(path, check, sleep)
        database.create_schema(sleep)
        return database
    finally:
        lock.release()


def _repair_lock(queue_folder: str, sleep: Callable[[float], None]) -> ProcessLock:
    """The lock, taken. Raises sqlite3.OperationalError where somebody holds it for longer than BUSY_TIMEOUT."""
    lock = ProcessLock(os.path.join(queue_folder, "repair.lock"))
    for _ in range(int(BUSY_TIMEOUT / WAIT_FOR_LOCK)):
        if lock.acquire():
            return lock
        sleep(WAIT_FOR_LOCK)
    raise sqlite3.OperationalError("database is locked: another process has been mending it for too long")


def _sound_or_new(path: str, check: bool, sleep: Callable[[float], None]) -> Database:
    try:
        # Another process may have mended it meanwhile.
        return _open_at_last(path, check, sleep)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # Heavy for a hook, and needed at most once.
        from storage.local_files import set_aside  # noqa: PLC0415

        with _kept_open(path):
            set_aside(path, str(error), time.time(), companions=("-wal", "-shm"))
            database = Database(path)
            database.create_schema(sleep)
            return database


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


def _open_at_last(path: str, check: bool, sleep: Callable[[float], None]) -> Database:
    """Those who came before the lock was taken may still be closing the old file: what they cause passes."""
    for _ in range(PASSING_ERRORS):
        try:
            return _open_sound(path, check)
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise
        sleep(WAIT_FOR_LOCK)
    return _open_sound(path, check)
