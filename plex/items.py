"""One Plex item as /library/metadata shows it, and how its XML is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from validation.fields import FieldValue

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PLEX_NAMES = {
    "title": "title",
    "studio": "studio",
    "summary": "summary",
    "date": "originallyAvailableAt",
    "performers": "actor",
    "tags": "genre",
    "collection": "collection",
    "poster": "thumb",
    "background": "art",
}
"""Our name of a field → the name by which Plex edits and locks it (python-plexapi 4.18, mixins/edit.py).
The rating is missing: it has a request of its own, and no lock."""

_DATE_LENGTH = len("2000-01-31")


@dataclass(frozen=True)
class PlexItem:
    """A movie in Plex. "" and () mean empty, a rating of None means not rated (0..10 otherwise).

    `locked` holds Plex's names of the fields (see PLEX_NAMES) that a metadata refresh leaves alone. `thumb` and `art`
    are paths on the Plex server.
    """

    rating_key: int
    section_key: int
    files: tuple[str, ...]
    title: str
    studio: str
    summary: str
    date: str
    performers: tuple[str, ...]
    tags: tuple[str, ...]
    collection: tuple[str, ...]
    rating: float | None
    locked: frozenset[str]
    thumb: str
    art: str

    def value(self, field: str) -> FieldValue:
        """The value of one of `validation.fields.FIELDS`; of an image, its path. Raises KeyError for other names."""
        values: dict[str, FieldValue] = {
            "title": self.title,
            "studio": self.studio,
            "summary": self.summary,
            "date": self.date,
            "performers": self.performers,
            "tags": self.tags,
            "collection": self.collection,
            "rating": self.rating,
            "poster": self.thumb,
            "background": self.art,
        }
        return values[field]


def parse_item(video: Element, container: Element) -> PlexItem:
    """Read a Video element of a /library/metadata reply, which `container` is.

    Raises KeyError or ValueError where what every item has is missing or no number.
    """
    text = video.attrib
    section_key = text.get("librarySectionID") or container.attrib["librarySectionID"]
    rating = text.get("userRating")
    return PlexItem(
        rating_key=int(text["ratingKey"]),
        section_key=int(section_key),
        files=parse_files(video),
        title=text["title"],
        studio=text.get("studio", ""),
        summary=text.get("summary", ""),
        date=text.get("originallyAvailableAt", "")[:_DATE_LENGTH],
        performers=_names(video.iterfind("Role")),
        tags=_names(video.iterfind("Genre")),
        collection=_names(video.iterfind("Collection")),
        rating=float(rating) if rating is not None else None,
        locked=frozenset(each.get("name", "") for each in video.iterfind("Field") if each.get("locked") == "1"),
        thumb=text.get("thumb", ""),
        art=text.get("art", ""),
    )


def parse_files(video: Element) -> tuple[str, ...]:
    """The paths of all files of a Video element, as Plex sees them."""
    paths = (part.get("file") for part in video.iterfind("Media/Part"))
    return tuple(path for path in paths if path)


def _names(tags: Iterable[Element]) -> tuple[str, ...]:
    """The names in their order; an actor in two roles counts once."""
    return tuple(dict.fromkeys(tag.attrib["tag"] for tag in tags))
