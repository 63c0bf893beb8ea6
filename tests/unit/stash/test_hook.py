"""Which hook calls concern Plex: decided from names alone, whatever shape the values have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stash.hook import CHANGES, RELEVANT_FIELDS, REMOVALS, Removal, Rename, SceneEdit, relevant_change
from validation.fields import OPTIONAL_INPUTS, TABLE

LARGEST_ID = 2**63 - 1
"""SQLite's largest integer, in which Stash keeps ids."""
IRRELEVANT = ["play_count", "resume_time", "play_duration", "o_counter", "urls"]
INPUTS = [
    None,
    {"id": "7", "title": None, "details": None, "rating100": 80},
    [{"id": "7", "title": "One"}, {"id": "8", "title": None}],
    {"ids": ["7", "8"], "tag_ids": {"mode": "ADD", "ids": ["1"]}},
    "not even an object",
]


def context(**values: Any) -> dict[str, Any]:
    return {"id": 7, "type": "Scene.Update.Post", "input": None, "inputFields": ["id", "title"], **values}


def edit(**values: Any) -> tuple[int, list[str]] | None:
    """The scene edit behind a hook call as a tuple, None where there is none."""
    change = relevant_change(context(**values))
    if change is None:
        return None
    assert isinstance(change, SceneEdit)
    return change.scene_id, change.fields


@pytest.mark.parametrize("field", sorted(RELEVANT_FIELDS))
def test_a_field_that_plex_shows(field: str) -> None:
    assert edit(inputFields=["id", field]) == (7, [field])


def test_they_are_those_of_the_table_and_those_that_a_setting_may_use() -> None:
    of_the_table = {name for field in TABLE for name in field.inputs}
    of_settings = {name for name in OPTIONAL_INPUTS if ":" not in name}
    assert of_the_table | of_settings | {"stash_ids", "primary_file_id"} == RELEVANT_FIELDS


@pytest.mark.parametrize("field", IRRELEVANT)
def test_a_field_that_plex_does_not_show(field: str) -> None:
    assert edit(inputFields=["id", field]) is None


def test_relevant_fields_among_others_come_sorted_and_once() -> None:
    assert edit(inputFields=["title", "urls", "date", "title"]) == (7, ["date", "title"])


@pytest.mark.parametrize("sent", INPUTS)
def test_the_input_says_nothing(sent: Any) -> None:
    assert edit(input=sent) == (7, ["title"])


@pytest.mark.parametrize("fields", [None, [], "title", {"title": 1}, [None, 7, ["title"]]])
def test_a_scan_or_nonsense_sends_no_fields(fields: Any) -> None:
    assert edit(inputFields=fields) is None


OTHER_HOOKS = ["Scene.Create.Post", "Image.Update.Post", "Performer.Create.Post"]


@pytest.mark.parametrize("trigger", [*OTHER_HOOKS, None, 7, [], {}])
def test_other_hooks_are_passed_over(trigger: Any) -> None:
    assert relevant_change(context(type=trigger, inputFields=["title", "name"])) is None


@pytest.mark.parametrize(("given_id", "scene_id"), [(1, 1), ("42", 42), (LARGEST_ID, LARGEST_ID)])
def test_ids_come_as_numbers_or_text(given_id: Any, scene_id: int) -> None:
    assert edit(id=given_id) == (scene_id, ["title"])


TOO_LARGE = [LARGEST_ID + 1, str(LARGEST_ID + 1), "9" * 5000]


@pytest.mark.parametrize("given_id", [None, 0, "0", -1, "-1", True, 1.5, "", "x", "1 ", "²", "٣", [], *TOO_LARGE])
def test_what_is_no_id_is_passed_over(given_id: Any) -> None:
    assert edit(id=given_id) is None


@pytest.mark.parametrize("missing", ["id", "type", "inputFields"])
def test_something_is_missing(missing: str) -> None:
    values = context()
    del values[missing]
    assert relevant_change(values) is None


# --- names


@pytest.mark.parametrize("kind", ["performer", "studio", "tag", "group"])
def test_a_new_name_concerns_every_scene_that_carries_it(kind: str) -> None:
    change = relevant_change(context(type=f"{kind.capitalize()}.Update.Post", inputFields=["id", "name", "aliases"]))
    assert isinstance(change, Rename)
    assert (change.kind, change.entity_id, change.fields) == (kind, 7, ["name"])


OTHER_CHANGES = sorted((trigger, name) for trigger, (_, names) in CHANGES.items() for name in names if name != "name")


@pytest.mark.parametrize(("trigger", "field"), OTHER_CHANGES)
def test_what_a_setting_may_use_is_passed_as_such(trigger: str, field: str) -> None:
    change = relevant_change(context(type=trigger, inputFields=["id", field, "favorite"]))
    assert isinstance(change, Rename)
    assert change.fields == [field]
    assert f"{field}:{change.kind}" in OPTIONAL_INPUTS
    with_name = relevant_change(context(type=trigger, inputFields=[field, "name"]))
    assert isinstance(with_name, Rename)
    assert with_name.fields == ["name"]


@pytest.mark.parametrize("trigger", REMOVALS)
@pytest.mark.parametrize("fields", [None, [], ["name"]])
def test_what_is_gone_concerns_whoever_carried_it(trigger: str, fields: Any) -> None:
    change = relevant_change(context(type=trigger, inputFields=fields))
    assert isinstance(change, Removal)
    assert change.kind == trigger.partition(".")[0].lower()


@pytest.mark.parametrize("kind", ["Performer", "Studio", "Tag"])
@pytest.mark.parametrize("fields", [["id", "favorite"], ["title"], None])
def test_anything_else_about_them_does_not(kind: str, fields: Any) -> None:
    assert relevant_change(context(type=f"{kind}.Update.Post", inputFields=fields)) is None


@pytest.mark.parametrize("fields", [None, [], ["source", "destination"]])
def test_a_merge_of_tags_is_a_new_name(fields: Any) -> None:
    change = relevant_change(context(type="Tag.Merge.Post", inputFields=fields))
    assert isinstance(change, Rename)
    assert (change.kind, change.entity_id) == ("tag", 7)


# --- anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
TRIGGERS = st.sampled_from(["Scene.Update.Post", "Tag.Update.Post", "Tag.Merge.Post"]) | JSON
FIELDS = st.lists(st.sampled_from(["title", "name"]) | JSON) | JSON


@given(st.fixed_dictionaries({}, optional={"id": JSON, "type": TRIGGERS, "input": JSON, "inputFields": FIELDS}))
def test_whatever_comes_is_an_edit_of_a_possible_scene_or_nothing(values: dict[str, Any]) -> None:
    change = relevant_change(values)
    if isinstance(change, SceneEdit):
        assert 0 < change.scene_id <= LARGEST_ID
        assert change.fields
        assert set(change.fields) <= RELEVANT_FIELDS
    elif isinstance(change, Rename):
        assert 0 < change.entity_id <= LARGEST_ID


@pytest.mark.parametrize(("fields", "is_bulk"), [(["id", "title"], False), (["ids", "tag_ids"], True)])
def test_one_scene_of_many_is_told_from_one_alone(fields: list[str], is_bulk: bool) -> None:
    change = relevant_change({"id": 7, "type": "Scene.Update.Post", "inputFields": fields})
    assert isinstance(change, SceneEdit)
    assert change.is_bulk == is_bulk


def test_a_scene_that_is_gone_may_leave_its_items_to_another() -> None:
    change = relevant_change({"id": 7, "type": "Scene.Destroy.Post", "input": {"id": "7"}, "inputFields": None})
    assert isinstance(change, SceneEdit)
    assert (change.scene_id, change.fields) == (7, [])
