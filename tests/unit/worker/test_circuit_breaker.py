"""The breaker: every transition, what survives a restart, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.clock import START, Clock
from worker.circuit_breaker import CircuitBreaker, CircuitState, MemoryStore, ReadOnlyStore

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
TIMEOUT = 60.0


class CountingStore(MemoryStore):
    """Counts how often it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.saves = 0

    def save(self, content: dict[str, Any]) -> None:
        self.saves += 1
        super().save(content)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def breaker(store: CountingStore, clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(store=store, clock=clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.record_failure("status 500")


# --- CLOSED


def test_a_new_breaker_is_closed(breaker: CircuitBreaker) -> None:
    assert (breaker.state, breaker.can_execute()) == (CLOSED, True)
    assert (breaker.opened_at, breaker.cause, breaker.test_admitted) == (0.0, "", False)


def test_consecutive_failures_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 4)
    assert breaker.state is CLOSED
    clock.sleep(10)
    fail(breaker, 1)
    assert (breaker.state, breaker.can_execute()) == (OPEN, False)
    assert (breaker.opened_at, breaker.cause) == (START + 10, "status 500")


def test_a_success_in_between_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        fail(breaker, 4)
        breaker.record_success()
    assert breaker.state is CLOSED


@pytest.mark.parametrize("threshold", [1, 2, 7])
def test_the_threshold_can_be_chosen(threshold: int) -> None:
    breaker = CircuitBreaker(failure_threshold=threshold)
    fail(breaker, threshold - 1)
    assert breaker.state is CLOSED
    fail(breaker, 1)
    assert breaker.state is OPEN


def test_a_trip_opens_it_at_once(breaker: CircuitBreaker) -> None:
    breaker.trip("connection refused")
    assert (breaker.state, breaker.cause) == (OPEN, "connection refused")


# --- OPEN


def test_nothing_that_ends_while_it_is_open_changes_it(
    breaker: CircuitBreaker, store: CountingStore, clock: Clock
) -> None:
    breaker.trip("down")
    clock.sleep(TIMEOUT - 0.001)
    saves = store.saves
    fail(breaker, 20)
    breaker.record_success()
    assert (breaker.state, breaker.opened_at, store.saves) == (OPEN, START, saves)


def test_after_the_recovery_timeout_it_reads_half_open(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.trip("down")
    clock.sleep(TIMEOUT - 0.001)
    assert (breaker.state, breaker.can_execute()) == (OPEN, False)
    clock.sleep(0.002)
    assert (breaker.state, breaker.can_execute()) == (HALF_OPEN, True)
    assert not breaker.test_admitted, "no probe has found Plex well"
    assert breaker.stored_state is OPEN


def test_the_recovery_timeout_runs_from_the_last_opening(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.trip("down")
    clock.sleep(50)
    breaker.trip("still down")
    clock.sleep(50)
    assert breaker.state is OPEN
    clock.sleep(10)
    assert breaker.state is HALF_OPEN


def test_a_good_probe_admits_a_test_earlier(breaker: CircuitBreaker) -> None:
    breaker.trip("down")
    breaker.admit_test()
    assert (breaker.state, breaker.can_execute(), breaker.test_admitted) == (HALF_OPEN, True, True)
    assert breaker.cause == "down"


# --- HALF_OPEN, by itself or after a probe


def by_itself(breaker: CircuitBreaker, clock: Clock) -> None:
    clock.sleep(TIMEOUT)


def after_a_probe(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.admit_test()


WAYS = pytest.mark.parametrize("half_open", [by_itself, after_a_probe])
Way = Callable[[CircuitBreaker, Clock], None]


@WAYS
def test_one_success_closes_it(breaker: CircuitBreaker, clock: Clock, half_open: Way) -> None:
    breaker.trip("down")
    half_open(breaker, clock)
    breaker.record_success()
    assert (breaker.state, breaker.opened_at, breaker.cause) == (CLOSED, 0.0, "")
    fail(breaker, 4)
    assert breaker.state is CLOSED


@WAYS
def test_one_failure_opens_it_again_and_the_outage_goes_on(
    breaker: CircuitBreaker, clock: Clock, half_open: Way
) -> None:
    breaker.trip("down")
    half_open(breaker, clock)
    clock.sleep(1)
    breaker.record_failure("another cause")
    assert (breaker.state, breaker.opened_at, breaker.cause) == (OPEN, START, "another cause")
    clock.sleep(TIMEOUT - 0.001)
    assert breaker.state is OPEN


@WAYS
def test_as_many_successes_as_wanted_close_it(clock: Clock, half_open: Way) -> None:
    breaker = CircuitBreaker(success_threshold=3, clock=clock)
    breaker.trip("down")
    half_open(breaker, clock)
    breaker.record_success()
    breaker.record_success()
    assert breaker.state is HALF_OPEN
    breaker.record_success()
    assert breaker.state is CLOSED


def test_successes_before_another_failure_do_not_count(clock: Clock) -> None:
    breaker = CircuitBreaker(success_threshold=2, clock=clock)
    breaker.trip("down")
    breaker.admit_test()
    breaker.record_success()
    breaker.record_failure("down")
    breaker.admit_test()
    breaker.record_success()
    assert breaker.state is HALF_OPEN


def test_reset_closes_it_whatever_it_was(breaker: CircuitBreaker) -> None:
    breaker.trip("down")
    breaker.reset()
    assert (breaker.state, breaker.can_execute(), breaker.opened_at, breaker.cause) == (CLOSED, True, 0.0, "")
    fail(breaker, 4)
    breaker.reset()
    fail(breaker, 4)
    assert breaker.state is CLOSED


# --- on disk


def test_every_transition_is_saved_and_nothing_else(breaker: CircuitBreaker, store: CountingStore) -> None:
    steps: list[tuple[Callable[[], None], int]] = [
        (lambda: fail(breaker, 4), 0),
        (breaker.record_success, 0),
        (lambda: breaker.trip("down"), 1),
        (breaker.admit_test, 2),
        (lambda: fail(breaker, 1), 3),
        (breaker.admit_test, 4),
        (breaker.record_success, 5),
        (breaker.record_success, 5),
    ]
    for act, saves in steps:
        act()
        assert store.saves == saves


@pytest.mark.parametrize("half_open", [None, by_itself, after_a_probe])
def test_a_restart_in_mid_outage_starts_open(store: CountingStore, clock: Clock, half_open: Way | None) -> None:
    before = CircuitBreaker(store=store, clock=clock)
    before.trip("down")
    clock.sleep(30)
    if half_open:
        half_open(before, clock)
    after = CircuitBreaker(store=store, clock=clock)
    assert (after.stored_state, after.test_admitted) == (OPEN, False)
    assert (after.opened_at, after.cause) == (START, "down")


def test_a_restart_keeps_the_recovery_timeout_running(store: CountingStore, clock: Clock) -> None:
    CircuitBreaker(store=store, clock=clock).trip("down")
    clock.sleep(50)
    after = CircuitBreaker(store=store, clock=clock)
    assert after.state is OPEN
    clock.sleep(10)
    assert after.state is HALF_OPEN


def test_a_restart_after_the_outage_starts_closed(store: CountingStore, breaker: CircuitBreaker) -> None:
    breaker.trip("down")
    breaker.admit_test()
    breaker.record_success()
    after = CircuitBreaker(store=store)
    assert (after.state, after.opened_at, after.cause) == (CLOSED, 0.0, "")


@pytest.mark.parametrize(
    "stored",
    [{"state": None}, {"state": "open", "changed_at": "yesterday", "opened_at": None, "cause": 7}, {"state": ["x"]}],
)
def test_a_file_that_somebody_has_edited_is_an_outage_at_worst(stored: dict[str, Any]) -> None:
    breaker = CircuitBreaker(store=ReadOnlyStore(stored))
    assert (breaker.stored_state, breaker.opened_at) == (OPEN, 0.0)


@pytest.mark.parametrize("prepare", [lambda breaker: None, lambda breaker: breaker.trip("down")])
def test_looking_writes_nothing(
    breaker: CircuitBreaker, store: CountingStore, clock: Clock, prepare: Callable[[CircuitBreaker], None]
) -> None:
    prepare(breaker)
    saves = store.saves
    for _ in range(3):
        for reader in (breaker, CircuitBreaker(store=store, clock=clock)):
            assert reader.can_execute() is (reader.state is not OPEN)
            assert reader.test_admitted is (reader.stored_state is HALF_OPEN)
            assert (reader.opened_at > 0.0) is (reader.cause != "")
        clock.sleep(TIMEOUT)
    assert store.saves == saves


def test_a_clock_that_was_set_back_keeps_it_open(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.trip("down")
    clock.now -= 3600
    assert breaker.state is OPEN
    breaker.admit_test()
    breaker.record_success()
    assert breaker.state is CLOSED


# --- any sequence


class BreakerMachine(RuleBasedStateMachine):
    """The breaker beside the simplest model of it: its state, since when, and two counts."""

    @initialize(failures=st.integers(1, 4), successes=st.integers(1, 3))
    def new(self, failures: int, successes: int) -> None:
        self.thresholds = (failures, successes)
        self.clock = Clock()
        self.store = MemoryStore()
        self.breaker = self._open()
        self.state, self.since, self.failures, self.successes = CLOSED, 0.0, 0, 0

    def _open(self) -> CircuitBreaker:
        return CircuitBreaker(self.thresholds[0], TIMEOUT, self.thresholds[1], store=self.store, clock=self.clock)

    def _move(self, state: CircuitState) -> None:
        self.state, self.since, self.failures, self.successes = state, self.clock.now, 0, 0

    def _shown(self) -> CircuitState:
        waited = self.clock.now - self.since
        return HALF_OPEN if self.state is OPEN and waited >= TIMEOUT else self.state

    @rule(seconds=st.sampled_from([0.0, 1.0, 30.0, 60.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule()
    def success(self) -> None:
        self.breaker.record_success()
        self.failures = 0
        if self._shown() is HALF_OPEN:
            self.successes += 1
            if self.successes >= self.thresholds[1]:
                self._move(CLOSED)

    @rule()
    def failure(self) -> None:
        self.breaker.record_failure("failed")
        if self._shown() is HALF_OPEN:
            self._move(OPEN)
        elif self.state is CLOSED:
            self.failures += 1
            if self.failures >= self.thresholds[0]:
                self._move(OPEN)

    @rule()
    def trip(self) -> None:
        self.breaker.trip("down")
        self._move(OPEN)

    @rule()
    def good_probe(self) -> None:
        if self.state is not CLOSED:
            self.breaker.admit_test()
            self._move(HALF_OPEN)

    @rule()
    def restart(self) -> None:
        self.breaker = self._open()
        self.failures = self.successes = 0
        self.state = CLOSED if self.state is CLOSED else OPEN

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "breaker"):
            return
        assert self.breaker.state is self._shown()
        assert self.breaker.stored_state is self.state
        assert self.breaker.can_execute() == (self._shown() is not OPEN)
        assert (self.breaker.opened_at > 0.0) == (self.state is not CLOSED)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
