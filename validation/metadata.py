"""What Plex should show for a scene, derived from what Stash says about it."""

from __future__ import annotations

from dataclasses import dataclass

from validation.fields import FieldValue
from validation.limits import RATING_MAXIMUM
from validation.sanitizers import clean_date, clean_name, clean_names, clean_summary, clean_title
from validation.scene import Scene


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


def wanted_from_scene(scene: Scene, max_tags: int) -> WantedMetadata:
    """What Plex should show for a scene.

    Of its tags the first `max_tags` are taken.
    """
    studio = clean_name(scene.studio.name) if scene.studio else ""
    return WantedMetadata(
        scene_id=scene.id,
        title=clean_title(scene.title),
        studio=studio,
        summary=clean_summary(scene.details),
        date=clean_date(scene.date),
        performers=clean_names(each.name for each in scene.performers),
        tags=clean_names(each.name for each in scene.tags)[:max_tags],
        collection=(studio,) if studio else (),
        rating=_rating(scene.rating100),
    )


def _rating(rating100: int | None) -> float | None:
    """Stash's 1..100 on Plex's scale of 0..10."""
    if rating100 is None:
        return None
    return min(max(rating100 / 10, 0.0), RATING_MAXIMUM)
