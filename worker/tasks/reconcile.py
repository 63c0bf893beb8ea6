"""The tasks that compare Stash with Plex, without the drain lock: a drainer may be at work beside them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from stash.protocol import Request, progress
from storage.json_file import JsonFile
from worker.base.words import counted
from worker.drain.parts import Workplace
from worker.errors import TaskError
from worker.reconcile.index_copy import open_index_copy
from worker.reconcile.run import SCOPES, Kind, ReconcileRun, nothing_compared, recorded_outages
from worker.reconcile.schedule import note_reconciled, run_lock
from worker.sync.comparison import Comparison
from worker.tasks import arguments
from worker.tasks.reconcile_some import is_about_some, reconcile_some
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

NO_OUTAGE = "no outage is on record"


def compare(task: Task) -> dict[str, Any]:
    """Report how Plex differs from Stash; changes nothing."""
    return ReconcileTask(task.workplace, task.request, task.start_drainer).run(Kind.COMPARE)


def reconcile(task: Task) -> dict[str, Any]:
    """The same, and enqueue the scenes that differ; or those alone that the arguments name."""
    if is_about_some(task.args):
        return reconcile_some(task)
    return ReconcileTask(task.workplace, task.request, task.start_drainer).run(Kind.RECONCILE)


class ReconcileTask:
    """One invocation; `scope` among its arguments is one of SCOPES. `clock` gives seconds since the epoch.

    `start_drainer` sees to it that what is enqueued is carried on.
    """

    def __init__(
        self,
        workplace: Workplace,
        request: Request,
        start_drainer: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._workplace = workplace
        self._folder = workplace.folder
        self._request = request
        self._start_drainer = start_drainer
        self._clock = clock

    def run(self, kind: Kind) -> dict[str, Any]:
        """Compare, report, and (RECONCILE) enqueue what differs.

        Raises ArgumentError, ConfigError, and TaskError where the comparison was interrupted.
        """
        scope = arguments.choice(self._request.args, "scope", SCOPES)
        if scope == "outage" and not recorded_outages(self._folder):
            logger.info("Nothing to compare, since %s", NO_OUTAGE)
            progress(1.0)
            return {**nothing_compared(kind, scope, self._clock(), NO_OUTAGE), "resumed": False}
        lock = run_lock(self._folder, kind)
        if not lock.acquire():
            raise TaskError("such a comparison is under way already. Wait until its report is there")
        try:
            return self._run(kind, scope)
        finally:
            lock.release()

    def _run(self, kind: Kind, scope: str) -> dict[str, Any]:
        config = self._workplace.contexts.read_settings()
        plex = self._workplace.contexts.new_client(config)
        run = ReconcileRun(self._folder, kind, scope, self._workplace.stash, self._clock, by_hand=True)
        try:
            with open_index_copy(self._folder.file_index, plex, config.plex_library) as index:
                context = self._workplace.contexts.over(index, config, plex)
                self._compare_all(run, Comparison(context, self._workplace.manager.database), config.obfuscate_paths)
                result = {**run.finish(index, config.obfuscate_paths), "resumed": run.is_resumed}
        except (PlexError, StashUnavailable) as error:
            raise TaskError(f"{error} ({_standing(run)})") from error
        if kind is Kind.RECONCILE and scope == "all":
            note_reconciled(JsonFile(self._folder.reconcile), self._clock())
        progress(1.0)
        return result

    def _compare_all(self, run: ReconcileRun, comparison: Comparison, obfuscate_paths: bool) -> None:
        progress(0.0)
        while not run.is_done:
            if run.step(comparison, self._workplace.manager.database, obfuscate_paths):
                # At once, so that what is found arrives even if this task is stopped.
                self._start_drainer()
            if run.position:
                progress(run.position / run.total)


def _standing(run: ReconcileRun) -> str:
    if not run.position:
        return "nothing was compared yet"
    return f"{run.position:,} of {counted(run.total, 'scene')} compared. Started again within a day, it goes on there"
