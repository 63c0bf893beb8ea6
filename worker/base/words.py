"""How numbers, moments and values of fields are said to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

NOTHING = "nothing"
"""What stands for a value that says nothing."""

_LONGEST_TEXT = 80
"""Characters of a text that the log shows. Chosen: one line of it."""


def counted(count: int, noun: str) -> str:
    """The count with its noun, in the plural unless it is one: `1 job`, `2,000 jobs`, `3 tries`."""
    return f"{count:,} {in_number(count, noun)}"


def in_number(count: int, noun: str) -> str:
    """The noun alone, in the plural unless it is one."""
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"


def queued(differing: int, added: int) -> str:
    """What became of the scenes that differ: `added` of them were put in the queue, the others wait there already."""
    if not differing:
        return "Nothing had to be put in the queue"
    if not added:
        one, all_of_them = "The one that differs waits", f"All {differing:,} that differ wait"
        return f"{one if differing == 1 else all_of_them} in the queue already"
    others = differing - added
    said = f"{counted(added, 'scene')} {'was' if added == 1 else 'were'} put in the queue"
    if others == 1:
        return f"{said}, the other one waits there already"
    return f"{said}, the other {others:,} wait there already" if others > 0 else said


def local_time(seconds: float) -> str:
    """A time (seconds since the epoch) in this machine's zone: `2026-11-20 18:30:00`."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time, roughly: `90 seconds`, `90 minutes`, `5.0 hours`."""
    if seconds < 120:
        return counted(round(seconds), "second")
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"


def value_in_words(value: str | float | Sequence[str] | None) -> str:
    """One field's value, as it is or as JSON holds it: `"A title"`, `"One", "Two"`, `8.5`, `nothing`."""
    if isinstance(value, str):
        text = " ".join(value.splitlines())  # a line break would end the line of the log
        return f'"{text[:_LONGEST_TEXT]}{"…" if len(text) > _LONGEST_TEXT else ""}"' if text else NOTHING
    if isinstance(value, int | float):
        return f"{value:g}"
    return ", ".join(map(value_in_words, value or ())) or NOTHING
