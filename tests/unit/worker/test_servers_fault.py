"""What is the server's fault is no scene's: nothing is counted, nothing given up, and what failed is what is probed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from tests.simulators.faults import PLEX_STATUSES, Fault, drop, hang, not_xml, status, truncated_body
from tests.support.workbench import Workbench, only_for
from worker.circuit_breaker import CircuitBreaker, CircuitState

MINUTES = 60.0
EVERYBODYS = ["/", "/library/sections", r"/library/sections/\d+/all"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=4) as made:
        yield made


def state_of(bench: Workbench) -> CircuitState:
    return CircuitBreaker(store=JsonFile(bench.folder.breaker)).stored_state


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


# --- requests that no scene can be at fault for


@pytest.mark.parametrize("path", EVERYBODYS)
@pytest.mark.parametrize("code", [*PLEX_STATUSES[:8], 400, 404, 418, 500, 501])
def test_a_status_on_what_concerns_every_scene_counts_for_none(bench: Workbench, path: str, code: int) -> None:
    fault = bench.plex.inject(status(code), method="GET", path=path)
    bench.enqueue(1, 2, 3)
    bench.clock.at(20 * MINUTES, fault.remove)
    bench.run_until(lambda: bench.clock.elapsed >= 20 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2, 3], 0, [])
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))
    assert bench.clock.elapsed < 20 * MINUTES + 120


@pytest.mark.parametrize("path", EVERYBODYS)
@pytest.mark.parametrize("fault", [drop(), not_xml(), truncated_body()], ids=["drops", "not-xml", "truncated"])
def test_nor_does_a_reply_that_is_none(bench: Workbench, path: str, fault: Fault) -> None:
    injected = bench.plex.inject(fault, method="GET", path=path)
    bench.enqueue(1, 2, 3)
    bench.run_for(10 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2, 3], 0, [])
    injected.remove()
    bench.drain()


def test_the_probe_is_the_request_that_failed(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    bench.plex.inject(status(402), method="GET", path="/library/sections")
    bench.enqueue(1, 2, 3)
    bench.run_until(lambda: bench.clock.elapsed > 0)
    bench.plex.reset_log()
    bench.run_for(10 * MINUTES)
    assert {request.path for request in bench.plex.requests} == {"/identity", "/library/sections"}
    (line,) = [record.getMessage() for record in caplog.records]
    assert "GET /library/sections (402)" in line


def test_nor_does_a_token_that_has_gone_bad(bench: Workbench) -> None:
    fault = bench.plex.inject(status(498))
    bench.enqueue(1, 2)
    bench.run_for(10 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2], 0, [])
    assert "token" in bench.worker.progress.waiting_reason
    fault.remove()
    bench.drain()


# --- requests for a scene


@pytest.mark.parametrize("code", [400, 402, 409, 421, 429, 500, 501, 503, 520])
def test_one_edit_while_every_write_fails_waits_for_as_long_as_it_takes(bench: Workbench, code: int) -> None:
    bench.plex.writes.failing_status = code
    bench.enqueue(1)
    bench.run_for(30 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1], 0, [])
    assert state_of(bench) is CircuitState.OPEN
    bench.plex.writes.failing_status = None
    bench.drain()
    assert bench.shows(1)
    assert outages(bench) == 1


def test_while_only_one_scenes_writes_fail_the_failures_are_its_own(bench: Workbench) -> None:
    bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    before = {scene_id: bench.item(scene_id).title for scene_id in (2, 3, 4)}
    bench.enqueue(1)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.attempts) == (1, 6)
    assert (state_of(bench), outages(bench)) == (CircuitState.CLOSED, 0)
    assert {scene_id: bench.item(scene_id).title for scene_id in before} == before
    assert not any(bench.item(scene_id).locked for scene_id in before), "what tests Plex changes nothing"


def test_the_lock_of_the_item_that_is_tried_stays(bench: Workbench) -> None:
    bench.enqueue(2, 3, 4)
    bench.drain()
    locked = {scene_id: set(bench.item(scene_id).locked) for scene_id in (2, 3, 4)}
    bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    bench.enqueue(1)
    bench.drain()
    assert {scene_id: set(bench.item(scene_id).locked) for scene_id in (2, 3, 4)} == locked


def test_neither_does_the_last_failure_bury_a_job_and_open_the_breaker(bench: Workbench) -> None:
    fault = bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    bench.enqueue(1)
    bench.run_until(lambda: bench.retries_counted() == 5)
    bench.plex.writes.failing_status = 500
    fault.remove()
    bench.run_for(30 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1], 5, [])
    bench.plex.writes.failing_status = None
    bench.drain()
    assert bench.shows(1)


@pytest.mark.parametrize("code", [402, 409, 421, 500])
def test_reads_of_items_that_all_fail_are_plexs_fault(bench: Workbench, code: int) -> None:
    fault = bench.plex.inject(status(code), method="GET", prefix="/library/metadata")
    bench.enqueue(1, 2)
    bench.run_for(30 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2], 0, [])
    fault.remove()
    bench.drain()
    assert bench.shows(1)


def test_where_there_is_no_other_item_the_job_waits(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.writes.failing_status = 500
        bench.enqueue(1)
        bench.run_for(30 * MINUTES)
        assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1], 0, [])
        bench.plex.writes.failing_status = None
        bench.drain()
        assert bench.shows(1)


def test_one_silence_is_enough_to_know(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Workbench(tmp_path, scenes=4, read_timeout=1) as bench:
        fault = bench.plex.inject(hang(), method="PUT")
        bench.enqueue(1)
        bench.run_until(lambda: bench.clock.elapsed > 0)
        assert bench.plex.count("PUT") == 2
        assert (bench.pending(), bench.retries_counted()) == ([1], 0)
        assert "finding out whether Plex takes any edit" in caplog.text
        fault.remove()
