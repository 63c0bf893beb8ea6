"""Tells one scene's trouble from an outage: the first stays with its job, the second ends the batch."""

from __future__ import annotations

from collections.abc import Callable

from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from sync_queue.models import Job
from worker.backoff import counts_against_plex
from worker.circuit_breaker import FAILURE_THRESHOLD


class SyncInterrupted(Exception):
    """Plex is down or refuses the token: nothing of the batch is settled. `job` is the one that found out, or None."""

    def __init__(self, error: PlexError, job: Job | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.job = job


class OutageGuard:
    """Watches over one batch. `find_fault` tells what is wrong with Plex now ("" = it answers)."""

    def __init__(self, find_fault: Callable[[], str]) -> None:
        self._find_fault = find_fault
        self._failures_in_a_row = 0

    @property
    def has_seen_enough(self) -> bool:
        """Whether as many jobs failed in a row as open the breaker: the others of the batch need not suffer the same,
        each for a whole timeout."""
        return self._failures_in_a_row >= FAILURE_THRESHOLD

    def attempt(self, job: Job, act: Callable[[], object]) -> PlexError | None:
        """Do `act` for a job; returns the error that is its own. Raises SyncInterrupted for an outage."""
        try:
            act()
        except (PlexServerDown, PlexAuthError) as error:
            raise SyncInterrupted(error, job) from error
        except (PlexTemporaryError, PlexPermanentError, PlexNotFound) as error:
            self.confirm(error, job)
            self.note_failure(error)
            return error
        self._failures_in_a_row = 0
        return None

    def note_failure(self, error: PlexError) -> None:
        """A job failed by an error of its own."""
        self._failures_in_a_row += counts_against_plex(error)

    def confirm(self, error: PlexError, job: Job | None) -> None:
        """A reply that never came may be one slow job, or an outage: ask Plex. Raises SyncInterrupted for an outage."""
        if error.suspect_outage:
            fault = self._find_fault()
            if fault:
                raise SyncInterrupted(PlexServerDown(fault), job) from error
