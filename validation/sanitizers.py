"""Text as Stash holds it, made fit for Plex. Every function is idempotent: cleaning what is clean changes nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from validation.limits import cut_to_characters
from validation.names import name_key

# Control characters that are no whitespace, zero-width space, lone surrogates (which have no bytes), byte order mark,
# and the two others that XML 1.0 forbids
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\ud800-\udfff\ufeff\ufffe\uffff]")
_CONTROL_SPACES = re.compile(r"[\t\x1f]")  # what str.splitlines leaves of the control characters that are whitespace
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


def clean_line(text: str, characters: int) -> str:
    """One line of at most `characters`: normalised (NFC), without control characters, whitespace folded."""
    return cut_to_characters(_one_line(text), characters)


def clean_lines(text: str) -> str:
    """Lines parted by "\\n", however many: normalised (NFC), without control characters or trailing spaces."""
    lines = (_CONTROL_SPACES.sub(" ", line).rstrip() for line in _visible(text).splitlines())
    return "\n".join(lines).strip()


def clean_date(text: str) -> str:
    """A calendar date as YYYY-MM-DD, or "" where `text` is none.

    Stash also stores a year (YYYY) or a month (YYYY-MM) (Stash v0.30, `models.Date`); Plex wants a day, so these become
    the first day of the year or month.
    """
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return ""
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def clean_names(names: Iterable[str], characters: int) -> tuple[str, ...]:
    """Each name cleaned as one line, in order, without empty ones and without repetitions that differ only in case."""
    unique: dict[str, str] = {}
    for name in (clean_line(each, characters) for each in names):
        if name:
            unique.setdefault(name_key(name), name)
    return tuple(unique.values())


def _one_line(text: str) -> str:
    return " ".join(_visible(text).split())


def _visible(text: str) -> str:
    """Without what cannot be shown or sent; normalised last, for what is taken out may have parted two that compose."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
