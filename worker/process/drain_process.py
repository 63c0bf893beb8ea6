"""What the drainer does while it holds the lock: host the worker, and tell others how it is getting on."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from typing import Any

from storage.database import Database, is_damage
from storage.json_file import JsonFile
from sync_queue.database import open_queue_database
from sync_queue.enqueue import newest_row
from sync_queue.relay import post_lines
from worker.base.words import counted
from worker.data_folder import DataFolder
from worker.packages.dependencies import Dependencies, DependencyError
from worker.process.log_setup import RelayHandler, log_to_file_and_relay

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
IDLE_VARIABLE = "PLEXSYNC_IDLE_SECONDS"
"""Environment variable by which tests shorten IDLE_SECONDS."""
TICK = 1.0
"""Seconds between two looks of the main thread at the worker."""
NO_FILE = -1
"""The identity of no queue: a file's own is never negative."""


def serve(folder: DataFolder, plugin_file: str, server_connection: dict[str, Any]) -> tuple[int, int]:
    """Drain until there is no work; returns the queue's identity and the id of the newest job row that may be left
    waiting there, 0 for none.

    A job that is pending afterwards with a larger id, or in another file, came too late to be seen.
    """
    relay = log_to_file_and_relay(folder)
    database = open_queue_database(folder.queue, check=True)
    queue_was_empty = False

    def say(level: str, message: str) -> None:
        # At once: fetching packages takes minutes, and the next hook should be able to tell of it.
        logger.log(logging.getLevelName(level.upper()), message)
        relay.flush_to(lambda lines: post_lines(database, lines))

    try:
        JsonFile(folder.status).save({})  # what a killed drainer said of itself holds no longer
        dependencies = Dependencies(folder, os.path.dirname(plugin_file), say)
        dependencies.wait_for()
        dependencies.remove_others()
        queue_was_empty = _host_worker(folder, server_connection, database, relay)
    except DependencyError as error:
        logger.error("%s", error)
    except Exception:
        # The process's outermost edge: nobody reads its stderr, so what happened must reach the log.
        logger.exception("The drainer ended by an error; the jobs are kept")
    finally:
        left = _take_leave(database, relay, queue_was_empty)
        database.close()
    return left


def _take_leave(database: Database, relay: RelayHandler, queue_was_empty: bool) -> tuple[int, int]:
    try:
        relay.flush_to(lambda lines: post_lines(database, lines))
        return database.identity(), 0 if queue_was_empty else newest_row(database)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # Whoever sets it aside puts the next job into a new file, and relies on us while we have the lock.
        return NO_FILE, 0


def _host_worker(
    folder: DataFolder, server_connection: dict[str, Any], database: Database, relay: RelayHandler
) -> bool:
    """Run a worker to its end; returns whether it ended because it saw no job pending."""
    # Heavy, and only importable once the packages are there.
    from worker.drain.parts import open_workplace  # noqa: PLC0415
    from worker.processor import Ended, SyncWorker, WorkerRules  # noqa: PLC0415

    idle_seconds = float(os.environ.get(IDLE_VARIABLE) or IDLE_SECONDS)
    started_at = time.time()
    with open_workplace(folder, server_connection) as workplace:
        worker = SyncWorker(workplace.new_parts(foreground=False), WorkerRules(idle_seconds))
        put_back = workplace.manager.put_back_unacknowledged()
        if put_back:
            logger.info("%s in progress when an earlier run ended: they go on now", counted(put_back, "job"))
        worker.start()
        try:
            while worker.ended is None:
                worker.join(TICK)
                relay.flush_to(lambda lines: post_lines(database, lines))
                workplace.publish_status(worker.progress, started_at)
        finally:
            # The lock must not be let go of while the thread still works.
            worker.stop()
            worker.join()
        logger.info("Drainer ends: %s", worker.ended.value)
        workplace.clear_status()
        return worker.ended is Ended.IDLE
