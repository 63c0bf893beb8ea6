"""How numbers and moments are said to a person."""

from __future__ import annotations

from datetime import datetime


def counted(count: int, noun: str) -> str:
    """The count with its noun, in the plural unless it is one: `1 job`, `2,000 jobs`, `3 tries`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}s"


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


def moment(seconds: float) -> str:
    """A time (seconds since the epoch) in this machine's zone: `2026-11-20 18:30:00`."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time, roughly: `90 seconds`, `90 minutes`, `5.0 hours`."""
    if seconds < 120:
        return counted(round(seconds), "second")
    if seconds < 7200:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
