"""Settings that fill fields, end to end: what Plex shows, that a second sync writes nothing, and that all goes back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync_queue.enqueue import enqueue_undo
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


def world(folder: Path, **before: Any) -> Workbench:
    bench = Workbench(folder)
    bench.add_scene(**SCENE)
    library = bench.stash.library
    library.tags.update(library.tags.find_or_add("One"), parent_ids=(library.tags.find_or_add("Top"),))
    library.performers.update(library.performers.find_or_add("Ann"), tag_ids=(library.tags.find_or_add("Tall"),))
    library.studios.update(library.studios.find_or_add("Studio"), parent_ids=(library.studios.find_or_add("Network"),))
    bench.item(1).genres, bench.item(1).collections = GENRES, COLLECTIONS
    for name, value in before.items():
        setattr(bench.item(1), name, value)
    return bench


def sync(bench: Workbench, values: Mapping[str, Any]) -> list[str]:
    """Sync under these settings; returns the writes that it took."""
    bench.configure(**values)
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    bench.enqueue(1)
    bench.drain()
    return [request.target for request in bench.plex.requests if request.method != "GET"]


def shown(item: Item) -> dict[str, Any]:
    """What an item shows, and its locks; without pictures."""
    texts = {name: getattr(item, name) for name in TEXT_FIELDS.values()}
    lists = {name: set(getattr(item, name)) for name in TAG_FIELDS.values()}
    return {**texts, **lists, "locked": item.locked - PICTURES}


@pytest.mark.parametrize(("values", "expected"), FILLED)
def test_a_setting_shows_costs_one_edit_and_goes_back(
    tmp_path: Path, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, {})
        without = shown(bench.item(1))
        assert {name: without[name] for name in BEFORE} == {
            name: set(value) if isinstance(value, tuple) else value for name, value in BEFORE.items()
        }
        assert len(sync(bench, values)) == 1
        assert {name: shown(bench.item(1))[name] for name in expected} == expected
        given_back = {
            name
            for name, kind, before in (("genre", "genres", GENRES), ("collection", "collections", COLLECTIONS))
            if expected.get(kind) == set(before)
        }
        assert shown(bench.item(1))["locked"] >= without["locked"] - given_back
        assert sync(bench, values) == []
        assert len(sync(bench, {})) == 1
        assert shown(bench.item(1)) == without
        assert sync(bench, {}) == []


def test_a_scene_without_a_title_shows_its_files_name(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        bench.add_scene()
        assert sync(bench, {}) == []
        sync(bench, {"title_from_filename": True})
        assert bench.item(1).title == "scene-1"
        assert sync(bench, {"title_from_filename": True}) == []


def test_what_somebody_typed_in_plex_since_stays_when_the_setting_goes(tmp_path: Path) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, {"code_as": "tagline", "label_all": "Stash"})
        bench.plex.edit_as_user(bench.keys[1], tagline="Typed", labels=("Stash", "Theirs"))
        sync(bench, {})
        item = bench.item(1)
        assert (item.tagline, set(item.labels)) == ("Typed", {"Kept", "Theirs"})


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink would start hundreds of servers
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    before=st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in BEFORE.items()}),
    steps=st.lists(
        st.lists(st.sampled_from([values for values, _ in FILLED]), max_size=5).map(
            lambda chosen: {name: value for values in chosen for name, value in values.items()}
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_property_any_settings_are_in_step_after_one_sync_and_go_back_and_are_undone(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, Any], steps: list[dict[str, Any]]
) -> None:
    with world(tmp_path_factory.mktemp("bench"), **before) as bench:
        untouched = shown(bench.item(1))
        sync(bench, {})
        without = shown(bench.item(1))
        for values in steps:
            sync(bench, values)
            assert sync(bench, values) == [], "a second sync"
        sync(bench, {})
        assert shown(bench.item(1)) == without
        sync(bench, steps[-1])
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert shown(bench.item(1)) == untouched
