"""A batch of jobs of every kind, over one context."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from plex.exceptions import PlexItemGone, PlexNotFound
from storage.database import Database
from sync_queue.enqueue import UNDO
from sync_queue.models import Job
from validation.fields import concerns_plex
from validation.in_force import inputs_used
from worker.backoff import NothingToSync
from worker.outage.guard import OutageGuard
from worker.sync.context import SyncContext
from worker.sync.outcome import Outcome
from worker.sync.scene import SceneSync
from worker.sync.undo import SceneUndo, look_up

MOST_LOOKS = 3
"""Times that a scene is looked up again at once. Chosen: a rescan or a restored backup is over by then."""
NOT_USED = "what was edited is used by no setting"


class BatchSync:
    """Hands each job to who knows its kind; arguments as SceneSync's."""

    def __init__(
        self,
        context: SyncContext,
        database: Database,
        probe: Callable[[], str],
        clock: Callable[[], float] = time.time,
        on_written: Callable[[], object] = lambda: None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._context = context
        self._database = database
        self._clock = clock
        self._guard = OutageGuard(probe)
        self._scenes = SceneSync(context, database, self._guard, clock, on_written, wait)

    def sync(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One outcome a job, but none for those left out as too many failed in a row.

        Raises SyncInterrupted for an outage, StashUnavailable, PlexLibraryUnknown.
        """
        used = inputs_used(self._context.config)
        dropped = [Outcome(job, NothingToSync(NOT_USED)) for job in jobs if not concerns_plex(job.fields, used)]
        jobs = [job for job in jobs if concerns_plex(job.fields, used)]
        undoings = (job for job in jobs if job.update_type == UNDO)
        undone = [self._undo(job) for job in undoings if not self._guard.has_seen_enough]
        others = [job for job in jobs if job.update_type != UNDO]
        return dropped + undone + (self._synced(others) if others and not self.has_seen_enough else [])

    def _synced(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Sync scenes, and those whose item went away meanwhile once more: their file may be under another key now."""
        outcomes = self._scenes.sync(jobs)
        for _ in range(MOST_LOOKS):
            gone = [outcome.job for outcome in outcomes if isinstance(outcome.error, PlexItemGone)]
            if not gone or self.has_seen_enough:
                break
            outcomes = [each for each in outcomes if each.job not in gone] + self._scenes.sync(gone)
        return [_not_found_if_gone(outcome) for outcome in outcomes]

    @property
    def has_seen_enough(self) -> bool:
        """Whether so many jobs failed in a row that the others are better left as they are."""
        return self._guard.has_seen_enough

    @property
    def is_in_doubt(self) -> bool:
        """Whether nothing has gone through since the last failure."""
        return self._guard.is_in_doubt

    def fail(self, job: Job, error: BaseException) -> Outcome:
        """The outcome of a job that failed by what nobody foresaw."""
        self._guard.note_failure(error)
        return Outcome(job, error)

    def _undo(self, job: Job) -> Outcome:
        scenes = self._context.stash.scenes([job.scene_id])
        if job.scene_id in scenes.unreadable:
            return Outcome(job, scenes.unreadable[job.scene_id])
        scene = scenes.get(job.scene_id)
        find = partial(look_up, self._context, self._database)
        undo = SceneUndo(self._context.plex, self._database, find, self._clock)
        with self._guard.attempt(job) as attempt:
            return undo.undo(job, scene.updated_at if scene else "")
        return Outcome(job, attempt.error)


def _not_found_if_gone(outcome: Outcome) -> Outcome:
    """What went away at each look waits for Plex like any other file that it does not have."""
    if not isinstance(outcome.error, PlexItemGone):
        return outcome
    return replace(outcome, error=PlexNotFound(str(outcome.error)))
