"""Numbers and values of fields as a person says them."""

from __future__ import annotations

import pytest

from worker.base.words import counted, duration, queued, value_in_words


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "job", "0 jobs"),
        (1, "job", "1 job"),
        (2, "job", "2 jobs"),
        (1, "try", "1 try"),
        (6, "try", "6 tries"),
        (1483, "job", "1,483 jobs"),
    ],
)
def test_counted(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.2, "1 second"), (119.0, "119 seconds"), (600.0, "10 minutes"), (7200.0, "2.0 hours")],
)
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("differing", "added", "said"),
    [
        (0, 0, "Nothing had to be put in the queue"),
        (1, 1, "1 scene was put in the queue"),
        (31, 31, "31 scenes were put in the queue"),
        (1483, 31, "31 scenes were put in the queue, the other 1,452 wait there already"),
        (2, 1, "1 scene was put in the queue, the other one waits there already"),
        (1, 0, "The one that differs waits in the queue already"),
        (1483, 0, "All 1,483 that differ wait in the queue already"),
    ],
)
def test_queued(differing: int, added: int, said: str) -> None:
    assert queued(differing, added) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("A title", '"A title"'),
        ("two\nlines,  two blanks", '"two lines,  two blanks"'),
        ("x" * 80, f'"{"x" * 80}"'),
        ("x" * 81, f'"{"x" * 80}…"'),
        (("One", "Two, too"), '"One", "Two, too"'),
        (["One"], '"One"'),
        (8.0, "8"),
        (8.5, "8.5"),
        (0.0, "0"),
        ("", "nothing"),
        ((), "nothing"),
        ([], "nothing"),
        (None, "nothing"),
    ],
)
def test_a_fields_value_in_words(value: str | float | list[str] | tuple[str, ...] | None, said: str) -> None:
    assert value_in_words(value) == said
