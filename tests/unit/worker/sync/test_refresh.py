"""With refresh_instead, an edit asks Plex to refresh the item, once, and writes nothing to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue_fan_out, enqueue_many, enqueue_removal, enqueue_undo
from tests.simulators.faults import maintenance, status
from tests.simulators.plex_agent import film_agent
from tests.support.workbench import Workbench
from worker.reconcile.run import Kind, ReconcileRun
from worker.sync.comparison import Comparison, SceneComparison, Verdict

AN_HOUR = 3600.0
CATCH_UP = 601.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3, refresh_instead=True) as made:
        yield made


def writes(bench: Workbench) -> list[str]:
    return [request.target for request in bench.plex.requests if request.method != "GET"]


def refreshes(bench: Workbench, scene_id: int = 1) -> int:
    return bench.item(scene_id).refresh_count


def sync_all(bench: Workbench, source: str = "all") -> None:
    enqueue_many(bench.database, list(bench.keys), source, bench.clock.now)
    bench.drain()


def compare(bench: Workbench, scene_id: int = 1) -> SceneComparison:
    return Comparison(bench.workplace.contexts.current(0.0), bench.database).compare([scene_id])[0]


def test_an_edit_refreshes_that_item_and_writes_nothing(bench: Workbench) -> None:
    bench.edit(1, title="New", rating100=80)
    bench.drain()
    assert writes(bench) == [f"/library/metadata/{bench.keys[1]}/refresh"]
    assert bench.plex.refresh_requests == [bench.keys[1]]
    assert bench.item(1).title != "New"


@pytest.mark.parametrize("source", ["all", "recent", "reconcile", "reconcile_now", "catch-up", "page"])
def test_no_kind_of_sync_refreshes_twice(bench: Workbench, source: str) -> None:
    sync_all(bench)
    assert [refreshes(bench, scene_id) for scene_id in bench.keys] == [1, 1, 1]
    bench.restart()
    sync_all(bench, source)
    assert len(bench.plex.refresh_requests) == 3
    bench.clock.now += AN_HOUR
    bench.stash.save_without_hook(2, details="More")
    sync_all(bench, source)
    assert [refreshes(bench, scene_id) for scene_id in bench.keys] == [1, 2, 1]


def test_an_edit_within_the_second_of_the_last_one_is_not_lost_and_catch_up_brings_no_more(bench: Workbench) -> None:
    bench.edit(1, title="One")
    bench.drain()
    bench.clock.now += 0.1
    bench.edit(1, title="Two")
    bench.drain()
    assert refreshes(bench) == 2
    for _ in range(2):
        bench.clock.now += CATCH_UP
        bench.restart()
        sync_all(bench, "catch-up")
    assert refreshes(bench) == 2


def test_a_rename_refreshes_its_scenes_and_a_removal_none(bench: Workbench) -> None:
    bench.stash.save_without_hook(1, tag_ids=[bench.stash.tag_id("Old")])
    bench.clock.now += AN_HOUR
    sync_all(bench)
    bench.clock.now += AN_HOUR
    bench.stash.rename_tag(bench.stash.tag_id("Old"), "New")
    enqueue_fan_out(bench.database, "tag", bench.stash.tag_id("New"), "hook", bench.clock.now)
    bench.drain()
    assert [refreshes(bench, scene_id) for scene_id in bench.keys] == [2, 1, 1]
    bench.clock.now += AN_HOUR
    enqueue_removal(bench.database, "tag", "hook", bench.clock.now)
    bench.drain()
    assert len(bench.plex.refresh_requests) == 4


def test_comparing_tells_and_reconciling_asks(bench: Workbench) -> None:
    told = compare(bench)
    assert told.verdict is Verdict.DIFFERS
    assert [(each.field, each.was) for each in told.differences] == [("refresh", None)]
    run = ReconcileRun(bench.folder, Kind.RECONCILE, "all", bench.workplace.stash, bench.clock)
    while not run.is_done:
        run.step(
            Comparison(bench.workplace.contexts.current(0.0), bench.database), bench.database, obfuscate_paths=False
        )
    result = run.finish(bench.workplace.contexts.current(0.0).index, obfuscate_paths=False)
    assert (result["differs"], result["enqueued"], result["fields"]) == (3, 3, {"refresh": 3})
    bench.drain()
    assert len(bench.plex.refresh_requests) == 3
    assert compare(bench).verdict is Verdict.IN_STEP


def test_an_outage_costs_no_try_and_loses_nothing(bench: Workbench) -> None:
    bench.plex.inject(maintenance())
    bench.edit(1, title="New")
    bench.run_for(AN_HOUR)
    assert (bench.retries_counted(), bench.dead_letters()) == (0, [])
    bench.plex.clear_faults()
    bench.drain()
    assert refreshes(bench) == 1


def test_what_plex_does_not_have_waits_and_is_given_up_as_ever(bench: Workbench) -> None:
    scene_id = bench.add_scene(in_plex=False, title="Later", details="d")
    bench.edit(scene_id, title="New")
    bench.run_until(lambda: bool(bench.dead_letters()))
    assert bench.dead_letters()[0].failure.error_type == "PlexNotFound"
    bench.add_item(scene_id)
    bench.run_until(lambda: refreshes(bench, scene_id) == 1)
    assert bench.dead_letters() == []


def test_a_refresh_that_plex_refuses_is_kept_for_review(bench: Workbench) -> None:
    bench.plex.inject(status(400), path=f"/library/metadata/{bench.keys[1]}/refresh")
    bench.edit(1, title="New")
    bench.edit(2, title="New")
    bench.drain()
    assert [letter.scene_id for letter in bench.dead_letters()] == [1]
    assert (refreshes(bench, 1), refreshes(bench, 2)) == (0, 1)


def test_locks_of_ours_are_told_once_and_foreign_ones_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Workbench(tmp_path, scenes=3) as bench:
        bench.plex.agent = film_agent
        sync_all(bench)
        bench.plex.edit_as_user(bench.keys[3], tagline="Locked by hand")
        bench.configure(refresh_instead=True)
        bench.clock.now += AN_HOUR
        with caplog.at_level(logging.WARNING):
            sync_all(bench)
        told = [record.getMessage() for record in caplog.records if "Take locks back" in record.getMessage()]
        assert len(told) == 1
        assert "locked title, summary" in told[0]
        assert "tagline" not in told[0]
        assert bench.item(1).title == "Title 1"
        assert bench.item(1).tagline == f"Tagline {bench.keys[1]}"


def test_switched_off_again_plex_shows_what_stash_says(bench: Workbench) -> None:
    bench.plex.agent = film_agent
    sync_all(bench)
    assert not bench.shows(1)
    bench.configure(refresh_instead=False)
    bench.clock.now += AN_HOUR
    sync_all(bench)
    assert bench.shows(1)


def test_every_item_of_a_scene_is_refreshed_and_a_retry_asks_only_for_the_rest(bench: Workbench) -> None:
    other = bench.plex.add_section("Films", locations=["/media"])
    twin = bench.plex.add_item(other, "/media/scene-1.mp4")
    bench.plex.inject(status(500), path=f"/library/metadata/{max(twin, bench.keys[1])}/refresh")
    bench.edit(1, title="New")
    bench.run_until(lambda: bench.retries_counted() == 1)
    bench.plex.clear_faults()
    bench.drain()
    assert sorted(bench.plex.refresh_requests) == sorted([twin, bench.keys[1]])


def test_an_undone_scene_is_left_alone(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        sync_all(bench)
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        bench.configure(refresh_instead=True)
        bench.clock.now += AN_HOUR
        sync_all(bench)
        assert bench.plex.refresh_requests == []
        bench.edit(1, title="Again")
        bench.drain()
        assert bench.plex.refresh_requests == [bench.keys[1]]
