"""After an outage the pace is held back; whoever looks is told why it is slow."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.workbench import Workbench

SCENES = range(1, 41)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=len(SCENES)) as made:
        yield made


def live_through_an_outage(bench: Workbench, *waiting: int) -> float:
    """Let these scenes wait for Plex; returns when it was back (seconds since the epoch)."""
    bench.plex.refuse()
    bench.enqueue(*waiting)
    bench.run_for(60)
    bench.plex.accept()
    bench.run_until(lambda: any(map(bench.shows, waiting)))
    return bench.clock.now


def slow_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "jobs a second" in message]


def test_that_it_goes_slowly_after_an_outage_is_said_once_with_the_reason(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    until = f"{datetime.fromtimestamp(live_through_an_outage(bench, *SCENES)):%Y-%m-%d %H:%M:%S}"
    bench.step()
    pace = f"5 jobs a second at first, since Plex was down until {until}"
    assert bench.worker.progress.activity == f"syncing 1 scene, at {pace}"
    bench.drain()
    assert all(map(bench.shows, SCENES))
    assert slow_lines(caplog) == [f"Going on slowly: {pace}; at full speed 5 minutes later"]


def test_a_few_that_are_not_held_back_need_no_reason(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    live_through_an_outage(bench, 1)
    bench.clock.sleep(10)
    bench.enqueue(2, 3)
    bench.step()
    assert (bench.worker.progress.activity, slow_lines(caplog)) == ("syncing 2 scenes", [])


def test_long_after_an_outage_nothing_is_said_of_it(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    live_through_an_outage(bench, 1)
    bench.clock.sleep(300)
    bench.enqueue(*SCENES)
    bench.step()
    assert (bench.worker.progress.activity, slow_lines(caplog)) == ("syncing 40 scenes", [])
