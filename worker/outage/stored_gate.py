"""The gate in front of Plex as it is on disk, for whoever only looks. Light."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from storage.json_file import stored_number
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.outage.ramp import Ramp

FIRST_PROBE = 5.0
LONGEST_PROBE_DELAY = 60.0


class Fault(str, Enum):
    """What is the matter with Plex, for a program to read: no answer, a rejected token, or answers that fail."""

    NONE = ""
    DOWN = "down"
    TOKEN = "token"  # noqa: S105 - a reason
    FAILING = "failing"


def probe_delay(probes_made: int) -> float:
    """Seconds until the next probe after `probes_made` without success: 5, 10, 20, 40, 60, 60 …"""
    return min(LONGEST_PROBE_DELAY, FIRST_PROBE * 2.0 ** min(probes_made, 10))


class StoredGate:
    """What the breaker and the schedule of probes say. `stored`: the schedule's file; `clock`: seconds since the epoch.

    What is done to it is kept by Gate alone.
    """

    def __init__(self, breaker: CircuitBreaker, stored: dict[str, Any], clock: Callable[[], float] = time.time) -> None:
        self.breaker = breaker
        self._clock = clock
        self._probes_made = max(0, int(stored_number(stored.get("probes_made"))))
        self._next_probe_at = stored_number(stored.get("next_probe_at"))
        self._fault = _stored_fault(stored.get("fault"))
        self.ramp = Ramp(stored_number(stored.get("recovered_at")), clock)

    def seconds_to_probe(self) -> float:
        """Seconds until the next probe is due; 0.0 = now, also where it is further off than ever: the clock was set
        back since."""
        remaining = self._next_probe_at - self._clock()
        return remaining if 0.0 < remaining <= probe_delay(self._probes_made) else 0.0

    def next_probe_at(self) -> float:
        """When the next probe is due (seconds since the epoch)."""
        return self._next_probe_at if self.seconds_to_probe() else self._clock()

    @property
    def fault(self) -> Fault:
        """Why the breaker is not closed; NONE while it is."""
        return Fault.NONE if self.is_closed() else self._fault

    def is_closed(self) -> bool:
        """Whether jobs pass freely."""
        return self.breaker.state is CircuitState.CLOSED


def _stored_fault(value: Any) -> Fault:
    """As it was stored; DOWN for anything else, as an earlier version wrote none."""
    return next((fault for fault in Fault if fault.value == value and value), Fault.DOWN)
