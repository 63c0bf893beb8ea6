"""What Plex should show for a scene, derived from what Stash says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from validation.collection_sources import CollectionSource, collection_names
from validation.fields import FIELDS, FieldValue, is_empty
from validation.sanitizers import clean_date, clean_line, clean_lines, clean_names
from validation.scene import Scene
from validation.tag_patterns import TagPattern, chosen_tags
from validation.title_format import formatted, needed_names, stem_of

AS_GENRES, AS_LABELS = ("genres", "both"), ("labels", "both")
"""Values of `tags_as` under which the tags are genres, and under which they are labels."""
TITLES = ("title", "sort_title")
"""Fields that may be made of the file's name alone."""


@dataclass(frozen=True)
class MappingRules:
    """What the settings say about the way from a scene to what Plex should show; each is named as its setting.

    `max_tags` of the chosen tags are taken, `code_as` is the field that shows the studio code ("" for none).
    """

    max_tags: int
    title_format: str = ""
    title_from_filename: bool = False
    sort_title_format: str = ""
    tags_as: str = "genres"
    tags_only: tuple[TagPattern, ...] = ()
    tags_except: tuple[TagPattern, ...] = ()
    performer_tags: bool = False
    collections_from: tuple[CollectionSource, ...] = ("studio",)
    collection_prefix: str = ""
    content_rating: str = ""
    code_as: str = ""
    write_director: bool = False
    label_all: str = ""


@dataclass(frozen=True)
class WantedMetadata:
    """The metadata of one scene as Plex should show it: by field, cleaned and within the limits.

    `values` has all fields but the images, which are files. `constant`: what the settings give every scene.
    """

    scene_id: int
    values: Mapping[str, FieldValue]
    constant: Mapping[str, FieldValue] = field(default_factory=dict, repr=False, compare=False)

    @property
    def title(self) -> str:
        """The title, "" where it has none."""
        return str(self.values["title"])

    @property
    def has_details(self) -> bool:
        """Whether Stash says anything beyond the titles; a scene without is still being identified."""
        said = (value for name, value in self.values.items() if name not in TITLES and value != self.constant.get(name))
        return not all(map(is_empty, said))

    def value(self, field: str) -> FieldValue:
        """The value of a field. Raises KeyError for images and for unknown names."""
        return self.values[field]


MapToPlex = Callable[[Scene, int, MappingRules], FieldValue]
"""One field's value from a scene; the number is the field's limit in `validation.fields.TABLE`."""

MAPPINGS: Mapping[str, MapToPlex] = {
    "title": lambda scene, limit, rules: clean_line(_title(scene, rules), limit),
    "sort_title": lambda scene, limit, rules: clean_line(_sort_title(scene, rules), limit),
    "studio": lambda scene, limit, _: clean_line(scene.studio.name if scene.studio else "", limit),
    "summary": lambda scene, _limit, _: clean_lines(scene.details),
    "date": lambda scene, _limit, _rules: clean_date(scene.date),
    "performers": lambda scene, limit, _: clean_names((each.name for each in scene.performers), limit),
    "tags": lambda scene, limit, rules: _tags(scene, limit, rules) if rules.tags_as in AS_GENRES else (),
    "collection": lambda scene, limit, rules: _collections(scene, limit, rules),
    "rating": lambda scene, limit, _: _rating(scene.rating100, limit),
    "content_rating": lambda _, limit, rules: clean_line(rules.content_rating, limit),
    "tagline": lambda scene, limit, rules: clean_line(scene.code if rules.code_as == "tagline" else "", limit),
    "original_title": lambda scene, limit, rules: clean_line(
        scene.code if rules.code_as == "original_title" else "", limit
    ),
    "director": lambda scene, limit, rules: clean_names([scene.director] if rules.write_director else [], limit),
    "labels": lambda scene, limit, rules: clean_names(
        [rules.label_all, *(_tags(scene, limit, rules) if rules.tags_as in AS_LABELS else ())], limit
    ),
}
"""From Stash to Plex, field by field; all of them but the images."""


def _title(scene: Scene, rules: MappingRules) -> str:
    """The title by its format; "" where the scene has none and the format wants it."""
    return _formatted(rules.title_format, scene, rules) if rules.title_format else _plain_title(scene, rules)


def _sort_title(scene: Scene, rules: MappingRules) -> str:
    return _formatted(rules.sort_title_format, scene, rules)


def _plain_title(scene: Scene, rules: MappingRules) -> str:
    return scene.title.strip() or (stem_of(scene.path) if rules.title_from_filename else "")


def _formatted(text: str, scene: Scene, rules: MappingRules) -> str:
    title = _plain_title(scene, rules)
    if not title and "title" in needed_names(text):
        return ""
    values = {
        "title": title,
        "studio": scene.studio.name if scene.studio else "",
        "performers": ", ".join(each.name for each in scene.performers),
        "date": scene.date,
        "year": scene.date[:4],
        "code": scene.code,
        "filename": stem_of(scene.path),
    }
    return formatted(text, values)


def _tags(scene: Scene, limit: int, rules: MappingRules) -> tuple[str, ...]:
    """The scene's own tags, then its performers', as far as they are chosen."""
    of_performers = [tag for each in scene.performers for tag in each.tags] if rules.performer_tags else []
    chosen = chosen_tags([*scene.tags, *of_performers], rules.tags_only, rules.tags_except)
    return clean_names((tag.name for tag in chosen), limit)[: rules.max_tags]


def _collections(scene: Scene, limit: int, rules: MappingRules) -> tuple[str, ...]:
    names = clean_names(collection_names(scene, rules.collections_from), limit)
    return clean_names((rules.collection_prefix + name for name in names), limit)


def _rating(rating100: int | None, limit: int) -> float | None:
    """Stash's 1..100 on Plex's scale of 0..`limit`."""
    return None if rating100 is None else min(max(rating100 / 10, 0.0), float(limit))


def wanted_from_scene(scene: Scene, rules: MappingRules) -> WantedMetadata:
    """What Plex should show for a scene."""
    return WantedMetadata(scene.id, _mapped(scene, rules), _constant(rules))


def _mapped(scene: Scene, rules: MappingRules) -> dict[str, FieldValue]:
    return {name: map_(scene, FIELDS[name].limit, rules) for name, map_ in MAPPINGS.items()}


@lru_cache(maxsize=1)
def _constant(rules: MappingRules) -> dict[str, FieldValue]:
    """What a scene shows of which Stash says nothing at all."""
    return _mapped(Scene(0), rules)
