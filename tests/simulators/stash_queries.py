"""Finding in a simulated Stash: filters, order and pages as its SQL has them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tests.simulators.stash_graphql import ResolverError
from tests.simulators.stash_library import Library, Named, NameTable, Scene

DEFAULT_PAGE_SIZE = 25
ONE_DAY = 86_400.0

Criterion = Mapping[str, Any]
Item = TypeVar("Item")

# Those of Stash's sort names that are simulated; times are compared as the text that is stored
SCENE_SORTS: Mapping[str, Callable[[Scene], Any]] = {
    "id": lambda scene: scene.id,
    "created_at": lambda scene: scene.created_at,
    "updated_at": lambda scene: scene.updated_at,
    "date": lambda scene: scene.date or "",
    "rating": lambda scene: scene.rating100 or 0,
    "organized": lambda scene: scene.organized,
    "path": lambda scene: scene.files[0].path if scene.files else "",
    "title": lambda scene: (scene.title or (scene.files[0].basename if scene.files else "")).casefold(),
}


def find_scenes(
    library: Library, scene_filter: Criterion | None, find_filter: Mapping[str, Any] | None
) -> tuple[int, list[Scene]]:
    """Return how many scenes match, and those of the page that is asked for."""
    scenes: Iterable[Scene] = tuple(library.scenes.values())
    if scene_filter:
        scenes = [scene for scene in scenes if _matches(library, scene, scene_filter)]
    settings = find_filter or {}
    if settings.get("q"):
        scenes = [scene for scene in scenes if _has_words(_searched_text(scene), settings["q"])]
    ordered = _in_order(scenes, settings)
    return len(ordered), page_of(ordered, settings)


def find_named(rows: Mapping[int, Named], find_filter: Mapping[str, Any] | None) -> tuple[int, list[Named]]:
    """Return how many performers, studios or tags match, and those of the page, by name."""
    settings = find_filter or {}
    found = [row for row in tuple(rows.values()) if not settings.get("q") or _has_words(row.name, settings["q"])]
    key: Callable[[Named], Any] = (lambda row: row.id) if settings.get("sort") == "id" else lambda row: row.name
    found.sort(key=key, reverse=settings.get("direction") == "DESC")
    return len(found), page_of(found, settings)


def page_of(items: Sequence[Item], find_filter: Mapping[str, Any]) -> list[Item]:
    """Return one page: 25 items unless said otherwise, all of them where per_page is below 0."""
    size = find_filter.get("per_page")
    size = DEFAULT_PAGE_SIZE if size is None else size
    if size < 0:
        return list(items)
    start = (max(find_filter.get("page") or 1, 1) - 1) * size
    return list(items[start : start + size])


def _in_order(scenes: Iterable[Scene], find_filter: Mapping[str, Any]) -> list[Scene]:
    sort = find_filter.get("sort")
    if not sort:
        return sorted(scenes, key=lambda scene: scene.id)
    if sort not in SCENE_SORTS:
        raise ResolverError(f"invalid sort: {sort}")
    if sort == "id":
        return sorted(scenes, key=lambda scene: scene.id, reverse=find_filter.get("direction") == "DESC")
    by_title = sorted(scenes, key=lambda scene: (scene.title or str(scene.id)).casefold())
    return sorted(by_title, key=SCENE_SORTS[sort], reverse=find_filter.get("direction") == "DESC")


def _searched_text(scene: Scene) -> str:
    return " ".join((scene.title, scene.details, *(file.path for file in scene.files)))


def _has_words(text: str, words: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


# --- one scene against a SceneFilterType


def _matches(library: Library, scene: Scene, scene_filter: Criterion) -> bool:
    operators = [name for name in ("AND", "OR", "NOT") if scene_filter.get(name) is not None]
    if len(operators) > 1:
        raise ResolverError("sub-filter already set")
    own = [
        _CRITERIA[name](library, scene, criterion)
        for name, criterion in scene_filter.items()
        if criterion is not None and name not in ("AND", "OR", "NOT")
    ]
    if not operators:
        return all(own)
    inner = _matches(library, scene, scene_filter[operators[0]])
    if operators[0] == "OR":
        return inner or (bool(own) and all(own))
    return all(own) and inner is (operators[0] == "AND")


def _compare(value: Any, criterion: Criterion, upper: Any) -> bool:
    """Numbers by size, and times by the text that is stored: Stash compares those as text, whatever their zone."""
    modifier, wanted = criterion["modifier"], criterion["value"]
    if modifier in ("IS_NULL", "NOT_NULL"):
        return (value is None) is (modifier == "IS_NULL")
    if value is None:
        return False
    comparisons: Mapping[str, Callable[[], bool]] = {
        "EQUALS": lambda: value == wanted,
        "NOT_EQUALS": lambda: value != wanted,
        "GREATER_THAN": lambda: value > wanted,
        "LESS_THAN": lambda: value < wanted,
        "BETWEEN": lambda: wanted <= value <= upper,
        "NOT_BETWEEN": lambda: not wanted <= value <= upper,
    }
    return _choose(comparisons, modifier)()


def _compare_time(library: Library, stored: str, criterion: Criterion) -> bool:
    upper = criterion.get("value2") or library.clock.text(library.clock.now() + ONE_DAY)
    return _compare(stored, criterion, upper)


def _compare_number(value: float | None, criterion: Criterion) -> bool:
    upper = criterion.get("value2")
    return _compare(value, criterion, math.inf if upper is None else upper)


def _compare_text(values: Sequence[str], criterion: Criterion) -> bool:
    modifier, wanted = criterion["modifier"], criterion["value"].casefold()
    folded = [value.casefold() for value in values if value]
    comparisons: Mapping[str, Callable[[], bool]] = {
        "EQUALS": lambda: wanted in folded,
        "NOT_EQUALS": lambda: wanted not in folded,
        "INCLUDES": lambda: any(wanted in value for value in folded),
        "EXCLUDES": lambda: not any(wanted in value for value in folded),
        "MATCHES_REGEX": lambda: any(re.search(criterion["value"], value) for value in values),
        "NOT_MATCHES_REGEX": lambda: not any(re.search(criterion["value"], value) for value in values),
        "IS_NULL": lambda: not folded,
        "NOT_NULL": lambda: bool(folded),
    }
    return _choose(comparisons, modifier)()


def _compare_ids(ids: Iterable[int | None], criterion: Criterion) -> bool:
    present = {row_id for row_id in ids if row_id is not None}
    wanted = {int(row_id) for row_id in criterion.get("value") or ()}
    excluded = {int(row_id) for row_id in criterion.get("excludes") or ()}
    comparisons: Mapping[str, Callable[[], bool]] = {
        "INCLUDES": lambda: not wanted or bool(wanted & present),
        "INCLUDES_ALL": lambda: wanted <= present,
        "EQUALS": lambda: wanted == present,
        "NOT_EQUALS": lambda: wanted != present,
        "EXCLUDES": lambda: not wanted & present,
        "IS_NULL": lambda: not present,
        "NOT_NULL": lambda: bool(present),
    }
    return _choose(comparisons, criterion["modifier"])() and not excluded & present


def _compare_families(table: NameTable, ids: Iterable[int | None], criterion: Criterion) -> bool:
    """Compare ids where each wanted one stands for all that is below it, as deep as the criterion says."""
    depth = criterion.get("depth") or 0
    if not depth:
        return _compare_ids(ids, criterion)
    present = set(ids)
    families = [table.family(int(row_id), depth) for row_id in criterion.get("value") or ()]
    excluded = [table.family(int(row_id), depth) for row_id in criterion.get("excludes") or ()]
    comparisons: Mapping[str, Callable[[], bool]] = {
        "INCLUDES": lambda: not families or any(family & present for family in families),
        "INCLUDES_ALL": lambda: all(family & present for family in families),
        "EXCLUDES": lambda: not any(family & present for family in families),
    }
    return _choose(comparisons, criterion["modifier"])() and not any(family & present for family in excluded)


def _tags_of_performers(library: Library, scene: Scene) -> list[int]:
    return [tag for each in scene.performer_ids for tag in library.performers.require(each).tag_ids]


def _choose(comparisons: Mapping[str, Callable[[], bool]], modifier: str) -> Callable[[], bool]:
    if modifier not in comparisons:
        raise ResolverError(f"unsupported modifier {modifier}")
    return comparisons[modifier]


_CRITERIA: Mapping[str, Callable[[Library, Scene, Any], bool]] = {
    "id": lambda _library, scene, criterion: _compare_number(scene.id, criterion),
    "title": lambda _library, scene, criterion: _compare_text([scene.title], criterion),
    "details": lambda _library, scene, criterion: _compare_text([scene.details], criterion),
    "path": lambda _library, scene, criterion: _compare_text([file.path for file in scene.files], criterion),
    "rating100": lambda _library, scene, criterion: _compare_number(scene.rating100, criterion),
    "organized": lambda _library, scene, wanted: scene.organized is wanted,
    "code": lambda _library, scene, criterion: _compare_text([scene.code], criterion),
    "director": lambda _library, scene, criterion: _compare_text([scene.director], criterion),
    "studios": lambda library, scene, criterion: _compare_families(library.studios, [scene.studio_id], criterion),
    "tags": lambda library, scene, criterion: _compare_families(library.tags, scene.tag_ids, criterion),
    "performer_tags": lambda library, scene, criterion: _compare_families(
        library.tags, _tags_of_performers(library, scene), criterion
    ),
    "groups": lambda library, scene, criterion: _compare_families(library.groups, scene.group_ids, criterion),
    "performers": lambda _library, scene, criterion: _compare_ids(scene.performer_ids, criterion),
    "created_at": lambda library, scene, criterion: _compare_time(library, scene.created_at, criterion),
    "updated_at": lambda library, scene, criterion: _compare_time(library, scene.updated_at, criterion),
}
