"""How the query of an edit is read: python-plexapi 4.18's forms of fields, tags, removals and locks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
    "contentRating": "content_rating",
    "originalTitle": "original_title",
    "editionTitle": "edition_title",
}
TAG_FIELDS = {
    "genre": "genres",
    "actor": "roles",
    "collection": "collections",
    "label": "labels",
    "director": "directors",
}

TAG_SET = re.compile(r"(\w+)\[(\d+)\]\.tag\.tag")
ACTOR_DETAIL = re.compile(r"actor\[(\d+)\]\.(tagging\.text|tag\.thumb)")
TAG_REMOVAL = re.compile(r"(\w+)\[\]\.tag\.tag-")


@dataclass
class Edit:
    """One PUT. Names of fields and tags are Plex's (`titleSort`, `actor`); unknown ones are left out.

    Attributes:
        tags: by kind, the names of the indexed form in the order of their indices.
        removals: (kind, name) of the `-=` form, in the order in which they came.
        characters: by an actor's name, what the actor plays (`actor[0].tagging.text`).
        photos: by an actor's name, the address of a photo (`actor[0].tag.thumb`).
    """

    rating_keys: tuple[int, ...]
    type_number: int | None = None
    text: dict[str, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    removals: list[tuple[str, str]] = field(default_factory=list)
    characters: dict[str, str] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    locks: frozenset[str] = frozenset()
    unlocks: frozenset[str] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """Every field that the edit is about, be it for a value, a name or a lock."""
        removed = {kind for kind, _ in self.removals}
        return frozenset(self.text) | frozenset(self.tags) | removed | self.locks | self.unlocks


def parse_edit(rating_keys: tuple[int, ...], parameters: Iterable[tuple[str, str]]) -> Edit:
    """Read decoded query parameters as an edit; raises ValueError where `type` is no number."""
    edit = Edit(rating_keys)
    indexed: list[tuple[str, int, str]] = []
    details: list[tuple[int, str, str]] = []
    for key, value in parameters:
        if key == "type":
            edit.type_number = int(value)
        elif key.endswith(".value") and key[:-6] in TEXT_FIELDS:
            edit.text[key[:-6]] = value
        elif key.endswith(".locked"):
            _set_lock(edit, key[:-7], value)
        elif match := TAG_SET.fullmatch(key):
            indexed.append((match[1], int(match[2]), value))
        elif match := ACTOR_DETAIL.fullmatch(key):
            details.append((int(match[1]), match[2], value))
        elif (match := TAG_REMOVAL.fullmatch(key)) and match[1] in TAG_FIELDS:
            # The names are quoted once more, so that a comma inside of one is told from the commas between them.
            edit.removals.extend((match[1], unquote(name)) for name in value.split(",") if name)
    for kind, _index, value in sorted(indexed, key=lambda entry: entry[1]):
        if kind in TAG_FIELDS:
            edit.tags.setdefault(kind, []).append(value)
    _set_details(edit, {index: name for kind, index, name in indexed if kind == "actor"}, details)
    return edit


def _set_details(edit: Edit, actors: Mapping[int, str], details: Iterable[tuple[int, str, str]]) -> None:
    """Give the details to the actors with whom they share an index; a detail without an actor has no effect."""
    for index, name, value in details:
        if index in actors:
            (edit.characters if name == "tagging.text" else edit.photos)[actors[index]] = value


def _set_lock(edit: Edit, name: str, value: str) -> None:
    if value in ("1", "true"):
        edit.locks |= {name}
        edit.unlocks -= {name}
    else:
        edit.unlocks |= {name}
        edit.locks -= {name}
