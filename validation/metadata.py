"""What Plex should show for a scene, derived from what Stash says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from validation.fields import FieldValue
from validation.limits import RATING_MAXIMUM
from validation.sanitizers import clean_date, clean_name, clean_names, clean_summary, clean_title


@dataclass(frozen=True)
class WantedMetadata:
    """The metadata of one scene as Plex should show it, cleaned and within the limits; "" and () mean empty."""

    scene_id: int
    title: str
    studio: str
    summary: str
    date: str  # YYYY-MM-DD
    performers: tuple[str, ...]
    tags: tuple[str, ...]
    collection: tuple[str, ...]  # the studio's name, or nothing
    rating: float | None  # 0..10

    @property
    def has_details(self) -> bool:
        """Whether anything beyond the title is known; a scene without is still being identified."""
        known = (self.studio, self.summary, self.date, self.performers, self.tags)
        return any(known) or self.rating is not None

    def value(self, field: str) -> FieldValue:
        """The value of one of `validation.fields.FIELDS`.

        Raises KeyError for "poster" and "background", which are files and no part of this, and for unknown names.
        """
        values: dict[str, FieldValue] = {
            "title": self.title,
            "studio": self.studio,
            "summary": self.summary,
            "date": self.date,
            "performers": self.performers,
            "tags": self.tags,
            "collection": self.collection,
            "rating": self.rating,
        }
        return values[field]


def wanted_from_scene(scene: Mapping[str, Any], max_tags: int) -> WantedMetadata:
    """What Plex should show for a scene.

    `scene` is a Scene as GraphQL gives it (Stash v0.30 schema): `id` is needed; `title`, `details`, `date`,
    `rating100`, `studio {name}`, `performers {name}` and `tags {name}` may be null or absent. Of the tags the first
    `max_tags` count.
    """
    studio = clean_name(_name(scene.get("studio")))
    return WantedMetadata(
        scene_id=int(scene["id"]),
        title=clean_title(scene.get("title") or ""),
        studio=studio,
        summary=clean_summary(scene.get("details") or ""),
        date=clean_date(scene.get("date") or ""),
        performers=clean_names(_names(scene.get("performers"))),
        tags=clean_names(_names(scene.get("tags")))[:max_tags],
        collection=(studio,) if studio else (),
        rating=_rating(scene.get("rating100")),
    )


def _name(named: Mapping[str, Any] | None) -> str:
    return (named or {}).get("name") or ""


def _names(named: Iterable[Mapping[str, Any] | None] | None) -> list[str]:
    return [_name(each) for each in named or ()]


def _rating(rating100: int | None) -> float | None:
    """Stash's 1..100 on Plex's scale of 0..10."""
    if rating100 is None:
        return None
    return min(max(rating100 / 10, 0.0), RATING_MAXIMUM)
