"""What the sync state knows of an item before, during and after a write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.items import PlexItem
from plex.metadata import WriteRules, names
from sync_queue.sync_state import ItemState
from tests.support.builders import item, wanted
from validation.fields import LIST_FIELDS, FieldValue
from worker.sync.item import ItemSync, Original, history_of

KEY = 7
NOW = 1_800_000_000.0


def item_sync(want: dict[str, Any], have: dict[str, Any], **options: Any) -> ItemSync:
    state = options.pop("state", ItemState(KEY))
    return ItemSync(item(**have), state, wanted(**want), WriteRules(**options))


def old_values(state: ItemState) -> dict[str, FieldValue]:
    return {name: Original.from_json(stored).value for name, stored in state.originals.items()}


def test_nothing_differs() -> None:
    sync = item_sync({"title": "Same"}, {"title": "Same"})
    assert (sync.edits, sync.changed) == ((), [])
    assert sync.intent() == sync.arrived(NOW) == ItemState(KEY)


def test_old_values_are_kept_before_the_first_write() -> None:
    sync = item_sync({"title": "New", "tags": ("A",), "rating": 8.0}, {"title": "Old", "tags": ("B",), "summary": "s"})
    assert sync.changed == ["title", "summary", "tags", "rating"]
    assert old_values(sync.intent()) == {"title": "Old", "summary": "s", "tags": ("B",), "rating": None}


def test_the_first_old_value_stays_for_ever() -> None:
    state = item_sync({"title": "Two"}, {"title": "One"}).intent()
    state = item_sync({"title": "Three"}, {"title": "Two"}, state=state).intent()
    assert old_values(state) == {"title": "One"}


def test_whether_somebody_had_locked_the_field_is_kept_too() -> None:
    locked = frozenset({"summary", "genre"})
    sync = item_sync({"title": "T", "summary": "S", "tags": ("A",)}, {"locked": locked})
    originals = sync.intent().originals
    assert {name: Original.from_json(stored).locked for name, stored in originals.items()} == {
        "title": False,
        "summary": True,
        "tags": True,
    }


def test_what_is_being_written_is_ours_once_it_arrived() -> None:
    sync = item_sync({"title": "New"}, {"title": "Old"})
    assert (sync.intent().written, sync.state.writing) == ({}, {"title": "New"})
    assert (sync.arrived(NOW).written, sync.state.writing) == ({"title": "New"}, {})


def test_after_a_crash_what_arrived_is_ours_and_what_did_not_is_not() -> None:
    crashed = item_sync({"title": "New", "studio": "S"}, {"title": "Old", "studio": "T"}).intent()
    arrived = item_sync({"title": "New"}, {"title": "New", "studio": "T"}, state=crashed, skip_fields={"studio"})
    assert arrived.edits == ()
    assert (arrived.arrived(NOW).written, arrived.state.writing) == ({"title": "New"}, {})


def test_after_a_crash_what_arrived_is_ours_also_where_more_is_to_be_written() -> None:
    crashed = item_sync({"title": "New"}, {"title": "Old"}).intent()
    more = item_sync({"title": "New", "studio": "S"}, {"title": "New"}, state=crashed)
    assert more.changed == ["studio"]
    more.intent()
    assert more.arrived(NOW).written == {"title": "New", "studio": "S"}


def test_names_that_we_added_are_ours_from_before_the_write_until_they_are_removed() -> None:
    sync = item_sync({"tags": ("A", "B")}, {"tags": ("B", "C")})
    assert sync.intent().written == {"tags": ["A"]}
    assert sync.arrived(NOW).written == {"tags": ["A"]}
    sync = item_sync({"tags": ("D",)}, {"tags": ("A", "B")}, state=sync.state)
    assert sync.intent().written == {"tags": ["A", "D"]}, "until A is gone for certain, it is ours"
    assert sync.arrived(NOW).written == {"tags": ["D"]}


def test_with_preserve_only_our_own_names_are_removed() -> None:
    state = ItemState(KEY, written={"tags": ["A"]})
    sync = item_sync({"tags": ("B",)}, {"tags": ("A", "Theirs")}, state=state, preserve_plex_edits=True)
    (edit,) = sync.edits
    assert (edit.added, edit.removed, edit.new) == (("B",), ("A",), ("B", "Theirs"))


# --- read back


def test_what_arrived_does_not_differ() -> None:
    sync = item_sync({"title": "New", "tags": ("A",)}, {"title": "Old"})
    assert not sync.differs_from(item(title="New", tags=("A",)))


def test_an_item_that_is_gone_does_not_differ() -> None:
    assert not item_sync({"title": "New"}, {"title": "Old"}).differs_from(None)


def test_what_plex_shows_otherwise_is_a_warning_and_not_written_again() -> None:
    sync = item_sync({"title": "New…", "tags": ("A", "B")}, {"title": "Old"})
    sync.intent()
    shown = item(title="New", tags=("A",))
    assert sync.differs_from(shown)
    warnings = sync.accept_what_is_shown()
    assert len(warnings) == 2
    assert "title" in warnings[0]
    assert "New…" in warnings[0]
    again = ItemSync(shown, sync.arrived(NOW), wanted(title="New…", tags=("A", "B")), WriteRules())
    assert again.edits == ()


def test_another_value_is_written_again() -> None:
    sync = item_sync({"title": "New…"}, {"title": "Old"})
    sync.intent()
    sync.differs_from(item(title="New"))
    sync.accept_what_is_shown()
    other = ItemSync(item(title="New"), sync.arrived(NOW), wanted(title="Other"), WriteRules())
    assert other.changed == ["title"]
    assert other.intent().shown == {}
    assert other.state.asked == {}


def test_what_a_person_changes_in_plex_afterwards_is_written_again() -> None:
    sync = item_sync({"title": "New…"}, {"title": "Old"})
    sync.intent()
    sync.differs_from(item(title="New"))
    sync.accept_what_is_shown()
    assert ItemSync(item(title="By hand"), sync.arrived(NOW), wanted(title="New…"), WriteRules()).changed == ["title"]


# --- any values

TEXTS = st.sampled_from(["", "A", "B", "C"])
NAMES = st.lists(st.sampled_from(["A", "B", "C"]), unique=True).map(tuple)
VALUES = st.fixed_dictionaries({"title": TEXTS, "summary": TEXTS, "tags": NAMES, "performers": NAMES})


def after_write(sync: ItemSync) -> PlexItem:
    """What Plex shows when it has understood everything."""
    return replace(sync.item, values={**sync.item.values, **{edit.field: edit.new for edit in sync.edits}})


@given(st.lists(VALUES, min_size=1, max_size=5), VALUES)
def test_any_sequence_of_syncs_ends_in_step_and_keeps_the_first_values(
    wishes: list[dict[str, Any]], have: dict[str, Any]
) -> None:
    shown, state = item(**have), ItemState(KEY)
    for wish in wishes:
        sync = ItemSync(shown, state, wanted(**wish), WriteRules())
        sync.intent()
        shown = after_write(sync)
        assert not sync.differs_from(shown)
        state = sync.arrived(NOW)
        assert ItemSync(shown, state, wanted(**wish), WriteRules()).edits == ()
    assert all(item(**have).value(name) == value for name, value in old_values(state).items())
    ours = {name: set(value) for name, value in state.written.items() if name in LIST_FIELDS}
    assert all(value <= set(names(shown.value(name))) for name, value in ours.items())


@pytest.mark.parametrize("part", ["written", "shown", "asked", "writing"])
def test_history_is_what_the_state_says(part: str) -> None:
    stored: dict[str, Any] = {part: {"tags": ["A"], "title": "T", "rating": 5.0}}
    history = history_of(replace(ItemState(KEY), **stored))
    assert getattr(history, part) == {"tags": ("A",), "title": "T", "rating": 5.0}
