"""Making the queue's file, and making it anew where it is damaged: by one process at a time.

Needed at most once, so that no hook has to load it: whoever finds the file in order goes without.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from storage.lock import ProcessLock
from sync_queue.database import BUSY_TIMEOUT, SCHEMA_VERSION, Database, is_busy, is_damage, open_sound

WAIT_FOR_LOCK = 0.01
"""Seconds between two looks whether somebody else has made the file, which takes a few commits."""
PASSING_ERRORS = 10
"""Attempts of whoever is alone with a file, before an error counts as the disk's."""

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


def create_schema(database: Database, sleep: Callable[[float], None] = time.sleep) -> None:
    """Make the tables where they are missing. One process at a time; `sleep` takes seconds. Raises sqlite3.Error."""
    if database.has_schema():
        return
    _switch_to_wal(database.connection, sleep)
    with database.transaction() as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        # SQLite keeps 32 bits for an application's own use: they tell this file from one made after its loss.
        identity = int.from_bytes(os.urandom(4), "big") >> 1
        connection.execute(f"PRAGMA application_id = {identity}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _switch_to_wal(connection: sqlite3.Connection, sleep: Callable[[float], None]) -> None:
    """Change the journal's kind, which SQLite refuses without waiting ("database is locked"), whatever the timeout.

    A reader that becomes a writer might wait for ever. Others may be clearing away what a killed maker left.
    """
    for _ in range(int(BUSY_TIMEOUT / WAIT_FOR_LOCK)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        sleep(WAIT_FOR_LOCK)
    connection.execute("PRAGMA journal_mode = WAL")


def open_alone(queue_folder: str, path: str, check: bool, sleep: Callable[[float], None]) -> Database:
    """Open the file `path` in `queue_folder`, after making what is missing and setting aside what is damaged.

    `check` as in open_queue_database; `sleep` takes seconds. Raises sqlite3.OperationalError where the file cannot be
    used, OSError where it cannot be set aside.
    """
    lock = _repair_lock(queue_folder, sleep)
    try:
        database = _sound_or_new(path, check, sleep)
        create_schema(database, sleep)
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
        from storage.local_files import set_aside  # noqa: PLC0415 - heavy for the first hook, which makes the file

        with _kept_open(path):
            set_aside(path, str(error), time.time(), companions=("-wal", "-shm"))
            database = Database(path)
            create_schema(database, sleep)
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
            return open_sound(path, check)
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise
        sleep(WAIT_FOR_LOCK)
    return open_sound(path, check)
