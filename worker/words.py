"""How numbers and moments are said to a person."""

from __future__ import annotations

from datetime import datetime


def counted(count: int, noun: str) -> str:
    """The count with its noun, in the plural unless it is one: `1 job`, `2 jobs`, `3 tries`."""
    if count == 1:
        return f"{count} {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ry") else f"{count} {noun}s"


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
