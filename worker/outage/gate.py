"""Whether a job may go to Plex now: the breaker, and the probes that find out when an outage is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from worker.base.words import counted
from worker.circuit_breaker import FAILURE_THRESHOLD, CircuitBreaker, CircuitState, MemoryStore, StateStore
from worker.outage.history import OutageHistory
from worker.outage.probe import Probe
from worker.outage.stored_gate import Fault, StoredGate, probe_delay

logger = logging.getLogger(__name__)

STREAK_GAP = 90.0
"""Seconds between two failures that may be the same outage's: a job is tried again after 80 seconds at most."""
LAST_SIGNS = 10.0
"""Seconds before Plex was found to be down, in which a failure was a sign of it: it may fail while it shuts down."""


class Opened(Enum):
    """Why a breaker opened at once."""

    DOWN = "as Plex is down"
    TOKEN = "as Plex rejects the token"  # noqa: S105 - a reason
    REQUEST = "as Plex does not answer what concerns every scene"
    WRITES = "as Plex takes no edit"

    @property
    def fault(self) -> Fault:
        """The same for a program."""
        return {Opened.DOWN: Fault.DOWN, Opened.TOKEN: Fault.TOKEN}.get(self, Fault.FAILING)


class Gate(StoredGate):
    """The gate in front of Plex. `pending` counts the waiting jobs, for the log; `clock`: seconds since the epoch."""

    def __init__(
        self,
        breaker: CircuitBreaker,
        store: StateStore,
        pending: Callable[[], int],
        clock: Callable[[], float] = time.time,
        history: OutageHistory | None = None,
    ) -> None:
        stored = store.load()
        super().__init__(breaker, stored, clock)
        self.history = history or OutageHistory(MemoryStore(), clock)
        self._store = store
        self._pending = pending
        self._probe = Probe.stored(stored.get("probe"))
        self._failing_since = self._failed_at = 0.0
        self._tests_failed = 0

    def ask_soon(self) -> None:
        """Somebody wants Plex to be asked at once."""
        self._next_probe_at = 0.0

    def probe(self, ask: Callable[[Probe], str]) -> bool:
        """Have `ask` look at Plex (text of what is wrong, "" if well) and admit a test job where all is well."""
        fault = ask(self._probe)
        if fault:
            self._probes_made += 1
            self._schedule()
            logger.debug("Plex is still not well (%s); next probe in %.0f seconds", fault, self.seconds_to_probe())
            return False
        self.breaker.admit_test()
        waiting = counted(self._pending(), "job")
        logger.log(
            logging.DEBUG if self._tests_failed else logging.INFO,
            "Plex answers again: testing recovery with one job, %s waiting",
            waiting,
        )
        return True

    def probe_at_once(self) -> None:
        """Forget the schedule: what Plex is reached by has changed."""
        if not self.is_closed():
            self._probes_made = 0
            self._next_probe_at = 0.0
            # A library that failed may be meant no more.
            self._probe = Probe.TOKEN if self._probe.requests[0] == "/" else Probe.IDENTITY

    def note_success(self, *, is_done: bool = True) -> None:
        """A job reached Plex; without `is_done` it is still among those that wait."""
        was_closed = self.is_closed()
        self._failed_at = 0.0
        self.breaker.record_success()
        if was_closed and self.history.current is None:
            return
        if self.is_closed():
            waiting = self._pending()
            self._probes_made = self._tests_failed = 0
            self.ramp.begin()
            self._save(0.0)
            # The job that tested has waited, too.
            self.history.end(waiting + is_done)
            logger.info("Plex recovered! Resuming queue processing, %s waiting", counted(waiting, "job"))

    def note_failure(self, cause: str) -> None:
        """A job failed for a reason that may be Plex's; enough of them in a row open the breaker."""
        was_closed = self.is_closed()
        # What else failed in the batch that opened it is no failed test.
        was_open = self.breaker.stored_state is CircuitState.OPEN
        self._probe = Probe.IDENTITY
        self._fault = Fault.FAILING
        now = self._clock()
        if not 0.0 <= now - self._failed_at <= STREAK_GAP:
            self._failing_since = now
        self._failed_at = now
        self.breaker.record_failure(cause)
        if self.breaker.stored_state is CircuitState.OPEN and not was_open:
            # Since the first in a row: what was given up by then was given up because of this outage.
            self.history.begin(cause, self._failing_since)
            self._announce(was_closed, f"after {FAILURE_THRESHOLD} consecutive failures", cause)

    def trip(self, cause: str, why: Opened = Opened.DOWN, probe: Probe = Probe.IDENTITY) -> None:
        """Plex is not well: open at once, until it answers `probe`."""
        was_closed = self.is_closed()
        self._probe = probe
        self._fault = why.fault
        had_signs = 0.0 <= self._clock() - self._failed_at <= LAST_SIGNS
        self.history.begin(cause, self._failing_since if had_signs else None)
        self.breaker.trip(cause)
        self._announce(was_closed, why.value, cause)

    def _announce(self, was_closed: bool, why: str, cause: str) -> None:
        if was_closed:
            self._probes_made = self._tests_failed = 0
            waiting = counted(self._pending(), "job")
            logger.warning("Circuit breaker opened %s; queue processing paused, %s waiting. %s", why, waiting, cause)
        else:
            self._probes_made += 1
            # Where each test fails, as with a token that may read and not write, it is said once and not each minute.
            level = logging.DEBUG if self._tests_failed else logging.WARNING
            logger.log(level, "Recovery test failed; circuit breaker re-opened. %s", cause)
            self._tests_failed += 1
        self._schedule()

    def _schedule(self) -> None:
        self._save(self._clock() + probe_delay(self._probes_made))

    def _save(self, next_probe_at: float) -> None:
        self._next_probe_at = next_probe_at
        content: dict[str, Any] = {
            "probes_made": self._probes_made,
            "next_probe_at": next_probe_at,
            "probe": list(self._probe.requests),
            "recovered_at": self.ramp.began_at,
            "fault": self._fault.value,
        }
        self._store.save(content)
