"""The circuit breaker between the worker and Plex: CLOSED → OPEN → HALF_OPEN → CLOSED, persisted at each transition.

Only the worker changes it. Reading it changes nothing and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol

from storage.json_file import stored_number

FAILURE_THRESHOLD = 5
"""Consecutive counted failures that open the breaker (docs/architecture.md)."""


class CircuitState(str, Enum):
    """CLOSED: jobs pass. OPEN: none does. HALF_OPEN: one may pass, as a test."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class StateStore(Protocol):
    """Where the state survives a restart (storage.json_file.JsonFile)."""

    def load(self) -> dict[str, Any]: ...
    def save(self, content: dict[str, Any]) -> None: ...


class MemoryStore:
    """A store that forgets with its process."""

    def __init__(self) -> None:
        self._content: dict[str, Any] = {}

    def load(self) -> dict[str, Any]:
        return dict(self._content)

    def save(self, content: dict[str, Any]) -> None:
        self._content = dict(content)


class ReadOnlyStore(MemoryStore):
    """For those who only look: holds `content` and keeps nothing."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__()
        self._content = content


class CircuitBreaker:
    """Opens after `failure_threshold` consecutive failures, or at once when tripped.

    Once `recovery_timeout` seconds have passed since it opened, it reads HALF_OPEN by itself; `admit_test` makes it so
    earlier, after a good probe. `success_threshold` successes in HALF_OPEN close it, one failure opens it again. A
    breaker that was not closed when its process ended starts OPEN. `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        failure_threshold: int = FAILURE_THRESHOLD,
        recovery_timeout: float = 60.0,
        success_threshold: int = 1,
        *,
        store: StateStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._store = store or MemoryStore()
        self._clock = clock
        self._failures = 0
        self._successes = 0
        stored = self._store.load()
        self._state = CircuitState.CLOSED if stored.get("state", "closed") == "closed" else CircuitState.OPEN
        self._changed_at = stored_number(stored.get("changed_at"))
        self._opened_at = stored_number(stored.get("opened_at"))
        self._cause = str(stored.get("cause", ""))

    @property
    def state(self) -> CircuitState:
        """The state now; OPEN reads HALF_OPEN once `recovery_timeout` has passed."""
        if self._state is CircuitState.OPEN and self._clock() - self._changed_at >= self._recovery_timeout:
            return CircuitState.HALF_OPEN
        return self._state

    @property
    def stored_state(self) -> CircuitState:
        """The state of the last transition, without regard to the time since."""
        return self._state

    @property
    def test_admitted(self) -> bool:
        """Whether a probe has found Plex well, so that a real job may test it."""
        return self._state is CircuitState.HALF_OPEN

    @property
    def opened_at(self) -> float:
        """When the outage began (seconds since the epoch); 0.0 while CLOSED."""
        return self._opened_at

    @property
    def cause(self) -> str:
        """Why it opened, in words; "" while CLOSED."""
        return self._cause

    def can_execute(self) -> bool:
        """Whether a job may pass."""
        return self.state is not CircuitState.OPEN

    def record_success(self) -> None:
        """A job reached Plex and came back."""
        self._failures = 0
        if self.state is CircuitState.HALF_OPEN:
            self._successes += 1
            if self._successes >= self._success_threshold:
                self.reset()

    def record_failure(self, cause: str = "") -> None:
        """A job failed for a reason that may be Plex's."""
        if self.state is CircuitState.HALF_OPEN:
            self.trip(cause)
        elif self._state is CircuitState.CLOSED:
            self._failures += 1
            if self._failures >= self._failure_threshold:
                self.trip(cause)

    def trip(self, cause: str = "") -> None:
        """Open at once; the outage keeps its beginning where one was under way."""
        now = self._clock()
        self._opened_at = self._opened_at if self._state is not CircuitState.CLOSED else now
        self._cause = cause or self._cause
        self._move_to(CircuitState.OPEN, now)

    def admit_test(self) -> None:
        """A probe found Plex well: let one job through as a test."""
        self._move_to(CircuitState.HALF_OPEN, self._clock())

    def reset(self) -> None:
        """Close and forget the outage."""
        self._opened_at = 0.0
        self._cause = ""
        self._move_to(CircuitState.CLOSED, self._clock())

    def _move_to(self, state: CircuitState, now: float) -> None:
        self._state = state
        self._changed_at = now
        self._failures = 0
        self._successes = 0
        self._store.save({"state": state.value, "changed_at": now, "opened_at": self._opened_at, "cause": self._cause})
