"""What the drainer does while it holds the lock: see to the packages, have a worker hosted, take its leave."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from stash.enabled import PlainStash
from storage.database import Database, NewerFormat, is_damage
from sync_queue.database import open_queue_database
from sync_queue.enqueue import newest_row
from sync_queue.relay import post_lines
from worker.base.shortage import log_end, shortage
from worker.data_folder import DataFolder
from worker.handover.dismissal import Dismissal, Dismissed
from worker.handover.ended import DISMISSED, Ended
from worker.handover.plugin_files import BeingReplaced, PluginFiles
from worker.handover.session_pipe import SessionPipe
from worker.launcher import address_of
from worker.packages.dependencies import Dependencies, DependencyError
from worker.process.log_setup import RelayHandler, log_to_file_and_relay
from worker.process.privacy import FolderNotPrivate, keep_private
from worker.status.publisher import Publisher
from worker.status.shared_folder import note_stash
from worker.status.standing import ENDED_BY_ERROR, FOLDER_REFUSED
from worker.upkeep.tidy_files import tidy_files

logger = logging.getLogger(__name__)

NO_FILE = -1
"""The identity of no queue: a file's own is never negative."""


@dataclass(frozen=True)
class Leave:
    """How a drainer takes its leave, and from what.

    `queue`: the identity of its file. `newest_left`: the id of the newest job row that may be left waiting there, 0 for
    none; a job that is pending afterwards with a larger id, or in another file, came too late to be seen. `ended`: why,
    None where no worker came to work. `connection`: the server connection, with its login as it is now.
    """

    queue: int
    newest_left: int
    ended: Ended | None
    connection: dict[str, Any] = field(repr=False)

    @property
    def is_final(self) -> bool:
        """Whether this process does no more work, whatever comes."""
        return self.ended in DISMISSED or self.ended is Ended.DAMAGED

    @property
    def is_for_relief(self) -> bool:
        """Whether a standby takes over."""
        return self.ended is Ended.RELIEVED

    @property
    def is_for_want_of_a_session(self) -> bool:
        """Whether only somebody with another session at Stash can go on."""
        return self.ended is Ended.LOGGED_OUT


def serve(folder: DataFolder, plugin_file: str, server_connection: dict[str, Any], sessions: SessionPipe) -> Leave:
    """Drain until there is no work, or others are to do it. `sessions` is where others hand theirs over."""
    relay = log_to_file_and_relay(folder)
    database = _open_queue(folder)
    publisher = Publisher(folder, database)
    ended, connection = None, server_connection

    def log(level: str, message: str) -> None:
        # At once: fetching packages takes minutes, and the next hook should be able to tell of it.
        logger.log(logging.getLevelName(level.upper()), message)
        relay.flush_to(lambda lines: post_lines(database, lines))

    try:
        keep_private(folder)
        publisher.clear()  # what a killed drainer said of itself holds no longer
        plugin_folder = os.path.dirname(plugin_file)
        tidy_files(folder, time.time())
        if warning := note_stash(folder, address_of(server_connection), time.time()):
            logger.warning("%s", warning)
        tell = partial(publisher.publish_packages, time.time())
        wanted = Dismissal(PluginFiles(plugin_folder), PlainStash(server_connection, sessions.newest))
        dependencies = Dependencies(folder, plugin_folder, log, on_wait=tell, check=wanted.check)
        dependencies.wait_for()
        dependencies.remove_others()
        host = partial(_host, folder, plugin_folder, server_connection, database, relay, sessions)
        ended, connection = _host_with(dependencies, host) or (Ended.DAMAGED, connection)
        if ended is Ended.FAILED:
            publisher.leave_blocked(ENDED_BY_ERROR)
    except DependencyError as error:
        logger.error("%s", error)
        publisher.end()
    except Dismissed as dismissed:
        ended = dismissed.reason
        logger.info("Drainer ends: %s", ended.value)
        publisher.end()
    except FolderNotPrivate as error:
        logger.error("%s", error)
        publisher.leave_blocked(FOLDER_REFUSED)
    except (BeingReplaced, NewerFormat) as error:
        logger.error("%s", error)
    except Exception as error:  # noqa: BLE001 - log_end says why
        # The process's outermost edge: nobody reads its stderr, so what happened must reach the log.
        log_end(logger, "The drainer", error)
        with suppress(OSError, sqlite3.Error):  # which may be why it ended
            publisher.leave_blocked(shortage(error) or ENDED_BY_ERROR)
    finally:
        queue, newest = _last_look(folder, database, relay)
        database.close()
    return Leave(queue, 0 if ended is Ended.IDLE else newest, ended, connection)


def _host(*whereabouts: Any) -> tuple[Ended, dict[str, Any]]:
    # Heavy, and only importable once the packages are there.
    from worker.process.drain_host import host_worker  # noqa: PLC0415

    return host_worker(*whereabouts)


def _host_with(
    dependencies: Dependencies, host: Callable[[], tuple[Ended, dict[str, Any]]]
) -> tuple[Ended, dict[str, Any]] | None:
    """What `host` returns, None where packages are damaged: what is half loaded here, only another process can load.

    Raises what `host` raises where they are whole, DependencyError, OSError.
    """
    began_at = time.time()
    try:
        result = host()
    except (Dismissed, BeingReplaced, NewerFormat, sqlite3.Error, MemoryError):
        raise
    except Exception as error:  # whatever half a package fails with; raised again where they are whole
        if shortage(error) or not _tell_damage(dependencies, began_at):
            raise
        return None
    if result[0] is Ended.FAILED and _tell_damage(dependencies, began_at):
        return None
    if result[0] is not Ended.FAILED:
        dependencies.forget_damage()
    return result


def _tell_damage(dependencies: Dependencies, began_at: float) -> bool:
    said = dependencies.note_damage(began_at)
    if said:
        logger.warning("%s", said)
    return bool(said)


def _open_queue(folder: DataFolder) -> Database:
    try:
        return open_queue_database(folder.queue, check=True)
    except NewerFormat as error:
        logger.error("%s", error)  # nobody reads our reply
        raise


def _last_look(folder: DataFolder, database: Database, relay: RelayHandler) -> tuple[int, int]:
    """Post the last lines of the log; the queue's identity, and the id of its newest row."""
    if not database.is_in_place():
        if os.path.isdir(folder.queue):
            with closing(open_queue_database(folder.queue)) as new:
                relay.flush_to(lambda lines: post_lines(new, lines))
        return NO_FILE, 0
    try:
        relay.flush_to(lambda lines: post_lines(database, lines))
        return database.identity(), newest_row(database)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # Whoever sets it aside puts the next job into a new file, and relies on us while we have the lock.
        return NO_FILE, 0
