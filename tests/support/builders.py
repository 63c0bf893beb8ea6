"""Values with nothing in them but what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plex.items import PlexItem
from validation.fields import LIST, NUMBER, PLEX_NAMES, TABLE, FieldValue
from validation.metadata import MAPPINGS, MappingRules, WantedMetadata
from validation.scene import Performer, Scene, Studio, Tag

NOTHING: dict[str, FieldValue] = {
    field.name: () if field.kind == LIST else None if field.kind == NUMBER else "" for field in TABLE
}
"""Each field without a value."""
RULES = MappingRules(max_tags=100)
LOCKED = frozenset(PLEX_NAMES.values())
"""Every lock that there is."""


def scene(
    scene_id: int = 7,
    *,
    studio: str | None = None,
    performers: Sequence[str] = (),
    tags: Sequence[str] = (),
    **values: Any,
) -> Scene:
    """A scene as Stash holds it; studio, performers and tags by their names alone."""
    return Scene(
        id=scene_id,
        studio=None if studio is None else Studio(1, studio),
        performers=tuple(Performer(number, name) for number, name in enumerate(performers, 1)),
        tags=tuple(Tag(number, name) for number, name in enumerate(tags, 1)),
        **values,
    )


def wanted(scene_id: int = 1, **values: Any) -> WantedMetadata:
    """What Plex should show of a scene that has nothing but these values, by field."""
    return WantedMetadata(scene_id, {name: NOTHING[name] for name in MAPPINGS} | values)


def item(
    rating_key: int = 7,
    section_key: int = 1,
    files: tuple[str, ...] = ("/media/a.mp4",),
    locked: frozenset[str] = frozenset(),
    **values: Any,
) -> PlexItem:
    """An item of Plex that shows nothing but these values, by field."""
    return PlexItem(rating_key, section_key, files, NOTHING | values, locked)
