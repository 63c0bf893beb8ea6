"""A batch of jobs of every kind, over one context."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from plex.exceptions import PlexItemGone, PlexNotFound
from stash.client import parse_time
from storage.database import Database
from sync_queue.enqueue import UNDO
from sync_queue.models import Job
from validation.fields import concerns_plex
from validation.in_force import inputs_used
from validation.scene import Scene
from worker.backoff import NothingToSync
from worker.clients.context import SyncContext
from worker.outage.guard import OutageGuard
from worker.sync.outcome import Outcome
from worker.sync.refresh import STASH_TIME_STEP
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
        ended = [Outcome(job, NothingToSync(NOT_USED)) for job in jobs if not concerns_plex(job.fields, used)]
        jobs = [job for job in jobs if concerns_plex(job.fields, used)]
        others = [job for job in jobs if job.update_type != UNDO]
        for job in (job for job in jobs if job.update_type == UNDO):
            if self._guard.has_seen_enough:
                break
            outcome = self._undo(job)
            if outcome is None:
                others.append(job)
            else:
                ended.append(outcome)
        return ended + (self._synced(others) if others and not self.has_seen_enough else [])

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

    def _undo(self, job: Job) -> Outcome | None:
        """What became of it; None where the scene was edited since somebody asked for the undo, so that this counts."""
        scenes = self._context.stash.scenes([job.scene_id])
        if job.scene_id in scenes.unreadable:
            return Outcome(job, scenes.unreadable[job.scene_id])
        scene = scenes.get(job.scene_id)
        if scene is not None and self._was_edited_since(scene, job.enqueued_at):
            return None
        find = partial(look_up, self._context, self._database)
        undo = SceneUndo(self._context.plex, self._database, find, self._clock)
        with self._guard.attempt(job) as attempt:
            return undo.undo(job, scene.updated_at if scene else "")
        return Outcome(job, attempt.error)

    def _was_edited_since(self, scene: Scene, moment: float) -> bool:
        edited_at = parse_time(scene.updated_at).timestamp()
        # What Stash dates later than now was edited by a clock that was ahead.
        return moment < edited_at <= self._clock() + STASH_TIME_STEP


def _not_found_if_gone(outcome: Outcome) -> Outcome:
    """What went away at each look waits for Plex like any other file that it does not have."""
    if not isinstance(outcome.error, PlexItemGone):
        return outcome
    return replace(outcome, error=PlexNotFound(str(outcome.error)))
