"""Edits in a row become one batch; one by itself waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue, newest_row
from sync_queue.operations import claim
from tests.support.workbench import Workbench
from worker.drain.pace import BURST_GAP, LONGEST_GATHERING, SHORTEST_GATHERING, Pace


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as bench:
        yield bench


@pytest.fixture
def pace(bench: Workbench) -> Pace:
    return Pace(bench.workplace.new_parts(foreground=False).gate, bench.database, bench.clock)


def arrive(bench: Workbench, *gaps: float) -> None:
    for gap in gaps:
        bench.clock.sleep(gap)
        enqueue(bench.database, newest_row(bench.database) + 1, ["title"], "hook", bench.clock.now)


def claim_all(bench: Workbench) -> int:
    return len(claim(bench.workplace.manager.get_queue(), 1000, bench.clock.now))


def batches(bench: Workbench, pace: Pace, edits: int, gap: float) -> tuple[list[int], float]:
    """The sizes of the batches in which edits are taken that come so many seconds apart, and the longest wait."""
    sizes: list[int] = []
    arrived_at: list[float] = []
    longest = 0.0
    next_at, left = bench.clock.now, edits
    while left or arrived_at:
        if left and bench.clock.now >= next_at - 1e-6:
            arrive(bench, 0.0)
            arrived_at.append(bench.clock.now)
            next_at, left = next_at + gap, left - 1
        pause = pace.seconds_to_gather() if arrived_at else gap
        if not pause:
            sizes.append(claim_all(bench))
            longest = max(longest, bench.clock.now - arrived_at[0])
            arrived_at = []
            pause = gap
        bench.clock.sleep(min(pause, next_at - bench.clock.now) if left else pause)
    return sizes, longest


def test_one_edit_waits_for_nobody(bench: Workbench, pace: Pace) -> None:
    assert pace.seconds_to_gather() == 0.0
    arrive(bench, 1.0)
    assert pace.seconds_to_gather() == 0.0


@pytest.mark.parametrize("gaps", [(1.0, 0.1), (1.0, BURST_GAP * 1.1, 0.1), (1.0, 0.1, BURST_GAP * 1.1)])
def test_edits_that_a_person_makes_do_not_wait_either(bench: Workbench, pace: Pace, gaps: tuple[float, ...]) -> None:
    arrive(bench, *gaps)
    assert pace.seconds_to_gather() == 0.0


def test_those_of_a_bulk_edit_are_gathered_but_at_first_not_for_long(bench: Workbench, pace: Pace) -> None:
    arrive(bench, 1.0, 0.05, 0.05)
    assert pace.seconds_to_gather() == pytest.approx(SHORTEST_GATHERING - 0.1, abs=1e-3)
    bench.clock.sleep(0.15)
    assert pace.seconds_to_gather() == pytest.approx(SHORTEST_GATHERING - 0.25, abs=1e-3)
    arrive(bench, 0.0, 0.06)
    assert pace.seconds_to_gather() == 0.0


@pytest.mark.parametrize("gap", [0.02, 0.05, 0.15, 0.35])
def test_the_longer_it_goes_on_the_larger_are_its_batches(bench: Workbench, pace: Pace, gap: float) -> None:
    sizes, longest = batches(bench, pace, edits=200, gap=gap)
    assert sum(sizes) == 200
    assert sizes[0] == 1, "the first one is seen at once"
    assert len(sizes) <= 10 + 200 * gap / LONGEST_GATHERING
    assert longest <= LONGEST_GATHERING + gap


def test_a_burst_that_is_over_holds_nobody(bench: Workbench, pace: Pace) -> None:
    for _ in range(50):
        arrive(bench, 0.1)
        pace.seconds_to_gather()
    claim_all(bench)
    arrive(bench, 0.1)
    assert pace.seconds_to_gather() == pytest.approx(BURST_GAP, abs=1e-3)
    bench.clock.sleep(BURST_GAP * 1.1)
    assert pace.seconds_to_gather() == 0.0
    arrive(bench, 0.0)
    assert pace.seconds_to_gather() == 0.0


def test_a_clock_that_was_set_back_holds_nobody(bench: Workbench, pace: Pace) -> None:
    arrive(bench, 1.0, 0.05, 0.05)
    bench.clock.now -= 3600.0
    assert pace.seconds_to_gather() == 0.0
