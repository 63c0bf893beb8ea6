"""Arguments of tasks and operations: Stash sends a task's as text, an operation's as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from worker.errors import ArgumentError

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})

MOST_DIGITS = 18
"""Digits of a number that surely fits into SQLite's integers."""

STASHS_OWN = frozenset({"mode", "hookContext"})
"""What Stash and PlexSync.yml pass along: every mode knows them."""


def refuse_unknown(args: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ArgumentError where `args` hold a name that is not `known`: misspelt, it would be as good as not given."""
    unknown = sorted(args.keys() - STASHS_OWN - set(known))
    if unknown:
        named = ", ".join(f'"{name}"' for name in unknown)
        allowed = ", ".join(sorted(known)) or "none"
        verb = "It knows" if known else "It takes"
        raise ArgumentError(f"{args.get('mode')} has no argument {named}. {verb} {allowed}. Nothing was done")


def switch(args: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """A yes or no, `default` where it is missing or empty. Raises ArgumentError."""
    value = args.get(name)
    text = str(value if value is not None else "").strip().lower()
    if not text:
        return default
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise ArgumentError(f'{name} is "{value}", but must be true or false')


def whole_number(args: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 1 on, None where it is missing. Raises ArgumentError."""
    value = args.get(name)
    if value is None or value == "":
        return None
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) > 0):
        raise ArgumentError(f'{name} is "{value}", but must be a whole number from 1 on')
    return int(text)


def point_in_time(args: Mapping[str, Any], name: str) -> float | None:
    """A point in time as seconds since the epoch, None where it is missing. Raises ArgumentError.

    ISO 8601, in the machine's own time zone unless it names one: "2026-11-20" or "2026-11-20T18:30".
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    try:
        return datetime.fromisoformat(str(value).strip().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):  # the last two on some systems, for what is long ago
        raise ArgumentError(
            f'{name} is "{value}", but must be a date (2026-11-20) or time (2026-11-20T18:30)'
        ) from None


def choice(args: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    """One of `allowed`, the first where it is missing. Raises ArgumentError."""
    value = args.get(name)
    chosen = str(value if value is not None else "").strip().lower() or allowed[0]
    if chosen not in allowed:
        raise ArgumentError(f'{name} is "{value}": one of {", ".join(allowed)} is allowed')
    return chosen


def subset_of(args: Mapping[str, Any], name: str, allowed: Collection[str]) -> frozenset[str] | None:
    """Some of `allowed`, comma-separated or as a list, in letters of any case; None where it is missing or empty.

    Raises ArgumentError for all else, an empty list and a lone comma included: these must not stand for all.
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    found = [part for part in (str(part).strip() for part in parts) if part]
    by_letters = {each.lower(): each for each in allowed}
    wrong = [part for part in found if part.lower() not in by_letters]
    if wrong or not found:
        said = f'holds "{wrong[0]}"' if wrong else f'is "{value}"'
        listed = ", ".join(sorted(allowed))
        raise ArgumentError(f"{name} {said}, but must be any of {listed}, comma-separated. Without it, all are meant")
    return frozenset(by_letters[part.lower()] for part in found)


def whole_numbers(args: Mapping[str, Any], name: str, most: int | None = None) -> list[int] | None:
    """Whole numbers from 1 on, as a list, comma-separated, or a single one; None where it is missing.

    At most `most` of them. Raises ArgumentError for all else, an empty list included: it must not stand for all.
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    numbers = [whole_number({name: part}, name) for part in parts]
    found = [number for number in numbers if number is not None]
    if not found:
        raise ArgumentError(f'{name} is "{value}", but must be whole numbers from 1 on, comma-separated')
    if most is not None and len(found) > most:
        raise ArgumentError(f"{name} holds {len(found)} numbers, but must be at most {most} at once")
    return list(dict.fromkeys(found))


def number_within(args: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`. Raises ArgumentError."""
    number = whole_number(args, name)
    if number is not None and number > most:
        raise ArgumentError(f"{name} is {number}, but must be a whole number from 1 to {most}")
    return default if number is None else number


def page(args: Mapping[str, Any]) -> tuple[int, str | None]:
    """How many rows of a list are wanted, and after which cursor, None for its beginning. Raises ArgumentError."""
    return number_within(args, "limit", 50, 500), text(args, "after") or None


def text(args: Mapping[str, Any], name: str) -> str:
    """A text without blanks at its ends, "" where it is missing."""
    value = args.get(name)
    return str(value).strip() if value is not None else ""


@contextmanager
def valid_cursor(args: Mapping[str, Any]) -> Iterator[None]:
    """Say so where the block finds (by ValueError) that `after` is none of our cursors. Raises ArgumentError."""
    try:
        yield
    except ValueError:
        raise ArgumentError(f'after is "{args.get("after")}", but must be the next of the page before') from None


def texts(args: Mapping[str, Any], name: str) -> list[str] | None:
    """Texts, comma-separated or as a list; None where it is missing or empty."""
    value = args.get(name)
    parts = value if isinstance(value, list) else str(value if value is not None else "").split(",")
    found = [part for part in (str(part).strip() for part in parts) if part]
    return found or None


def missing(mode: str, name: str, example: str, hint: str = "") -> ArgumentError:
    """What somebody is told who did not pass an argument that the mode needs."""
    call = f'mutation {{ runPluginOperation(plugin_id: "PlexSync", args: {{mode: "{mode}", {name}: {example}}}) }}'
    return ArgumentError(f"{name} is missing. Call it through Stash's GraphQL with {call}. {hint}".strip())
