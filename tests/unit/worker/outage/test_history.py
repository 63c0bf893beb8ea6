"""The outages on record, and the figures that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_file import JsonFile
from tests.support.clock import START, Clock
from worker.circuit_breaker import MemoryStore, ReadOnlyStore
from worker.outage.history import (
    KEPT_OUTAGES,
    KEPT_SECONDS,
    MOST_OUTAGES,
    Outage,
    OutageHistory,
    OutageSummary,
    summarize,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> JsonFile:
    return JsonFile(str(tmp_path / "outages.json"))


@pytest.fixture
def history(store: JsonFile, clock: Clock) -> OutageHistory:
    return OutageHistory(store, clock)


def test_one_outage_from_its_begin_to_its_end(history: OutageHistory, clock: Clock) -> None:
    history.begin("connection refused")
    assert history.current == Outage(START, "connection refused")
    clock.sleep(90)
    history.end(jobs_waiting=12)
    assert history.current is None
    assert history.outages == (Outage(START, "connection refused", START + 90, 12),)


def test_one_that_lasts_goes_on_with_its_newest_cause(history: OutageHistory, clock: Clock) -> None:
    history.begin("connection refused")
    clock.sleep(30)
    history.begin("status 503")
    assert history.outages == (Outage(START, "status 503"),)


@pytest.mark.parametrize(("since", "started_at"), [(START - 20, START - 20), (START + 20, START)])
def test_one_may_have_begun_before_it_was_noticed_but_not_later(
    history: OutageHistory, since: float, started_at: float
) -> None:
    history.begin("status 500", since)
    assert history.outages == (Outage(started_at, "status 500"),)


def test_ending_what_has_not_begun_does_nothing(history: OutageHistory, store: JsonFile) -> None:
    history.end(3)
    assert (history.outages, store.load()) == ((), {})


def test_jobs_done_afterwards_count_until_those_that_waited_are_through(history: OutageHistory) -> None:
    history.begin("down")
    history.note_done([START] * 5)
    history.end(jobs_waiting=12)
    for expected in (5, 10, 12, 12):
        history.note_done([START] * 5)
        assert history.outages[-1].jobs_done_after == expected


def test_a_job_that_came_after_the_end_is_not_one_of_those_that_waited(history: OutageHistory, clock: Clock) -> None:
    history.begin("down")
    clock.sleep(60)
    history.end(jobs_waiting=12)
    history.note_done([START + 59, START + 60, START + 61])
    assert history.outages[-1].jobs_done_after == 2


def test_it_survives_a_restart(history: OutageHistory, store: JsonFile, clock: Clock) -> None:
    history.begin("down")
    clock.sleep(60)
    again = OutageHistory(store, clock)
    assert again.current == history.current
    again.end(2)
    assert OutageHistory(store, clock).outages == (Outage(START, "down", START + 60, 2),)


def test_all_of_the_last_30_days_are_kept_and_the_newest_however_old(store: JsonFile, clock: Clock) -> None:
    for number in range(KEPT_OUTAGES + 15):
        begin_and_end(OutageHistory(store, clock), clock, f"old {number}")
    clock.sleep(KEPT_SECONDS)
    begin_and_end(OutageHistory(store, clock), clock, "first of this month")
    assert causes(store)[0] == "old 16"
    assert len(causes(store)) == KEPT_OUTAGES
    for number in range(KEPT_OUTAGES + 5):
        begin_and_end(OutageHistory(store, clock), clock, f"new {number}")
    assert causes(store) == ["first of this month", *(f"new {number}" for number in range(KEPT_OUTAGES + 5))]


def test_one_that_began_long_ago_and_ended_of_late_is_one_of_the_last_30_days(store: JsonFile, clock: Clock) -> None:
    history = OutageHistory(store, clock)
    history.begin("a holiday")
    clock.sleep(KEPT_SECONDS + 86400)
    history.end(0)
    for number in range(KEPT_OUTAGES + 5):
        begin_and_end(history, clock, f"new {number}")
    assert causes(store)[0] == "a holiday"


def test_a_server_that_comes_and_goes_fills_no_file(store: JsonFile, clock: Clock) -> None:
    many = [Outage(START + number, f"{number}", START + number + 0.5)._asdict() for number in range(MOST_OUTAGES + 5)]
    store.save({"outages": many})
    clock.now = START + MOST_OUTAGES + 5
    begin_and_end(OutageHistory(store, clock), clock, "the newest")
    assert len(causes(store)) == MOST_OUTAGES
    assert (causes(store)[0], causes(store)[-1]) == ("6", "the newest")


@given(st.lists(st.tuples(st.floats(0.0, 40 * 86400), st.floats(0.0, 40 * 86400)), max_size=60))
def test_what_is_left_out_is_old_and_not_among_the_newest(gaps: list[tuple[float, float]]) -> None:
    clock, store = Clock(), MemoryStore()
    ended = []
    for up, down in gaps:
        clock.sleep(up)
        history = OutageHistory(store, clock)
        history.begin("down")
        clock.sleep(down)
        history.end(0)
        ended.append(history.outages[-1].ended_at)
    kept = [outage.ended_at for outage in OutageHistory(store, clock).outages]
    assert kept == ended[len(ended) - len(kept) :]
    left_out = [moment for moment in ended[: len(ended) - len(kept)] if moment]
    assert len(kept) >= min(len(ended), KEPT_OUTAGES)
    assert all(moment < clock.now - KEPT_SECONDS for moment in left_out)


def begin_and_end(history: OutageHistory, clock: Clock, cause: str) -> None:
    history.begin(cause)
    clock.sleep(1)
    history.end(0)


def causes(store: JsonFile) -> list[str]:
    return [outage["cause"] for outage in store.load()["outages"]]


def test_a_clock_that_was_set_back_makes_no_negative_outage(history: OutageHistory, clock: Clock) -> None:
    history.begin("down")
    clock.now -= 3600
    assert history.outages[0].duration(clock.now) == 0.0
    history.end(0)
    assert history.outages[0].duration(clock.now) == 0.0


@pytest.mark.parametrize(
    "stored",
    [None, "none", 7, {}, [None], ["x"], [{}], [{"started_at": "soon", "cause": "c"}], [{"cause": "c"}], [[1, 2]]],
)
def test_a_file_that_somebody_has_edited_is_never_a_crash(stored: Any, clock: Clock) -> None:
    history = OutageHistory(ReadOnlyStore({"outages": stored}), clock)
    assert history.outages == ()
    history.begin("down")
    history.end(1)
    assert len(history.outages) == 1


@pytest.mark.parametrize("name", ["ended_at", "jobs_waiting", "jobs_done_after", "cause"])
@pytest.mark.parametrize("value", ["soon", None, [], float("nan")])
def test_what_is_left_of_an_edited_outage_can_be_worked_with(name: str, value: Any, clock: Clock) -> None:
    stored = {"started_at": START, "cause": "c", "ended_at": START + 5, "jobs_waiting": 1, name: value, "unknown": 1}
    history = OutageHistory(ReadOnlyStore({"outages": [stored]}), clock)
    history.begin("down")
    history.end(1)
    history.note_done([START])
    assert summarize(history.outages, clock.now) and history.outages


# --- figures


def outage(start: float, end: float | None) -> Outage:
    return Outage(START + start, "down", None if end is None else START + end)


@pytest.mark.parametrize(
    ("outages", "now", "summary"),
    [
        ([], 0, OutageSummary(None, None, None)),
        ([outage(0, 60)], 600, OutageSummary(60.0, None, 0.9)),
        ([outage(0, 60), outage(660, 720)], 1200, OutageSummary(60.0, 600.0, 0.9)),
        ([outage(0, 20), outage(100, 140), outage(300, 300)], 1000, OutageSummary(20.0, 120.0, 0.94)),
        ([outage(0, None)], 100, OutageSummary(None, None, 0.0)),
        ([outage(0, 50), outage(100, None)], 200, OutageSummary(50.0, 50.0, 0.25)),
        ([outage(0, None)], 0, OutageSummary(None, None, None)),
    ],
)
def test_figures(outages: list[Outage], now: float, summary: OutageSummary) -> None:
    figures = summarize(outages, START + now)
    assert figures.mttr == pytest.approx(summary.mttr)
    assert figures.mtbf == pytest.approx(summary.mtbf)
    assert figures.availability == pytest.approx(summary.availability)


@pytest.mark.parametrize(
    ("since", "summary"),
    [
        (-1000, OutageSummary(40.0, 440.0, 0.88)),  # nobody knows how Plex was before the first
        (0, OutageSummary(40.0, 440.0, 0.88)),
        (500, OutageSummary(60.0, 400.0, 0.8)),
        (510, OutageSummary(60.0, 400.0, 1 - 90 / 490)),
        (700, OutageSummary(None, None, 1 - 40 / 300)),
        (980, OutageSummary(None, None, 0.0)),
    ],
)
def test_figures_of_a_period_are_over_what_lasted_in_it(since: float, summary: OutageSummary) -> None:
    outages = [outage(0, 20), outage(500, 560), outage(960, None)]
    figures = summarize(outages, START + 1000, START + since)
    assert figures._asdict() == pytest.approx(summary._asdict())


def test_a_period_after_all_outages_was_without_one() -> None:
    assert summarize([outage(0, 20)], START + 1000, START + 500) == OutageSummary(None, None, 1.0)


@given(st.lists(st.tuples(st.floats(0.0, 1e6), st.floats(0.0, 1e6)), max_size=8), st.booleans(), st.floats(0.0, 1e6))
def test_figures_of_any_history_are_possible(gaps: list[tuple[float, float]], lasts: bool, later: float) -> None:
    clock = Clock()
    history = OutageHistory(MemoryStore(), clock)
    for number, (up, down) in enumerate(gaps):
        clock.sleep(up)
        history.begin("down")
        clock.sleep(down)
        if not lasts or number < len(gaps) - 1:
            history.end(0)
    figures = summarize(history.outages, clock.now + later)
    assert len(history.outages) == len(gaps)
    assert all(value is None or value >= 0.0 for value in (figures.mttr, figures.mtbf))
    assert figures.availability is None or 0.0 <= figures.availability <= 1.0
