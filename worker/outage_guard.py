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


class SyncInterrupted(Exception):
    """Plex is down or refuses the token: nothing of the batch is settled. `job` is the one that found out, or None."""

    def __init__(self, error: PlexError, job: Job | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.job = job


class OutageGuard:
    """`find_fault` tells what is wrong with Plex now ("" = it answers)."""

    def __init__(self, find_fault: Callable[[], str]) -> None:
        self._find_fault = find_fault

    def attempt(self, job: Job, act: Callable[[], object]) -> PlexError | None:
        """Do `act` for a job; returns the error that is its own. Raises SyncInterrupted for an outage."""
        try:
            act()
        except (PlexServerDown, PlexAuthError) as error:
            raise SyncInterrupted(error, job) from error
        except (PlexTemporaryError, PlexPermanentError, PlexNotFound) as error:
            self.confirm(error, job)
            return error
        return None

    def confirm(self, error: PlexError, job: Job | None) -> None:
        """A reply that never came may be one slow job, or an outage: ask Plex. Raises SyncInterrupted for an outage."""
        if isinstance(error, PlexTemporaryError) and error.suspect_outage:
            fault = self._find_fault()
            if fault:
                raise SyncInterrupted(PlexServerDown(fault), job) from error
