"""Scenes whose files Plex does not have yet wait for Plex: who is woken, how soon, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.dlq import DeadLetterQueue
from sync_queue.waiting.waiting_files import waiting_scenes
from tests.support.workbench import IDLE_SECONDS, Workbench
from worker.processor import Ended
from worker.upkeep.waiting_for_files import DAY, HOUR

SECTIONS, IDENTITY = "/library/sections", "/identity"
"""What a look asks: has something changed, and is it still the same server?"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def lost_scenes(bench: Workbench, count: int) -> list[int]:
    """Scenes that Plex lacks, and whose absence is known."""
    lost = [bench.add_scene(in_plex=False, title=f"Lost {number}", details="d") for number in range(count)]
    bench.enqueue(*lost)
    bench.run_until(lambda: len(waiting_scenes(bench.database)) == count)
    return lost


def all_show(bench: Workbench, scenes: list[int]) -> bool:
    return all(bench.shows(scene_id) for scene_id in scenes)


@pytest.mark.parametrize("after", [60, 1_000, 3_000])
def test_in_their_first_hour_they_are_written_within_twenty_seconds(bench: Workbench, after: float) -> None:
    lost = lost_scenes(bench, 8)
    bench.run_for(after)
    for scene_id in lost:
        bench.add_item(scene_id)
    came_at = bench.clock.elapsed
    bench.run_until(lambda: all_show(bench, lost))
    assert bench.clock.elapsed - came_at <= 20
    assert bench.pending() == [] and bench.dead_letters() == []


@pytest.mark.parametrize("live", [True, False])
def test_so_they_are_after_a_clock_that_was_a_year_ahead(bench: Workbench, live: bool) -> None:
    bench.clock.now += 365 * DAY
    lost = lost_scenes(bench, 2)
    bench.clock.now -= 365 * DAY
    if not live:
        bench.restart()
    bench.run_for(60)
    for scene_id in lost:
        bench.add_item(scene_id)
    came_at = bench.clock.elapsed
    bench.run_until(lambda: all_show(bench, lost))
    assert bench.clock.elapsed - came_at <= 20


@pytest.mark.parametrize("after", [HOUR + 60, 5 * HOUR, 20 * HOUR])
def test_in_their_first_day_within_seventy(bench: Workbench, after: float) -> None:
    lost = lost_scenes(bench, 8)
    bench.run_for(after)
    for scene_id in lost:
        bench.add_item(scene_id)
    came_at = bench.clock.elapsed
    bench.run_until(lambda: all_show(bench, lost))
    assert bench.clock.elapsed - came_at <= 70
    assert bench.dead_letters() == []


def test_a_look_costs_one_request_and_the_tries_none(bench: Workbench) -> None:
    lost_scenes(bench, 8)
    bench.plex.reset_log()
    bench.run_for(900)
    assert {request.path for request in bench.plex.requests} == {SECTIONS, IDENTITY}
    assert bench.plex.count() <= 2 * (900 / 15 + 1)


def test_only_those_are_woken_whose_files_came(bench: Workbench) -> None:
    first, *others = lost_scenes(bench, 8)
    bench.run_for(2 * HOUR)
    letters = {letter.scene_id for letter in bench.dead_letters()}
    assert letters == {first, *others}
    bench.add_item(first)
    bench.plex.reset_log()
    bench.run_until(lambda: bench.shows(first))
    assert {letter.scene_id for letter in bench.dead_letters()} == set(others)
    asked = {request.path for request in bench.plex.requests if request.path.startswith("/library/metadata")}
    assert asked <= {f"/library/metadata/{bench.keys[first]}" + end for end in ("", "/posters", "/arts")}


def test_a_restart_looks_at_once(bench: Workbench) -> None:
    lost = lost_scenes(bench, 3)
    bench.run_for(2 * HOUR)
    bench.clock.now += 5 * DAY
    for scene_id in lost:
        bench.add_item(scene_id)
    bench.restart()
    began = bench.clock.elapsed
    bench.run_until(lambda: all_show(bench, lost))
    assert bench.clock.elapsed - began <= 1


def test_a_drainer_lives_for_them_for_a_day_and_no_longer(bench: Workbench) -> None:
    lost_scenes(bench, 2)
    while bench.clock.elapsed < 2 * DAY:
        ended = bench.step()
        if isinstance(ended, Ended):
            break
    assert ended is Ended.IDLE
    assert DAY <= bench.clock.elapsed <= DAY + 2 * IDLE_SECONDS
    assert len(bench.dead_letters()) == 2


def test_retention_lets_those_letters_be(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(2 * HOUR)
    bench.clock.now += 400 * DAY
    bench.restart()
    bench.enqueue(1)
    bench.drain()
    assert [letter.scene_id for letter in bench.dead_letters()] == [lost]


def test_a_version_that_joins_an_old_item_is_seen(bench: Workbench) -> None:
    """No new item: the number of items is the same, and the newest of them are known."""
    old = bench.plex.add_item(bench.section, "/media/other.mp4", added_at=5)
    for _ in range(60):
        bench.add_scene(title="t", details="d")
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(60)
    bench.add_item(lost)
    bench.keys[lost] = bench.plex.versions.merge(old, bench.keys[lost])
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed <= 60 + 35


def test_an_item_that_plex_dates_back_is_seen(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(60)
    bench.keys[lost] = bench.plex.add_item(bench.section, f"/media/scene-{lost}.mp4", added_at=5)
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed <= 60 + 20


def test_an_old_server_without_a_sign_of_change(bench: Workbench) -> None:
    bench.plex.listing_modes.content_changed_shown = False
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(60)
    bench.add_item(lost)
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed <= 60 + 20


def test_a_long_drain_of_others_does_not_stop_the_looks(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(30)
    bench.add_item(lost)
    while not bench.shows(lost):
        bench.enqueue(1)
        bench.clock.now += 5
        bench.step()
        assert bench.clock.elapsed <= 30 + 40


def test_plex_down_meanwhile(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.plex.refuse()
    bench.run_for(600)
    bench.add_item(lost)
    bench.plex.accept()
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed <= 600 + 90
    assert bench.dead_letters() == []


def test_the_status_says_how_many_wait(bench: Workbench) -> None:
    lost = lost_scenes(bench, 4)
    bench.run_for(2 * HOUR)
    assert len(waiting_scenes(bench.database)) == 4
    bench.add_item(lost[0])
    bench.run_until(lambda: bench.shows(lost[0]))
    bench.run_for(1)
    assert len(waiting_scenes(bench.database)) == 3


def test_a_thousand_missing_scenes_in_one_folder_ask_for_one_scan(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, trigger_plex_scan=True) as bench:
        lost_scenes(bench, 120)
        assert bench.plex.scans == [(bench.section, "/media")]


def test_a_folder_is_scanned_again_after_ten_minutes(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, trigger_plex_scan=True) as bench:
        lost_scenes(bench, 2)
        bench.run_for(590)
        assert len(bench.plex.scans) == 1
        lost_scenes_later = bench.add_scene(in_plex=False, title="t", details="d")
        bench.run_for(20)
        bench.enqueue(lost_scenes_later)
        bench.run_until(lambda: len(waiting_scenes(bench.database)) == 3)
        assert len(bench.plex.scans) == 2


def test_a_skipped_scene_waits_for_nothing(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, skip_not_found=True) as bench:
        lost_scenes(bench, 1)
        bench.drain()
        assert (bench.pending(), bench.dead_letters(), len(waiting_scenes(bench.database))) == ([], [], 0)


# --- five more of the kind


def test_a_scene_that_is_deleted_meanwhile_waits_no_more(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(2 * HOUR)
    del bench.stash.library.scenes[lost]
    bench.add_item(lost)
    bench.run_for(120)
    assert (bench.pending(), bench.dead_letters(), len(waiting_scenes(bench.database))) == ([], [], 0)


def test_a_file_that_was_renamed_in_plex_only_wakes_nobody(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(2 * HOUR)
    bench.plex.add_item(bench.section, "/media/elsewhere/renamed.mp4")
    bench.run_for(120)
    assert [letter.scene_id for letter in bench.dead_letters()] == [lost]


def test_letters_that_a_person_clears_keep_nobody_alive(bench: Workbench) -> None:
    lost_scenes(bench, 1)
    bench.run_for(2 * HOUR)
    DeadLetterQueue(bench.database).delete(bench.dead_letters())
    cleared_at = bench.clock.elapsed
    while not isinstance(bench.step(), Ended):
        assert bench.clock.elapsed - cleared_at < HOUR


def test_a_clock_that_is_set_back_a_year_puts_nothing_off(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.run_for(60)
    bench.clock.now -= 365 * DAY
    bench.add_item(lost)
    came_at = bench.clock.now
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.now - came_at <= 20


def test_nothing_is_sent_while_paused_and_all_goes_out_afterwards(bench: Workbench) -> None:
    (lost,) = lost_scenes(bench, 1)
    bench.configure(paused=True)
    bench.clock.sleep(20)
    bench.add_item(lost)
    bench.run_for(600)
    assert not bench.shows(lost)
    bench.configure()
    bench.run_until(lambda: bench.shows(lost))
    assert bench.clock.elapsed <= 20 + 600 + 2 * 60
