"""What the sync state knows of an item before, during and after a write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.editing.edits import Original, WriteRules, names
from plex.items import PlexItem
from sync_queue.manager import QueueManager
from sync_queue.state.sync_state import ItemState
from tests.support.builders import LOCKED, wanted
from tests.support.builders import item as unlocked_item
from validation.fields import LIST_FIELDS, FieldValue
from worker.backoff import REFUSED_WAITS
from worker.items.item import ItemSync, history_of
from worker.items.read_back import read_back
from worker.items.server import KnownServer

KEY = 7
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnownServer]:
    manager = QueueManager.open(str(tmp_path_factory.mktemp("queue")))
    yield KnownServer(manager.database, "server", "1.43", lambda: NOW)
    manager.close()


def item(locked: frozenset[str] = LOCKED, **values: Any) -> PlexItem:
    return unlocked_item(locked=locked, **values)


def look(sync: ItemSync, shown: PlexItem | None, server: KnownServer) -> int:
    """Read the item back, always as `shown`; returns how often something was written again."""
    again: list[object] = []
    found = {KEY: shown} if shown else {}
    read_back([sync], lambda _: found, lambda _, edits: again.append(edits), server)
    return len(again)


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
    state = sync.arrived(NOW)
    assert (state.written, state.writing) == ({"title": "New"}, {})


def test_after_a_crash_what_arrived_is_ours_and_what_did_not_is_not() -> None:
    crashed = item_sync({"title": "New", "studio": "S"}, {"title": "Old", "studio": "T"}).intent()
    arrived = item_sync({"title": "New"}, {"title": "New", "studio": "T"}, state=crashed, skip_fields={"studio"})
    assert arrived.edits == ()
    state = arrived.arrived(NOW)
    assert (state.written, state.writing) == ({"title": "New"}, {})


def test_after_a_crash_what_arrived_is_ours_also_where_more_is_to_be_written() -> None:
    crashed = item_sync({"title": "New"}, {"title": "Old"}).intent()
    more = item_sync({"title": "New", "studio": "S"}, {"title": "New"}, state=crashed)
    assert more.changed == ["studio"]
    more.intent()
    assert more.arrived(NOW).written == {"title": "New", "studio": "S"}


def test_names_that_we_added_are_ours_from_before_the_write_until_they_are_removed(server: KnownServer) -> None:
    sync = item_sync({"tags": ("A", "B")}, {"tags": ("B", "C")})
    assert sync.intent().written == {"tags": ["A"]}
    assert sync.arrived(NOW).written == {"tags": ["A"]}
    sync = item_sync({"tags": ("D",)}, {"tags": ("A", "B")}, state=sync.state)
    assert sync.intent().written == {"tags": ["A", "D"]}, "until A is gone for certain, it is ours"
    look(sync, item(tags=("A", "D")), server)
    assert sync.arrived(NOW).written == {"tags": ["A", "D"]}, "Plex did not let it go"
    look(sync, item(tags=("D",)), server)
    assert sync.arrived(NOW).written == {"tags": ["D"]}


def test_with_preserve_only_our_own_names_are_removed() -> None:
    state = ItemState(KEY, written={"tags": ["A"]})
    sync = item_sync({"tags": ("B",)}, {"tags": ("A", "Theirs")}, state=state, preserve_plex_edits=True)
    (edit,) = sync.edits
    assert (edit.added, edit.removed, edit.new) == (("B",), ("A",), ("B", "Theirs"))


# --- read back


def test_what_arrived_is_not_written_again(server: KnownServer) -> None:
    sync = item_sync({"title": "New", "tags": ("A",)}, {"title": "Old"})
    assert look(sync, item(title="New", tags=("A",)), server) == 0
    assert (sync.verdict.notes, sync.verdict.warnings) == ([], [])


def test_an_item_that_is_gone_is_not_written_again(server: KnownServer) -> None:
    assert look(item_sync({"title": "New"}, {"title": "Old"}), None, server) == 0


def test_plexs_own_form_is_told_once_and_not_written_again(server: KnownServer) -> None:
    sync = item_sync({"title": "New…"}, {"title": "Old"})
    sync.intent()
    shown = item(title="New")
    assert look(sync, shown, server) == 0
    assert (sync.verdict.notes, sync.verdict.warnings) == (['title: Plex shows "New" for "New…"'], [])
    again = ItemSync(shown, sync.arrived(NOW), wanted(title="New…"), WriteRules())
    assert again.edits == ()
    other = ItemSync(shown, sync.arrived(NOW), wanted(title="Other"), WriteRules())
    assert other.changed == ["title"]
    assert (other.intent().shown, other.state.asked) == ({}, {})
    by_hand = item(title="By hand")
    assert ItemSync(by_hand, sync.arrived(NOW), wanted(title="New…"), WriteRules()).changed == ["title"]


def test_one_field_that_stays_out_is_refused_and_left_to_who_asks_for_it(server: KnownServer) -> None:
    sync = item_sync({"title": "New", "summary": "s"}, {"title": "Old"})
    sync.intent()
    shown = item(title="Old", summary="s")
    assert look(sync, shown, server) == 1
    assert not sync.verdict.has_ignored_all
    assert (sync.changed, len(sync.verdict.warnings)) == (["summary"], 1)
    state = sync.arrived(NOW)
    refusal = {"asked": "New", "shown": "Old", "since": NOW, "plex_version": "1.43", "tries": 0}
    assert state.refused == {"title": {**refusal, "next_try_at": NOW + REFUSED_WAITS[0]}}
    assert (set(state.originals), set(state.written)) == ({"summary"}, {"summary"}), "what never arrived is not ours"
    wish = wanted(title="New", summary="s")
    assert ItemSync(shown, state, wish, WriteRules(), tries_refused=()).edits == ()
    assert ItemSync(shown, state, wish, WriteRules()).changed == ["title"]
    newer = wanted(title="Newer", summary="s")
    assert ItemSync(shown, state, newer, WriteRules(), tries_refused=()).changed == ["title"]


def test_where_nothing_arrives_it_is_plexs_failure_until_it_is_given_up(server: KnownServer) -> None:
    sync = item_sync({"title": "New", "tags": ("A",)}, {"title": "Old"})
    sync.intent()
    shown = item(title="Old")
    look(sync, shown, server)
    assert sync.verdict.has_ignored_all
    assert sync.arrived(NOW, gives_up=False).refused == {}
    assert set(sync.arrived(NOW).refused) == {"title", "tags"}
    again = ItemSync(shown, sync.arrived(NOW), wanted(title="New", tags=("A",)), WriteRules())
    look(again, shown, server)
    assert not again.verdict.has_ignored_all, "that it is refused still says nothing new of Plex"


@pytest.mark.parametrize(("asked", "before"), [("BLUE", "blue"), ("e\u0301", "\u00e9"), ("a", "a "), (7.0, 8.0)])
def test_what_is_equal_but_for_its_form_is_not_refused(server: KnownServer, asked: Any, before: Any) -> None:
    name = "rating" if isinstance(asked, float) else "title"
    sync = item_sync({name: asked}, {name: before})
    sync.intent()
    assert look(sync, item(**{name: before}), server) == 0
    assert sync.verdict.refused == {}
    assert ItemSync(item(**{name: before}), sync.arrived(NOW), wanted(**{name: asked}), WriteRules()).edits == ()


# --- any values

TEXTS = st.sampled_from(["", "A", "B", "C"])
NAMES = st.lists(st.sampled_from(["A", "B", "C"]), unique=True).map(tuple)
VALUES = st.fixed_dictionaries({"title": TEXTS, "summary": TEXTS, "tags": NAMES, "performers": NAMES})


def after_write(sync: ItemSync) -> PlexItem:
    """What Plex shows when it has understood everything."""
    return replace(sync.item, values={**sync.item.values, **{edit.field: edit.new for edit in sync.edits}})


@given(st.lists(VALUES, min_size=1, max_size=5), VALUES)
def test_any_sequence_of_syncs_ends_in_step_and_keeps_the_first_values(
    server: KnownServer, wishes: list[dict[str, Any]], have: dict[str, Any]
) -> None:
    shown, state = item(**have), ItemState(KEY)
    for wish in wishes:
        sync = ItemSync(shown, state, wanted(**wish), WriteRules())
        sync.intent()
        shown = after_write(sync)
        assert look(sync, shown, server) == 0
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
