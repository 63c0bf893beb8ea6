"""Taking times in turns, and saying them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MILLISECONDS = 1_000.0
MICROSECONDS = 1_000_000.0


@dataclass(frozen=True)
class Sample:
    """Values of one kind, in the order in which they were taken."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    def ratios(self, reference: Sample) -> Sample:
        """Each value through the one that was taken beside it."""
        return Sample(tuple(a / b for a, b in zip(self.values, reference.values, strict=True)))

    def shown(self, unit: str = "", scale: float = 1.0, decimals: int = 1) -> str:
        """median (min..max), each times `scale`."""
        low, middle, high = (each * scale for each in (min(self.values), self.median, max(self.values)))
        space = " " if unit else ""
        return f"{middle:,.{decimals}f}{space}{unit} ({low:,.{decimals}f}..{high:,.{decimals}f})"


def in_turns(rounds: int, *actions: Callable[[], float]) -> list[Sample]:
    """Call the actions A B A B …; one sample of what each returned."""
    values: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, taken in zip(actions, values, strict=True):
            taken.append(action())
    return [Sample(tuple(taken)) for taken in values]


def seconds_of(action: Callable[[], object]) -> float:
    """How many seconds a call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def sample(values: Sequence[float]) -> Sample:
    """A sample of these values."""
    return Sample(tuple(values))
