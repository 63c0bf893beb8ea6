"""When Plex is probed, what a probe leads to, and that neither a restart nor the clock upsets the schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_file import JsonFile
from tests.support.clock import START, Clock
from worker.circuit_breaker import CircuitBreaker, CircuitState, MemoryStore, ReadOnlyStore
from worker.outage.gate import Gate, Opened
from worker.outage.probe import Probe
from worker.outage.stored_gate import probe_delay

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
SCHEDULE = [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0]
WAITING = 7


class Plex:
    """Answers probes: `fault` is what is wrong with it. `asked` lists the probes."""

    def __init__(self, fault: str = "connection refused") -> None:
        self.fault = fault
        self.asked: list[Probe] = []

    def __call__(self, probe: Probe) -> str:
        self.asked.append(probe)
        return self.fault


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(tmp_path: Path, clock: Clock) -> Callable[[], Gate]:
    """Starts a process, as far as recovery goes: everything it knows is read from disk."""

    def new() -> Gate:
        breaker = CircuitBreaker(store=JsonFile(str(tmp_path / "breaker.json")), clock=clock)
        return Gate(breaker, JsonFile(str(tmp_path / "gate.json")), lambda: WAITING, clock)

    return new


@pytest.fixture
def gate(start: Callable[[], Gate]) -> Gate:
    return start()


def probe_when_due(gate: Gate, clock: Clock, plex: Plex) -> float:
    """Wait as long as recovery says, probe, and return how long that was."""
    pause = gate.seconds_to_probe()
    clock.sleep(pause)
    gate.probe(plex)
    return pause


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


# --- the schedule


def test_probe_delays() -> None:
    assert [probe_delay(made) for made in range(7)] == SCHEDULE
    assert probe_delay(10**9) == 60.0


def test_probes_come_after_5_10_20_40_60_60_seconds(gate: Gate, clock: Clock) -> None:
    gate.trip("connection refused")
    plex = Plex()
    assert [probe_when_due(gate, clock, plex) for _ in range(7)] == SCHEDULE
    assert plex.asked == [Probe.IDENTITY] * 7
    assert gate.breaker.state is not CLOSED


def test_a_restart_carries_on_with_the_schedule(start: Callable[[], Gate], gate: Gate, clock: Clock) -> None:
    gate.trip("connection refused")
    pauses = []
    for _ in range(7):
        gate = start()
        assert gate.breaker.stored_state is OPEN
        pauses.append(probe_when_due(gate, clock, Plex()))
    assert pauses == SCHEDULE


def test_a_restart_between_two_probes_does_not_put_the_next_one_off(
    start: Callable[[], Gate], gate: Gate, clock: Clock
) -> None:
    gate.trip("connection refused")
    for _ in range(3):
        probe_when_due(gate, clock, Plex())
    clock.sleep(30)
    assert start().seconds_to_probe() == pytest.approx(10)
    clock.sleep(3600)
    assert start().seconds_to_probe() == 0.0


@given(st.floats(-1e9, 1e9), st.integers(0, 20))
def test_a_clock_that_jumps_delays_a_probe_by_one_delay_at_most(jump: float, probes: int) -> None:
    clock = Clock()
    gate = Gate(CircuitBreaker(clock=clock), MemoryStore(), lambda: 0, clock)
    gate.trip("down")
    for _ in range(probes):
        gate.probe(Plex())
    clock.now += jump
    assert 0.0 <= gate.seconds_to_probe() <= probe_delay(probes)


def test_a_clock_that_was_set_back_does_not_put_probes_off(gate: Gate, clock: Clock) -> None:
    gate.trip("down")
    clock.now -= 86_400.0
    pauses = [probe_when_due(gate, clock, Plex()) for _ in range(3)]
    assert pauses == [0.0, 10.0, 20.0]


def test_another_outage_begins_with_the_first_delay(gate: Gate, clock: Clock) -> None:
    gate.trip("down")
    for _ in range(4):
        probe_when_due(gate, clock, Plex())
    gate.probe(Plex(""))
    gate.note_success()
    gate.trip("down again")
    assert gate.seconds_to_probe() == 5.0


def test_a_test_that_fails_goes_on_with_the_schedule(gate: Gate, clock: Clock) -> None:
    gate.trip("down")
    assert probe_when_due(gate, clock, Plex("")) == 5.0
    gate.trip("down again")
    assert probe_when_due(gate, clock, Plex("")) == 10.0
    gate.note_failure("status 500")
    assert gate.seconds_to_probe() == 20.0


# --- what a probe leads to


def test_a_good_probe_admits_one_job_and_its_success_closes(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gate.trip("connection refused")
    assert gate.probe(Plex(""))
    assert gate.breaker.test_admitted
    assert not gate.is_closed()
    gate.note_success()
    assert gate.is_closed()
    opened, probed, recovered = messages(caplog)
    assert opened.startswith("Circuit breaker opened")
    assert opened.endswith("connection refused")
    assert "testing recovery with one job" in probed
    assert recovered.startswith("Plex recovered")
    assert all("7 jobs waiting" in line for line in (opened, probed, recovered))


def test_a_bad_probe_changes_nothing_but_the_schedule(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    gate.trip("connection refused")
    caplog.clear()
    caplog.set_level(logging.INFO)
    assert not gate.probe(Plex("connection refused"))
    assert gate.breaker.state is OPEN
    assert messages(caplog) == [], "an outage of a night is no hundreds of lines"


def test_a_failed_test_is_said(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    gate.trip("down")
    gate.probe(Plex(""))
    caplog.clear()
    gate.trip("status 503")
    assert gate.breaker.state is OPEN
    (line,) = messages(caplog)
    assert line.startswith("Recovery test failed")
    assert line.endswith("status 503")


def test_a_rejected_token_is_probed_with_the_token(start: Callable[[], Gate], gate: Gate) -> None:
    gate.trip("the token is not accepted", Opened.TOKEN, Probe.TOKEN)
    plex = Plex("the token is not accepted")
    gate.probe(plex)
    start().probe(plex)
    assert plex.asked == [Probe.TOKEN, Probe.TOKEN]


def test_what_is_wrong_may_change_during_an_outage(gate: Gate) -> None:
    plex = Plex("")
    gate.trip("the token is not accepted", Opened.TOKEN, Probe.TOKEN)
    gate.probe(plex)
    gate.trip("connection refused")
    gate.probe(plex)
    gate.trip("the token is not accepted", Opened.TOKEN, Probe.TOKEN)
    gate.probe(plex)
    assert plex.asked == [Probe.TOKEN, Probe.IDENTITY, Probe.TOKEN]


def test_new_settings_are_tried_at_once(gate: Gate, clock: Clock) -> None:
    gate.trip("down")
    for _ in range(5):
        probe_when_due(gate, clock, Plex())
    gate.probe_at_once()
    pauses = [probe_when_due(gate, clock, Plex()) for _ in range(3)]
    assert pauses == [0.0, 10.0, 20.0]


def test_new_settings_change_nothing_where_all_is_well(gate: Gate) -> None:
    gate.probe_at_once()
    assert (gate.is_closed(), gate.seconds_to_probe()) == (True, 0.0)


# --- failures that are counted


def test_enough_failures_in_a_row_open_it(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(4):
        gate.note_failure("status 500")
    assert gate.is_closed()
    gate.note_failure("status 500")
    assert gate.breaker.state is OPEN
    assert gate.seconds_to_probe() == 5.0
    assert len(messages(caplog, logging.WARNING)) == 1


def test_an_outage_begins_with_the_first_of_the_failures_in_a_row(gate: Gate, clock: Clock) -> None:
    gate.note_failure("status 500")
    gate.note_success()
    for _ in range(5):
        clock.sleep(10)
        gate.note_failure("status 500")
    assert [outage.started_at for outage in gate.history.outages] == [START + 10]
    gate.breaker.admit_test()
    gate.note_success()
    gate.note_failure("status 500")
    clock.sleep(10)
    gate.trip("down")
    assert [outage.started_at for outage in gate.history.outages] == [START + 10, START + 50]


def test_without_a_failure_before_it_an_outage_begins_when_it_is_noticed(gate: Gate, clock: Clock) -> None:
    gate.note_failure("status 500")
    gate.note_success()
    clock.sleep(10)
    gate.trip("down")
    assert [outage.started_at for outage in gate.history.outages] == [START + 10]


def test_a_job_that_failed_long_before_has_nothing_to_do_with_it(gate: Gate, clock: Clock) -> None:
    """It was given up, and nothing was synced since."""
    gate.note_failure("status 500")
    clock.sleep(60)
    gate.trip("down")
    assert [outage.started_at for outage in gate.history.outages] == [START + 60]


def test_failures_far_apart_are_not_one_outage(gate: Gate, clock: Clock) -> None:
    gate.note_failure("status 500")
    clock.sleep(9 * 3600)
    for _ in range(4):
        clock.sleep(80)
        gate.note_failure("status 500")
    assert [outage.started_at for outage in gate.history.outages] == [START + 9 * 3600 + 80]


@pytest.mark.parametrize(("is_done", "jobs_waiting"), [(True, 4), (False, 3)])
def test_the_job_that_tested_has_waited_too(clock: Clock, is_done: bool, jobs_waiting: int) -> None:
    """One that Plex answered, but that is not done, is still among those that are open."""
    gate = Gate(CircuitBreaker(clock=clock), MemoryStore(), lambda: 3, clock)
    gate.trip("down")
    gate.breaker.admit_test()
    gate.note_success(is_done=is_done)
    assert gate.history.outages[-1].jobs_waiting == jobs_waiting


def test_what_else_failed_in_the_same_batch_is_no_failed_test(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    """The batch is settled after all its jobs were tried: failures that come after the fifth are as old as those."""
    for _ in range(50):
        gate.note_failure("status 500")
    assert gate.seconds_to_probe() == 5.0
    assert len(messages(caplog, logging.WARNING)) == 1


def test_a_success_that_ends_an_outage_by_itself(gate: Gate, clock: Clock) -> None:
    """The breaker reads HALF_OPEN by itself after a while; a job that was let through then closes it."""
    gate.trip("down")
    clock.sleep(60)
    gate.note_success()
    assert gate.is_closed()


# --- on disk


def test_looking_writes_nothing(tmp_path: Path, gate: Gate) -> None:
    gate.trip("down")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    gate.seconds_to_probe()
    gate.is_closed()
    gate.probe_at_once()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("value", [None, "soon", [], {}, float("inf"), float("nan"), -1, True])
@pytest.mark.parametrize("name", ["probes_made", "next_probe_at", "probe", "recovered_at"])
def test_a_file_that_somebody_has_edited_is_never_a_crash(clock: Clock, name: str, value: Any) -> None:
    breaker = CircuitBreaker(store=ReadOnlyStore({"state": "open", "changed_at": START}), clock=clock)
    gate = Gate(breaker, ReadOnlyStore({name: value}), lambda: 0, clock)
    assert 0.0 <= gate.seconds_to_probe() <= 60.0
    gate.probe(Plex())
    assert 0.0 <= gate.seconds_to_probe() <= 60.0
    assert gate.ramp.take(1) in (0, 1)
