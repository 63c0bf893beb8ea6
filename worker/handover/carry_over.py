"""The data folder was deleted, moved or put back from a backup under a process that works: what waited goes on."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.moved import take_along
from worker.base.words import counted
from worker.data_folder import DataFolder
from worker.handover.ended import Ended
from worker.handover.plugin_files import installed_version

logger = logging.getLogger(__name__)

SETTLE = 1.0
"""Seconds that whoever deletes a folder, file by file, has to be done. Chosen."""


def carry_over(
    folder: DataFolder,
    plugin_folder: str,
    old: Database,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], object] = time.sleep,
) -> Ended:
    """Say that the queue is another one now, and put what waited in `old` into it; returns why that ends a worker.

    `clock` gives seconds since the epoch, `sleep` takes seconds. Raises OSError.
    """
    sleep(SETTLE)
    if installed_version(plugin_folder) is None:
        return Ended.REMOVED  # the plugin was deleted with it, and nobody wants a new folder there
    logger.warning(
        "The queue in %s was deleted, moved or replaced while PlexSync was at work. What PlexSync knew of earlier "
        "syncs is what is there now",
        folder.queue,
    )
    folder.create()
    try:
        with closing(open_queue_database(folder.queue)) as new:
            taken = take_along(old, new, clock())
    except sqlite3.Error as error:
        logger.warning("What waited there is lost (%s). Press Sync Recent Scenes", error)
    else:
        logger.info("%s taken along", counted(taken, "waiting job"))
    return Ended.REPLACED
