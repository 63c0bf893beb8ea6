"""What one item and one library of the simulated Plex server are: plain values without behaviour of the server.

Field names are python-plexapi's (`genres`, `user_rating` …); the names that Plex uses in edits and locks (`genre`,
`originallyAvailableAt` …) are mapped to them in `plex_edits`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS
from tests.simulators.plex_images import Pictures

SectionType = Literal["movie", "show"]
ImageKind = Literal["thumb", "art"]

IMAGE_FIELDS: tuple[ImageKind, ...] = ("thumb", "art")
LOCK_NAMES = {attribute: name for name, attribute in (TEXT_FIELDS | TAG_FIELDS).items()} | {
    "thumb": "thumb",
    "art": "art",
    "year": "year",
}
TYPE_NUMBERS = {"movie": 1, "show": 2, "season": 3, "episode": 4, "collection": 18}  # python-plexapi, SEARCHTYPES


class RequestError(Exception):
    """A request that the server refuses, with the status that it answers."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class Item:
    """One movie, show or episode. Read it freely; change it through the library's methods.

    Attributes:
        characters: by an actor's name, what the actor plays.
        edit_count: PUTs that edited it, those without effect included.
        upload_count, selection_count: pictures uploaded, and chosen by a PUT; refused ones do not count.
        refresh_count: how often Plex's agent was asked for it.
    """

    rating_key: int
    section_key: int
    type: str
    files: tuple[str, ...]
    added_at: int
    updated_at: int
    guid: str = ""
    title: str = ""
    title_sort: str = ""
    studio: str = ""
    summary: str = ""
    tagline: str = ""
    originally_available_at: str = ""
    year: int | None = None
    content_rating: str = ""
    original_title: str = ""
    edition_title: str = ""
    genres: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    characters: dict[str, str] = field(default_factory=dict)
    user_rating: float | None = None
    locked: frozenset[str] = frozenset()
    thumb: str = ""
    art: str = ""
    pictures: dict[ImageKind, Pictures] = field(default_factory=lambda: {kind: Pictures() for kind in IMAGE_FIELDS})
    edit_count: int = 0
    upload_count: int = 0
    selection_count: int = 0
    refresh_count: int = 0
    rating_count: int = 0
    part_counts: tuple[int, ...] = ()
    deleted_files: dict[str, int] = field(default_factory=dict)

    def media(self) -> tuple[tuple[str, ...], ...]:
        """Return the files by version (Media): one each, unless `part_counts` says how many Parts each has."""
        counts = self.part_counts if sum(self.part_counts) == len(self.files) else (1,) * len(self.files)
        files = iter(self.files)
        return tuple(tuple(islice(files, count)) for count in counts)

    @property
    def deleted_at(self) -> int:
        """When the last file went into the trash, in seconds since the epoch; 0 where one is still there."""
        if not self.files or any(file not in self.deleted_files for file in self.files):
            return 0
        return max(self.deleted_files[file] for file in self.files)

    def uploads(self, kind: ImageKind) -> tuple[bytes, ...]:
        """Return the bytes of every upload of a poster ("thumb") or background ("art"), oldest first.

        Bytes that were sent twice are there twice, though Plex keeps them once.
        """
        return tuple(self.pictures[kind].uploads)

    def shown(self, kind: ImageKind) -> bytes:
        """Return the poster or background that Plex shows, empty if none."""
        image = self.pictures[kind].selected
        return image.data if image else b""

    def snapshot(self) -> dict[str, Any]:
        """Return what can be compared: all that a person sees, and not when or how often it was written."""
        values: dict[str, Any] = {name: getattr(self, name) for name in TEXT_FIELDS.values()}
        values.update({name: frozenset(getattr(self, name)) for name in TAG_FIELDS.values()})
        values.update({kind: hashlib.sha256(self.shown(kind)).hexdigest() for kind in IMAGE_FIELDS})
        values.update({"year": self.year, "characters": dict(self.characters)})
        return values | {"files": self.files, "user_rating": self.user_rating, "locked": self.locked}


@dataclass
class Section:
    """One library. `version` counts every change of it or of its items."""

    key: int
    title: str
    type: SectionType
    locations: tuple[str, ...]
    uuid: str
    content_changed_at: int
    scanned_at: int
    updated_at: int
    refreshing: bool = False
    version: int = 0
    items: dict[int, Item] = field(default_factory=dict)
