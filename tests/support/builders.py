"""Values with nothing in them but what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from validation.scene import Named, Scene


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
        studio=None if studio is None else Named(1, studio),
        performers=tuple(Named(number, name) for number, name in enumerate(performers, 1)),
        tags=tuple(Named(number, name) for number, name in enumerate(tags, 1)),
        **values,
    )
