"""How the query of an edit is read: python-plexapi 4.18's forms of fields, tags, removals and locks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

EditMode = Literal["replace", "add", "single_removal"]

# Plex's name of a field in edits and locks, and the attribute that python-plexapi gives it
TEXT_FIELDS = {
    "title": "title",
    "titleSort": "title_sort",
    "studio": "studio",
    "summary": "summary",
    "tagline": "tagline",
    "originallyAvailableAt": "originally_available_at",
}
TAG_FIELDS = {"genre": "genres", "actor": "roles", "collection": "collections", "label": "labels"}

TAG_SET = re.compile(r"(\w+)\[(\d+)\]\.tag\.tag")
TAG_REMOVAL = re.compile(r"(\w+)\[\]\.tag\.tag-")


@dataclass
class Edit:
    """One PUT. Names of fields and tags are Plex's (`titleSort`, `actor`); unknown ones are left out.

    Attributes:
        tags: by kind, the names of the indexed form in the order of their indices.
        removals: (kind, name) of the `-=` form, in the order in which they came.
    """

    rating_keys: tuple[int, ...]
    type_number: int | None = None
    text: dict[str, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    removals: list[tuple[str, str]] = field(default_factory=list)
    locks: frozenset[str] = frozenset()
    unlocks: frozenset[str] = frozenset()


def parse_edit(rating_keys: tuple[int, ...], parameters: Iterable[tuple[str, str]]) -> Edit:
    """Read decoded query parameters as an edit; raises ValueError where `type` is no number."""
    edit = Edit(rating_keys)
    indexed: list[tuple[str, int, str]] = []
    for key, value in parameters:
        if key == "type":
            edit.type_number = int(value)
        elif key.endswith(".value") and key[:-6] in TEXT_FIELDS:
            edit.text[key[:-6]] = value
        elif key.endswith(".locked"):
            _set_lock(edit, key[:-7], value)
        elif match := TAG_SET.fullmatch(key):
            indexed.append((match[1], int(match[2]), value))
        elif (match := TAG_REMOVAL.fullmatch(key)) and match[1] in TAG_FIELDS:
            # The names are quoted once more, so that a comma inside of one is told from the commas between them.
            edit.removals.extend((match[1], unquote(name)) for name in value.split(",") if name)
    for kind, _index, value in sorted(indexed, key=lambda entry: entry[1]):
        if kind in TAG_FIELDS:
            edit.tags.setdefault(kind, []).append(value)
    return edit


def _set_lock(edit: Edit, name: str, value: str) -> None:
    if value in ("1", "true"):
        edit.locks |= {name}
        edit.unlocks -= {name}
    else:
        edit.unlocks |= {name}
        edit.locks -= {name}
