"""What Plex shows of its libraries, of a listing and of an item's pictures, as values read from its XML."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from plex.items import parse_files, parse_guid, parse_trashed


@dataclass(frozen=True)
class Section:
    """A library. `locations` are as Plex sees them.

    `content_changed_at` is a counter of Plex's own, no time; None where the server is too old to tell it.
    """

    key: int
    title: str
    type: str
    content_changed_at: int | None
    locations: tuple[str, ...]


@dataclass(frozen=True)
class ListedItem:
    """What a listing tells reliably of an item: its key and its files, as Plex sees them.

    `trashed` holds those of the files that are not there any more. `guid` is as `plex.items.parse_guid` gives it.
    """

    rating_key: int
    files: tuple[str, ...]
    trashed: frozenset[str] = frozenset()
    guid: str = ""


@dataclass(frozen=True)
class ListingPage:
    """A part of a section's items; `total` counts the whole section's, None where Plex says nothing of use.

    `unreadable`: how many rows of it are no items, such as one without a ratingKey; the total counts them, too.
    """

    items: tuple[ListedItem, ...]
    total: int | None
    unreadable: int = 0

    @property
    def rows(self) -> int:
        """How many rows of the listing it shows."""
        return len(self.items) + self.unreadable


@dataclass(frozen=True)
class PlexPicture:
    """A picture that an item can show: `upload://posters/{SHA-1}` is the name of one that was uploaded."""

    name: str
    is_selected: bool


_LARGEST_KEY = 2**63 - 1  # SQLite's largest integer, in which Plex itself keeps it

PICTURE_FOLDERS = {"poster": "posters", "background": "arts"}


def uploaded_name(field: str, sha1: str) -> str:
    """The name by which Plex knows an uploaded poster or background (`field`)."""
    return f"upload://{PICTURE_FOLDERS[field]}/{sha1}"


def parse_section(directory: Element) -> Section:
    """A `Directory` of `/library/sections`. Raises KeyError and ValueError where it lacks what it must have."""
    changed_at = directory.get("contentChangedAt")
    return Section(
        key=int(directory.attrib["key"]),
        title=directory.attrib["title"],
        type=directory.attrib["type"],
        content_changed_at=None if changed_at is None else int(changed_at),
        locations=tuple(location.attrib["path"] for location in directory.iterfind("Location")),
    )


def parse_listed_item(video: Element) -> ListedItem | None:
    """A `Video` of a listing; None where it has no ratingKey, or one that is none: it spoils no other."""
    try:
        rating_key = int(video.get("ratingKey", ""))
    except ValueError:
        return None
    if not 0 < rating_key <= _LARGEST_KEY:
        return None
    return ListedItem(rating_key, parse_files(video), parse_trashed(video), parse_guid(video))


def parse_listing_total(container: Element) -> int | None:
    """How many items the library says that it has; None where it says nothing of use. Raises ValueError."""
    total = int(container.get("totalSize", "-1"))
    return total if total >= 0 else None
