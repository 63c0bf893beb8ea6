"""Time as the tests of this room have it: it passes when somebody waits."""

from __future__ import annotations

from collections.abc import Callable

START = 1_800_000_000.0
"""Seconds since the epoch at which every test begins."""


class Clock:
    """A clock that stands still until somebody sleeps. `waits` lists how long; `at` plans what happens meanwhile."""

    def __init__(self, now: float = START) -> None:
        self.now = now
        self.waits: list[float] = []
        self._plans: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    @property
    def elapsed(self) -> float:
        """Seconds since START."""
        return self.now - START

    def sleep(self, seconds: float) -> None:
        """Let time pass, and happen what was planned for it."""
        self.waits.append(seconds)
        end = self.now + seconds
        while (plan := min(self._plans, key=lambda plan: plan[0], default=None)) and plan[0] <= end:
            self._plans.remove(plan)
            self.now = max(self.now, plan[0])
            plan[1]()
        self.now = end

    def at(self, elapsed: float, act: Callable[[], object]) -> None:
        """Plan `act` for so many seconds after START."""
        self._plans.append((START + elapsed, act))
