"""Making the queue's file, and making it anew where it is damaged: by one process at a time.

Needed at most once, so that no hook has to load it: whoever finds the file in order goes without.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable

from storage.database import BUSY_TIMEOUT, Database, is_busy, open_or_replace
from storage.lock import LOOK_EVERY, ProcessLock
from sync_queue.schema import FORMAT, SCHEMA

PASSING_ERRORS = 10
"""Attempts of whoever is alone with a file, before an error is taken for the disk's."""


def open_alone(queue_folder: str, path: str, check: bool, sleep: Callable[[float], object]) -> Database:
    """Open the file `path` in `queue_folder`, after making what is missing and setting aside what is damaged.

    `check` as in open_queue_database; `sleep` takes seconds. Raises sqlite3.OperationalError where the file cannot be
    used, OSError where it cannot be set aside.
    """
    lock = ProcessLock(os.path.join(queue_folder, "repair.lock"))
    if not lock.acquire_within(BUSY_TIMEOUT, sleep):
        raise sqlite3.OperationalError("database is locked: another process has been repairing it for too long")
    try:
        return open_or_replace(path, lambda: _open_with_schema(path, check, sleep))
    finally:
        lock.release()


def _open_with_schema(path: str, check: bool, sleep: Callable[[float], object]) -> Database:
    database = _open_at_last(path, check, sleep)
    try:
        create_schema(database, sleep)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _open_at_last(path: str, check: bool, sleep: Callable[[float], object]) -> Database:
    """Those who came before the lock was taken may still be closing the old file: what they cause passes."""
    for _ in range(PASSING_ERRORS):
        try:
            return Database.open(path, check=check)
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise
        sleep(LOOK_EVERY)
    return Database.open(path, check=check)


def create_schema(database: Database, sleep: Callable[[float], object] = time.sleep) -> None:
    """Make the tables where they are missing. One process at a time; `sleep` takes seconds. Raises sqlite3.Error."""
    if database.schema_version() > 0:
        return
    _choose_kind(database.connection, sleep)
    database.create_schema([*SCHEMA, _new_identity()], FORMAT)


def renew_identity(database: Database) -> int:
    """Tell this file from every copy that was made of it before; returns its identity. Raises sqlite3.Error."""
    database.execute(_new_identity())
    return database.identity()


def _new_identity() -> str:
    # SQLite keeps 32 bits for an application's own use: they tell this file from one made after its loss.
    return f"PRAGMA application_id = {int.from_bytes(os.urandom(4), 'big') >> 1}"


def _choose_kind(connection: sqlite3.Connection, sleep: Callable[[float], object]) -> None:
    """Have it use a WAL, which SQLite refuses without waiting ("database is locked"), whatever the timeout.

    A reader that becomes a writer might wait for ever. Others may be clearing away what a killed maker left.
    """
    for _ in range(int(BUSY_TIMEOUT / LOOK_EVERY)):
        try:
            _set_kind(connection)
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        sleep(LOOK_EVERY)
    _set_kind(connection)


def _set_kind(connection: sqlite3.Connection) -> None:
    # Only a file without tables takes it: unused pages can then be given back to the disk, a few at a time.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
