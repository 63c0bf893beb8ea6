"""After what the collections of a scene are named. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from validation.scene import Scene
from validation.tag_patterns import TagPattern, tag_pattern

CollectionSource = str | TagPattern
"""A key of SOURCES, or which of a scene's own tags."""

SOURCES: Mapping[str, Callable[[Scene], Iterable[str]]] = {
    "studio": lambda scene: [scene.studio.name] if scene.studio else [],
    "parent_studio": lambda scene: [scene.studio.parent] if scene.studio else [],
    "groups": lambda scene: [each.name for each in scene.groups],
    "performers": lambda scene: [each.name for each in scene.performers],
    "tags": lambda scene: [each.name for each in scene.tags],
}
NOTHING = "none"
_TAG = "tag:"
_QUOTE_BEHIND_TAG = re.compile(rf'({_TAG})\s*(["“„‟«])', re.IGNORECASE)


def with_quotes_around(text: str) -> str:
    """The list with tag:"A, B" written as "tag:A, B"."""
    return _QUOTE_BEHIND_TAG.sub(r"\2\1", text)


def collection_sources(names: Sequence[str]) -> tuple[CollectionSource, ...]:
    """The sources that a person listed; () for NOTHING. Raises ValueError for one that is unknown."""
    if [name.lower() for name in names] == [NOTHING]:
        return ()
    return tuple(map(_source, names))


def collection_names(scene: Scene, sources: Iterable[CollectionSource]) -> list[str]:
    """The names that a scene has from these sources, in their order."""
    return [name for source in sources for name in _names_from(source, scene)]


def _source(text: str) -> CollectionSource:
    name = text.lower()
    if name in SOURCES:
        return name
    if name == NOTHING:
        raise ValueError(f'"{text}" cannot stand beside others')
    if not name.startswith(_TAG):
        raise ValueError(f'"{text}" is unknown')
    return tag_pattern(text[len(_TAG) :].strip())


def _names_from(source: CollectionSource, scene: Scene) -> Iterable[str]:
    if isinstance(source, TagPattern):
        return [tag.name for tag in scene.tags if source.fits(tag)]
    return SOURCES[source](scene)
