"""Reconciles by itself, a page at a time while the drainer has nothing else to do.

The whole library every so often, where somebody wants that; and once after each long outage what was updated since.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from storage.database import Database
from storage.json_file import JsonFile, stored_number
from storage.lock import ProcessLock
from validation.config import PlexSyncConfig
from validation.errors import ConfigError
from worker.circuit_breaker import StateStore
from worker.clients.context import SyncContext, SyncContexts
from worker.data_folder import DataFolder
from worker.outage.history import Outage
from worker.reconcile.due import INTERVALS, RECONCILED_AT
from worker.reconcile.run import Kind, ReconcileRun, recorded_outages
from worker.sync.comparison import Comparison

logger = logging.getLogger(__name__)

LONG_OUTAGE = 3_600.0
"""Seconds: after a longer outage it is worth a look whether all that was edited meanwhile has arrived."""
LOOK_INTERVAL = 60.0
"""Seconds between two looks whether one is due, and before one that failed is tried again."""
SETTINGS_AGE = 30.0
"""Seconds for which settings are taken for current while a run is under way."""

OUTAGE_SCOPE = "outage"
"""The scope of a run that no setting asks for."""

_LOOKED_AFTER = "outage_looked_after"
_WHAT = {
    "all": "the library",
    "week": "the scenes updated in the last 7 days",
    "day": "the scenes updated in the last 24 hours",
}


class ScheduledReconcile:
    """For the holder of the drain lock only: it works on the file index itself. `clock`: seconds since the epoch."""

    def __init__(
        self, folder: DataFolder, contexts: SyncContexts, database: Database, clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._contexts = contexts
        self._database = database
        self._store = JsonFile(folder.reconcile, clock)
        self._clock = clock
        self._looked_at: float | None = None
        self._run: ReconcileRun | None = None
        self._covered: Sequence[Outage] = ()
        self._lock: ProcessLock | None = None

    def step_if_due(self) -> bool:
        """Do one page if a run is due or under way; whether there was something to do.

        What keeps it from going on is logged, and it is tried again LOOK_INTERVAL later.
        """
        if self._run is None and not self._is_time_to_look():
            return False
        try:
            return self._step(self._contexts.current(SETTINGS_AGE))
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

    def _step(self, context: SyncContext) -> bool:
        if context.config.paused or not self._is_wanted(context.config):
            self.close()
            return False
        if self._run is None and not self._begin(context):
            return False
        assert self._run is not None  # noqa: S101 - begun, or under way
        if not self._run.is_done:
            self._run.step(Comparison(context, self._database), self._database, context.config.obfuscate_paths)
            return True
        self._run.finish(context.index, context.config.obfuscate_paths)
        if self._run.scope != OUTAGE_SCOPE:
            note_reconciled(self._store, self._clock())
        if self._covered:
            self._store.save({**self._store.load(), _LOOKED_AFTER: self._covered[-1].started_at})
        self.close()
        return True

    def _is_wanted(self, config: PlexSyncConfig) -> bool:
        """Whether what is under way, if anything is, is what the settings ask for still."""
        if self._run is None or self._run.scope == OUTAGE_SCOPE:
            return True
        return bool(config.reconcile_interval) and self._run.scope == config.reconcile_scope

    def _begin(self, context: SyncContext) -> bool:
        """Whether a run is due, and nobody else is at it."""
        outages = self._outages_to_look_after()
        is_due = self._is_due(context.config.reconcile_interval)
        if not is_due and not outages:
            return False
        self._lock = run_lock(self._folder, Kind.RECONCILE)
        if not self._lock.acquire():
            return False
        scope = context.config.reconcile_scope if is_due else OUTAGE_SCOPE
        since = None if is_due else min(outage.started_at for outage in outages)
        run = ReconcileRun(self._folder, Kind.RECONCILE, scope, context.stash, self._clock, since)
        if not run.is_resumed:
            logger.info("%s", _beginning(context.config, since))
        self._covered = [each for each in outages if _covers(run, each)]
        self._run = run
        return True

    def _is_due(self, interval: str) -> bool:
        """Whether it is time to compare the whole library, by one of INTERVALS, or "" for never."""
        elapsed = self._clock() - stored_number(self._store.load().get(RECONCILED_AT))
        return interval in INTERVALS and not 0.0 <= elapsed < INTERVALS[interval]

    def _outages_to_look_after(self) -> Sequence[Outage]:
        """The long ones that have ended since the last one that was looked after, oldest first.

        One of the future, as the clock has it that was set back, waits.
        """
        now = self._clock()
        long_ones = [
            outage
            for outage in recorded_outages(self._folder)
            if outage.ended_at is not None and outage.duration(now) > LONG_OUTAGE
        ]
        starts = [outage.started_at for outage in long_ones]
        looked_after = stored_number(self._store.load().get(_LOOKED_AFTER))
        # By its place and not by its time: the clock may have been set back since.
        first = starts.index(looked_after) + 1 if looked_after in starts else 0
        return [outage for outage in long_ones[first:] if 0.0 < outage.started_at <= now]


def _covers(run: ReconcileRun, outage: Outage) -> bool:
    """Whether a run looks at all that was updated since the outage began."""
    reaches_back = run.since is None or run.since <= outage.started_at
    # One that is carried on has its list of scenes from before an outage that interrupted it.
    return reaches_back and (not run.is_resumed or (outage.ended_at or 0.0) <= run.started_at)


def _beginning(config: PlexSyncConfig, since: float | None) -> str:
    """What the log says when a run begins: by the settings, or since an outage (seconds since the epoch)."""
    if since is None:
        interval = config.reconcile_interval
        return f"Comparing {_WHAT[config.reconcile_scope]} with Plex (reconcile_interval is {interval})"
    start = datetime.fromtimestamp(since).strftime("%Y-%m-%d %H:%M")
    return (
        f"Plex was not available for over an hour from {start}, so the scenes updated since then are"
        " compared with Plex once"
    )


def note_reconciled(store: StateStore, now: float) -> None:
    """The whole library was reconciled: the next scheduled run counts from here (seconds since the epoch)."""
    store.save({**store.load(), RECONCILED_AT: now})


def run_lock(folder: DataFolder, kind: Kind) -> ProcessLock:
    """The lock that a run of this kind needs: two processes must not carry on the same one. Raises OSError."""
    os.makedirs(folder.reports, mode=0o700, exist_ok=True)
    return ProcessLock(os.path.join(folder.reports, f"{kind.value}.lock"))
