"""Arguments of tasks and operations: Stash sends a task's as text, an operation's as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0", ""})

MOST_DIGITS = 18
"""Digits of a number that surely fits into SQLite's integers."""


class ArgumentError(Exception):
    """An argument is not what it must be; the text names it, its value and what is allowed."""


def switch(args: Mapping[str, Any], name: str) -> bool:
    """A yes or no, no where it is missing. Raises ArgumentError."""
    value = args.get(name)
    text = str(value if value is not None else "").strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise ArgumentError(f'{name} is "{value}": true or false is allowed')


def whole_number(args: Mapping[str, Any], name: str) -> int | None:
    """A whole number, None where it is missing. Raises ArgumentError."""
    value = args.get(name)
    if value is None or value == "":
        return None
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise ArgumentError(f'{name} is "{value}": a whole number is allowed')
    return int(text)


def moment(args: Mapping[str, Any], name: str) -> float | None:
    """A point in time as seconds since the epoch, None where it is missing. Raises ArgumentError.

    ISO 8601, in the machine's own time zone unless it names one: "2026-11-20" or "2026-11-20T18:30".
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    try:
        return datetime.fromisoformat(str(value).strip().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):  # the last two on some systems, for what is long ago
        raise ArgumentError(f'{name} is "{value}": a date (2026-11-20) or time (2026-11-20T18:30) is allowed') from None


def choice(args: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    """One of `allowed`, the first where it is missing. Raises ArgumentError."""
    value = str(args.get(name) or "").strip().lower() or allowed[0]
    if value not in allowed:
        raise ArgumentError(f'{name} is "{value}": one of {", ".join(allowed)} is allowed')
    return value


def names(args: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """Comma-separated names, None where there are none."""
    value = args.get(name)
    parts = value if isinstance(value, list) else str(value or "").split(",")
    found = frozenset(str(part).strip() for part in parts) - {""}
    return found or None
