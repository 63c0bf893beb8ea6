"""A scene with everything that settings can bring to Plex, and what each of them makes Plex show of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sync_queue.enqueue import enqueue_many
from tests.simulators.pictures import jpeg
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS
from tests.simulators.plex_items import Item
from tests.support.workbench import Workbench

AN_HOUR = 3600.0
PICTURES = {"thumb", "art"}

SCENE: dict[str, Any] = {
    "title": "Title",
    "details": "Summary",
    "date": "2024-05-06",
    "code": "AB-1",
    "director": "Dora",
    "studio": "Studio",
    "performers": ("Ann", "Bob"),
    "tags": ("One", "Two, three"),
    "groups": ("Saga",),
}
BEFORE: dict[str, Any] = {
    "title_sort": "Before",
    "content_rating": "R",
    "tagline": "Before",
    "original_title": "Before",
    "directors": ("Somebody",),
    "labels": ("Kept",),
}
"""What the item shows before the first sync, of the fields that only settings fill."""
GENRES, COLLECTIONS = ("Drama",), ("Mine",)

FILLED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"title_format": "[{studio} - ]{title}[ ({year})]"}, {"title": "Studio - Title (2024)"}),
    ({"title_format": "{code}"}, {"title": "AB-1"}),
    ({"sort_title_format": "{studio} {date}"}, {"title_sort": "Studio 2024-05-06"}),
    ({"content_rating": "XXX"}, {"content_rating": "XXX"}),
    ({"code_as": "tagline"}, {"tagline": "AB-1"}),
    ({"code_as": "original_title"}, {"original_title": "AB-1"}),
    ({"write_director": True}, {"directors": {"Dora"}}),
    ({"label_all": "Stash"}, {"labels": {"Kept", "Stash"}}),
    ({"tags_as": "labels"}, {"labels": {"Kept", "One", "Two, three"}, "genres": {"Drama"}}),
    ({"tags_as": "both"}, {"labels": {"Kept", "One", "Two, three"}, "genres": {"One", "Two, three"}}),
    ({"tags_as": "none"}, {"genres": {"Drama"}}),
    ({"tags_only": "Top/"}, {"genres": {"One"}}),
    ({"tags_except": '"Two, three"'}, {"genres": {"One"}}),
    ({"collections_from": "studio, groups"}, {"collections": {"Mine", "Studio", "Saga"}}),
    ({"collections_from": "parent_studio"}, {"collections": {"Mine", "Network"}}),
    ({"collections_from": "performers, tag:Top/"}, {"collections": {"Mine", "Ann", "Bob", "One"}}),
    ({"collections_from": "none"}, {"collections": {"Mine"}}),
    ({"collection_prefix": "Stash - "}, {"collections": {"Mine", "Stash - Studio"}}),
    ({"performer_tags": True}, {"genres": {"One", "Two, three", "Tall"}}),
]
"""Settings, and what they make Plex show of SCENE in place of BEFORE."""


def world(folder: Path, said: Collection[str] = tuple(SCENE), **before: Any) -> Workbench:
    """One scene, of which Stash says these parts of SCENE, and its item, which shows what `before` says."""
    bench = Workbench(folder)
    bench.add_scene(**{name: value for name, value in SCENE.items() if name in said})
    library = bench.stash.library
    library.tags.update(library.tags.find_or_add("One"), parent_ids=(library.tags.find_or_add("Top"),))
    library.performers.update(library.performers.find_or_add("Ann"), tag_ids=(library.tags.find_or_add("Tall"),))
    library.performers.update(library.performers.find_or_add("Ann"), image=jpeg("Ann"))
    library.studios.update(library.studios.find_or_add("Studio"), parent_ids=(library.studios.find_or_add("Network"),))
    bench.item(1).genres, bench.item(1).collections = GENRES, COLLECTIONS
    for name, value in before.items():
        setattr(bench.item(1), name, value)
    return bench


def sync(bench: Workbench, values: Mapping[str, Any]) -> list[str]:
    """Sync under these settings, as Sync All Scenes does; returns the writes that it took."""
    bench.configure(**values)
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    enqueue_many(bench.database, [1], "all", bench.clock.now)
    bench.drain()
    return [request.target for request in bench.plex.requests if request.method != "GET"]


def shown(item: Item) -> dict[str, Any]:
    """What an item shows, and its locks; without pictures."""
    texts = {name: getattr(item, name) for name in TEXT_FIELDS.values()}
    lists = {name: set(getattr(item, name)) for name in TAG_FIELDS.values()}
    return {**texts, **lists, "locked": item.locked - PICTURES}
