"""Hosts the drainer's worker, and tells others how it is getting on."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from typing import Any

from storage.database import Database
from sync_queue.relay import post_lines
from worker.base.words import counted
from worker.data_folder import DataFolder
from worker.drain.parts import Workplace, open_workplace
from worker.handover.carry_over import carry_over
from worker.handover.ended import DISMISSED, Ended
from worker.handover.session_pipe import SessionPipe
from worker.process.log_setup import RelayHandler
from worker.processor import SyncWorker, WorkerRules

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300.0
IDLE_VARIABLE = "PLEXSYNC_IDLE_SECONDS"
"""Environment variable by which tests shorten IDLE_SECONDS."""
TICK = 1.0
"""Seconds between two looks of the main thread at the worker."""


def host_worker(
    folder: DataFolder,
    plugin_folder: str,
    server_connection: dict[str, Any],
    database: Database,
    relay: RelayHandler,
    sessions: SessionPipe,
) -> tuple[Ended, dict[str, Any]]:
    """Run a worker to its end; returns why it ended, and the server connection with its login as it is then."""
    with open_workplace(folder, server_connection, plugin_folder) as workplace:
        parts = workplace.new_parts(foreground=False)
        idle_seconds = float(os.environ.get(IDLE_VARIABLE) or IDLE_SECONDS)
        worker = SyncWorker(parts, WorkerRules(idle_seconds, gathers=True))
        put_back = workplace.manager.put_back_unacknowledged()
        if put_back:
            logger.info("%s in progress when an earlier run ended, and done now", counted(put_back, "job"))
        worker.start()
        try:
            ended = _watch(worker, workplace, sessions, database, relay)
        except (OSError, sqlite3.Error):
            if database.is_in_place():
                raise
            ended = Ended.REPLACED  # its folder is gone, and with it the place of what is published
        finally:
            # The lock must not be let go of while the thread still works.
            worker.stop()
            worker.join()
        if not database.is_in_place():
            moved = carry_over(folder, plugin_folder, database)
            ended = ended if ended in DISMISSED else moved
        logger.info("Drainer ends: %s", ended.value)
        if database.is_in_place() and ended is not Ended.SUPERSEDED:  # or the status would be another one's
            workplace.publisher.end()
        return ended, workplace.stash.connection()


def _watch(
    worker: SyncWorker, workplace: Workplace, sessions: SessionPipe, database: Database, relay: RelayHandler
) -> Ended:
    """Publish what the worker does until it ends, by itself or because it is no longer wanted."""
    started_at = time.time()
    while worker.ended is None:
        workplace.publish_status(worker.progress, started_at)
        worker.join(TICK)
        sessions.newest()
        if sessions.take_look():
            worker.look_for_missed()
        if database.is_in_place():
            relay.flush_to(lambda lines: post_lines(database, lines))
        worker.stop_if_dismissed()
    return worker.ended
