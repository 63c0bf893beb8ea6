"""What some servers make by themselves of a title or a date is back after an undo, though it was never ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.editing.edits import WriteRules
from sync_queue.enqueue import enqueue_undo
from sync_queue.state.sync_state import ItemState
from tests.simulators.plex_dialect import Dialect
from tests.support.builders import item, wanted
from tests.support.filled_settings import sync
from tests.support.workbench import Workbench
from worker.items.item import ItemSync
from worker.sync.undo import undo_edits

FOLLOWS = Dialect("add", title_sort_follows=True)
STAYS = Dialect("add")
BEFORE = ["", "Before", "scene-1", "New One"]


@pytest.fixture(params=[FOLLOWS, STAYS], ids=str)
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        made.plex.change_dialect(**vars(request.param))
        made.add_scene(details="Summary", studio="Studio")
        yield made


def has(bench: Workbench, sort_title: str, *, locked: bool = False, title: str = "scene-1") -> None:
    """What the item shows from now on, as somebody types it."""
    bench.plex.edit_as_user(bench.keys[1], lock=False, title=title, title_sort=sort_title)
    bench.item(1).locked |= {"titleSort"} if locked else set()


def entitle(bench: Workbench, title: str) -> None:
    bench.edit(1, title=title)
    bench.drain()


def undo(bench: Workbench) -> int:
    """Undo the scene; returns how many writes it took."""
    bench.plex.reset_log()
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()
    return sum(request.method != "GET" for request in bench.plex.requests)


def shows(bench: Workbench) -> tuple[str, str, bool]:
    item = bench.item(1)
    return item.title, item.title_sort, "titleSort" in item.locked


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("titles", [["The New One"], ["Other"], ["The First", "The New One"]], ids=",".join)
def test_it_is_back_after_an_undo_in_one_request(
    bench: Workbench, before: str, locked: bool, titles: list[str]
) -> None:
    has(bench, before, locked=locked)
    for title in titles:
        entitle(bench, title)
    assert undo(bench) == 1
    assert shows(bench) == ("scene-1", before, locked)


def test_so_it_is_where_plex_had_none_but_would_make_one(bench: Workbench) -> None:
    has(bench, "", title="The Old One")
    entitle(bench, "Other")
    undo(bench)
    assert shows(bench) == ("The Old One", "", False)


def test_an_emptied_title_gives_it_back_as_well(bench: Workbench) -> None:
    has(bench, "Before")
    entitle(bench, "The New One")
    entitle(bench, "")
    assert shows(bench) == ("scene-1", "Before", False)
    assert sync(bench, {}) == []


def test_so_does_a_setting_that_is_switched_off(bench: Workbench) -> None:
    has(bench, "Before")
    sync(bench, {"title_format": "The {studio}"})
    assert len(sync(bench, {})) == 1
    assert shows(bench) == ("scene-1", "Before", False)


def test_so_does_an_edit_that_brings_the_old_title(bench: Workbench) -> None:
    has(bench, "Before")
    entitle(bench, "The New One")
    entitle(bench, "scene-1")
    assert shows(bench) == ("scene-1", "Before", False)
    undo(bench)
    assert shows(bench) == ("scene-1", "Before", False)


@pytest.mark.parametrize("title", ["", "scene-1"])
def test_ours_goes_back_to_what_stood_beside_the_old_title(bench: Workbench, title: str) -> None:
    has(bench, "Before")
    entitle(bench, "The New One")
    bench.edit(1, title=title)
    sync(bench, {"sort_title_format": "{studio}"})
    assert shows(bench) == ("scene-1", "Studio", True)
    sync(bench, {})
    assert shows(bench) == ("scene-1", "Before", False)


def test_one_that_was_typed_since_stays(bench: Workbench) -> None:
    has(bench, "Before")
    entitle(bench, "The New One")
    bench.plex.edit_as_user(bench.keys[1], lock=False, title_sort="Theirs")
    undo(bench)
    assert shows(bench) == ("scene-1", "Theirs", False)


def test_one_that_was_locked_since_stays(bench: Workbench) -> None:
    has(bench, "Before")
    entitle(bench, "The New One")
    bench.plex.edit_as_user(bench.keys[1], title_sort="Theirs")
    sync(bench, {"sort_title_format": "{studio}"})
    undo(bench)
    assert shows(bench) == ("scene-1", "Theirs", True)


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("is_off_again", [True, False])
def test_one_that_was_ours_for_a_while_is_back_as_before_the_title(
    bench: Workbench, is_first: bool, is_off_again: bool
) -> None:
    has(bench, "Before")
    values = {"sort_title_format": "{studio}"}
    if is_first:
        sync(bench, values)
    entitle(bench, "The New One")
    without = shows(bench)
    sync(bench, values)
    assert shows(bench) == ("The New One", "Studio", True)
    if is_off_again:
        sync(bench, {})
        assert shows(bench) == ("The New One", "Before", False) if is_first else without
    undo(bench)
    assert shows(bench) == ("scene-1", "Before", False)


def test_a_title_alone_that_goes_back_leaves_ours_as_it_is(bench: Workbench) -> None:
    has(bench, "Before")
    sync(bench, {"sort_title_format": "{studio}"})
    entitle(bench, "The New One")
    entitle(bench, "")
    assert shows(bench) == ("scene-1", "Studio", True)


def test_after_a_crash_it_is_known_that_plex_may_have_made_one() -> None:
    begun = ItemSync(item(title="Old", sort_title="Before"), ItemState(7), wanted(title="The New One"), WriteRules())
    edits = undo_edits(item(title="The New One", sort_title="New One"), begun.intent())
    assert [(edit.field, edit.new, edit.sort_title) for edit in edits] == [("title", "Old", "Before")]


@pytest.mark.parametrize("follows", [True, False])
def test_the_year_is_that_of_the_date_again(tmp_path: Path, follows: bool) -> None:
    with Workbench(tmp_path) as bench:
        bench.plex.change_dialect(year_follows=follows)
        bench.add_scene(title="Title", date="2024-05-06")
        bench.plex.edit_as_user(bench.keys[1], lock=False, originally_available_at="1999-01-02", year=1999)
        sync(bench, {})
        assert bench.item(1).year == (2024 if follows else 1999)
        undo(bench)
        assert (bench.item(1).originally_available_at, bench.item(1).year) == ("1999-01-02", 1999)
