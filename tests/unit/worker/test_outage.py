"""Outages, ridden out: probes on schedule, no job buried, no retry counted, everything arrives. Hours take no time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from tests.simulators.faults import Answer, Fault, Waiting, drop, maintenance, status
from tests.simulators.http_server import Request, Response
from tests.support.workbench import POLL_INTERVAL, TOKEN, Workbench
from worker.circuit_breaker import FAILURE_THRESHOLD, CircuitBreaker, CircuitState
from worker.clients.harmless_edit import MOST_EDITS, MOST_KEYS
from worker.processor import Ended
from worker.tasks.views.status_report import report_outages

HOUR = 3600.0
PROBES = [5.0, 10.0, 20.0, 40.0, 60.0]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=4) as made:
        yield made


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def refuse(bench: Workbench) -> Callable[[], None]:
    bench.plex.refuse()
    return bench.plex.accept


def answer_with(fault: Fault) -> Callable[[Workbench], Callable[[], None]]:
    def begin(bench: Workbench) -> Callable[[], None]:
        return bench.plex.inject(fault).remove

    return begin


def reject_token(bench: Workbench) -> Callable[[], None]:
    bench.plex.token = "another"

    def end() -> None:
        bench.plex.token = TOKEN

    return end


OUTAGES = pytest.mark.parametrize(
    "begin",
    [
        refuse,
        answer_with(maintenance()),
        answer_with(status(502)),
        answer_with(status(404)),
        answer_with(status(400)),
        answer_with(drop()),
        reject_token,
    ],
    ids=["refuses", "maintenance", "proxy", "another-server", "https-port", "drops", "token"],
)
Begin = Callable[[Workbench], Callable[[], None]]


@OUTAGES
def test_hours_of_outage_cost_no_job_and_no_retry(bench: Workbench, begin: Begin) -> None:
    end = begin(bench)
    bench.enqueue(1, 2, 3)
    bench.clock.at(2 * HOUR, end)
    bench.clock.at(1 * HOUR, lambda: bench.enqueue(4))
    bench.run_until(lambda: bench.clock.elapsed >= 2 * HOUR)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2, 3, 4], 0, [])
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3, 4))
    assert bench.dead_letters() == []
    assert bench.clock.elapsed < 2 * HOUR + 120


@OUTAGES
def test_probes_come_on_schedule(bench: Workbench, begin: Begin) -> None:
    begin(bench)
    bench.enqueue(1, 2, 3)
    bench.run_for(HOUR / 3)
    waits = [seconds for seconds in bench.clock.waits if seconds > 0]
    assert waits[:5] == PROBES
    assert set(waits[5:]) == {60.0}
    if begin is not refuse and begin is not reject_token:
        asked = [request.path for request in bench.plex.requests]
        assert set(asked[asked.index("/identity") :]) == {"/identity"}


def test_a_rejected_token_is_probed_with_the_token(bench: Workbench) -> None:
    reject_token(bench)
    bench.enqueue(1)
    bench.run_for(HOUR)
    asked = [request.path for request in bench.plex.requests]
    assert set(asked) == {"/"}
    assert 60 <= len(asked) <= 70


@OUTAGES
def test_an_outage_is_said_once(bench: Workbench, begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    begin(bench)
    bench.enqueue(1, 2, 3)
    bench.run_for(HOUR)
    (line,) = warnings(caplog)
    assert "3 jobs waiting" in line
    assert TOKEN not in caplog.text


def test_recovery_is_tried_with_one_job(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.enqueue(1, 2, 3)
    bench.step()
    bench.plex.accept()
    bench.clock.sleep(5)
    bench.plex.reset_log()
    bench.step()
    assert bench.worker.progress.done == 1
    assert len(bench.pending()) == 2
    assert bench.plex.count("GET", "/identity") == 2  # the probe, and the index, which asks who answers now


def test_the_job_that_found_out_is_not_the_one_that_tests(bench: Workbench) -> None:
    bench.enqueue(1, 2)
    bench.run_until(lambda: bench.open_jobs() == 0)
    fault = bench.plex.inject(status(503), method="PUT")
    bench.edit(1, title="Finds out")
    bench.edit(2, title="Tests")
    bench.step()
    assert bench.pending() == [1, 2]
    fault.remove()
    bench.clock.sleep(5)
    bench.step()
    assert (bench.item(1).title, bench.item(2).title) == ("Title 1", "Tests")
    bench.drain()
    assert bench.shows(1)


def test_a_test_that_fails_goes_back_to_waiting(bench: Workbench) -> None:
    bench.plex.inject(status(503), method="PUT")
    bench.enqueue(1, 2, 3)
    bench.run_for(10 * 60)
    waits = [seconds for seconds in bench.clock.waits if seconds > 0]
    assert waits[:6] == [*PROBES, 60.0], "/identity is well all the time, but no job gets through"
    bench.plex.clear_faults()
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))


@OUTAGES
def test_a_restart_carries_on_open_where_the_schedule_was(bench: Workbench, begin: Begin) -> None:
    end = begin(bench)
    bench.enqueue(1, 2)
    pauses = []
    for _ in range(14):
        pauses += [pause for pause in (bench.step(),) if pause != 0.0]
        bench.restart()
        assert CircuitBreaker(store=JsonFile(bench.folder.breaker)).stored_state is CircuitState.OPEN
    assert pauses[:5] == PROBES
    end()
    bench.drain()
    assert bench.shows(1)
    assert bench.shows(2)


def test_an_outage_in_the_middle_of_a_batch_loses_nothing_and_writes_nothing_twice(bench: Workbench) -> None:
    refused: list[str] = []

    def fail(request: Request, answer: Answer, waiting: Waiting) -> Response:
        if len(refused) == 3 or (not refused and request.query["id"] != str(bench.keys[3])):
            return answer()
        refused.append(request.target)
        return status(503)(request, answer, waiting)

    bench.plex.inject(fail, method="PUT")
    bench.enqueue(1, 2, 3, 4)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3, 4))
    tested = 1
    assert sum(bench.plex.edit_counts().values()) == 4 + tested
    assert bench.dead_letters() == []


def test_a_corrected_token_is_tried_at_once(bench: Workbench) -> None:
    bench.configure(plex_token="mistyped")
    bench.enqueue(1)
    bench.run_for(HOUR)
    bench.configure()
    before = bench.clock.elapsed
    bench.drain()
    assert bench.clock.elapsed - before <= POLL_INTERVAL


def test_a_task_does_not_wait_for_an_outage(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, foreground=True) as bench:
        bench.plex.refuse()
        bench.enqueue(1)
        assert bench.step() == 0.0
        assert bench.step() is Ended.BLOCKED
        assert "Plex" in bench.worker.progress.waiting_reason
        assert bench.pending() == [1]


def test_edits_during_an_outage_arrive_in_their_last_form(bench: Workbench) -> None:
    bench.plex.refuse()
    for minute in range(1, 31):
        bench.clock.at(60 * minute, lambda minute=minute: bench.edit(1, title=f"Edit {minute}"))  # type: ignore[misc]
    bench.clock.at(31 * 60, bench.plex.accept)
    bench.run_until(lambda: bench.clock.elapsed > 31 * 60)
    bench.drain()
    assert bench.item(1).title == "Edit 30"
    assert bench.item(1).edit_count == 1


def test_an_outage_counts_what_it_holds_up_and_not_who_waits_for_a_scan(bench: Workbench) -> None:
    unscanned = bench.add_scene(in_plex=False, title="Not scanned yet", details="Summary")
    bench.enqueue(unscanned)
    bench.run_until(lambda: bench.stats().waiting_for_retry == 1)
    bench.plex.refuse()
    bench.enqueue(1, 2, 3)
    bench.run_until(lambda: outages(bench)["current"] is not None)
    for minutes in (0.0, 30.0):  # by then who waits for a scan is due again
        bench.run_for(60 * minutes)
        report = outages(bench)
        assert (report["current"]["jobs_waiting"], report["outages"][-1]["jobs_waiting"]) == (3, 3)
    bench.plex.accept()
    bench.run_until(lambda: bench.pending() == [unscanned])
    bench.add_item(unscanned)
    bench.drain()
    (ended,) = outages(bench)["outages"]
    assert (ended["jobs_waiting"], ended["jobs_done_after"]) == (3, 3)


def outages(bench: Workbench) -> dict[str, Any]:
    return report_outages(bench.folder, bench.database, bench.clock.now)


@pytest.mark.parametrize(("method", "prefix"), [("GET", "/library/metadata"), ("PUT", "/library/sections")])
@pytest.mark.parametrize("parallel_writes", [1, 4])
def test_once_enough_failed_in_a_row_the_rest_of_the_batch_is_spared(
    tmp_path: Path, method: str, prefix: str, parallel_writes: int
) -> None:
    """Each might have to wait for a timeout: with 50 jobs of 30 seconds, nobody would hear of the outage for long."""
    scenes = tuple(range(1, 31))
    with Workbench(tmp_path, scenes=len(scenes), parallel_writes=parallel_writes) as bench:
        fault = bench.plex.inject(status(500), method=method, prefix=prefix)
        bench.enqueue(*scenes)
        bench.step()
        assert CircuitBreaker(store=JsonFile(bench.folder.breaker)).stored_state is CircuitState.OPEN
        tests_of_plex = MOST_KEYS * MOST_EDITS
        assert bench.plex.count(method, prefix) <= FAILURE_THRESHOLD + parallel_writes + tests_of_plex
        assert bench.retries_counted() < FAILURE_THRESHOLD + parallel_writes
        assert bench.pending() == list(scenes)
        fault.remove()
        bench.drain()
        assert all(bench.shows(scene_id) for scene_id in scenes)


@pytest.mark.parametrize("status_code", [400, 404])
def test_a_server_in_the_place_of_plex_costs_the_index_nothing(bench: Workbench, status_code: int) -> None:
    bench.enqueue(1, 2, 3)
    bench.drain()
    fault = bench.plex.inject(status(status_code))
    for scene_id in (1, 2, 3):
        bench.edit(scene_id, title="Edited meanwhile")
    bench.run_for(30.0)
    fault.remove()
    bench.plex.reset_log()
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))
    assert bench.plex.count("GET", f"/library/sections/{bench.section}/all") == 0


def test_nothing_is_skipped_as_not_found_where_it_is_not_plex_that_says_so(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=4, skip_not_found=True) as bench:
        fault = bench.plex.inject(status(404))
        bench.enqueue(1, 2, 3, 4)
        bench.clock.at(2 * HOUR, fault.remove)
        bench.drain()
        assert all(bench.shows(scene_id) for scene_id in (1, 2, 3, 4))


def test_a_plex_that_was_set_up_anew_gets_what_waited(bench: Workbench) -> None:
    """Another identity, other rating keys: what the drainer knows of the old one must not be held against it."""
    bench.enqueue(1, 2, 3)
    bench.drain()
    bench.plex.refuse()
    for scene_id in (1, 2, 3):
        bench.edit(scene_id, title=f"New {scene_id}")
    bench.run_for(600.0)
    bench.plex.machine_identifier = "f" * 40
    for scene_id in (1, 2, 3):
        bench.plex.remove_item(bench.keys[scene_id])
        bench.add_item(scene_id)
    bench.plex.accept()
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))
    assert bench.dead_letters() == []
