"""How fast to go after an outage: a token bucket whose rate grows, so that a Plex that just came up is not run over."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

FIRST_RATE = 5.0
"""Jobs a second right after an outage."""
DOUBLING = 60.0
"""Seconds in which the rate doubles: 5, 10, 20, 40, 80 jobs a second."""
DURATION = 300.0
"""Seconds until full speed."""
WINDOW = 60.0
"""Seconds of outcomes that are looked at, and for which a slow-down lasts."""
TOO_MANY_FAILURES = 0.3
"""Share of a window's jobs (0..1) above which the rate is halved."""
SHORTEST_WAIT = 0.001
"""Seconds; what is less than a clock's step would be no wait at all."""
ENOUGH_OUTCOMES = 10
"""Outcomes below which a share says nothing."""


def seconds_until(jobs: int) -> float:
    """Seconds after a ramp's begin at which it has let `jobs` jobs through: the inverse of its rate's integral."""
    return DOUBLING * math.log2(1.0 + jobs * math.log(2.0) / (FIRST_RATE * DOUBLING))


class Ramp:
    """`began_at` is when the last outage ended (seconds since the epoch), 0.0 for never; `clock` likewise."""

    def __init__(self, began_at: float = 0.0, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._slow_until = 0.0
        self._tokens = 1.0
        self._filled_at = clock()
        self.began_at = began_at

    def begin(self) -> None:
        """An outage has ended."""
        self.began_at = self._filled_at = self._clock()
        self._tokens = 1.0

    @property
    def is_active(self) -> bool:
        """Whether the rate is limited now."""
        now = self._clock()
        return 0.0 <= now - self.began_at < DURATION or now < self._slow_until

    def rate(self) -> float:
        """Jobs a second now; while nothing limits it, that of the ramp's end."""
        elapsed = max(0.0, min(DURATION, self._clock() - self.began_at))
        rate: float = FIRST_RATE * 2.0 ** (elapsed / DOUBLING)
        return rate / 2 if self._clock() < self._slow_until else rate

    def take(self, wanted: int) -> int:
        """How many of `wanted` jobs may start now; 0 means to wait `seconds_to_next`."""
        if not self.is_active:
            return wanted
        self._fill()
        taken = min(wanted, int(self._tokens))
        self._tokens -= taken
        return taken

    def seconds_to_next(self) -> float:
        """Seconds until one more job may start, or the next look at it."""
        return max(SHORTEST_WAIT, (1.0 - self._tokens) / self.rate())

    def note(self, failed: bool) -> None:
        """A job ended."""
        now = self._clock()
        self._outcomes.append((now, failed))
        self._failures += failed
        while not 0.0 <= now - self._outcomes[0][0] <= WINDOW:
            self._failures -= self._outcomes.popleft()[1]
        many = len(self._outcomes) >= ENOUGH_OUTCOMES and self._failures > TOO_MANY_FAILURES * len(self._outcomes)
        if many and now >= self._slow_until:
            self._slow_until = now + WINDOW

    def _fill(self) -> None:
        now = self._clock()
        # One second's worth at most: a pause must not be made up for in a burst.
        capacity = max(1.0, self.rate())
        self._tokens = min(capacity, self._tokens + max(0.0, now - self._filled_at) * self.rate())
        self._filled_at = now
