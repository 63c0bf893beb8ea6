"""A scene becomes the metadata that Plex should show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import RULES, scene
from validation.fields import LIST_FIELDS, TEXT_FIELDS
from validation.metadata import MappingRules, WantedMetadata, wanted_from_scene
from validation.scene import Scene

SCENES = st.builds(
    scene,
    st.integers(1),
    title=st.text(),
    details=st.text(),
    date=st.text(),
    rating100=st.none() | st.integers(-(2**31), 2**31 - 1),
    studio=st.none() | st.text(),
    performers=st.lists(st.text()),
    tags=st.lists(st.text()),
)
COMPLETE: dict[str, Any] = {
    "title": " The  Title ",
    "details": "Line one\r\nLine two",
    "date": "2024-05",
    "rating100": 83,
    "studio": "Studio, Inc.",
    "performers": ["Ann", "ann", "Bob"],
    "tags": ["One", "", "Two", "Three"],
}


@given(scene=SCENES, max_tags=st.integers(1, 1_000))
def test_any_scene_gives_metadata_of_the_promised_types(scene: Scene, max_tags: int) -> None:
    wanted = wanted_from_scene(scene, MappingRules(max_tags))
    assert wanted.scene_id == scene.id
    assert all(isinstance(wanted.value(field), str) for field in TEXT_FIELDS)
    assert all(isinstance(wanted.value(field), tuple) for field in LIST_FIELDS)
    rating = wanted.value("rating")
    assert rating is None or (isinstance(rating, float) and 0 <= rating <= 10)
    tags = wanted.value("tags")
    assert isinstance(tags, tuple)
    assert len(tags) <= max_tags
    assert wanted.value("collection") == tuple(filter(None, [wanted.value("studio")]))


def test_a_complete_scene() -> None:
    assert wanted_from_scene(scene(7, **COMPLETE), MappingRules(max_tags=2)) == WantedMetadata(
        7,
        {
            "title": "The Title",
            "sort_title": "",
            "studio": "Studio, Inc.",
            "summary": "Line one\nLine two",
            "date": "2024-05-01",
            "performers": ("Ann", "Bob"),
            "tags": ("One", "Two"),
            "collection": ("Studio, Inc.",),
            "rating": 8.3,
            "content_rating": "",
            "tagline": "",
            "original_title": "",
            "director": (),
            "labels": (),
        },
    )


@pytest.mark.parametrize(
    ("rules", "values", "expected"),
    [
        ({"content_rating": " XXX "}, {}, {"content_rating": "XXX"}),
        ({"code_as": "tagline"}, {"code": "AB-1"}, {"tagline": "AB-1", "original_title": ""}),
        ({"code_as": "original_title"}, {"code": "AB-1"}, {"tagline": "", "original_title": "AB-1"}),
        ({}, {"code": "AB-1", "director": "Ann"}, {"tagline": "", "original_title": "", "director": ()}),
        ({"write_director": True}, {"director": " Ann "}, {"director": ("Ann",)}),
        ({"write_director": True}, {}, {"director": ()}),
        ({"label_all": "Stash, all"}, {}, {"labels": ("Stash, all",)}),
    ],
)
def test_what_settings_fill(rules: dict[str, Any], values: dict[str, Any], expected: dict[str, Any]) -> None:
    wanted = wanted_from_scene(scene(**values), MappingRules(100, **rules))
    assert {name: wanted.value(name) for name in expected} == expected


def test_what_every_scene_gets_says_nothing_of_one() -> None:
    rules = MappingRules(100, content_rating="XXX", label_all="Stash", code_as="tagline", write_director=True)
    assert not wanted_from_scene(scene(title="x"), rules).has_details
    assert wanted_from_scene(scene(code="AB-1"), rules).has_details
    assert wanted_from_scene(scene(director="Ann"), rules).has_details


def test_a_scene_with_only_a_title_is_still_being_identified() -> None:
    assert not wanted_from_scene(scene(title="x"), RULES).has_details


@pytest.mark.parametrize("field", ["details", "date", "rating100", "studio", "performers", "tags"])
def test_anything_beyond_the_title_counts_as_details(field: str) -> None:
    assert wanted_from_scene(scene(**{field: COMPLETE[field]}), RULES).has_details
