"""A scene as Stash holds it, as far as PlexSync asks for it. `stash/scenes.py` makes one of what GraphQL answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A performer, studio, tag or group."""

    id: int
    name: str


@dataclass(frozen=True)
class Tag(Named):
    """A tag; `parents` are the names of those directly above it."""

    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Performer(Named):
    """A performer; `image` is the address of the picture as Stash gives it."""

    tags: tuple[Tag, ...] = ()
    image: str = ""


@dataclass(frozen=True)
class Studio(Named):
    """A studio; `parent` is the name of the one above it, "" where there is none."""

    parent: str = ""


@dataclass(frozen=True)
class StashId:
    """The scene's id at a stash-box: the address of its GraphQL endpoint, and the id there (a UUID)."""

    endpoint: str
    stash_id: str


@dataclass(frozen=True)
class Scene:
    """One scene; "", () and None mean that Stash has nothing.

    `date` as Stash writes it (YYYY, YYYY-MM or YYYY-MM-DD), `rating100` from 1 to 100, `updated_at` a time in RFC 3339,
    `files` paths as Stash sees them with the primary file first, `screenshot` the address of the picture. What only
    some settings need is there only under those (`validation.in_force`): `organized`, `code`, `director`, `groups`, a
    tag's and a studio's parents, a performer's tags and image.
    """

    id: int
    title: str = ""
    details: str = ""
    date: str = ""
    rating100: int | None = None
    updated_at: str = ""
    files: tuple[str, ...] = ()
    screenshot: str = ""
    studio: Studio | None = None
    performers: tuple[Performer, ...] = ()
    tags: tuple[Tag, ...] = ()
    groups: tuple[Named, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    organized: bool = False
    code: str = ""
    director: str = ""

    @property
    def path(self) -> str:
        """The first file, "" where there is none."""
        return self.files[0] if self.files else ""
