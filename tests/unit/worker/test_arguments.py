"""Arguments as Stash sends them: a task's are text, an operation's are JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from worker.arguments import ArgumentError, choice, moment, names, switch, whole_number


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
    with pytest.raises(ArgumentError, match=r"^dry_run is .*: true or false is allowed$"):
        switch({"dry_run": value}, "dry_run")


@pytest.mark.parametrize(("value", "number"), [("12", 12), (12, 12), (" 7 ", 7), ("0", 0), ("", None), (None, None)])
def test_a_whole_number(value: Any, number: int | None) -> None:
    assert whole_number({"scene_id": value}, "scene_id") == number
    assert whole_number({}, "scene_id") is None


@pytest.mark.parametrize("value", ["x", "-1", "1.5", 1.5, "١٢", True, [], "9" * 19, "9" * 5000])
def test_what_is_no_whole_number_is_named(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^scene_id is .*: a whole number is allowed$"):
        whole_number({"scene_id": value}, "scene_id")


def test_a_moment_with_a_zone() -> None:
    utc = datetime(2026, 11, 20, 18, 30, tzinfo=timezone.utc).timestamp()
    assert moment({"since": "2026-11-20T18:30Z"}, "since") == utc
    assert moment({"since": "2026-11-20T18:30:00+02:00"}, "since") == utc - timedelta(hours=2).total_seconds()


@pytest.mark.parametrize("value", ["2026-11-20", "2026-11-20T00:00", " 2026-11-20 00:00 "])
def test_a_moment_without_a_zone_is_the_machines(value: str) -> None:
    assert moment({"since": value}, "since") == datetime(2026, 11, 20).timestamp()


@pytest.mark.parametrize("value", ["", None])
def test_no_moment(value: Any) -> None:
    assert moment({"since": value}, "since") is None
    assert moment({}, "since") is None


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "20.11.2026", 5, [], "2026-11-20T25:00"])
def test_what_is_no_moment_is_named(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^since is .*: a date \(2026-11-20\)"):
        moment({"since": value}, "since")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("PlexNotFound", {"PlexNotFound"}),
        (" PlexNotFound , AmbiguousMatch,", {"PlexNotFound", "AmbiguousMatch"}),
        (["PlexNotFound", " "], {"PlexNotFound"}),
        ("", None),
        (" , ", None),
        (None, None),
        ([], None),
    ],
)
def test_names(value: Any, found: set[str] | None) -> None:
    assert names({"error_type": value}, "error_type") == found
    assert names({}, "error_type") is None


def test_a_choice() -> None:
    allowed = ("all", "day")
    assert [choice({"scope": value}, "scope", allowed) for value in ("day", " DAY ", "", None)] == [
        "day",
        "day",
        "all",
        "all",
    ]
    assert choice({}, "scope", allowed) == "all"
    with pytest.raises(ArgumentError, match='scope is "month": one of all, day is allowed'):
        choice({"scope": "month"}, "scope", allowed)
