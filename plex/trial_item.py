"""What of an item *Try Writing to Plex* touches: how it is read, kept while the test runs, and asked back.

Names of fields are Plex's (python-plexapi 4.18, mixins/edit.py): `label`, `genre`, `tagline`, `originallyAvailableAt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from plex.items import parse_item

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LABEL, GENRE, TAGLINE, DATE = "label", "genre", "tagline", "originallyAvailableAt"
LISTS = (LABEL, GENRE)
TEXTS = (TAGLINE, DATE)
_ELEMENTS = {LABEL: "Label", GENRE: "Genre"}


@dataclass(frozen=True)
class TrialItem:
    """One item as Plex shows it. `year` is "" where it shows none, `rating` (0..10) None where it is not rated."""

    rating_key: int
    section_key: int
    files: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    year: str
    rating: float | None
    locked: frozenset[str]

    def is_same_film(self, other: TrialItem) -> bool:
        """Whether the other one shares a file: a rating key may mean something else by now."""
        return bool(set(self.files) & set(other.files))

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "rating_key": self.rating_key,
            "section_key": self.section_key,
            "files": list(self.files),
            "lists": {kind: list(names) for kind, names in self.lists.items()},
            "texts": dict(self.texts),
            "year": self.year,
            "rating": self.rating,
            "locked": sorted(self.locked),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TrialItem:
        """Read what `as_json` wrote. Raises KeyError, TypeError, ValueError for anything else."""
        return cls(
            int(stored["rating_key"]),
            int(stored["section_key"]),
            tuple(map(str, stored["files"])),
            {kind: tuple(map(str, stored["lists"][kind])) for kind in LISTS},
            {name: str(stored["texts"][name]) for name in TEXTS},
            str(stored["year"]),
            None if stored["rating"] is None else float(stored["rating"]),
            frozenset(map(str, stored["locked"])),
        )


def parse_trial_item(video: Element, container: Element) -> TrialItem:
    """Read a Video element of a /library/metadata reply, which `container` is. Raises KeyError, ValueError."""
    item = parse_item(video, container)
    rating = video.get("userRating")
    return TrialItem(
        item.rating_key,
        item.section_key,
        item.files,
        {kind: tuple(tag.attrib["tag"] for tag in video.iterfind(_ELEMENTS[kind])) for kind in LISTS},
        {TAGLINE: video.get(TAGLINE, ""), DATE: str(item.value("date"))},
        video.get("year", ""),
        None if rating is None else float(rating),
        item.locked & {*LISTS, *TEXTS},
    )


def names_sent(kind: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The indexed form of a list."""
    return [(f"{kind}[{index}].tag.tag", name) for index, name in enumerate(names)]


def names_removed(kind: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The `-=` form, whose names are encoded once more (see plex.editing.writer)."""
    return [(f"{kind}[].tag.tag-", ",".join(quote(name, safe="") for name in names))]


def text_sent(name: str, value: str) -> list[tuple[str, str]]:
    """A text or date; "" clears it."""
    return [(f"{name}.value", value)]


def lock_sent(name: str, locked: bool) -> list[tuple[str, str]]:
    """The lock of a field."""
    return [(f"{name}.locked", str(int(locked)))]
