"""What a batch's outcomes do to the queue, the dead letters, the sync state and the breaker."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from plex.exceptions import AmbiguousMatch, PlexAuthError, PlexError, PlexLibraryUnlisted, PlexNotFound
from stash.exceptions import SceneGone, StashUnavailable
from storage.crash_points import reach
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue_many
from sync_queue.manager import KEPT_HISTORY, QueueManager
from sync_queue.models import Failure, Job
from sync_queue.operations import ack_job, release_job
from sync_queue.sources import RIVAL, is_another_try
from sync_queue.state.sync_state import SyncState, forget_scene
from sync_queue.views.counts import NOT_FOUND, WAITING_FOR_PLEX
from sync_queue.waiting.partly_found import forget_partly_found, note_partly_found
from sync_queue.waiting.waiting_files import WaitingScene, forget_waiting, note_waiting
from validation.config import PlexSyncConfig
from worker.backoff import (
    Action,
    BreakerEffect,
    Decision,
    NothingToSync,
    PartlySynced,
    RetryPolicy,
    may_be_plexs_fault,
    once_only,
)
from worker.base.paths import scene_name, shown_path
from worker.base.words import counted
from worker.clients.context import SyncContext
from worker.drain.activity import note_activity
from worker.drain.rivals import bring_back_rivals, names_left, scenes_behind
from worker.outage.gate import Gate, Opened
from worker.outage.guard import SyncInterrupted
from worker.outage.probe import Probe
from worker.status.progress import Progress
from worker.sync.outcome import Outcome

logger = logging.getLogger(__name__)

FEW = 5
"""Changed scenes in a batch up to which each has its own line in the log."""


@dataclass(frozen=True)
class Ending:
    """What becomes of one job; without a decision it is done."""

    outcome: Outcome
    decision: Decision | None

    @property
    def is_buried(self) -> bool:
        """Whether the job is given up."""
        return self.decision is not None and self.decision.action is Action.BURY


class Settlement:
    """Carries out what worker.backoff decides. `clock` gives seconds since the epoch."""

    def __init__(self, manager: QueueManager, gate: Gate, progress: Progress, clock: Callable[[], float]) -> None:
        self._manager = manager
        self._queue = manager.get_queue()
        self._dead_letters = DeadLetterQueue(manager.database)
        self._gate = gate
        self._progress = progress
        self._clock = clock
        self._ended_since_tidying = 0
        self._failed_scenes: set[int] = set()
        self._told: set[tuple[int, str]] = set()

    def settle(self, outcomes: Sequence[Outcome], context: SyncContext, *, in_doubt: bool = False) -> None:
        """End, retry or bury each job, all in one transaction: a kill before its end leaves all of them claimed.

        `in_doubt`: nothing has gone through since the last failure. Then it is found out whether Plex takes anything
        at all; if not, what failed goes back uncounted, and the breaker opens.
        """
        fault = self._fault_of_plex(outcomes, context) if in_doubt else None
        if fault is not None:
            outcomes = [outcome for outcome in outcomes if not _may_be_plexs_fault(outcome)]
        self._settle(outcomes, context)
        if fault is not None:
            self._manager.put_back_unacknowledged()
            self._gate.trip(fault, Opened.WRITES, Probe.WRITE)

    def _settle(self, outcomes: Sequence[Outcome], context: SyncContext) -> None:
        endings = [self._decide(outcome, context) for outcome in outcomes]
        database = self._manager.database
        followers = scenes_behind(database, context, outcomes)  # asks Stash, so not in the transaction
        with database.transaction():
            names = names_left(database, outcomes)
            for ending in endings:
                self._store(ending.outcome)
                self._carry_out(ending)
            bring_back_rivals(database, names, self._clock())
            enqueue_many(database, followers, RIVAL, self._clock())
            buried = sum(ending.is_buried for ending in endings)
            ended = [ending.outcome for ending in endings]
            note_activity(database, ended, buried, self._clock())
        for ending in endings:
            self._tell_gate(ending)
            self._log_ending(ending, context.config)
        done = (each.job for each in outcomes if each.error is None)
        self._gate.history.note_done(job.enqueued_at for job in done if job.last_error_type not in WAITING_FOR_PLEX)
        self._log_changes([ending.outcome for ending in endings], context.config)
        self._log_left_alone([ending.outcome for ending in endings], context.config)
        self._ended_since_tidying += len(outcomes)
        if self._ended_since_tidying >= KEPT_HISTORY:
            self.tidy(context.config)

    def interrupt(self, interrupted: SyncInterrupted, context: SyncContext) -> None:
        """Plex is down or refuses the token: all jobs go back uncounted, the one that found out behind the others."""
        error = interrupted.error
        job = None if error.request else interrupted.job
        ending = None
        takes_edits = None if job is None else self._takes_edits(job, error, context)
        if job is not None and (takes_edits if takes_edits is not None else self._is_to_blame(job, error, context)):
            decision = self._policy(context.config).decide_counted(error, job.retry_count)
            ending = self._ending(Outcome(job, error), decision, context)
        with self._manager.database.transaction():
            if ending is not None:
                self._carry_out(ending)
            elif job is not None:
                release_job(self._queue, job.sent_to_the_back(_error_type(error), now=self._clock()))
            self._manager.put_back_unacknowledged()
        if ending is not None:
            self._log_ending(ending, context.config)
        if takes_edits:
            self._gate.note_success(is_done=False)
        elif ending is None or context.probe(Probe.IDENTITY):
            self._gate.trip(str(error), _why(error), Probe.WRITE if takes_edits is False else Probe.after(error))

    def _fault_of_plex(self, outcomes: Sequence[Outcome], context: SyncContext) -> str | None:
        """Why Plex is at fault for what failed, None where it is not."""
        suspects = [outcome for outcome in outcomes if _may_be_plexs_fault(outcome)]
        if not suspects:
            return None
        error = suspects[-1].error
        # Where Plex was silent, it may be so again, and nobody should wonder meanwhile.
        level = logging.INFO if isinstance(error, PlexError) and error.status is None else logging.DEBUG
        logger.log(level, "%s: finding out whether Plex takes any edit", error)
        tried = {key for outcome in suspects for key in outcome.tried}
        fault = context.fault_of_edits(tried | self._known_keys([outcome.job for outcome in suspects], context))
        if fault is None:  # there is nothing to try it with, and nothing else went through
            return str(suspects[-1].error)
        return fault or None

    def _takes_edits(self, job: Job, error: PlexError, context: SyncContext) -> bool | None:
        """Whether Plex takes an edit of another item, where it refused one of this job; None where that is unknown."""
        if not error.is_write or error.status is None:
            return None
        if isinstance(error, PlexAuthError) and context.probe(Probe.TOKEN):
            return None  # Plex does not know us at all
        fault = context.fault_of_edits(self._known_keys([job], context))
        return None if fault is None else not fault

    def _known_keys(self, jobs: Sequence[Job], context: SyncContext) -> set[int]:
        state = SyncState(self._manager.database, context.plex.machine_identifier)
        known = state.scenes([job.scene_id for job in jobs])
        return {key for scene in known.values() for key in scene.rating_keys}

    def _is_to_blame(self, job: Job, error: PlexError, context: SyncContext) -> bool:
        """Whether Plex may be well but for this job: it opened the breaker before, and others went through since.

        Where the token is not accepted at all, no job is to blame.
        """
        is_suspect = job.outages_opened > 0 and self._gate.is_closed()
        return is_suspect and not (isinstance(error, PlexAuthError) and context.probe(Probe.TOKEN))

    def mention_dead_letters(self) -> None:
        """Say how many dead letters wait for review, and of what kinds."""
        kinds = self._dead_letters.get_error_summary()
        if kinds:
            listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            letters = counted(sum(kinds.values()), "dead letter")
            logger.warning("%s waiting for review: %s (View Failed Jobs lists them)", letters, listed)

    def tidy(self, config: PlexSyncConfig) -> None:
        """Forget old history and dead letters past their days."""
        self._ended_since_tidying = 0
        self._manager.forget_history()
        expired = self._dead_letters.delete_older_than(config.dlq_retention_days, self._clock(), NOT_FOUND)
        if expired:
            days = counted(config.dlq_retention_days, "day")
            logger.info("%s deleted, given up over %s ago", counted(expired, "dead letter"), days)

    def _decide(self, outcome: Outcome, context: SyncContext) -> Ending:
        if outcome.error is None:
            return Ending(outcome, None)
        decision = self._policy(context.config).decide(outcome.error, outcome.job.retry_count)
        return self._ending(outcome, decision, context)

    def _ending(self, outcome: Outcome, decision: Decision, context: SyncContext) -> Ending:
        if is_another_try(outcome.job.source):
            decision = once_only(decision)
        if decision.action is Action.DISCARD and outcome.given_up is not None:
            return Ending(replace(outcome.given_up, error=outcome.error), decision)
        # Asks Stash, so it must not be done in the transaction.
        return Ending(_named(outcome, context) if decision.action is Action.BURY else outcome, decision)

    def _store(self, outcome: Outcome) -> None:
        """Remember what is known now, in the transaction that ends the job."""
        state = SyncState(self._manager.database, outcome.server_id)
        state.forget_items(outcome.undone)
        state.save_items(outcome.item_states)
        if outcome.scene_state is not None:
            state.save_scene(outcome.scene_state)

    def _carry_out(self, ending: Ending) -> None:
        """The job's transition, in the caller's transaction."""
        job, error, now = ending.outcome.job, ending.outcome.error, self._clock()
        if ending.decision is None or error is None:
            ack_job(self._queue, job)
            self._dead_letters.resolve(job.scene_id)
            self._note_missing(ending.outcome, now)
            reach("ack:marked")
        elif ending.decision.action is Action.RETRY:
            tried = job.tried(_failure(ending.outcome), now)
            release_job(self._queue, tried.retried(_error_type(error), now=now, delay=ending.decision.delay))
        elif ending.decision.action is Action.BURY:
            failure = _failure(ending.outcome)
            self._dead_letters.bury(self._queue, job.tried(failure, now), failure, now)
        elif ending.decision.action is Action.RELEASE:
            delay = ending.decision.delay
            release_job(self._queue, job.put_off(_failure(ending.outcome), now=now, delay=delay) if delay else job)
        else:
            ack_job(self._queue, job)
            if isinstance(error, SceneGone):
                forget_scene(self._manager.database, job.scene_id)
        self._note_waiting(ending, now)

    def _note_missing(self, outcome: Outcome, now: float) -> None:
        """Remember which other files of a scene that is done Plex lacks."""
        database, scene_id = self._manager.database, outcome.job.scene_id
        forget_waiting(database, [scene_id])
        if outcome.missing:
            note_partly_found(database, WaitingScene(scene_id, outcome.missing, now))
        else:
            forget_partly_found(database, [scene_id])

    def _note_waiting(self, ending: Ending, now: float) -> None:
        """Remember which files Plex lacks, or may lack, unless their scene is given up for good."""
        outcome = ending.outcome
        is_kept = ending.decision is not None and ending.decision.action is not Action.DISCARD
        if is_kept and isinstance(outcome.error, PlexNotFound | PlexLibraryUnlisted) and outcome.files:
            since = outcome.job.first_failed_at or outcome.job.enqueued_at or now
            note_waiting(self._manager.database, WaitingScene(outcome.job.scene_id, outcome.files, since))

    def _tell_gate(self, ending: Ending) -> None:
        """What the ending says of Plex as a whole."""
        decision, error = ending.decision, ending.outcome.error
        if decision is not None and decision.breaker is BreakerEffect.FAILURE_OF_SCENE:
            self._tell_gate_once(ending.outcome)
            return
        failed = decision is not None and decision.breaker is BreakerEffect.FAILURE
        self._gate.ramp.note(failed=failed)
        if failed and not _may_be_plexs_fault(ending.outcome):
            self._gate.note_failure(str(error))
        elif decision is None:
            self._failed_scenes.clear()
            self._gate.note_success()
        elif decision.action is not Action.DISCARD or isinstance(error, PartlySynced):
            self._failed_scenes.clear()
            self._gate.note_success(is_done=False)  # Plex did answer

    def _tell_gate_once(self, outcome: Outcome) -> None:
        """A failure that says something of Plex once for each scene: only different scenes in a row count."""
        self._gate.ramp.note(failed=True)
        scene_id = outcome.job.scene_id
        if scene_id not in self._failed_scenes or not self._gate.is_closed():
            self._gate.note_failure(str(outcome.error))
        self._failed_scenes.add(scene_id)

    def _log_ending(self, ending: Ending, config: PlexSyncConfig) -> None:
        """Count and log what has become of the job."""
        outcome, decision, error = ending.outcome, ending.decision, ending.outcome.error
        where = _describe(outcome, config)
        if decision is None:
            self._progress.done += 1
            self._progress.changed += outcome.wrote
            reach("ack:done")
        elif decision.action is Action.RETRY:
            self._progress.retried += 1
            logger.info("%s: %s (next try in %s)", where, error, counted(round(decision.delay), "second"))
            reach("retry:done")
        elif decision.action is Action.BURY:
            self._progress.buried += 1
            tries = counted(outcome.job.retry_count + 1, "try")
            logger.warning("%s was given up after %s: %s%s", where, tries, error, _rivals(outcome, config))
            reach("bury:done")
        elif decision.action is Action.DISCARD:
            self._progress.discarded += 1
            is_no_news = isinstance(error, NothingToSync | SceneGone) or is_another_try(outcome.job.source)
            level = logging.DEBUG if is_no_news else logging.INFO
            logger.log(level, "%s is not tried again: %s", where, error)

    def _policy(self, config: PlexSyncConfig) -> RetryPolicy:
        return RetryPolicy(config.max_retries, config.skip_not_found)

    def _log_changes(self, outcomes: Sequence[Outcome], config: PlexSyncConfig) -> None:
        changed = [outcome for outcome in outcomes if outcome.wrote]
        for outcome in changed:
            level = logging.INFO if len(changed) <= FEW else logging.DEBUG
            logger.log(level, "%s: %s", _describe(outcome, config), _change(outcome))
        if len(changed) > FEW:
            logger.info("%d scenes compared, %d of them changed in Plex", len(outcomes), len(changed))
        for outcome in outcomes:
            for note in outcome.notes:
                logger.info("%s: %s", _describe(outcome, config), note)
            for warning in outcome.warnings:
                logger.warning("%s: %s", _describe(outcome, config), warning)

    def _log_left_alone(self, outcomes: Sequence[Outcome], config: PlexSyncConfig) -> None:
        """Say of each scene once what it is left alone for; where they are many, say it of all together."""
        left = [each for each in outcomes if isinstance(each.error, NothingToSync)]
        news = [each for each in left if (each.job.scene_id, str(each.error)) not in self._told]
        self._told |= {(each.job.scene_id, str(each.error)) for each in news}
        if len(news) <= FEW:
            for each in news:
                logger.info("%s: left alone, %s", _describe(each, config), each.error)
            return
        for reason, count in Counter(str(each.error) for each in news).items():
            logger.info("%s left alone, %s", counted(count, "scene"), reason)


def _change(outcome: Outcome) -> str:
    parts = {"Plex now shows": outcome.changed, "locked in Plex now": outcome.locked}
    written = [f"{what} {', '.join(fields)}" for what, fields in parts.items() if fields]
    return ", ".join([*written, *(["Plex was asked to refresh it"] if outcome.refreshed else [])])


def _may_be_plexs_fault(outcome: Outcome) -> bool:
    return outcome.error is not None and may_be_plexs_fault(outcome.error)


def _why(error: PlexError) -> Opened:
    if isinstance(error, PlexAuthError):
        return Opened.TOKEN
    return Opened.REQUEST if error.request else Opened.DOWN


def _describe(outcome: Outcome, config: PlexSyncConfig) -> str:
    return scene_name(outcome.job.scene_id, outcome.title, outcome.path, config.obfuscate_paths)


def _named(outcome: Outcome, context: SyncContext) -> Outcome:
    """The outcome with title and path, for whoever reviews it: what fails early fails before they are known."""
    if outcome.title or outcome.path:
        return outcome
    try:
        scene = context.stash.scenes([outcome.job.scene_id]).get(outcome.job.scene_id)
    except StashUnavailable:
        return outcome
    if scene is None:
        return outcome
    return replace(outcome, title=scene.title, path=scene.path)


def _rivals(outcome: Outcome, config: PlexSyncConfig) -> str:
    candidates = outcome.error.candidates if isinstance(outcome.error, AmbiguousMatch) else ()
    return "".join(f"\n  {shown_path(path, config.obfuscate_paths)}" for path in candidates)


def _failure(outcome: Outcome) -> Failure:
    error = outcome.error
    assert error is not None  # noqa: S101 - only failures are buried
    candidates = error.candidates if isinstance(error, AmbiguousMatch) else ()
    return Failure(_error_type(error), str(error), outcome.title, outcome.path, candidates)


def _error_type(error: BaseException) -> str:
    return type(error).__name__
