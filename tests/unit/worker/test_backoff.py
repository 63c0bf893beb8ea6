"""The retry decision as a table: every row of the one in worker/backoff.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.exceptions import (
    AmbiguousMatch,
    PlexAuthError,
    PlexError,
    PlexItemGone,
    PlexLibraryUnknown,
    PlexLibraryUnlisted,
    PlexNotFound,
    PlexPermanentError,
    PlexRequestFailed,
    PlexServerDown,
    PlexTemporaryError,
)
from stash.exceptions import (
    SceneGone,
    SceneUnreadable,
    StashError,
    StashQueryFailed,
    StashSilent,
    StashUnauthorized,
    StashUnavailable,
)
from validation.errors import PermanentError, TransientError
from worker.backoff import (
    NOT_COUNTED,
    Action,
    BreakerEffect,
    NothingToSync,
    PartlySynced,
    PictureAwaited,
    RetryPolicy,
    calculate_delay,
    get_retry_params,
    once_only,
    refused_delay,
)

DOWN = PlexServerDown("connection refused")
REQUEST_FAILED = PlexRequestFailed("GET /library/sections: status 402", 402, request="/library/sections")
REJECTED = PlexAuthError("the token", 401)
TEMPORARY = PlexTemporaryError("status 500", 500)
UNFORESEEN = ZeroDivisionError("unforeseen")
NOT_FOUND = PlexNotFound("no such item")
ITEM_GONE = PlexItemGone("its key is another item's")
PERMANENT = PlexPermanentError("status 400", 400)
LIBRARY_UNLISTED = PlexLibraryUnlisted("Films cannot be listed")
LIBRARY_UNKNOWN = PlexLibraryUnknown("no library Films", ("Movies",))
AMBIGUOUS = AmbiguousMatch("two files", ("/a", "/b"))
STASH_AWAY = StashUnavailable("connection refused")
STASH_SILENT = StashSilent("no answer within 10 seconds")
LOGGED_OUT = StashUnauthorized("http://stash")
LOCKED = StashQueryFailed("database is locked")
GONE = SceneGone(1)
UNREADABLE = SceneUnreadable(1, "file is not a video file")
NOTHING = NothingToSync("no file")
PARTLY = PartlySynced("poster: status 400")
AWAITED = PictureAwaited("poster: what poster_fit needs is being fetched")
PUT_OFF = (LIBRARY_UNLISTED, AWAITED)

RETRY, RELEASE, BURY, DISCARD = Action.RETRY, Action.RELEASE, Action.BURY, Action.DISCARD
NONE, COUNTS, TRIP = BreakerEffect.NONE, BreakerEffect.FAILURE, BreakerEffect.TRIP

FOR_EVER = 10_000
"""A retry count that no limit reaches."""
TABLE = [
    # error, retries, base, cap, breaker, on each failure, in the end
    (DOWN, NOT_COUNTED, 5.0, 80.0, TRIP, RELEASE, RELEASE),
    (REQUEST_FAILED, NOT_COUNTED, 5.0, 80.0, TRIP, RELEASE, RELEASE),
    (REJECTED, NOT_COUNTED, 5.0, 80.0, TRIP, RELEASE, RELEASE),
    (TEMPORARY, 5, 5.0, 80.0, COUNTS, RETRY, BURY),
    (UNFORESEEN, 5, 5.0, 80.0, COUNTS, RETRY, BURY),
    (NOT_FOUND, 12, 30.0, 600.0, NONE, RETRY, BURY),
    (ITEM_GONE, 12, 30.0, 600.0, NONE, RETRY, BURY),
    (LIBRARY_UNKNOWN, NOT_COUNTED, 5.0, 80.0, NONE, RELEASE, RELEASE),
    (LIBRARY_UNLISTED, NOT_COUNTED, 600.0, 600.0, NONE, RELEASE, RELEASE),
    (PERMANENT, 0, 5.0, 80.0, NONE, BURY, BURY),
    (AMBIGUOUS, 0, 5.0, 80.0, NONE, BURY, BURY),
    (STASH_AWAY, NOT_COUNTED, 5.0, 60.0, NONE, RELEASE, RELEASE),
    (STASH_SILENT, NOT_COUNTED, 5.0, 60.0, NONE, RELEASE, RELEASE),
    (LOGGED_OUT, NOT_COUNTED, 5.0, 60.0, NONE, RELEASE, RELEASE),
    (LOCKED, NOT_COUNTED, 5.0, 60.0, NONE, RELEASE, RELEASE),
    (UNREADABLE, 5, 5.0, 80.0, NONE, RETRY, BURY),
    (GONE, 0, 5.0, 80.0, NONE, DISCARD, DISCARD),
    (NOTHING, 0, 5.0, 80.0, NONE, DISCARD, DISCARD),
    (PARTLY, 12, 5.0, 600.0, NONE, RETRY, DISCARD),
    (AWAITED, NOT_COUNTED, 10.0, 10.0, NONE, RELEASE, RELEASE),
    (TransientError("any"), 5, 5.0, 80.0, COUNTS, RETRY, BURY),
    (PermanentError("any"), 0, 5.0, 80.0, NONE, BURY, BURY),
]
IDS = [type(row[0]).__name__ for row in TABLE]
Row = tuple[BaseException, int, float, float, BreakerEffect, Action, Action]


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_retry_params(row: Row) -> None:
    error, retries, base, cap, *_ = row
    assert get_retry_params(error) == (base, cap, retries)


def _kinds(base: type[Exception]) -> set[type[Exception]]:
    return {kind for child in base.__subclasses__() for kind in {child, *_kinds(child)}}


FAILURES = sorted(_kinds(PlexError) | _kinds(StashError), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
def test_every_failure_of_plex_and_stash_is_of_one_base_class_and_in_the_table(kind: type[Exception]) -> None:
    assert issubclass(kind, TransientError) != issubclass(kind, PermanentError)
    assert kind in {type(row[0]) for row in TABLE}


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_only_what_is_permanent_is_never_tried_again(row: Row) -> None:
    error, retries, *_ = row
    assert isinstance(error, PermanentError) == (retries == 0)


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_every_try_until_the_last(row: Row) -> None:
    error, retries, base, cap, breaker, action, _ = row
    for retry_count in range(max(1, min(retries, 50))):
        decision = RetryPolicy().decide(error, retry_count)
        assert (decision.action, decision.breaker) == (action, breaker)
        if action is RETRY or error in PUT_OFF:
            assert 0.0 <= decision.delay <= min(cap, base * 2**retry_count)
        else:
            assert decision.delay == 0.0


@pytest.mark.parametrize("row", TABLE, ids=IDS)
@pytest.mark.parametrize("beyond", [0, 1, FOR_EVER])
def test_what_becomes_of_it_in_the_end(row: Row, beyond: int) -> None:
    error, retries, _, _, breaker, _, in_the_end = row
    decision = RetryPolicy().decide(error, retries + beyond)
    assert (decision.action, decision.breaker) == (in_the_end, breaker)
    assert (decision.delay > 0.0) == (error in PUT_OFF)


# --- settings


@pytest.mark.parametrize(("max_retries", "last"), [(1, 12), (5, 12), (100, 100)])
def test_a_field_that_fails_alone_is_retried_for_half_an_hour_at_least(max_retries: int, last: int) -> None:
    policy = RetryPolicy(max_retries)
    assert [policy.decide(PARTLY, count).action for count in (last - 1, last)] == [RETRY, DISCARD]


@pytest.mark.parametrize("error", [TEMPORARY, UNFORESEEN, UNREADABLE])
@pytest.mark.parametrize("max_retries", [1, 2, 100])
def test_max_retries_is_for_passing_failures(error: BaseException, max_retries: int) -> None:
    policy = RetryPolicy(max_retries=max_retries)
    assert policy.decide(error, max_retries - 1).action is RETRY
    assert policy.decide(error, max_retries).action is not RETRY


@pytest.mark.parametrize("max_retries", [1, 100])
def test_max_retries_changes_nothing_else(max_retries: int) -> None:
    policy = RetryPolicy(max_retries=max_retries)
    assert [policy.decide(NOT_FOUND, count).action for count in (11, 12)] == [RETRY, BURY]
    assert policy.decide(PERMANENT, 0).action is BURY
    assert policy.decide(DOWN, FOR_EVER).action is RELEASE


def test_not_found_may_be_forgotten_instead_of_kept() -> None:
    policy = RetryPolicy(skip_not_found=True)
    assert [policy.decide(NOT_FOUND, count).action for count in (0, 11, 12)] == [RETRY, RETRY, DISCARD]
    assert policy.decide(AMBIGUOUS, 0).action is BURY
    assert policy.decide(TEMPORARY, 5).action is BURY


# --- a job that makes Plex fail by itself


@pytest.mark.parametrize("error", [DOWN, TEMPORARY, UNFORESEEN])
def test_a_counted_outage_is_a_passing_failure(error: BaseException) -> None:
    policy = RetryPolicy(max_retries=3)
    decisions = [policy.decide_counted(error, count) for count in range(5)]
    assert [decision.action for decision in decisions] == [RETRY, RETRY, RETRY, BURY, BURY]
    assert {decision.breaker for decision in decisions} == {COUNTS}
    assert all(decision.delay <= 5.0 * 2**count for count, decision in enumerate(decisions))


@pytest.mark.parametrize("row", TABLE, ids=IDS)
@pytest.mark.parametrize("retry_count", [0, FOR_EVER])
def test_a_job_that_comes_again_by_itself_waits_for_an_outage_at_most(row: Row, retry_count: int) -> None:
    decision = RetryPolicy().decide(row[0], retry_count)
    once = once_only(decision)
    assert once.breaker is decision.breaker
    assert once.delay == 0.0
    assert once.action is (RELEASE if decision.action is RELEASE and row[0] not in PUT_OFF else DISCARD)


def test_a_refused_field_is_tried_ever_more_rarely_and_for_ever() -> None:
    delays = [refused_delay(tries) for tries in range(10)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1], refused_delay(FOR_EVER)) == (900.0, 86_400.0, 86_400.0)


@pytest.mark.parametrize("seed", range(50))
def test_what_fails_alone_is_tried_for_half_an_hour_at_least(seed: int) -> None:
    delays = [RetryPolicy().decide(PARTLY, count, jitter_seed=seed).delay for count in range(12)]
    assert 1800.0 <= sum(delays) <= 3600.0 + 60.0


# --- the delay


@given(st.integers(0, 10_000), st.floats(0.01, 100.0), st.floats(0.01, 1000.0), st.integers())
def test_a_delay_is_within_its_bounds_and_the_same_for_the_same_seed(
    retry_count: int, base: float, cap: float, seed: int
) -> None:
    delay = calculate_delay(retry_count, base, cap, seed)
    assert 0.0 <= delay <= cap
    if retry_count < 60:
        assert delay <= base * 2**retry_count
    assert calculate_delay(retry_count, base, cap, jitter_seed=seed) == delay


@pytest.mark.parametrize(("retry_count", "ceiling"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 80), (5, 80), (100, 80)])
def test_delays_fill_the_whole_span(retry_count: int, ceiling: float) -> None:
    delays = [calculate_delay(retry_count, 5.0, 80.0, seed) for seed in range(500)]
    assert max(delays) <= ceiling
    assert max(delays) > 0.98 * ceiling
    assert min(delays) < 0.02 * ceiling
    assert abs(sum(delays) / len(delays) - ceiling / 2) < 0.05 * ceiling, "uniform"


def test_a_decision_takes_a_seed_too() -> None:
    delays = {RetryPolicy().decide(TEMPORARY, 3, jitter_seed=7).delay for _ in range(5)}
    assert delays == {calculate_delay(3, 5.0, 80.0, jitter_seed=7)}


def test_without_a_seed_delays_differ() -> None:
    assert len({calculate_delay(3, 5.0, 80.0) for _ in range(20)}) > 1
