"""Edits in a row become one batch; one by itself waits for nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue, newest_row
from sync_queue.operations import claim
from sync_queue.sources import HOOKS
from tests.support.workbench import Workbench
from worker.drain.pace import BULK, BURST_GAP, SAVES, Pace

ENOUGH = 50
ONE, MANY = HOOKS


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as bench:
        yield bench


@pytest.fixture
def pace(bench: Workbench) -> Pace:
    return Pace(bench.workplace.new_parts(foreground=False).gate, bench.database, bench.clock)


def arrive(bench: Workbench, *gaps: float, source: str = ONE) -> None:
    for gap in gaps:
        bench.clock.sleep(gap)
        enqueue(bench.database, newest_row(bench.database) + 1, ["title"], source, bench.clock.now)


def claim_all(bench: Workbench) -> int:
    return len(claim(bench.workplace.manager.get_queue(), ENOUGH, bench.clock.now))


def batches(bench: Workbench, pace: Pace, edits: int, gap: float, source: str = ONE) -> tuple[list[int], float]:
    """The sizes of the batches in which edits are taken that come so many seconds apart, and the longest wait."""
    sizes: list[int] = []
    arrived_at: list[float] = []
    longest = 0.0
    next_at, left = bench.clock.now, edits
    while left or arrived_at:
        if left and bench.clock.now >= next_at - 1e-6:
            arrive(bench, 0.0, source=source)
            arrived_at.append(bench.clock.now)
            next_at, left = next_at + gap, left - 1
        pause = pace.seconds_to_gather(ENOUGH) if arrived_at else gap
        if not pause:
            sizes.append(claim_all(bench))
            longest = max(longest, bench.clock.now - arrived_at[0])
            arrived_at = []
            pause = gap
        bench.clock.sleep(min(pause, next_at - bench.clock.now) if left else pause)
    return sizes, longest


def test_one_edit_waits_for_nobody(bench: Workbench, pace: Pace) -> None:
    assert pace.seconds_to_gather(ENOUGH) == 0.0
    arrive(bench, 1.0)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


@pytest.mark.parametrize("gaps", [(1.0, 0.1), (1.0, BURST_GAP * 1.1, 0.1), (1.0, 0.1, BURST_GAP * 1.1)])
def test_edits_that_a_person_makes_do_not_wait_either(bench: Workbench, pace: Pace, gaps: tuple[float, ...]) -> None:
    arrive(bench, *gaps)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


def test_those_of_a_burst_are_gathered_but_at_first_not_for_long(bench: Workbench, pace: Pace) -> None:
    arrive(bench, 1.0, 0.05, 0.05)
    assert pace.seconds_to_gather(ENOUGH) == pytest.approx(SAVES.shortest - 0.1, abs=1e-3)
    arrive(bench, 0.04)
    assert pace.seconds_to_gather(ENOUGH) == pytest.approx(SAVES.shortest - 0.14, abs=1e-3)
    arrive(bench, 0.02)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


@pytest.mark.parametrize("gap", [0.02, 0.05, 0.15, 0.35])
def test_the_longer_it_goes_on_the_larger_are_its_batches(bench: Workbench, pace: Pace, gap: float) -> None:
    sizes, longest = batches(bench, pace, edits=200, gap=gap)
    assert sum(sizes) == 200
    assert sizes[0] == 1, "the first one is seen at once"
    assert len(sizes) <= 15 + 200 * gap / SAVES.longest
    assert longest <= SAVES.longest + gap


@pytest.mark.parametrize("gap", [0.03, 0.075, 0.15, 0.3])
def test_a_hundred_of_which_stash_says_that_they_are_one_edit_become_few_batches(
    bench: Workbench, pace: Pace, gap: float
) -> None:
    sizes, longest = batches(bench, pace, edits=100, gap=gap, source=MANY)
    assert sum(sizes) == 100
    assert len(sizes) <= 5
    assert longest <= BULK.longest + gap


@pytest.mark.parametrize("seed", range(5))
def test_whoever_saves_one_scene_after_the_other_waits_for_a_quarter_of_a_second_at_most(
    bench: Workbench, pace: Pace, seed: int
) -> None:
    pauses = random.Random(seed)
    for _ in range(100):
        arrive(bench, pauses.uniform(0.05, 1.05))
        assert pace.seconds_to_gather(ENOUGH) <= 0.3
        bench.clock.sleep(pace.seconds_to_gather(ENOUGH))
        assert pace.seconds_to_gather(ENOUGH) <= 1e-6
        claim_all(bench)


def test_enough_for_a_batch_wait_for_no_more(bench: Workbench, pace: Pace) -> None:
    arrive(bench, *[0.01] * (ENOUGH - 1), source=MANY)
    assert pace.seconds_to_gather(ENOUGH) > 0.0 or bench.clock.elapsed > BULK.shortest
    arrive(bench, 0.01, source=MANY)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


def test_a_save_amid_a_bulk_edit_waits_for_nobody(bench: Workbench, pace: Pace) -> None:
    for _ in range(40):
        arrive(bench, 0.1, source=MANY)
        pace.seconds_to_gather(ENOUGH)
    claim_all(bench)
    arrive(bench, 0.1)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


def test_nor_does_it_where_the_bulk_edit_goes_on(bench: Workbench, pace: Pace) -> None:
    for _ in range(40):
        arrive(bench, 0.1, source=MANY)
        pace.seconds_to_gather(ENOUGH)
    claim_all(bench)
    arrive(bench, 0.1)
    waited = bench.clock.now
    arrive(bench, 0.1, source=MANY)
    while pause := pace.seconds_to_gather(ENOUGH):
        bench.clock.sleep(min(pause, 0.1))
        arrive(bench, 0.0, source=MANY)
    assert bench.clock.now - waited <= SAVES.shortest + 0.1 + 1e-6


def test_a_bulk_edit_begins_anew_after_another(bench: Workbench, pace: Pace) -> None:
    batches(bench, pace, edits=100, gap=0.1, source=MANY)
    arrive(bench, 60.0, source=MANY)
    assert pace.seconds_to_gather(ENOUGH) == pytest.approx(BULK.shortest, abs=1e-3)


def test_a_burst_that_is_over_holds_nobody(bench: Workbench, pace: Pace) -> None:
    for _ in range(50):
        arrive(bench, 0.1)
        pace.seconds_to_gather(ENOUGH)
    claim_all(bench)
    arrive(bench, 0.1)
    assert pace.seconds_to_gather(ENOUGH) == pytest.approx(BURST_GAP, abs=1e-3)
    bench.clock.sleep(BURST_GAP * 1.1)
    assert pace.seconds_to_gather(ENOUGH) == 0.0
    arrive(bench, 0.0)
    assert pace.seconds_to_gather(ENOUGH) == 0.0


def test_a_clock_that_was_set_back_holds_nobody(bench: Workbench, pace: Pace) -> None:
    arrive(bench, 1.0, 0.05, 0.05)
    bench.clock.now -= 3600.0
    assert pace.seconds_to_gather(ENOUGH) == 0.0
