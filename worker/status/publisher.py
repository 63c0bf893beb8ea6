"""What the holder of the drain lock tells of itself: a file for our own processes, the live files for the page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from storage.database import Database
from storage.json_file import JsonFile
from worker.base.storage_advice import is_full
from worker.data_folder import DataFolder
from worker.status.live import LiveFiles
from worker.status.progress import Doing, Progress
from worker.status.standing import PACKAGES_MISSING


class Publisher:
    """For one process; `clock` gives seconds since the epoch."""

    def __init__(self, folder: DataFolder, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._status = JsonFile(folder.status)
        self._live = LiveFiles(folder, database, clock)
        self._published: dict[str, Any] = {}

    def publish(self, progress: Progress, started_at: float, **session: Any) -> None:
        """Tell what a worker does, if that has changed. `started_at`: seconds since the epoch.

        `session` is what a hook must know of the connection to Stash, see worker/launcher.py.
        """
        status = {
            "pid": os.getpid(),
            "started_at": started_at,
            "doing": progress.doing.value,
            "drain": self._live.drain(progress),
            "activity": progress.activity,
            "waiting_for": progress.waiting_for.value if progress.waiting_for else None,
            "blocked": progress.waiting_reason,
            **session,
            "done": progress.done,
            "changed": progress.changed,
            "retried": progress.retried,
            "buried": progress.buried,
            "discarded": progress.discarded,
        }
        self._live.publish(progress, started_at)
        if status != self._published and self._save(status):
            self._published = status

    def publish_packages(self, started_at: float, have_failed: bool) -> None:
        """Tell that the packages are being fetched, or that this has failed and is tried again later."""
        progress = Progress(doing=Doing.PACKAGES, activity="fetching the packages that PlexSync needs")
        if have_failed:
            progress.activity = "waiting for the packages that PlexSync needs"
            progress.waiting_reason = progress.shown_reason = PACKAGES_MISSING
        self.publish(progress, started_at)

    def publish_live(self, progress: Progress, started_at: float) -> None:
        """Tell Stash's page alone. `started_at`: seconds since the epoch."""
        self._live.publish(progress, started_at)

    def end(self) -> None:
        """Say that nobody drains from now on."""
        self.clear()
        self._live.end()

    def leave_blocked(self, reason: str) -> None:
        """Say that nobody drains, and why not, until somebody does: for `nobody` in worker.status.standing."""
        self._published = {}
        self._save({"blocked": reason})
        self._live.end()

    def clear(self) -> None:
        """Take back what another process has said of itself."""
        self._published = {}
        self._save({})

    def _save(self, status: dict[str, Any]) -> bool:
        """Whether there is room for it: a full disk must end nobody who waits for room. Raises other OSErrors."""
        try:
            self._status.save(status)
        except OSError as error:
            if not is_full(error):
                raise
            return False
        return True
