"""Reconciles the whole library every so often, a page at a time while the drainer has nothing else to do."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from storage.json_file import JsonFile, finite
from storage.lock import ProcessLock
from sync_queue.database import Database
from validation.config import ConfigError
from worker.circuit_breaker import StateStore
from worker.comparison import Comparison
from worker.data_folder import DataFolder
from worker.reconcile import Kind, ReconcileRun
from worker.sessions import Session, Sessions

logger = logging.getLogger(__name__)

INTERVALS = {"hourly": 3_600.0, "daily": 86_400.0, "weekly": 604_800.0}
"""Seconds between the end of one and the start of the next, by `reconcile_interval`."""
LOOK_INTERVAL = 60.0
"""Seconds between two looks whether one is due, and before one that failed is tried again."""
SETTINGS_AGE = 30.0
"""Seconds for which settings are taken for current while a run is under way."""


class ScheduledReconcile:
    """For the holder of the drain lock only: it works on the file index itself. `clock`: seconds since the epoch."""

    def __init__(
        self, folder: DataFolder, sessions: Sessions, database: Database, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._sessions = sessions
        self._database = database
        self._store = JsonFile(folder.reconcile, clock)
        self._clock = clock
        self._looked_at: float | None = None
        self._run: ReconcileRun | None = None
        self._lock: ProcessLock | None = None

    def step_if_due(self) -> bool:
        """Do one page if a run is due or under way; whether there was something to do.

        What keeps it from going on is logged, and it is tried again LOOK_INTERVAL later.
        """
        if self._run is None and not self._is_time_to_look():
            return False
        try:
            return self._step(self._sessions.current(SETTINGS_AGE))
        except (ConfigError, PlexError, StashUnavailable, OSError) as error:
            logger.warning("Reconcile put off: %s", error)
        self.close()
        return False

    def close(self) -> None:
        """Leave a run that is under way where it stands, for whoever carries it on."""
        self._run = None
        if self._lock is not None:
            self._lock.release()

    def _is_time_to_look(self) -> bool:
        now = self._clock()
        # A clock that was set back must not put the next look off.
        if self._looked_at is not None and 0.0 <= now - self._looked_at < LOOK_INTERVAL:
            return False
        self._looked_at = now
        return True

    def _step(self, session: Session) -> bool:
        if session.config.paused or not session.config.reconcile_interval:
            self.close()
            return False
        if self._run is None and not self._begin(session):
            return False
        assert self._run is not None  # noqa: S101 - begun, or under way
        if not self._run.is_done:
            self._run.step(Comparison(session, self._database), self._database, session.config.obfuscate_paths)
            return True
        self._run.finish()
        note_reconciled(self._store, self._clock())
        self.close()
        return True

    def _begin(self, session: Session) -> bool:
        """Whether a run is due, and nobody else is at it."""
        elapsed = self._clock() - finite(self._store.load().get("reconciled_at"))
        if 0.0 <= elapsed < INTERVALS[session.config.reconcile_interval]:
            return False
        self._lock = run_lock(self._folder, Kind.RECONCILE)
        if not self._lock.acquire():
            return False
        logger.info("Comparing the library with Plex (reconcile_interval is %s)", session.config.reconcile_interval)
        self._run = ReconcileRun(self._folder, Kind.RECONCILE, "all", session.stash, self._clock)
        return True


def note_reconciled(store: StateStore, now: float) -> None:
    """The whole library was reconciled: the next scheduled run counts from here (seconds since the epoch)."""
    store.save({"reconciled_at": now})


def run_lock(folder: DataFolder, kind: Kind) -> ProcessLock:
    """The lock that a run of this kind needs: two processes must not carry on the same one. Raises OSError."""
    os.makedirs(folder.reports, mode=0o700, exist_ok=True)
    return ProcessLock(os.path.join(folder.reports, f"{kind.value}.lock"))
