"""Locks are part of the comparison, of fields and of pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue_undo
from tests.simulators.pictures import jpeg
from tests.simulators.plex_agent import film_agent
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Difference

AN_HOUR = 3600.0
A_DAY = 86_400.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def differences(bench: Workbench) -> tuple[Difference, ...]:
    context = bench.workplace.contexts.current(max_age=0.0)
    (result,) = Comparison(context, bench.database, bench.clock).compare([1])
    return result.differences


def unlock(bench: Workbench, *names: str) -> None:
    bench.item(1).locked -= set(names)


def test_an_equal_title_is_locked_and_survives_an_agent(bench: Workbench) -> None:
    bench.plex.edit_as_user(bench.keys[1], lock=False, title="Title 1", summary="Summary 1")
    bench.plex.agent = film_agent
    sync_all(bench, "reconcile")
    bench.plex.refresh_everything()
    assert bench.shows(1)


def test_a_lock_that_somebody_took_away_is_a_difference_and_comes_back(bench: Workbench) -> None:
    sync_all(bench, "reconcile")
    assert differences(bench) == ()
    unlock(bench, "summary")
    (difference,) = differences(bench)
    assert (difference.field, difference.is_lock, difference.was) == ("summary", True, difference.will_be)
    assert sync_all(bench, "reconcile") == 1
    assert "summary" in bench.item(1).locked
    assert differences(bench) == ()
    assert sync_all(bench, "reconcile") == 0


def test_what_neither_has_is_not_locked_but_what_we_cleared_stays_so(bench: Workbench) -> None:
    sync_all(bench, "reconcile")
    assert "studio" not in bench.item(1).locked
    bench.edit(1, details="")
    bench.drain()
    unlock(bench, "summary")
    sync_all(bench, "reconcile")
    assert "summary" in bench.item(1).locked


def test_whatever_we_cleared_stays_empty_whatever_an_agent_brings(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, collections_from="studio,performers", tags_as="both") as bench:
        filled = {
            "studio_id": bench.stash.studio_id("Studio"),
            "tag_ids": [bench.stash.tag_id("Tag")],
            "performer_ids": [bench.stash.performer_id("Somebody")],
            "date": "2026-11-26",
        }
        bench.edit(1, **filled)
        bench.drain()
        bench.edit(1, details="", **{name: [] if isinstance(each, list) else None for name, each in filled.items()})
        bench.drain()
        bench.plex.agent = film_agent
        bench.plex.refresh_everything()
        item = bench.item(1)
        shown = (item.studio, item.summary, item.genres, item.collections, item.labels, item.roles)
        assert shown == ("", "", (), (), (), ())
        assert {"studio", "summary", "genre", "collection", "label", "actor"} <= item.locked
        assert sync_all(bench, "reconcile") == 0
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert not bench.item(1).locked & {"collection", "label"}


def test_with_preserve_a_value_that_is_not_ours_stays_free(bench: Workbench) -> None:
    bench.configure(preserve_plex_edits=True)
    bench.plex.edit_as_user(bench.keys[1], lock=False, title="Title 1", summary="Theirs")
    sync_all(bench, "reconcile")
    assert not bench.item(1).locked & {"title", "summary"}


def test_an_undo_gives_the_lock_back(bench: Workbench) -> None:
    bench.plex.edit_as_user(bench.keys[1], lock=False, title="Title 1", genres=["Old"])
    bench.plex.edit_as_user(bench.keys[1], lock=True, summary="Before")
    sync_all(bench, "reconcile")
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()
    item = bench.item(1)
    assert (item.locked - {"thumb", "art"}, item.genres, item.summary) == (frozenset({"summary"}), ("Old",), "Before")


def test_a_lock_that_does_not_hold_is_told_once_and_costs_nothing_more(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plex.writes.ignored_locks = frozenset({"summary", "art"})
    sync_all(bench, "reconcile")
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 2, "one for each field, however many scenes"
    assert "summary: this Plex does not keep the lock" in caplog.text
    assert differences(bench) == ()
    caplog.clear()
    assert sync_all(bench, "reconcile") == 0
    bench.edit(1, details="Newer")
    bench.drain()
    assert bench.shows(1)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    bench.plex.writes.ignored_locks = frozenset()
    bench.clock.now += A_DAY
    sync_all(bench, "reconcile")
    assert "summary" in bench.item(1).locked


class TestPictures:
    def test_one_that_is_not_locked_any_more_is_selected_again(self, bench: Workbench) -> None:
        sync_all(bench, "reconcile")
        unlock(bench, "thumb")
        bench.plex.refresh_metadata(bench.keys[1], thumb=jpeg("the agent's"))
        assert [(each.field, each.is_lock) for each in differences(bench)] == [("poster", True)]
        sync_all(bench, "reconcile")
        item = bench.item(1)
        assert (item.shown("thumb"), len(item.uploads("thumb"))) == (bench.scene(1).cover, 1)
        assert "thumb" in item.locked
        assert sync_all(bench, "reconcile") == 0

    def test_one_that_is_still_shown_is_only_locked(self, bench: Workbench) -> None:
        sync_all(bench, "reconcile")
        unlock(bench, "art")
        assert sync_all(bench, "reconcile") == 1
        assert "art" in bench.item(1).locked

    def test_one_that_plex_lost_is_sent_again(self, bench: Workbench) -> None:
        sync_all(bench, "reconcile")
        unlock(bench, "thumb")
        bench.item(1).pictures["thumb"].images.clear()
        bench.plex.refresh_metadata(bench.keys[1], thumb=jpeg("the agent's"))
        sync_all(bench, "reconcile")
        assert bench.item(1).shown("thumb") == bench.scene(1).cover

    @pytest.mark.parametrize(("lag_seconds", "lag_requests"), [(0.0, 0), (1.5, 0), (0.0, 2)])
    def test_one_whose_bytes_plex_knows_is_selected(
        self, bench: Workbench, lag_seconds: float, lag_requests: int
    ) -> None:
        bench.plex.change_dialect(reselects_known_images=False)
        first, second = bench.scene(1).cover, jpeg("another")
        sync_all(bench, "reconcile")
        bench.plex.images.lag_seconds, bench.plex.images.lag_requests = lag_seconds, lag_requests
        for cover in (second, first, second):
            bench.clock.now += AN_HOUR
            bench.stash.library.change_scene(1, cover=cover)
            bench.enqueue(1)
            bench.drain()
            assert bench.item(1).shown("thumb") == bench.item(1).shown("art") == cover

    def test_where_plex_shows_an_upload_at_once_nothing_more_is_asked(self, bench: Workbench) -> None:
        sync_all(bench, "reconcile")
        assert bench.plex.count("GET", "/library/metadata/1/posters") == 0
        assert len(bench.plex.requests) <= 2 * 4.1 + 5
