"""The names of the fields that PlexSync carries from Stash to Plex."""

from __future__ import annotations

from typing import TypeAlias

FieldValue: TypeAlias = str | float | tuple[str, ...] | None
"""One field's value: text ("" = empty), a rating (0..10, None = not rated) or names (() = none)."""

FIELDS: tuple[str, ...] = (
    "title",
    "studio",
    "summary",
    "date",
    "performers",
    "tags",
    "collection",
    "rating",
    "poster",
    "background",
)
"""Every field, in the order in which reports name them; also what the setting `skip_fields` accepts."""

TEXT_FIELDS: tuple[str, ...] = ("title", "studio", "summary", "date")
"""Fields whose value is one text."""

LIST_FIELDS: tuple[str, ...] = ("performers", "tags", "collection")
"""Fields whose value is a tuple of names."""
