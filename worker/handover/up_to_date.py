"""The queue in this version's format, for a task: it may come before the first drainer after an upgrade. Light."""

from __future__ import annotations

import time
from collections.abc import Callable

from storage.database import Database
from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.enqueue import has_open_jobs
from sync_queue.generation import Generation
from sync_queue.schema import FORMAT
from worker.data_folder import DataFolder
from worker.errors import TaskError
from worker.handover.plugin_files import refuse_half_replaced

PATIENCE = 20.0
"""Seconds for which a task waits for the drainer of the version before, which ends within 10 and a batch."""
LOOK_EVERY = 0.1
"""Seconds between two of its looks at the lock."""


def open_up_to_date(
    folder: DataFolder,
    plugin_folder: str,
    start_drainer: Callable[[], object],
    sleep: Callable[[float], object] = time.sleep,
) -> Database:
    """Open the queue; one of an older format is migrated first, with the drain lock in hand.

    `sleep` takes seconds. Raises TaskError where a drainer of the version before keeps the lock or the plugin's files
    are being replaced, NewerFormat, and as open_queue_database.
    """
    database = open_queue_database(folder.queue)
    try:
        if database.schema_version() < FORMAT:
            refuse_half_replaced(plugin_folder)
            _migrate_alone(folder, database, sleep)
            if has_open_jobs(database):  # a hook that saw the lock held relied on us
                start_drainer()
    except BaseException:
        database.close()
        raise
    return database


def _migrate_alone(folder: DataFolder, database: Database, sleep: Callable[[float], object]) -> None:
    lock = ProcessLock(folder.drain_lock)
    if not lock.acquire_within(PATIENCE, sleep, LOOK_EVERY):
        raise TaskError("PlexSync was updated, and the version before still finishes its work. Try again in a minute")
    try:
        Generation.begin(database)
    finally:
        lock.release()
