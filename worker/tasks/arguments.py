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
MOST_SHOWN = 100
"""Characters of a wrong value that its message repeats. Chosen: more than a person types, less than a log's line."""

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


def _refusal(name: str, value: object, must: str) -> ArgumentError:
    """What somebody is told whose argument is not what it `must` be."""
    said = "is empty" if value is None or value == "" else f'is "{_shown(value)}"'
    return ArgumentError(f"{name} {said}, but must be {must}")


def _shown(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


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
    raise _refusal(name, value, "true or false")


def whole_number(args: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 1 on, None where it is missing. Raises ArgumentError.

    Also for one that is given and empty: it must not stand for all.
    """
    return _number(name, args[name], "a whole number from 1 on") if name in args else None


def _number(name: str, value: object, must: str) -> int:
    text = str("" if value is None else value).strip()
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise _refusal(name, value, must)
    if len(text) > MOST_DIGITS:
        raise _refusal(name, value, f"a whole number of at most {MOST_DIGITS} digits")
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
        raise _refusal(name, value, "a date (2026-11-20) or time (2026-11-20T18:30)") from None


def choice(args: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    """One of `allowed`, the first where it is missing. Raises ArgumentError."""
    value = args.get(name)
    chosen = str(value if value is not None else "").strip().lower() or allowed[0]
    if chosen not in allowed:
        raise _refusal(name, value, f"one of {', '.join(allowed)}")
    return chosen


def subset_of(args: Mapping[str, Any], name: str, allowed: Collection[str]) -> frozenset[str] | None:
    """Some of `allowed`, comma-separated or as a list, in letters of any case; None where it is missing or empty.

    Raises ArgumentError for all else, an empty list and a lone comma included: these must not stand for all.
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    found = _parts(value)
    by_letters = {each.lower(): each for each in allowed}
    wrong = [part for part in found if part.lower() not in by_letters]
    if wrong or not found:
        said = f'holds "{_shown(wrong[0])}"' if wrong else f'is "{_shown(value)}"'
        listed = ", ".join(sorted(allowed))
        raise ArgumentError(f"{name} {said}, but must be any of {listed}, comma-separated. Without it, all are meant")
    return frozenset(by_letters[part.lower()] for part in found)


def whole_numbers(args: Mapping[str, Any], name: str, most: int | None = None) -> list[int] | None:
    """Whole numbers from 1 on, as a list, comma-separated, or a single one; None where it is missing.

    At most `most` of them. Raises ArgumentError for all else, one given and empty included: it must not stand for all.
    """
    if name not in args:
        return None
    value = args[name]
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    found = [_number(name, part, "a whole number from 1 on") for part in parts if part not in (None, "")]
    if not found:
        raise _refusal(name, value, "whole numbers from 1 on, comma-separated")
    if most is not None and len(found) > most:
        raise ArgumentError(f"{name} holds {len(found)} numbers, but must be at most {most} at once")
    return list(dict.fromkeys(found))


def number_within(args: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`, `default` where it is missing or empty. Raises ArgumentError."""
    value = args.get(name)
    if value is None or value == "":
        return default
    must = f"a whole number from 1 to {most}"
    number = _number(name, value, must)
    if number > most:
        raise _refusal(name, number, must)
    return number


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
    except (ValueError, OverflowError):
        raise _refusal("after", args.get("after"), "the next of the page before") from None


def texts(args: Mapping[str, Any], name: str) -> list[str] | None:
    """Texts, comma-separated or as a list; None where it is missing or "".

    Raises ArgumentError for all else, an empty list and a lone comma included: these must not stand for all.
    """
    value = args.get(name)
    if value is None or value == "":
        return None
    found = _parts(value)
    if not found:
        raise _refusal(name, value, "one or several names, comma-separated. Without it, all are meant")
    return found


def _parts(value: object) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [part for part in (str(part).strip() for part in parts) if part]


def search(args: Mapping[str, Any], name: str = "search") -> str:
    """What is searched for, "" where it is missing or "". Raises ArgumentError: blanks must not stand for all."""
    value = args.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, (str, int)) or not str(value).strip():
        raise _refusal(name, value, "a part of a title, a path or a number. Without it, all are meant")
    return str(value).strip()


def missing(mode: str, name: str, example: str, hint: str = "") -> ArgumentError:
    """What somebody is told who did not pass an argument that the mode needs."""
    call = f'mutation {{ runPluginOperation(plugin_id: "PlexSync", args: {{mode: "{mode}", {name}: {example}}}) }}'
    return ArgumentError(f"{name} is missing. Call it through Stash's GraphQL with {call}. {hint}".strip())
