"""Other cases of the same kinds: spellings that change, edits that arrive in part, undoings that Plex ignores."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import enqueue_undo
from sync_queue.state.sync_state import SyncState
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.plex_writes import EVERY_FIELD
from tests.support.agreement import disagreements
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def undo(bench: Workbench, *scene_ids: int) -> None:
    enqueue_undo(bench.database, scene_ids, bench.clock.now)
    bench.drain()


def rename(rows: Any, row_id: int, name: str) -> None:
    rows.rows[row_id] = replace(rows.rows[row_id], name=name)


def refused(bench: Workbench) -> set[str]:
    key = bench.keys[1]
    return set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
class TestSpellings:
    def test_a_tag_is_renamed_in_case_only(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=10) as bench:
            bench.plex.change_dialect(**vars(dialect))
            tag = bench.stash.tag_id("blue hat")
            for scene_id in bench.keys:
                bench.stash.save_without_hook(scene_id, tag_ids=[tag])
            sync_all(bench)
            rename(bench.stash.library.tags, tag, "BLUE hat")
            sync_all(bench)
            assert disagreements(bench, bench.keys) == []
            assert sync_all(bench) == 0
            undo(bench, *bench.keys)
            assert {bench.item(scene_id).genres for scene_id in bench.keys} == {()}

    def test_both_spellings_stand_there_already(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=1) as bench:
            bench.plex.change_dialect(**vars(dialect))
            bench.plex.edit_as_user(bench.keys[1], genres=["Blue Hat", "blue hat", "Other"])
            bench.stash.save_without_hook(1, tag_ids=[bench.stash.tag_id("blue hat")])
            sync_all(bench)
            assert len(bench.item(1).genres) == 1
            assert bench.item(1).genres[0].lower() == "blue hat"
            assert sync_all(bench) == 0

    def test_with_preserve_a_name_of_plex_in_other_case_stays(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=1, preserve_plex_edits=True) as bench:
            bench.plex.change_dialect(**vars(dialect))
            bench.plex.edit_as_user(bench.keys[1], genres=["Blue Hat"])
            shown = bench.item(1).genres
            bench.edit(1, tag_ids=[bench.stash.tag_id("blue hat")])
            bench.drain()
            bench.edit(1, tag_ids=[])
            bench.drain()
            assert {name.lower() for name in bench.item(1).genres} == {name.lower() for name in shown}

    def test_a_studio_is_renamed(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=2) as bench:
            bench.plex.change_dialect(**vars(dialect))
            bench.plex.edit_as_user(bench.keys[2], collections=["House Of X"])
            studio = bench.stash.studio_id("house of x")
            bench.edit(1, studio_id=studio)
            bench.drain()
            rename(bench.stash.library.studios, studio, "House OF x")
            sync_all(bench)
            rename(bench.stash.library.studios, studio, "Another")
            sync_all(bench)
            assert {name.lower() for name in bench.item(1).collections} == {"another"}
            assert len(bench.item(2).collections) == 1


class TestRefused:
    @pytest.mark.parametrize("requests", [1, 2, 3, 7])
    def test_a_few_edits_are_ignored(self, bench: Workbench, requests: int) -> None:
        bench.plex.writes.ignored, bench.plex.writes.ignored_requests = EVERY_FIELD, requests
        sync_all(bench)
        sync_all(bench)
        assert disagreements(bench, bench.keys) == []

    def test_a_removal_is_ignored(self, bench: Workbench) -> None:
        bench.edit(1, tag_ids=[bench.stash.tag_id("Tag")])
        bench.drain()
        bench.plex.writes.ignored_values = frozenset({"genre"})
        bench.edit(1, tag_ids=[], title="Newer")
        bench.drain()
        assert (bench.item(1).genres, bench.item(1).title, refused(bench)) == (("Tag",), "Newer", {"tags"})
        bench.plex.writes.ignored_values = frozenset()
        sync_all(bench)
        assert (bench.item(1).genres, refused(bench)) == ((), set())

    def test_another_value_in_stash_is_tried_at_once(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.writes.ignored = frozenset()
        bench.edit(1, details="Newer")
        bench.drain()
        assert (bench.item(1).summary, refused(bench)) == ("Newer", set())

    def test_so_is_the_old_one_after_plex_shows_something_else(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.writes.ignored = frozenset()
        bench.plex.edit_as_user(bench.keys[1], summary="Theirs")
        bench.edit(1, title="Newer")
        bench.drain()
        assert bench.shows(1)

    def test_what_plex_brings_by_itself_is_no_longer_refused(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.edit_as_user(bench.keys[1], summary="Summary 1")
        sync_all(bench)
        assert refused(bench) == set()

    def test_a_picture_that_is_ignored_is_sent_again(self, bench: Workbench) -> None:
        bench.plex.writes.ignored, bench.plex.writes.ignored_requests = frozenset({"thumb", "art"}), 3
        sync_all(bench)
        sync_all(bench)
        assert disagreements(bench, bench.keys) == []

    def test_an_undo_that_plex_ignores_forgets_nothing(self, bench: Workbench) -> None:
        bench.configure(max_retries=1)
        sync_all(bench)
        bench.plex.writes.ignored = EVERY_FIELD
        undo(bench, 1)
        assert bench.shows(1)
        bench.plex.writes.ignored = frozenset()
        undo(bench, 1)
        assert (bench.item(1).title, bench.item(1).summary) == ("scene-1", "")

    def test_a_summary_that_a_proxy_does_not_let_through_keeps_no_other_field_out(
        self, bench: Workbench, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench.plex.writes.max_request_line = 1500
        bench.edit(1, title="Newer", details="x" * 3000)
        bench.drain()
        assert (bench.item(1).title, refused(bench), bench.dead_letters()) == ("Newer", set(), [])
        assert "summary: cut to " in caplog.text
        assert set(bench.item(1).summary) == {"x"}
        bench.edit(1, details="Short")
        bench.drain()
        assert bench.shows(1)


def test_a_rating_that_plex_rounds_is_given_back_when_it_is_emptied(bench: Workbench) -> None:
    bench.plex.change_dialect(ratings="whole_stars")
    bench.edit(1, rating100=73)
    bench.drain()
    assert bench.item(1).user_rating == 8.0
    bench.edit(1, rating100=None)
    bench.drain()
    assert bench.item(1).user_rating is None


def test_a_title_is_emptied_with_preserve(bench: Workbench) -> None:
    bench.configure(preserve_plex_edits=True)
    bench.plex.edit_as_user(bench.keys[1], lock=False, title="")
    bench.edit(1, title="Ours")
    bench.drain()
    assert bench.item(1).title == "Ours"
    bench.edit(1, title="")
    bench.drain()
    assert bench.item(1).title == ""


def test_after_an_undo_the_old_values_are_kept_anew(bench: Workbench) -> None:
    sync_all(bench)
    undo(bench, 1)
    bench.plex.edit_as_user(bench.keys[1], lock=False, summary="Between")
    bench.edit(1, details="Newer")
    bench.drain()
    assert bench.shows(1)
    undo(bench, 1)
    assert bench.item(1).summary == "Between"


def test_a_note_is_no_warning_on_the_scene(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    bench.plex.change_dialect(tag_names="capitals")
    bench.edit(1, tag_ids=[bench.stash.tag_id("blue hat")])
    with caplog.at_level(logging.INFO):
        bench.drain()
    assert 'tags: Plex shows "blue hat" as "Blue Hat"' in caplog.text
    known = SyncState(bench.database, bench.plex.machine_identifier).scenes([1])
    assert known[1].warnings == ()
