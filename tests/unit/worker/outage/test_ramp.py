"""How fast jobs go after an outage, and when failures slow them down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import Clock
from worker.outage.ramp import DURATION, ENOUGH_OUTCOMES, FIRST_RATE, SHORTEST_WAIT, WINDOW, Ramp, seconds_until

BATCH = 50


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ramp(clock: Clock) -> Ramp:
    """A ramp at whose beginning an outage has just ended."""
    made = Ramp(clock=clock)
    made.begin()
    return made


def started(ramp: Ramp, clock: Clock, seconds: float) -> int:
    """How many jobs start within so many seconds, where there are always more to start."""
    end, count = clock.now + seconds, 0
    while clock.now < end:
        taken = ramp.take(BATCH)
        count += taken
        clock.sleep(0.0 if taken else ramp.seconds_to_next())
    return count


def test_without_an_outage_nothing_is_held_back(clock: Clock) -> None:
    ramp = Ramp(clock=clock)
    assert (ramp.is_active, ramp.take(BATCH), ramp.take(BATCH)) == (False, BATCH, BATCH)


def test_after_an_outage_it_begins_with_5_jobs_a_second(ramp: Ramp, clock: Clock) -> None:
    assert ramp.rate() == FIRST_RATE == 5.0
    assert 5 <= started(ramp, clock, 1.0) <= 7


def test_it_doubles_each_minute(ramp: Ramp, clock: Clock) -> None:
    rates = []
    for _ in range(5):
        rates.append(round(ramp.rate()))
        clock.sleep(60)
    assert rates == [5, 10, 20, 40, 80]


def test_after_five_minutes_it_is_over(ramp: Ramp, clock: Clock) -> None:
    clock.sleep(DURATION - 0.001)
    assert ramp.is_active
    clock.sleep(0.002)
    assert (ramp.is_active, ramp.take(BATCH)) == (False, BATCH)


def test_as_many_jobs_start_as_the_ramp_promises(ramp: Ramp, clock: Clock) -> None:
    count = started(ramp, clock, 120.0)
    assert seconds_until(count) == pytest.approx(120.0, rel=0.05)


def test_a_pause_is_not_made_up_for_in_a_burst(ramp: Ramp, clock: Clock) -> None:
    clock.sleep(60)
    assert ramp.take(1000) <= ramp.rate() + 1


def test_a_restart_goes_on_where_the_ramp_was(ramp: Ramp, clock: Clock) -> None:
    clock.sleep(120)
    again = Ramp(ramp.began_at, clock)
    assert again.rate() == pytest.approx(20.0)
    assert again.is_active


def test_a_clock_that_was_set_back_ends_it(ramp: Ramp, clock: Clock) -> None:
    clock.now -= 3600
    assert not ramp.is_active
    assert ramp.take(BATCH) == BATCH


def test_waiting_ends_even_where_the_rest_is_less_than_a_clocks_step(ramp: Ramp, clock: Clock) -> None:
    """A wait of a nanosecond would not move a clock that counts from 1970, and never end."""
    for _ in range(1000):
        before = clock.now
        while not ramp.take(1):
            pause = ramp.seconds_to_next()
            assert pause >= SHORTEST_WAIT
            clock.sleep(pause)
        assert clock.now - before <= 1.0


# --- failures


def test_many_failures_halve_the_rate_for_a_minute(ramp: Ramp, clock: Clock) -> None:
    for _ in range(ENOUGH_OUTCOMES):
        ramp.note(failed=True)
    assert ramp.rate() == 2.5
    clock.sleep(WINDOW)
    assert ramp.rate() == 10.0


def test_many_failures_slow_down_also_without_an_outage(clock: Clock) -> None:
    ramp = Ramp(clock=clock)
    for _ in range(ENOUGH_OUTCOMES):
        ramp.note(failed=True)
    assert ramp.is_active
    clock.sleep(WINDOW)
    assert not ramp.is_active


@pytest.mark.parametrize(("failures", "slowed"), [(3, False), (4, True)])
def test_over_30_percent_is_many(clock: Clock, failures: int, slowed: bool) -> None:
    ramp = Ramp(clock=clock)
    for number in range(10):
        ramp.note(failed=number >= 10 - failures)
    assert ramp.is_active is slowed


def test_a_few_outcomes_say_nothing(clock: Clock) -> None:
    ramp = Ramp(clock=clock)
    for _ in range(ENOUGH_OUTCOMES - 1):
        ramp.note(failed=True)
    assert not ramp.is_active


def test_what_was_over_a_minute_ago_says_nothing(clock: Clock) -> None:
    ramp = Ramp(clock=clock)
    for _ in range(ENOUGH_OUTCOMES - 1):
        ramp.note(failed=True)
    clock.sleep(WINDOW + 1)
    for number in range(ENOUGH_OUTCOMES):
        ramp.note(failed=number == 0)
    assert not ramp.is_active


@given(st.lists(st.tuples(st.floats(0.0, 8.0), st.booleans()), max_size=60))
def test_a_slow_down_is_about_the_last_minute_alone(outcomes: list[tuple[float, bool]]) -> None:
    clock = Clock()
    ramp = Ramp(clock=clock)
    noted: list[tuple[float, bool]] = []
    slow_until = 0.0
    for pause, failed in outcomes:
        clock.sleep(pause)
        ramp.note(failed)
        noted.append((clock.now, failed))
        recent = [one for moment, one in noted if clock.now - moment <= WINDOW]
        if len(recent) >= ENOUGH_OUTCOMES and sum(recent) > 0.3 * len(recent) and clock.now >= slow_until:
            slow_until = clock.now + WINDOW
        assert ramp.is_active is (clock.now < slow_until)


# --- the ramp as a schedule


@given(st.integers(0, 100_000))
def test_later_jobs_fall_due_later_and_closer_together(jobs: int) -> None:
    pauses = [seconds_until(jobs + number + 1) - seconds_until(jobs + number) for number in range(3)]
    assert all(pause > 0 for pause in pauses)
    assert pauses[0] >= pauses[1] >= pauses[2]
    assert pauses[0] <= 1 / FIRST_RATE


def test_the_first_job_is_due_at_once() -> None:
    assert seconds_until(0) == 0.0
