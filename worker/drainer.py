"""The drainer's outer shell: the lock, and the last look after letting go of it.

The lock is taken before anything heavy is imported: of fifty drainers started at the same instant, forty-nine are gone
within a bare interpreter's start.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.enqueue import has_newer_job, has_open_jobs
from worker.data_folder import DataFolder
from worker.handover.ended import Ended
from worker.handover.plugin_files import PluginFiles
from worker.handover.session_pipe import SessionPipe
from worker.launcher import start_drainer

if TYPE_CHECKING:
    from worker.process.drain_process import Leave

STANDBY_SECONDS = 60.0
"""Seconds for which a standby waits for the lock of the drainer that it relieves."""
STANDBY_LOOKS = 0.1
"""Seconds between two of its looks at the lock."""


def run_drainer(
    folder: DataFolder, plugin_file: str, server_connection: dict[str, Any], *, is_standby: bool = False
) -> int:
    """Drain while there is work; returns the exit code.

    A hook that saw the lock held relies on its holder: so whoever lets go of it looks at the queue once more. While the
    plugin's files are being replaced, that is to wait until they are another version's, and to start its drainer.
    """
    files = PluginFiles(os.path.dirname(plugin_file))
    lock = ProcessLock(folder.drain_lock)
    is_held = _stand_by(folder, lock) if is_standby else lock.acquire()
    while is_held:
        with closing(SessionPipe(folder.session_pipe)) as sessions:
            try:
                replaced = files.wait_until_certain()
                if replaced is None:
                    # Heavy: only the holder of the lock needs it.
                    from worker.process.drain_process import serve  # noqa: PLC0415

                    leave = serve(folder, plugin_file, server_connection, sessions)
                    server_connection, replaced = leave.connection, leave.ended if leave.is_final else None
            finally:
                lock.release()
            # After the release: whoever hands one over later than this sees that the lock is free.
            fresh = sessions.newest()
        if replaced is Ended.DAMAGED:
            start_drainer(plugin_file, server_connection)
        if replaced is Ended.UPDATED:
            # Also without jobs: where a file was missing, a hook could not run, and only a catch-up finds its edit.
            start_drainer(plugin_file, server_connection)
        if replaced is not None or not (_has_more_to_do(folder, leave, fresh) or not files.are_whole()):
            return 0
        if leave.is_for_want_of_a_session and fresh is not None:
            server_connection = {**server_connection, "SessionCookie": fresh, "ApiKey": ""}
        is_held = lock.acquire()
    return 0


def _stand_by(folder: DataFolder, lock: ProcessLock) -> bool:
    """Wait for the lock, which its holder lets go of for us; whether we have it."""
    turn = ProcessLock(folder.standby_lock)
    if not turn.acquire():
        return False  # another one waits already, with a session as fresh as ours
    try:
        return lock.acquire_within(STANDBY_SECONDS, time.sleep, STANDBY_LOOKS)
    finally:
        turn.release()


def _has_more_to_do(folder: DataFolder, leave: Leave, fresh: dict[str, Any] | None) -> bool:
    """Whether jobs are left for this process; `fresh`: the newest session that was handed over, None for none."""
    if leave.is_for_relief:
        return not ProcessLock(folder.standby_lock).is_held_elsewhere()  # it lost patience: the jobs are ours again
    if leave.is_for_want_of_a_session and (fresh is None or ProcessLock(folder.standby_lock).is_held_elsewhere()):
        return False
    database = open_queue_database(folder.queue)
    try:
        if leave.is_for_want_of_a_session:
            return has_open_jobs(database)
        newest_left = leave.newest_left if database.identity() == leave.queue else 0
        return has_newer_job(database, newest_left)
    finally:
        database.close()
