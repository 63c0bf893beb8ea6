"""Tells one scene's trouble from an outage: the first stays with its job, the second ends the batch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from sync_queue.models import Job
from worker.backoff import counts_against_plex, may_be_plexs_fault
from worker.circuit_breaker import FAILURE_THRESHOLD


class SyncInterrupted(Exception):
    """Plex is down or refuses the token: nothing of the batch is settled. `job` is the one that found out, or None."""

    def __init__(self, error: PlexError, job: Job | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.job = job


class OutageGuard:
    """Watches over one batch. `probe` tells what is wrong with Plex now ("" = it answers)."""

    def __init__(self, probe: Callable[[], str]) -> None:
        self._probe = probe
        self._lock = threading.Lock()
        self._failures_in_a_row = 0

    @property
    def has_seen_enough(self) -> bool:
        """Whether as many jobs failed in a row as open the breaker: the others of the batch need not suffer the same,
        each for a whole timeout."""
        return self._failures_in_a_row >= FAILURE_THRESHOLD

    @property
    def is_in_doubt(self) -> bool:
        """Whether nothing has gone through since the last failure: it may be Plex that fails, and not the job."""
        return self._failures_in_a_row > 0

    def forget_failures(self) -> None:
        """Plex did well, or what failed is done once more."""
        with self._lock:
            self._failures_in_a_row = 0

    def attempt(self, job: Job, *, counts: bool = True) -> Attempt:
        """A `with` block around what is done for a job, which raises SyncInterrupted for an outage.

        `counts`: whether it says something about the others of the batch.
        """
        return Attempt(self, job, counts)

    def note_failure(self, error: BaseException) -> None:
        """A job failed by an error of its own; one that Plex is well with ends the row."""
        with self._lock:
            is_one_more = may_be_plexs_fault(error) or counts_against_plex(error)
            self._failures_in_a_row = self._failures_in_a_row + 1 if is_one_more else 0

    def confirm(self, error: PlexError, job: Job | None) -> None:
        """A reply that never came may be one slow job, or an outage: ask Plex. Raises SyncInterrupted for an outage."""
        if error.suspect_outage:
            fault = self._probe()
            if fault:
                raise SyncInterrupted(PlexServerDown(fault), job) from error


class Attempt:
    """One `with` block. It keeps in `error` what of Plex's failures is the job's own, and lets all others through."""

    def __init__(self, guard: OutageGuard, job: Job, counts: bool) -> None:
        self.error: PlexError | None = None
        self._guard = guard
        self._job = job
        self._counts = counts

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, PlexServerDown | PlexAuthError):
            raise SyncInterrupted(error, self._job) from error
        if isinstance(error, PlexTemporaryError | PlexPermanentError | PlexNotFound):
            self._guard.confirm(error, self._job)
            if self._counts:
                self._guard.note_failure(error)
            self.error = error
            return True
        if error is None and self._counts:
            self._guard.forget_failures()
        return False
