"""The drainer's outer shell: the lock, and the last look after letting go of it.

The lock is taken before anything heavy is imported: of fifty drainers started at the same instant, forty-nine are gone
within a bare interpreter's start.
"""

from __future__ import annotations

from typing import Any

from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.enqueue import has_newer_job
from worker.data_folder import DataFolder


def run_drainer(folder: DataFolder, plugin_file: str, server_connection: dict[str, Any]) -> int:
    """Drain while there is work; returns the exit code.

    A hook that saw the lock held relies on its holder: so whoever lets go of it looks at the queue once more.
    """
    lock = ProcessLock(folder.drain_lock)
    while lock.acquire():
        try:
            from worker.process.drain_process import serve  # noqa: PLC0415 - heavy: only the holder of the lock needs it

            queue, newest_left = serve(folder, plugin_file, server_connection)
        finally:
            lock.release()
        if not _has_newer_job(folder, queue, newest_left):
            return 0
    return 0


def _has_newer_job(folder: DataFolder, queue: int, newest_left: int) -> bool:
    database = open_queue_database(folder.queue)
    try:
        if database.identity() != queue:
            newest_left = 0
        return has_newer_job(database, newest_left)
    finally:
        database.close()
