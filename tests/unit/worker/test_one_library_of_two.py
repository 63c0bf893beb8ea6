"""One library of two that cannot be listed is no scene's fault: only those wait that could be in it, uncounted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import Fault, status
from tests.support.queue_examples import pending_data
from tests.support.workbench import Workbench
from worker.circuit_breaker import CircuitState

SECOND = "/library/sections/2/all"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3, read_timeout=1) as made:
        made.plex.add_section("Clips", locations=["/clips"])
        yield made


@pytest.mark.parametrize("fault", [status(500), status(404), status(409)], ids=["500", "404", "409"])
def test_the_others_go_on_and_who_could_be_in_it_waits(
    bench: Workbench, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    lost = bench.add_scene(in_plex=False, title="Lost", details="d")
    bench.plex.inject(fault, path=SECOND)
    bench.enqueue(1, lost, 2, 3)
    bench.run_for(3_600)
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([lost], 0, [])
    assert bench.worker._gate.breaker.state is CircuitState.CLOSED
    (told,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert '"Clips" cannot be listed' in told
    bench.plex.clear_faults()
    bench.keys[lost] = bench.plex.add_item(2, f"/clips/scene-{lost}.mp4")
    well_at = bench.clock.elapsed
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed - well_at <= 70  # an hour later it is looked at once a minute


def test_who_waits_for_it_says_so(bench: Workbench) -> None:
    lost = bench.add_scene(in_plex=False, title="Lost", details="d")
    bench.plex.inject(status(500), path=SECOND)
    bench.enqueue(lost)
    bench.run_for(30)
    (job,) = pending_data(bench.database)
    assert '"Clips"' in job["put_off_for"]
    assert "500" in job["put_off_for"]


def test_who_cannot_be_in_it_is_not_found_and_counts(bench: Workbench) -> None:
    bench.configure(path_map="/data => /media")
    lost = bench.add_scene(in_plex=False, title="Lost", details="d")
    bench.plex.inject(status(500), path=SECOND)
    bench.enqueue(lost)
    bench.run_until(lambda: bench.retries_counted() > 0)
    assert bench.clock.elapsed <= 5


def test_a_library_that_lists_nothing_after_an_outage_lets_no_timer_grow(bench: Workbench) -> None:
    bench.enqueue(1, 2, 3)
    bench.drain()
    bench.plex.refuse()
    late = bench.add_scene(title="Late", details="d")
    bench.plex.listing_modes.cold_requests = 2
    bench.plex.listing_modes.cold_share = 0.0
    bench.enqueue(late)
    bench.run_for(60)
    bench.plex.accept()
    while not bench.shows(late):
        bench.step()
        assert bench.retries_counted() == 0
        assert bench.clock.elapsed < 400
    assert bench.dead_letters() == []
