"""The only drain loop: what the drainer hosts and what the tasks run in the foreground."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from plex.exceptions import PlexLibraryUnknown
from stash.exceptions import StashUnauthorized, StashUnavailable
from sync_queue.fan_out import FanOut, next_fan_out
from sync_queue.generation import Replaced, Superseded
from sync_queue.operations import bring_forward, claim, is_scene_due, next_due_at
from sync_queue.wishes import ASK_PLEX, take_wish
from validation.errors import ConfigError
from validation.errors import PermanentError as PermanentError
from validation.errors import TransientError as TransientError
from validation.problems import replaced_in_words
from worker.backoff import LONGEST_WAIT, calculate_delay, get_retry_params
from worker.base.log_level import set_debug
from worker.base.shortage import log_end
from worker.base.words import counted
from worker.clients.context import SyncContext
from worker.drain import full_disk
from worker.drain.pace import Pace
from worker.drain.parts import WorkerParts
from worker.drain.pause import Pause
from worker.drain.settlement import Settlement
from worker.drain.unforeseen import sync_apart
from worker.handover.ended import Ended as Ended
from worker.outage.guard import SyncInterrupted
from worker.outage.probe import Probe
from worker.status.progress import Doing, Progress, WaitingFor
from worker.sync.batch import BatchSync
from worker.upkeep.expansion import Expansion, concerns_all, done_to

logger = logging.getLogger(__name__)

BATCH_SIZE = 50
"""Jobs claimed at once: the items that Plex is asked for in one request."""
SETTINGS_AGE = 5.0
"""Seconds for which settings are taken for current while jobs are being processed."""
PAUSED = "paused is set. Jobs are kept and not sent until you turn Pause off under Settings > Plugins > PlexSync"
BLOCKED_PAUSE = 10.0
"""Seconds between looks at the settings while they keep jobs waiting."""
PAUSED_STEP = 1.0
"""Seconds between looks at whether somebody has noted that `paused` is off. One is a look at a file's time."""
STASH_PATIENCE = 900.0
"""Seconds for which Stash may be unreachable before the drainer ends; the jobs stay (docs/architecture.md)."""
LAST_MOMENT = 1.0
"""Seconds for which the plugin is taken for enabled when a batch begins. Chosen: one question to Stash a second."""


@dataclass(frozen=True)
class WorkerRules:
    """When a worker ends: after `idle_seconds` without any job, or (foreground) when no job can be done now.

    `gathers`: whether jobs that come in a row are left to become one batch.
    """

    idle_seconds: float = 300.0
    foreground: bool = False
    gathers: bool = False


@dataclass(frozen=True)
class Step:
    """What follows a step of the loop: the next one after `pause` seconds, or, with `ended`, none and why."""

    pause: float = 0.0
    ended: Ended | None = None


class SyncWorker:
    """Drains the queue with `parts`. For the holder of the drain lock only.

    `wait` sleeps for seconds and may return early; without it, a new job and `stop` wake the worker.
    """

    def __init__(
        self, parts: WorkerParts, rules: WorkerRules, *, wait: Callable[[float], object] | None = None
    ) -> None:
        self.progress = Progress()
        self.ended: Ended | None = None
        self.failure: Exception | None = None
        self._manager = parts.manager
        self._queue = parts.manager.get_queue()
        self._settlement = Settlement(parts.manager, parts.gate, self.progress, parts.clock)
        self._contexts = parts.contexts
        self._gate = parts.gate
        self._rules = rules
        self._clock = parts.clock
        self._expansion = Expansion(parts.manager.database, parts.clock)
        self._generation = parts.generation
        self._dismissal = parts.dismissal
        self._stopping = threading.Event()
        self._stopped_by = Ended.STOPPED
        self._wait = wait or Pause(parts.manager.database, self._stopping).wait
        self._catch_up = parts.catch_up
        self._reconcile = parts.reconcile
        self._waiting_for_files = parts.waiting_for_files
        self._tidying = parts.tidying
        self._refusals = parts.refusals
        self._leftover = parts.leftover
        self._idle_since = parts.clock()
        self._stash_away_since: float | None = None
        self._stash_failures = 0
        self._settings_away = False
        self._has_rested = False
        self._room = full_disk.FullDisk(parts.manager.put_back_unacknowledged)
        self._said = ""
        self._pace = Pace(parts.gate, parts.manager.database, parts.clock)
        self._context: SyncContext | None = None
        self._thread = threading.Thread(target=self._run_logged, name="SyncWorker", daemon=True)

    def start(self) -> None:
        """Drain in a daemon thread; `ended` says when and why it is over, `failure` by which error."""
        self._thread.start()

    def stop(self, reason: Ended = Ended.STOPPED) -> None:
        """Ask the loop to end after the batch in hand, for `reason`."""
        self._stopped_by = reason
        self._stopping.set()

    def stop_if_dismissed(self) -> None:
        """Ask the loop to end if the plugin is no longer wanted, or somebody is to take over."""
        reason = self._dismissal.reason() if self._dismissal else None
        if reason is not None and not self._stopping.is_set():
            self.stop(reason)

    def look_for_missed(self) -> None:
        """Have Stash asked for an edit that could not be queued. For the thread that watches this one."""
        if self._catch_up is not None:
            self._catch_up.ask()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread, at most `timeout` seconds."""
        self._thread.join(timeout)

    def run(self) -> Ended:
        """The loop, from its first step to why it ended."""
        self._settlement.mention_dead_letters()
        ended = self._loop()
        if self.progress.handled:
            self._settlement.mention_dead_letters()
        self.ended = ended
        return ended

    def _loop(self) -> Ended:
        try:
            self.stop_if_dismissed()
            while not self._stopping.is_set():
                step = self.step() if self._rules.foreground else self._room.step(self.step, self._wait_for_room)
                if step.ended is not None:
                    return step.ended
                if step.pause > 0:
                    self._wait(step.pause)
        except Replaced:
            return Ended.REPLACED
        except Superseded:
            logger.warning("Another drainer works on the queue now: was drain.lock deleted?")
            return Ended.SUPERSEDED
        return self._stopped_by

    def step(self) -> Step:
        """Do the next thing; returns what follows it. Raises Superseded."""
        self._generation.check()
        self._look_around()
        now = self._clock()
        due_at = self._next_due_at(now)
        if due_at is None or due_at > now:
            meanwhile = self._while_nothing_is_due()
            if meanwhile is not None:
                return meanwhile
        if due_at is None:
            return self._rest(now)
        self._idle_since = now
        if due_at > now and self._rules.foreground:
            return Step(ended=Ended.BLOCKED)
        try:
            context = self._contexts.current(self._settings_age(is_due=due_at <= now))
        except StashUnavailable as error:
            self._settings_away = True
            return self._wait_for_stash(error, now)
        except ConfigError as error:
            return self._blocked(WaitingFor.SETTINGS, str(error), shown=error.without_values)
        self._note_context(context)
        if context.config.paused:
            return self._blocked(WaitingFor.PERSON, PAUSED, logging.WARNING)
        if due_at > now:
            self.progress.do(Doing.RETRY, "waiting for the next retry")
            return self._pause(min(context.config.poll_interval, due_at - now))
        return self._send(context)

    def _settings_age(self, *, is_due: bool) -> float:
        """How old settings may be, in seconds. What wakes the worker may be a person who has just changed them."""
        is_awoken, self._has_rested = self._has_rested and is_due, False
        return 0.0 if is_awoken else SETTINGS_AGE if is_due else BLOCKED_PAUSE

    def _send(self, context: SyncContext) -> Step:
        """Work on what is due."""
        dismissed = self._dismissal.reason(LAST_MOMENT) if self._dismissal else None
        if dismissed is not None:
            return Step(ended=dismissed)
        fan_out = next_fan_out(self._manager.database)
        # What is gone can wait: a name too many in Plex, while an edit is what somebody looks for.
        if fan_out is not None and not (
            concerns_all(fan_out, context.config) and is_scene_due(self._manager.database, self._clock())
        ):
            return self._expand(fan_out, context)
        if not self._may_send(context):
            return self._wait_for_plex(context)
        self.progress.go_on()
        self._look_for_files()
        gathering = self._pace.seconds_to_gather(BATCH_SIZE) if self._rules.gathers else 0.0
        if gathering > 0:
            return Step(gathering)
        limit = self._gate.ramp.take(BATCH_SIZE) if self._gate.is_closed() else 1
        return self._drain_batch(context, limit) if limit else Step(self._gate.ramp.seconds_to_next())

    def _next_due_at(self, now: float) -> float | None:
        """When the next job falls due, or None; a clock that was set back since puts none off for longer than ever."""
        due_at = next_due_at(self._manager.database)
        if due_at is None or due_at <= now + LONGEST_WAIT:
            return due_at
        bring_forward(self._manager.database, now + LONGEST_WAIT, now)
        return now

    def _expand(self, fan_out: FanOut, context: SyncContext) -> Step:
        """Enqueue one page of the scenes that may show something else now."""
        self.progress.do(Doing.RENAMES, f"looking for the scenes of a {done_to(fan_out)} {fan_out.kind}")
        try:
            self._expansion.next_page(fan_out, context)
        except StashUnavailable as error:
            return self._wait_for_stash(error, self._clock())
        return Step()

    def _look_around(self) -> None:
        self._leftover.put_back_if_due()
        if self._catch_up is not None:
            self._catch_up.look()

    def _while_nothing_is_due(self) -> Step | None:
        """What `step` returns instead of a wait, None where there is nothing else to do."""
        if not self._manager.database.is_in_place():
            return Step(ended=Ended.REPLACED)  # a hook that relies on us may have queued into the new one
        if self._refusals is not None and self._gate.is_closed() and self._refusals.look_if_due():
            return Step()
        return Step() if self._look_for_files() or self._tidy_a_page() or self._reconcile_a_page() else None

    def _look_for_files(self) -> bool:
        """Whether jobs fell due because Plex has their files now."""
        files = self._waiting_for_files
        if files is None or files.seconds_to_look() != 0.0:
            return False
        files.put_off()
        try:
            context = self._contexts.current(BLOCKED_PAUSE)
        except (StashUnavailable, ConfigError):
            return False
        self._note_context(context)
        return not context.config.paused and self._may_send(context) and files.look(context) > 0

    def _pause(self, seconds: float) -> Step:
        """Wait so long, or until the next look for files that Plex lacked."""
        files = self._waiting_for_files
        until_look = files.seconds_to_look() if files is not None else None
        return Step(seconds if until_look is None else min(seconds, until_look))

    def _tidy_a_page(self) -> bool:
        if self._tidying is None or not self._tidying.step_if_due():
            return False
        self.progress.do(Doing.IDLE, "tidying up")
        return True

    def _reconcile_a_page(self) -> bool:
        if self._reconcile is None or not self._gate.is_closed() or not self._reconcile.step_if_due():
            return False
        self.progress.do(Doing.COMPARING, "comparing the library with Plex")
        return True

    def _rest(self, now: float) -> Step:
        self._has_rested = True
        is_needed = self._waiting_for_files is not None and self._waiting_for_files.keeps_alive()
        if is_needed:
            self.progress.do(Doing.SCAN, "waiting for Plex to find the files of scenes")
        else:
            self.progress.do(Doing.IDLE, "idle")
        is_needed = is_needed or self._leftover.keeps_alive()
        is_needed = is_needed or (self._refusals is not None and self._refusals.keeps_alive())
        is_over = now - self._idle_since >= self._rules.idle_seconds and not is_needed
        if self._rules.foreground or is_over:
            if self._catch_up is not None:
                self._catch_up.note_drained()
            return Step(ended=Ended.IDLE)
        if now < self._idle_since:
            self._idle_since = now  # the clock was set back
        return self._pause(self._context.config.poll_interval if self._context else 1.0)

    def _note_context(self, context: SyncContext) -> None:
        """Settings may be what an outage was about: try the new ones at once."""
        if self._settings_away:
            self._settings_away, self._stash_away_since = False, None
        if self._context is not None and self._context is not context:
            logger.info("The changed settings are in force now")
            self._gate.probe_at_once()
        if self._context is not context:
            set_debug(context.config.debug_logging)
            for problem in context.config.replaced:
                logger.error("%s", replaced_in_words(problem))
            self._settlement.tidy(context.config)
        self._context = context

    def _wait_for_stash(self, error: StashUnavailable, now: float) -> Step:
        """Stash cannot be read: jobs stay and nothing is counted."""
        if self._stash_away_since is None:
            self._stash_away_since = now
            self._stash_failures = 0
            logger.warning("%s (the jobs wait)", error)
        self.progress.wait_for(WaitingFor.STASH, str(error), "waiting for Stash")
        patience_is_over = now - self._stash_away_since >= STASH_PATIENCE
        if isinstance(error, StashUnauthorized):
            return Step(ended=Ended.LOGGED_OUT)
        if self._rules.foreground or patience_is_over:
            return Step(ended=Ended.STASH_AWAY)
        base, cap, _ = get_retry_params(error)
        self._stash_failures += 1
        return Step(calculate_delay(self._stash_failures - 1, base, cap))

    def _wait_for_room(self) -> Step:
        return self._blocked(WaitingFor.ROOM, full_disk.REASON)

    def _wait_for_plex(self, context: SyncContext) -> Step:
        """The breaker is open: said already when it opened."""
        reason = f"Plex is not available: {self._gate.breaker.cause}"
        self.progress.wait_for(WaitingFor.PLEX, reason, "waiting for Plex")
        if self._rules.foreground:
            return Step(ended=Ended.BLOCKED)
        return Step(min(self._gate.seconds_to_probe(), context.config.poll_interval))

    def _blocked(self, whom: WaitingFor, reason: str, level: int = logging.ERROR, shown: str = "") -> Step:
        """Jobs wait for a person; said once, at a `level` of logging. `shown`: see Progress.wait_for."""
        if reason != self._said:
            logger.log(level, "Syncing waits: %s", reason)
        self._said = reason
        self.progress.wait_for(whom, reason, "waiting: " + reason, shown)
        pause = PAUSED_STEP if whom is WaitingFor.PERSON else BLOCKED_PAUSE
        return Step(ended=Ended.BLOCKED) if self._rules.foreground else Step(pause)

    def _may_send(self, context: SyncContext) -> bool:
        """Whether the breaker lets a job through; probes where it is time to."""
        if self._gate.is_closed() or self._gate.breaker.test_admitted:
            return True
        if take_wish(self._manager.database, ASK_PLEX):
            self._gate.ask_soon()
        if self._gate.seconds_to_probe() > 0:
            return False
        return self._gate.probe(context.probe)

    def _drain_batch(self, context: SyncContext, limit: int) -> Step:
        jobs = claim(self._queue, limit, self._clock())
        self.progress.do(Doing.SYNCING, f"syncing {counted(len(jobs), 'scene')}{self._pace.in_words(len(jobs), limit)}")
        probe = partial(context.probe, Probe.IDENTITY)
        syncer = BatchSync(context, self._manager.database, probe, self._clock, self.progress.note_written, self._wait)
        try:
            outcomes = sync_apart(syncer, jobs)
            self._stash_away_since, self._said = None, ""
            self._generation.check()  # the jobs are another one's to settle, if there is another one
            self._settlement.settle(outcomes, context, in_doubt=syncer.is_in_doubt)
            if len(outcomes) < len(jobs):
                self._manager.put_back_unacknowledged()
        except SyncInterrupted as interrupted:
            self._settlement.interrupt(interrupted, context)
        except StashUnavailable as error:
            self._manager.put_back_unacknowledged()
            return self._wait_for_stash(error, self._clock())
        except PlexLibraryUnknown as error:
            self._manager.put_back_unacknowledged()
            return self._blocked(WaitingFor.SETTINGS, str(error))
        finally:
            self.progress.in_hand = 0
        return Step()

    def _run_logged(self) -> None:
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - log_end says why
            if self._manager.database.is_in_place():
                # The thread's outermost edge: the jobs stay, and whoever comes next carries on.
                log_end(logger, "The worker", error)
                self.failure = error
                self.ended = Ended.FAILED
            else:
                self.ended = Ended.REPLACED  # the data folder is gone: that is why
        finally:
            if self._reconcile is not None:
                self._reconcile.close()
            self._contexts.close()
