"""One Plex item as /library/metadata shows it, and how its XML is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from validation.fields import DATE_CHARACTERS, LIST, NUMBER, TABLE, Field, FieldValue

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NO_AGENTS = frozenset({"", "local", "none"})


@dataclass(frozen=True)
class PlexItem:
    """A movie in Plex.

    `values` has every field of `validation.fields.TABLE`; of an image, its path on the Plex server. `locked` holds
    Plex's names of the fields (`validation.fields.PLEX_NAMES`) that a metadata refresh leaves alone. `trashed` holds
    those of its files that are not there any more. `guid` is as `parse_guid` gives it. `photos`: the
    addresses of those of its actors who have one, by name. `roles`: by name, what those play of whom that is said.
    """

    rating_key: int
    section_key: int
    files: tuple[str, ...]
    values: Mapping[str, FieldValue]
    locked: frozenset[str] = frozenset()
    trashed: frozenset[str] = frozenset()
    guid: str = ""
    photos: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)

    def value(self, field: str) -> FieldValue:
        """The value of a field. Raises KeyError for unknown names."""
        return self.values[field]


def parse_item(video: Element, container: Element) -> PlexItem:
    """Read a Video element of a /library/metadata reply, which `container` is.

    Raises KeyError or ValueError where what every item has is missing or no number.
    """
    attributes = video.attrib
    return PlexItem(
        rating_key=int(attributes["ratingKey"]),
        section_key=int(attributes.get("librarySectionID") or container.attrib["librarySectionID"]),
        files=parse_files(video),
        values={field.name: _value(field, video) for field in TABLE},
        locked=frozenset(each.get("name", "") for each in video.iterfind("Field") if each.get("locked") == "1"),
        trashed=parse_trashed(video),
        guid=parse_guid(video),
        photos={actor.attrib["tag"]: photo for actor in video.iterfind("Role") if (photo := actor.get("thumb"))},
        roles={actor.attrib["tag"]: role for actor in video.iterfind("Role") if (role := actor.get("role"))},
    )


def parse_guid(video: Element) -> str:
    """By which guid an agent has matched a Video element to a film, "" where none has.

    Plex itself makes up `local://` and the like; the agents of personal media are called `none`, old and new
    (`com.plexapp.agents.none`, `tv.plex.agents.none`).
    """
    guid = video.get("guid", "")
    agent = guid.partition("://")[0].rpartition(".")[2]
    return "" if agent in _NO_AGENTS else guid


def _value(field: Field, video: Element) -> FieldValue:
    if field.kind == LIST:
        return _names(video.iterfind(field.plex_element))
    text = video.get(field.plex_element)
    if field.kind == NUMBER:
        return float(text) if text is not None else None
    if field.name == "date":
        return (text or "")[:DATE_CHARACTERS]
    return text or ""


def parse_files(video: Element) -> tuple[str, ...]:
    """The paths of all files of a Video element, as Plex sees them."""
    paths = (part.get("file") for part in video.iterfind("Media/Part"))
    return tuple(path for path in paths if path)


def parse_trashed(video: Element) -> frozenset[str]:
    """The paths of those files of a Video element that are gone from the disk.

    The item, or the version, then carries `deletedAt`; asked with `checkFiles=1`, Plex says so of each Part.
    """
    return frozenset(
        path
        for media in video.iterfind("Media")
        for part in media.iterfind("Part")
        if (path := part.get("file"))
        and (any(each.get("deletedAt") for each in (video, media, part)) or part.get("exists") == "0")
    )


def _names(tags: Iterable[Element]) -> tuple[str, ...]:
    """The names in their order; an actor in two roles counts once."""
    return tuple(dict.fromkeys(tag.attrib["tag"] for tag in tags))
