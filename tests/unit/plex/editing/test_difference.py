"""The comparison that every sync is: what differs, what is left alone, what did not arrive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.editing.answers import remaining
from plex.editing.difference import ANY_SERVER, difference
from plex.editing.edits import FieldEdit, ItemHistory, Original, ServerWays, WriteRules, keys, names, same_value
from plex.editing.writer import edit_path, edit_requests
from plex.items import PlexItem
from tests.support.builders import LOCKED, wanted
from tests.support.builders import item as unlocked_item
from validation.fields import COMPARED_FIELDS, LIST_FIELDS, PLEX_NAMES, TEXT_FIELDS, FieldValue
from validation.metadata import WantedMetadata

MIRROR = WriteRules()
PRESERVE = WriteRules(preserve_plex_edits=True)
NO_HISTORY = ItemHistory()
LOCK = ("genre.locked", "1")


def item(**values: Any) -> PlexItem:
    """An item whose fields are all locked."""
    return unlocked_item(locked=LOCKED, **values)


def edits_of(
    want: dict[str, Any], have: dict[str, Any], rules: WriteRules = MIRROR, history: ItemHistory = NO_HISTORY
) -> tuple[FieldEdit, ...]:
    return difference(wanted(**want), item(**have), rules, history)


@pytest.mark.parametrize("field", ["title", "studio", "summary", "date"])
def test_a_text_that_differs_is_written(field: str) -> None:
    assert edits_of({field: "new"}, {field: "old"}) == (FieldEdit(field, "old", "new"),)


@pytest.mark.parametrize("field", COMPARED_FIELDS)
def test_what_is_the_same_is_not_written(field: str) -> None:
    value = ("A", "B") if field in LIST_FIELDS else 7.0 if field == "rating" else "same"
    assert edits_of({field: value}, {field: value}) == ()


@pytest.mark.parametrize("field", ["studio", "summary", "date"])
def test_an_emptied_text_is_cleared(field: str) -> None:
    assert edits_of({}, {field: "old"}) == (FieldEdit(field, "old", ""),)


@pytest.mark.parametrize(("field", "value"), [("title", "A title"), ("rating", 8.0)])
def test_an_empty_title_or_rating_is_left_alone(field: str, value: Any) -> None:
    assert edits_of({}, {field: value}) == ()


@pytest.mark.parametrize(
    ("want", "have", "edit"),
    [
        (("A",), (), FieldEdit("tags", (), ("A",), added=("A",))),
        ((), ("A",), FieldEdit("tags", ("A",), (), removed=("A",))),
        (("B", "C"), ("A", "B"), FieldEdit("tags", ("A", "B"), ("B", "C"), added=("C",), removed=("A",))),
        (("a",), ("A",), FieldEdit("tags", ("A",), ("a",), added=("a",), outdated=("A",))),
        (("a",), ("A", "a"), FieldEdit("tags", ("A", "a"), ("a",), respelled=("A",))),
    ],
)
def test_a_list_is_mirrored_exactly(want: tuple[str, ...], have: tuple[str, ...], edit: FieldEdit) -> None:
    assert edits_of({"tags": want}, {"tags": have}) == (edit,)


def test_the_order_of_a_list_does_not_matter() -> None:
    assert edits_of({"performers": ("A", "B")}, {"performers": ("B", "A")}) == ()


@pytest.mark.parametrize(
    ("want", "have", "written", "new", "removed"),
    [
        (("Studio",), ("Mine",), (), ("Studio", "Mine"), ()),
        (("New",), ("Old", "Mine"), ("Old",), ("New", "Mine"), ("Old",)),
        ((), ("Old", "Mine"), ("Old",), ("Mine",), ("Old",)),
    ],
)
def test_only_our_own_collection_is_removed(
    want: tuple[str, ...],
    have: tuple[str, ...],
    written: tuple[str, ...],
    new: tuple[str, ...],
    removed: tuple[str, ...],
) -> None:
    (edit,) = edits_of({"collection": want}, {"collection": have}, history=ItemHistory({"collection": written}))
    assert (edit.new, edit.removed) == (new, removed)


def test_a_foreign_collection_alone_is_no_difference() -> None:
    assert edits_of({}, {"collection": ("Mine",)}) == ()


@pytest.mark.parametrize(("want", "have", "differs"), [(7.3, 7.3000001, False), (7.3, 7.4, True), (0.0, None, True)])
def test_ratings_differ_by_stashs_steps(want: float, have: float | None, differs: bool) -> None:
    assert bool(edits_of({"rating": want}, {"rating": have})) is differs


def test_fields_to_skip_are_not_compared() -> None:
    rules = WriteRules(skip_fields=frozenset({"title", "tags"}))
    edits = edits_of({"title": "A", "tags": ("B",), "studio": "C"}, {}, rules)
    assert [edit.field for edit in edits] == ["studio"]


class TestPreservingPlexEdits:
    def test_an_empty_field_is_filled(self) -> None:
        assert edits_of({"summary": "ours"}, {}, PRESERVE) == (FieldEdit("summary", "", "ours"),)

    @pytest.mark.parametrize(("field", "ours", "theirs"), [("summary", "ours", "theirs"), ("rating", 3.0, 9.0)])
    def test_a_value_of_plex_stays(self, field: str, ours: Any, theirs: Any) -> None:
        assert edits_of({field: ours}, {field: theirs}, PRESERVE) == ()

    def test_a_value_that_we_wrote_is_replaced(self) -> None:
        history = ItemHistory(written={"summary": "ours"})
        assert edits_of({"summary": "newer"}, {"summary": "ours"}, PRESERVE, history)
        assert edits_of({}, {"summary": "ours"}, PRESERVE, history)

    def test_plexs_form_of_our_value_is_ours_too(self) -> None:
        history = ItemHistory(written={"summary": "ours "}, shown={"summary": "ours"})
        assert edits_of({"summary": "newer"}, {"summary": "ours"}, PRESERVE, history)

    def test_a_rating_that_we_gave_is_replaced(self) -> None:
        assert edits_of({"rating": 8.0}, {"rating": 3.0}, PRESERVE, ItemHistory(written={"rating": 3.0}))

    @pytest.mark.parametrize("field", ["tags", "performers"])
    def test_of_a_list_only_our_own_names_are_removed(self, field: str) -> None:
        history = ItemHistory(written={field: ("Ours",)})
        (edit,) = edits_of({field: ("New",)}, {field: ("Theirs", "Ours")}, PRESERVE, history)
        assert edit == FieldEdit(field, ("Theirs", "Ours"), ("New", "Theirs"), ("New",), ("Ours",))

    def test_names_of_plex_alone_are_no_difference(self) -> None:
        assert edits_of({"tags": ("A",)}, {"tags": ("A", "Theirs")}, PRESERVE) == ()


class TestWherePlexHasItsOwnForm:
    def test_the_same_wish_is_not_sent_again(self) -> None:
        history = ItemHistory(written={"title": "A\u200bB"}, shown={"title": "AB"})
        assert edits_of({"title": "A\u200bB"}, {"title": "AB"}, history=history) == ()

    def test_another_wish_is(self) -> None:
        history = ItemHistory(written={"title": "A\u200bB"}, shown={"title": "AB"})
        assert edits_of({"title": "C"}, {"title": "AB"}, history=history)

    def test_so_is_the_same_wish_after_plex_has_changed(self) -> None:
        history = ItemHistory(written={"title": "A\u200bB"}, shown={"title": "AB"})
        assert edits_of({"title": "A\u200bB"}, {"title": "from an agent"}, history=history)

    def test_a_list_is_judged_name_by_name(self) -> None:
        ways = ServerWays(forms={("tags", "blue hat"): "Blue Hat"})
        shown = item(tags=("Blue Hat", "B"))
        assert difference(wanted(tags=("B", "blue hat")), shown, MIRROR, NO_HISTORY, ways) == ()
        (edit,) = difference(wanted(tags=("blue hat",)), shown, MIRROR, NO_HISTORY, ways)
        assert (edit.new, edit.removed, edit.added) == (("Blue Hat",), ("B",), ())

    def test_a_new_spelling_is_tried(self) -> None:
        ways = ServerWays(forms={("tags", "blue hat"): "Blue Hat"})
        (edit,) = difference(wanted(tags=("BLUE HAT",)), item(tags=("Blue Hat",)), MIRROR, NO_HISTORY, ways)
        assert (edit.added, edit.outdated, edit.removed) == (("BLUE HAT",), ("Blue Hat",), ())

    def test_where_removals_ignore_case_the_old_spelling_goes_first(self) -> None:
        ways = ServerWays(removal_ignores_case=True)
        (edit,) = difference(wanted(tags=("a",)), item(tags=("A",)), MIRROR, NO_HISTORY, ways)
        assert (edit.added, edit.respelled) == (("a",), ("A",))
        assert edit_requests([edit]) == [[("genre[].tag.tag-", "A"), LOCK], [("genre[0].tag.tag", "a"), LOCK]]


class TestLocks:
    @pytest.mark.parametrize("field", [*TEXT_FIELDS, *LIST_FIELDS])
    def test_a_field_that_is_equal_but_not_locked_differs_by_its_lock(self, field: str) -> None:
        value: Any = ("A",) if field in LIST_FIELDS else "same"
        (edit,) = difference(wanted(**{field: value}), unlocked_item(**{field: value}), MIRROR, NO_HISTORY)
        assert edit.is_lock_only
        assert edit_requests([edit]) == [[(f"{PLEX_NAMES[field]}.locked", "1")]]

    def test_what_neither_has_is_not_locked_unless_we_cleared_it(self) -> None:
        assert difference(wanted(), unlocked_item(), MIRROR, NO_HISTORY) == ()
        (edit,) = difference(wanted(), unlocked_item(), MIRROR, ItemHistory(written={"summary": ""}))
        assert (edit.field, edit.is_lock_only) == ("summary", True)

    def test_a_lock_that_does_not_hold_is_no_difference(self) -> None:
        ways = ServerWays(loose_locks=frozenset({"summary"}))
        assert difference(wanted(summary="a"), unlocked_item(summary="a"), MIRROR, NO_HISTORY, ways) == ()

    def test_with_preserve_a_value_that_is_not_ours_is_not_locked(self) -> None:
        shown = unlocked_item(summary="a", tags=("A",))
        wish = wanted(summary="a", tags=("A",))
        assert difference(wish, shown, PRESERVE, NO_HISTORY) == ()
        ours = ItemHistory(written={"summary": "a", "tags": ("A",)})
        assert {edit.field for edit in difference(wish, shown, PRESERVE, ours)} == {"summary", "tags"}


class TestGivingBack:
    OURS = ItemHistory(
        written={"title": "Ours", "rating": 7.0, "tags": ("Ours",)},
        originals={
            "title": Original("Before", False),
            "rating": Original(None, False),
            "tags": Original(("Old",), True),
        },
    )

    def test_an_emptied_title_or_rating_of_ours_gives_way_to_what_was_there(self) -> None:
        edits = difference(wanted(tags=("Ours",)), item(title="Ours", rating=7.0, tags=("Ours",)), MIRROR, self.OURS)
        assert [(edit.field, edit.new, edit.locked, edit.gives_back) for edit in edits] == [
            ("title", "Before", False, True),
            ("rating", None, False, True),
        ]

    def test_one_that_was_edited_in_plex_stays(self) -> None:
        assert difference(wanted(), item(title="Theirs", rating=2.0), MIRROR, self.OURS) == ()

    def test_a_field_that_no_setting_fills_any_more(self) -> None:
        rules = WriteRules(unfilled=frozenset({"tags"}))
        (edit,) = difference(wanted(title="Ours"), item(title="Ours", tags=("Ours", "Theirs")), rules, self.OURS)
        assert (edit.new, edit.removed, edit.added, edit.locked) == (("Old", "Theirs"), ("Ours",), ("Old",), True)

    @pytest.mark.parametrize(("field", "rules"), [("collection", MIRROR), ("tags", PRESERVE)])
    def test_a_list_of_which_ours_is_the_last_to_go_gets_its_lock_back(self, field: str, rules: WriteRules) -> None:
        history = ItemHistory(
            written={field: ("Ours",)}, asked={field: ("Ours", "Old")}, originals={field: Original(("Old",), False)}
        )
        (edit,) = difference(wanted(title="T"), item(title="T", **{field: ("Old", "Ours")}), rules, history)
        assert (edit.new, edit.removed, edit.locked, edit.gives_back) == (("Old",), ("Ours",), False, True)


def test_a_list_goes_as_far_as_it_fits() -> None:
    many = tuple(f"Name {number}" for number in range(10))
    ways = ServerWays(longest_lists={"performers": 3})
    (edit,) = difference(wanted(performers=many), item(), MIRROR, NO_HISTORY, ways)
    assert (edit.new, edit.left_out) == (many[:3], many[3:])
    assert difference(wanted(performers=many), item(performers=many[:3]), MIRROR, NO_HISTORY, ways) == ()
    ways = ServerWays(address_bytes=300)
    (edit,) = difference(wanted(performers=many), item(), MIRROR, NO_HISTORY, ways)
    assert edit.left_out
    assert max(len(edit_path("9" * 20, "9" * 20, each)) for each in edit_requests([edit])) <= 300


class TestRemaining:
    def test_what_arrived_is_done(self) -> None:
        edits = edits_of({"title": "A", "tags": ("B",), "rating": 7.0}, {"tags": ("C",)})
        assert remaining(edits, item(title="A", tags=("B",), rating=7.0), ANY_SERVER) == ()

    def test_what_did_not_is_named_with_what_is_left_to_do(self) -> None:
        edits = edits_of({"title": "A", "tags": ("B", "C")}, {"tags": ("D", "E")})
        shown = item(title="", tags=("B", "E"))
        assert remaining(edits, shown, ANY_SERVER) == (
            FieldEdit("title", "", "A"),
            FieldEdit("tags", ("B", "E"), ("B", "C"), added=("C",), removed=("E",)),
        )

    def test_a_name_that_somebody_else_added_meanwhile_is_none_of_it(self) -> None:
        edits = edits_of({"collection": ("Studio",)}, {})
        assert remaining(edits, item(collection=("Studio", "Mine")), ANY_SERVER) == ()


# --- properties

texts = st.text(alphabet="ab,&%é ", max_size=4)
lists = st.lists(st.sampled_from(["A", "B, C", "D & E", "100%", "é", "%2C"]), unique=True, max_size=5).map(tuple)
ratings = st.none() | st.integers(1, 100).map(lambda rating100: rating100 / 10)
values: dict[str, st.SearchStrategy[Any]] = {
    "title": texts,
    "studio": texts,
    "summary": texts,
    "date": st.sampled_from(["", "2020-01-02", "2021-03-04"]),
    "performers": lists,
    "tags": lists,
    "collection": lists,
    "rating": ratings,
}
wishes = st.fixed_dictionaries(values).map(lambda chosen: wanted(**chosen))
either_spelling = dict.fromkeys(LIST_FIELDS, st.lists(st.sampled_from(["A", "a", "é"]), unique=True).map(tuple))
items = st.fixed_dictionaries({**values, **either_spelling}).map(lambda chosen: item(**chosen))
all_rules = st.builds(WriteRules, st.frozensets(st.sampled_from(COMPARED_FIELDS)), st.booleans())
known_values = st.fixed_dictionaries({}, optional=values)
histories = st.builds(ItemHistory, known_values, known_values, known_values)


def applied(edits: tuple[FieldEdit, ...], current: PlexItem) -> PlexItem:
    return replace(current, values={**current.values, **{edit.field: edit.new for edit in edits}})


def ours_after(edit: FieldEdit, history: ItemHistory) -> FieldValue:
    """What the history holds of a field after an edit: of a list, the names that we added ourselves."""
    if edit.field not in LIST_FIELDS:
        return edit.new
    kept = [name for name in names(history.written.get(edit.field)) if name not in edit.removed]
    return (*kept, *edit.added)


@given(wishes, items)
def test_property_the_edits_lead_to_what_is_wanted(wish: WantedMetadata, current: PlexItem) -> None:
    after = applied(difference(wish, current, MIRROR, NO_HISTORY), current)
    for field in ("studio", "summary", "date", "performers", "tags"):
        assert same_value(after.value(field), wish.value(field))
    collections = [keys(names(each.value("collection"))) for each in (after, current, wish)]
    assert collections[0] == collections[1] | collections[2]
    assert after.value("title") == (wish.title or current.value("title"))
    assert same_value(after.value("rating"), (current if wish.value("rating") is None else wish).value("rating"))


@given(wishes, items, all_rules, histories)
def test_property_after_the_edits_nothing_differs(
    wish: WantedMetadata, current: PlexItem, rules: WriteRules, history: ItemHistory
) -> None:
    edits = difference(wish, current, rules, history)
    after = applied(edits, current)
    written = {**history.written, **{edit.field: ours_after(edit, history) for edit in edits}}
    originals = {edit.field: Original(edit.old, locked=True) for edit in edits}
    later = replace(history, written=written, originals=originals)
    assert remaining(edits, after, ANY_SERVER) == ()
    for field in (edit.field for edit in edits):
        assert field not in {edit.field for edit in difference(wish, after, rules, later)}


@given(wishes, items, all_rules, histories)
def test_property_an_edit_is_a_real_change_of_a_field_that_may_be_written(
    wish: WantedMetadata, current: PlexItem, rules: WriteRules, history: ItemHistory
) -> None:
    for edit in difference(wish, current, rules, history):
        assert edit.field not in rules.skip_fields
        assert same_value(edit.old, current.value(edit.field))
        assert not same_value(edit.old, edit.new)
        if edit.field in LIST_FIELDS:
            assert set(edit.added) == set(names(edit.new)) - set(names(edit.old))
            gone = {*edit.removed, *edit.respelled, *edit.outdated}
            assert gone == set(names(edit.old)) - set(names(edit.new))


@given(wishes, items, histories)
def test_property_what_plex_had_and_we_did_not_write_is_preserved(
    wish: WantedMetadata, current: PlexItem, history: ItemHistory
) -> None:
    for edit in difference(wish, current, PRESERVE, history):
        ours = history.written.get(edit.field), history.shown.get(edit.field)
        if edit.field in LIST_FIELDS:
            assert keys({*edit.removed, *edit.respelled, *edit.outdated}) <= keys(names(ours[0]))
        elif edit.old not in ("", None):
            assert any(same_value(edit.old, own) for own in ours)
