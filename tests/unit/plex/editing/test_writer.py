"""The edit request: every name survives the wire, under each way in which a Plex may understand lists."""

from __future__ import annotations

from typing import Any, cast, get_args
from urllib.parse import parse_qsl

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plex.editing.answers import remaining
from plex.editing.difference import ANY_SERVER, difference
from plex.editing.edits import FieldEdit, ItemHistory, WriteRules, keys
from plex.editing.writer import MAX_URL_BYTES, Parameters, edit_path, edit_requests, photo_requests, plain_edit_requests
from tests.simulators.plex_edits import EditMode, parse_edit
from tests.simulators.plex_library import PlexLibrary
from tests.support.builders import item, wanted
from validation.fields import PLEX_NAMES
from validation.names import name_key

MODES = get_args(EditMode)
AWKWARD = ("A, B", "C & D", "100%", "%2C", "a=b", "é", "名前", "🎬", "x+y", "[0]", "#1?", "/slash/", "'q' \"q\"", ";")


def edit(field: str, old: tuple[str, ...], new: tuple[str, ...]) -> FieldEdit:
    added = tuple(name for name in new if name not in old)
    return FieldEdit(field, old, new, added, tuple(name for name in old if name not in new))


def received(parameters: Parameters) -> list[tuple[str, str]]:
    """The parameters as a server decodes them, once."""
    return parse_qsl(edit_path(1, 7, parameters).partition("?")[2], keep_blank_values=True, strict_parsing=True)


def test_text_is_sent_with_its_lock() -> None:
    (parameters,) = edit_requests([FieldEdit("date", "", "2020-01-02"), FieldEdit("summary", "old", "")])
    assert received(parameters) == [
        ("type", "1"),
        ("id", "7"),
        ("originallyAvailableAt.value", "2020-01-02"),
        ("originallyAvailableAt.locked", "1"),
        ("summary.value", ""),
        ("summary.locked", "1"),
    ]


def test_a_list_is_sent_whole_with_what_must_go_in_one_request() -> None:
    (parameters,) = edit_requests([edit("tags", ("A", "B"), ("B", "C"))])
    assert parameters == [
        ("genre[0].tag.tag", "B"),
        ("genre[1].tag.tag", "C"),
        ("genre.locked", "1"),
        ("genre[].tag.tag-", "A"),
    ]


@pytest.mark.parametrize(("field", "name"), [("tags", "genre"), ("performers", "actor"), ("collection", "collection")])
def test_clearing_a_list_needs_only_removals_and_the_lock(field: str, name: str) -> None:
    (parameters,) = edit_requests([edit(field, ("A", "B"), ())])
    assert parameters == [(f"{name}[].tag.tag-", "A,B"), (f"{name}.locked", "1")]


def test_a_comma_within_a_removed_name_is_encoded_twice() -> None:
    (parameters,) = edit_requests([edit("tags", ("A, B", "C"), ())])
    assert "genre%5B%5D.tag.tag-=A%252C%2520B%2CC" in edit_path(1, 7, parameters)


def test_a_rating_is_no_part_of_the_edit() -> None:
    edits = [FieldEdit("rating", None, 7.0)]
    assert edit_requests(edits) == plain_edit_requests(edits) == []


def test_extra_locks_ride_along_or_go_alone() -> None:
    assert edit_requests([FieldEdit("title", "", "A")], extra_locks=("thumb",)) == [
        [("title.value", "A"), ("title.locked", "1"), ("thumb.locked", "1")]
    ]
    assert edit_requests([], extra_locks=("thumb", "art")) == [[("thumb.locked", "1"), ("art.locked", "1")]]


def test_nothing_to_do_is_no_request() -> None:
    assert edit_requests([]) == plain_edit_requests([]) == []


class TestLength:
    def test_what_is_too_long_for_one_request_is_divided_between_fields(self) -> None:
        edits = [FieldEdit("title", "", "t" * 3000), FieldEdit("studio", "", "s" * 3000), FieldEdit("date", "", "d")]
        requests = edit_requests([*edits, FieldEdit("summary", "", "s" * 3000)])
        assert [[key for key, _ in each if key.endswith(".value")] for each in requests] == [
            ["title.value", "studio.value", "originallyAvailableAt.value"],
            ["summary.value"],
        ]

    def test_a_summary_that_is_too_long_by_itself_goes_alone(self) -> None:
        summary = "é" * MAX_URL_BYTES
        requests = edit_requests([FieldEdit("title", "", "A"), FieldEdit("summary", "", summary), *many_removals(1)])
        assert [len(each) for each in requests] == [2, 2, 2]
        assert ("summary.value", summary) in requests[1]

    def test_a_lists_names_stay_together_and_removals_are_divided(self) -> None:
        new = tuple(f"名{number}" * 10 for number in range(100))
        removed = tuple(f"é{number}" * 20 for number in range(100))
        requests = edit_requests([edit("tags", removed, new)])
        assert [sum(key.endswith("].tag.tag") for key, _ in each) for each in requests] == [100] + [0] * (
            len(requests) - 1
        )
        assert all(("genre.locked", "1") in each for each in requests)
        assert all(len(edit_path(1, 7, each)) <= MAX_URL_BYTES for each in requests[1:])

    @given(
        st.lists(st.text(min_size=1, max_size=300), unique=True, max_size=40).map(tuple),
        st.text(max_size=3000),
        st.integers(200, 3000),
    )
    def test_property_no_request_that_could_be_divided_exceeds_the_limit(
        self, removed: tuple[str, ...], summary: str, limit: int
    ) -> None:
        edits = [FieldEdit("summary", "", summary), edit("tags", removed, ()), edit("performers", removed, ())]
        for parameters in edit_requests(edits, limit, ("thumb",)):
            fields = {key.partition(".")[0] for key, _ in parameters}
            names = sum(value.count(",") + 1 for key, value in parameters if key.endswith("-"))
            alone = len(fields - {"genre", "actor"}) <= 1 and len(fields) <= 2 and names <= 1
            assert len(edit_path("9" * 20, "9" * 20, parameters)) <= limit or alone


def many_removals(count: int) -> list[FieldEdit]:
    return [edit("tags", tuple(f"tag {number}" for number in range(count)), ())]


def test_the_plain_form_has_one_field_and_one_removal_in_each_request() -> None:
    requests = plain_edit_requests([FieldEdit("title", "", "A"), edit("tags", ("B", "C"), ("D",))])
    assert requests == [
        [("title.value", "A"), ("title.locked", "1")],
        [("genre[].tag.tag-", "B"), ("genre.locked", "1")],
        [("genre[].tag.tag-", "C"), ("genre.locked", "1")],
        [("genre[0].tag.tag", "D"), ("genre.locked", "1")],
    ]


# --- against the three ways in which Plex may understand lists

ATTRIBUTES = {"performers": "roles", "tags": "genres", "collection": "collections"}
some_names = st.lists(st.sampled_from(AWKWARD) | st.text(min_size=1, max_size=5), unique_by=name_key, max_size=6).map(
    tuple
)
# surrogates cannot be sent, and no text of Stash holds any; names of nothing but blanks would be spellings of one
name_lists = some_names.filter(
    lambda found: all(name.strip() and name.encode("utf-8", "ignore").decode() == name for name in found)
)


class Library:
    """A Plex without HTTP that holds one item."""

    def __init__(self, mode: str, lists: dict[str, tuple[str, ...]]) -> None:
        self._library = PlexLibrary(cast(EditMode, mode))
        section = self._library.add_section("Movies")
        shown: dict[str, Any] = {ATTRIBUTES[field]: value for field, value in lists.items()}
        self.key = self._library.add_item(section, "/media/a.mp4", title="A", labels=("untouched",), **shown)

    def send(self, requests: list[Parameters]) -> None:
        for parameters in requests:
            self._library.apply(parse_edit((self.key,), received(parameters)), 1)

    def item(self) -> Any:
        held = self._library.item(self.key)
        assert held.labels == ("untouched",)
        return item(
            title=held.title,
            summary=held.summary,
            performers=held.roles,
            tags=held.genres,
            collection=held.collections,
            locked=held.locked,
        )

    def locked(self) -> frozenset[str]:
        return self._library.item(self.key).locked


@pytest.mark.parametrize("limit", [MAX_URL_BYTES, 300])
@pytest.mark.parametrize("mode", MODES)
@given(
    want=st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, name_lists)),
    have=st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, name_lists)),
)
def test_property_every_plex_ends_up_with_the_wanted_lists(
    mode: str, limit: int, want: dict[str, Any], have: dict[str, tuple[str, ...]]
) -> None:
    # The wanted spelling goes there first, and the other one once both are seen: that is tested by itself.
    spellings = {name: {*want[name], *have[name]} for name in want}
    assume(all(len(each) == len(keys(each)) for each in spellings.values()))
    library = Library(mode, have)
    history = ItemHistory(written={"collection": have["collection"]})
    edits = difference(wanted(**want), library.item(), WriteRules(), history)
    library.send(edit_requests(edits, limit))
    left = remaining(edits, library.item(), ANY_SERVER)
    assert mode == "single_removal" or not left
    library.send(plain_edit_requests(left))
    library.send(plain_edit_requests(remaining(edits, library.item(), ANY_SERVER)))
    for field in ATTRIBUTES:
        assert set(library.item().value(field)) == set(want[field])
    assert library.locked() == {PLEX_NAMES[edit.field] for edit in edits}


@pytest.mark.parametrize("mode", MODES)
def test_awkward_names_come_and_go(mode: str) -> None:
    library = Library(mode, {"tags": AWKWARD[::2]})
    edits = difference(wanted(tags=AWKWARD[1::2], summary="a\nb & c%"), library.item(), WriteRules(), ItemHistory())
    library.send(edit_requests(edits))
    library.send(plain_edit_requests(remaining(edits, library.item(), ANY_SERVER)))
    assert set(library.item().value("tags")) == set(AWKWARD[1::2])
    assert library.item().value("summary") == "a\nb & c%"


# --- photos


def test_photos_go_along_with_the_list_in_one_request() -> None:
    photos = {"Bob": "http://stash/2", "Nobody": "http://stash/3"}
    requests = edit_requests(
        [FieldEdit("title", "", "T"), edit("performers", ("Cleo",), ("Ann", "Bob"))],
        photos=photo_requests(["Ann", "Bob"], photos, roles={}, locked=True),
    )
    assert [received(each) for each in requests] == [
        [
            ("type", "1"),
            ("id", "7"),
            ("title.value", "T"),
            ("title.locked", "1"),
            ("actor[0].tag.tag", "Ann"),
            ("actor[1].tag.tag", "Bob"),
            ("actor.locked", "1"),
            ("actor[].tag.tag-", "Cleo"),
            ("actor[1].tag.thumb", "http://stash/2"),
        ]
    ]


def test_nobody_without_a_photo_costs_a_request() -> None:
    assert photo_requests(["Ann"], {}, roles={}, locked=False) == []


@given(st.integers(1, 120), st.integers(1, 200))
def test_photos_are_spread_over_as_many_requests_as_fit_and_each_names_everybody(count: int, length: int) -> None:
    people = [f"Person {number}" for number in range(count)]
    photos = {name: "http://stash/" + "x" * length + name for name in people[::2]}
    requests = photo_requests(people, photos, roles={}, locked=False)
    told: dict[str, str] = {}
    for parameters in requests:
        understood = parse_edit((7,), received(parameters))
        assert understood.tags["actor"] == people
        assert understood.unlocks == {"actor"}
        assert len(edit_path(1, 7, parameters)) <= MAX_URL_BYTES or len(understood.photos) == 1
        told |= understood.photos
    assert told == photos
