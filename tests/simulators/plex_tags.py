"""Genres, actors, collections, labels, directors: one row a name for the whole server, and what an edit makes of lists.

Rows outlive the items that have them, as they do in Plex until it cleans its database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tests.simulators.plex_dialect import Dialect
from tests.simulators.plex_edits import Edit

WORD_BEGIN = re.compile(r"(?<!\S)\S")


class TagRows:
    """The rows: the spelling and the number of each name, and the photo of each person.

    Attributes:
        photos: address of an actor's photo by name: one person is one row, whatever items show it.
    """

    def __init__(self) -> None:
        self.photos: dict[str, str] = {}
        self._first_spellings: dict[tuple[str, str], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def keep(self, kind: str, name: str, dialect: Dialect) -> str:
        """Make a row for a name that is new, and return the name as the server shows it."""
        self._first_spellings.setdefault(_row(kind, name), name)
        return self.spelling(kind, name, dialect)

    def spelling(self, kind: str, name: str, dialect: Dialect) -> str:
        """Return a name as the server shows it."""
        first = self._first_spellings.get(_row(kind, name), name)
        if dialect.tag_names == "as_sent" or kind not in dialect.respelled_kinds:
            return name
        if dialect.tag_names == "rewritten":
            return name.replace("&", "and")
        return first if dialect.tag_names == "first_spelling" else with_capitals(first)

    def number(self, kind: str, name: str) -> int:
        """Return the number by which Plex knows a name."""
        return self._numbers.setdefault((kind, name), len(self._numbers) + 1)


def _row(kind: str, name: str) -> tuple[str, str]:
    return kind, name.lower()  # not casefold: "ß" and "ss" are two names


def with_capitals(name: str) -> str:
    """Return the name with a capital at the beginning of each word; the rest stays, and "ß", which has none."""
    return WORD_BEGIN.sub(lambda match: match[0].upper() if len(match[0].upper()) == 1 else match[0], name)


def without_repeats(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names in their order, each once and none empty."""
    return tuple(dict.fromkeys(filter(None, names)))


def with_arrivals(before: Sequence[str], arriving: Iterable[str], dialect: Dialect) -> tuple[str, ...]:
    """Return a list after the indexed form; the names are spelled as the server spells them."""
    return without_repeats([*(() if dialect.edit_mode == "replace" else before), *arriving])


def honoured_removals(edit: Edit, dialect: Dialect) -> list[tuple[str, str]]:
    """Return the removals of an edit, (kind, name), that the server looks at."""
    return edit.removals[:1] if dialect.edit_mode == "single_removal" else edit.removals


def without_removed(names: Sequence[str], removed: str, dialect: Dialect) -> tuple[str, ...]:
    """Return a list after the removal of one name."""
    if dialect.removal_ignores_case:
        return tuple(name for name in names if name.lower() != removed.lower())
    return tuple(name for name in names if name != removed)
