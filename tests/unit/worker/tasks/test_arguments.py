"""Arguments as Stash sends them: a task's are text, an operation's are JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from worker.errors import ArgumentError
from worker.tasks.arguments import (
    choice,
    number_within,
    point_in_time,
    refuse_unknown,
    search,
    subset_of,
    switch,
    texts,
    valid_cursor,
    whole_number,
    whole_numbers,
)

KINDS = ("AmbiguousMatch", "PlexNotFound")


@pytest.mark.parametrize("value", [True, "true", "True", " YES ", "on", "1", 1])
def test_a_switch_that_is_on(value: Any) -> None:
    assert switch({"dry_run": value}, "dry_run") is True


@pytest.mark.parametrize("value", [False, "false", "No", "off", "0", 0, "", None, "  "])
def test_a_switch_that_is_off(value: Any) -> None:
    assert switch({"dry_run": value}, "dry_run") is False


def test_a_missing_switch_is_off() -> None:
    assert switch({}, "dry_run") is False


@pytest.mark.parametrize("value", ["maybe", 2, "truee", [], {}, 1.5])
def test_what_is_no_switch_is_named(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^dry_run is .*, but must be true or false$"):
        switch({"dry_run": value}, "dry_run")


@pytest.mark.parametrize(("value", "number"), [("12", 12), (12, 12), (" 7 ", 7), ("1", 1)])
def test_a_whole_number(value: Any, number: int) -> None:
    assert whole_number({"scene_id": value}, "scene_id") == number
    assert whole_number({}, "scene_id") is None


@pytest.mark.parametrize("value", ["", None, [], ",", [""], [None], " "])
def test_ids_that_are_given_and_empty_never_stand_for_all(value: Any) -> None:
    assert whole_numbers({}, "ids") is None
    with pytest.raises(ArgumentError, match=r"^ids is .*, but must be (a whole number|whole numbers) from 1 on"):
        whole_numbers({"ids": value}, "ids")
    with pytest.raises(ArgumentError, match=r"^scene_id is .*, but must be a whole number from 1 on$"):
        whole_number({"scene_id": value}, "scene_id")


@pytest.mark.parametrize(("value", "found"), [("1, 2,1,", [1, 2]), ([2, "3"], [2, 3]), (4, [4]), ("5", [5])])
def test_ids(value: Any, found: list[int]) -> None:
    assert whole_numbers({"ids": value}, "ids") == found


def test_one_sentence_for_every_limit_that_is_none() -> None:
    assert [number_within({"limit": value}, "limit", 50, 500) for value in (1, "500", "", None)] == [1, 500, 50, 50]
    for value in (0, 501, -1, "x"):
        with pytest.raises(ArgumentError, match=rf'^limit is "{value}", but must be a whole number from 1 to 500$'):
            number_within({"limit": value}, "limit", 50, 500)


@pytest.mark.parametrize(
    "value", ["x", "-1", -1, 0, "0", "00", "1.5", 1.5, "١٢", True, False, [], {}, "9" * 19, "9" * 5000]
)
def test_what_is_no_whole_number_is_named(value: Any) -> None:
    allowed = "(from 1 on|of at most 18 digits)"
    with pytest.raises(ArgumentError, match=rf"^scene_id is .*, but must be a whole number {allowed}$"):
        whole_number({"scene_id": value}, "scene_id")


def test_a_moment_with_a_zone() -> None:
    utc = datetime(2026, 11, 20, 18, 30, tzinfo=timezone.utc).timestamp()
    assert point_in_time({"since": "2026-11-20T18:30Z"}, "since") == utc
    assert point_in_time({"since": "2026-11-20T18:30:00+02:00"}, "since") == utc - timedelta(hours=2).total_seconds()


@pytest.mark.parametrize("value", ["2026-11-20", "2026-11-20T00:00", " 2026-11-20 00:00 "])
def test_a_moment_without_a_zone_is_the_machines(value: str) -> None:
    assert point_in_time({"since": value}, "since") == datetime(2026, 11, 20).timestamp()


@pytest.mark.parametrize("value", ["", None])
def test_no_moment(value: Any) -> None:
    assert point_in_time({"since": value}, "since") is None
    assert point_in_time({}, "since") is None


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "20.11.2026", 5, [], "2026-11-20T25:00"])
def test_what_is_no_moment_is_named(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^since is .*, but must be a date \(2026-11-20\)"):
        point_in_time({"since": value}, "since")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("PlexNotFound", {"PlexNotFound"}),
        (" PlexNotFound , AmbiguousMatch,", {"PlexNotFound", "AmbiguousMatch"}),
        (["PlexNotFound", " "], {"PlexNotFound"}),
        ("plexnotfound,AMBIGUOUSMATCH", {"PlexNotFound", "AmbiguousMatch"}),
        ("", None),
        (None, None),
    ],
)
def test_a_subset_of_several(value: Any, found: set[str] | None) -> None:
    assert subset_of({"error_type": value}, "error_type", KINDS) == found
    assert subset_of({}, "error_type", KINDS) is None


@pytest.mark.parametrize(
    "value", [[], {}, ",", " , ", " ", [""], 5, 0, True, False, "Nonsense", [5], {"PlexNotFound": 1}]
)
def test_what_is_none_of_them_is_named_and_never_stands_for_all(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^error_type (is|holds) .*, but must be any of AmbiguousMatch"):
        subset_of({"error_type": value}, "error_type", KINDS)


def test_the_wrong_one_of_several_is_named() -> None:
    with pytest.raises(ArgumentError, match=r'^error_type holds "Nonsense", but must be any of AmbiguousMatch'):
        subset_of({"error_type": "PlexNotFound,Nonsense"}, "error_type", KINDS)


def test_arguments_that_are_known() -> None:
    refuse_unknown({"mode": "compare", "scope": "day"}, ("scope",))
    refuse_unknown({"mode": "compare"}, ("scope",))
    refuse_unknown({"mode": "queue_status", "hookContext": None}, ())


def test_an_argument_that_is_unknown_is_named_with_those_that_are_known() -> None:
    args = {"mode": "retry_failed", "dryrun": True, "scene_id": 7}
    with pytest.raises(ArgumentError, match=r'^retry_failed has no argument "dryrun"\. It knows dry_run, scene_id\.'):
        refuse_unknown(args, ("dry_run", "scene_id"))
    with pytest.raises(ArgumentError, match=r'^all has no argument "a", "b"\. It takes none\. Nothing was done$'):
        refuse_unknown({"mode": "all", "b": 1, "a": None}, ())


def test_a_choice() -> None:
    allowed = ("all", "day")
    assert [choice({"scope": value}, "scope", allowed) for value in ("day", " DAY ", "", None)] == [
        "day",
        "day",
        "all",
        "all",
    ]
    assert choice({}, "scope", allowed) == "all"


@pytest.mark.parametrize("value", ["month", [], {}, 0, False, 5])
def test_what_is_no_choice_is_named(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^scope is .*, but must be one of all, day$"):
        choice({"scope": value}, "scope", ("all", "day"))


@pytest.mark.parametrize(("value", "found"), [(None, None), ("", None), ("a, b,", ["a", "b"]), (["a", " "], ["a"])])
def test_names(value: Any, found: list[str] | None) -> None:
    assert texts({"error_type": value}, "error_type") == found


@pytest.mark.parametrize("value", [[], ",", "  ", {}, 5, [" "]])
def test_no_names_are_refused_where_none_would_stand_for_all(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^error_type is .*, but must be one or several names"):
        texts({"error_type": value}, "error_type")


@pytest.mark.parametrize(("value", "found"), [(None, ""), ("", ""), (" a b ", "a b"), (7, "7")])
def test_a_search(value: Any, found: str) -> None:
    assert search({"search": value}) == found


@pytest.mark.parametrize("value", ["  ", [], {}, ["a"]])
def test_blanks_are_no_search_for_all(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^search is .*Without it, all are meant$"):
        search({"search": value})


def test_a_cursor_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^after is \"1000"), valid_cursor({"after": 10**30}):
        raise OverflowError


def test_a_message_repeats_no_more_than_the_beginning_of_a_wrong_value() -> None:
    with pytest.raises(ArgumentError) as caught:
        whole_number({"scene_id": "x" * 200_000}, "scene_id")
    assert len(str(caught.value)) < 200
