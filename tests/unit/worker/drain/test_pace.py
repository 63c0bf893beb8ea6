"""Edits in a row become one batch; one by itself waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue
from tests.support.workbench import Workbench
from worker.drain.pace import BURST_GAP, LONGEST_GATHERING, Pace


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as bench:
        yield bench


def gathering(bench: Workbench) -> float:
    gate = bench.workplace.new_parts(foreground=False).gate
    return Pace(gate, bench.database, bench.clock).seconds_to_gather(LONGEST_GATHERING)


def arrive(bench: Workbench, *gaps: float) -> None:
    for number, gap in enumerate(gaps, start=1):
        bench.clock.sleep(gap)
        enqueue(bench.database, number, ["title"], "hook", bench.clock.now)


def test_one_edit_waits_for_nobody(bench: Workbench) -> None:
    assert gathering(bench) == 0.0
    arrive(bench, 1.0)
    assert gathering(bench) == 0.0


def test_edits_that_a_person_makes_do_not_wait_either(bench: Workbench) -> None:
    arrive(bench, 1.0, BURST_GAP * 2)
    assert gathering(bench) == 0.0


def test_those_of_a_bulk_edit_are_gathered_but_none_for_longer_than_the_longest(bench: Workbench) -> None:
    arrive(bench, 1.0, 0.05, 0.05)
    assert gathering(bench) == pytest.approx(LONGEST_GATHERING - 0.1, abs=1e-3)
    bench.clock.sleep(0.15)
    assert gathering(bench) == pytest.approx(LONGEST_GATHERING - 0.25, abs=1e-3)
    arrive(bench, 0.0, 0.0, 0.0, 0.06)
    assert gathering(bench) == 0.0


def test_a_burst_that_is_over_holds_nobody(bench: Workbench) -> None:
    arrive(bench, 1.0, 0.05)
    bench.clock.sleep(BURST_GAP * 1.1)
    assert gathering(bench) == 0.0


def test_a_clock_that_was_set_back_holds_nobody(bench: Workbench) -> None:
    arrive(bench, 1.0, 0.05)
    bench.clock.now -= 3600.0
    assert gathering(bench) == 0.0
