"""What GraphQL answers of a scene becomes a frozen value, whatever is null in it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stash.scenes import parse_scene
from validation.scene import Performer, Scene, StashId, Studio, Tag

TEXT = st.none() | st.text()
IDS = st.integers(1).map(str)
NAMED = st.fixed_dictionaries({"id": IDS, "name": st.text()})
ANSWERS = st.fixed_dictionaries(
    {
        "id": IDS,
        "title": TEXT,
        "details": TEXT,
        "date": TEXT,
        "rating100": st.none() | st.integers(1, 100),
        "updated_at": st.just("2026-10-25T12:00:00Z"),
        "files": st.lists(st.fixed_dictionaries({"path": st.text(min_size=1)})),
        "paths": st.fixed_dictionaries({"screenshot": TEXT}),
        "studio": st.none() | NAMED,
        "performers": st.lists(NAMED),
        "tags": st.lists(NAMED),
        "stash_ids": st.lists(st.fixed_dictionaries({"endpoint": st.text(), "stash_id": st.text()})),
    }
)
"""Every answer that the schema of Stash v0.30 allows to what we ask."""


@given(ANSWERS)
def test_property_every_answer_is_a_scene_of_the_promised_types(answer: dict[str, Any]) -> None:
    scene = parse_scene(answer)
    assert (scene.id, scene.title) == (int(answer["id"]), answer["title"] or "")
    assert scene.files == tuple(file["path"] for file in answer["files"])
    assert [tag.name for tag in scene.tags] == [tag["name"] for tag in answer["tags"]]
    assert {type(getattr(scene, each.name)) for each in fields(Scene)} <= {int, str, bool, tuple, Studio, type(None)}
    assert hash(scene) is not None


def test_a_complete_answer() -> None:
    answer = {
        "id": "7",
        "title": "Title",
        "details": "Details",
        "date": "2024-05",
        "rating100": 83,
        "updated_at": "2026-10-25T12:00:00Z",
        "files": [{"path": "/library/a.mp4"}, {"path": "/library/b.mp4"}],
        "paths": {"screenshot": "http://stash/scene/7/screenshot?t=1"},
        "studio": {"id": "1", "name": "Studio"},
        "performers": [{"id": "2", "name": "Ann"}],
        "tags": [{"id": "3", "name": "Tag"}],
        "stash_ids": [{"endpoint": "https://stash-box.example/graphql", "stash_id": "a-b"}],
    }
    assert parse_scene(answer) == Scene(
        id=7,
        title="Title",
        details="Details",
        date="2024-05",
        rating100=83,
        updated_at="2026-10-25T12:00:00Z",
        files=("/library/a.mp4", "/library/b.mp4"),
        screenshot="http://stash/scene/7/screenshot?t=1",
        studio=Studio(1, "Studio"),
        performers=(Performer(2, "Ann"),),
        tags=(Tag(3, "Tag"),),
        stash_ids=(StashId("https://stash-box.example/graphql", "a-b"),),
    )


def test_the_first_file_is_the_scenes_path() -> None:
    assert Scene(1, files=("/a", "/b")).path == "/a"
    assert Scene(1).path == ""
