"""What becomes of a job whose scene fails: retried, given up, dropped, and never at the cost of another scene."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from stash.protocol import Request
from sync_queue.state.pins import Pins
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import rewritten, status
from tests.support.workbench import Workbench, only_for
from worker.tasks.page.pins import pin
from worker.tasks.task import Task

DAY = 86_400.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def attempts_at(bench: Workbench, scene_id: int) -> list[float]:
    """Let the worker go on until the scene's job has ended; when it was tried (seconds since START)."""
    moments: list[float] = []
    counted = -1
    while scene_id in bench.pending():
        before = bench.clock.elapsed
        bench.step()
        now_counted = bench.retries_counted() if scene_id in bench.pending() else counted + 1
        if now_counted != counted:
            moments.append(before)
            counted = now_counted
    return moments


# --- passing failures


def test_a_passing_failure_is_tried_again(bench: Workbench) -> None:
    # Between the two, an edit of another item tests Plex; the second try sends each of the two fields by itself, too.
    bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT", times=5)
    bench.enqueue(1)
    bench.drain()
    assert bench.shows(1)
    assert (bench.worker.progress.retried, bench.dead_letters()) == (2, [])
    assert bench.clock.elapsed <= 15.0


def tries(bench: Workbench) -> int:
    """How often the first scene's item was written to; others are, to test Plex, and each of its fields by itself."""
    key = str(bench.keys[1])
    edits = [each.query for each in bench.plex.requests if each.method == "PUT" and each.query.get("id") == key]
    return sum({"title.value", "summary.value"} <= query.keys() for query in edits)


@pytest.mark.parametrize("max_retries", [1, 3])
def test_it_is_given_up_after_max_retries(bench: Workbench, max_retries: int) -> None:
    bench.configure(max_retries=max_retries)
    bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    bench.enqueue(1)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.attempts) == (1, max_retries + 1)
    assert letter.failure.error_type == "PlexTemporaryError"
    assert letter.first_failed_at <= letter.buried_at
    assert tries(bench) == max_retries + 1


def test_another_edit_gives_it_all_its_tries_again(bench: Workbench) -> None:
    bench.configure(max_retries=2)
    bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    bench.enqueue(1)
    bench.run_until(lambda: bench.retries_counted() == 2)
    bench.enqueue(1)
    assert bench.retries_counted() == 0
    bench.drain()
    assert tries(bench) == 2 + 3


def test_a_job_given_up_is_tried_again_after_the_next_edit(bench: Workbench) -> None:
    bench.configure(max_retries=1)
    fault = bench.plex.inject(only_for([bench.keys[1]], status(500)), method="PUT")
    bench.enqueue(1)
    bench.drain()
    fault.remove()
    bench.edit(1, title="Again")
    bench.drain()
    assert bench.shows(1)


# --- not found


@pytest.fixture
def lost(bench: Workbench) -> int:
    """A scene that Plex does not have."""
    return bench.add_scene(in_plex=False, title="Lost", details="d")


def test_what_plex_does_not_have_is_looked_for_twelve_times_more(bench: Workbench, lost: int) -> None:
    bench.enqueue(lost, 1)
    moments = attempts_at(bench, lost)
    (letter,) = bench.dead_letters()
    assert (letter.failure.error_type, letter.attempts, letter.failure.title) == ("PlexNotFound", 13, "Lost")
    assert letter.failure.path == f"/data/scene-{lost}.mp4"
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert all(pause <= min(600.0, 30.0 * 2**number) + 60.0 for number, pause in enumerate(pauses))
    assert bench.shows(1)


def test_it_may_be_forgotten_instead(bench: Workbench, lost: int) -> None:
    bench.configure(skip_not_found=True)
    bench.enqueue(lost)
    bench.drain()
    assert (bench.dead_letters(), bench.worker.progress.discarded) == ([], 1)


def test_it_is_synced_once_plex_has_it(bench: Workbench, lost: int) -> None:
    bench.enqueue(lost)
    bench.clock.at(300, lambda: bench.add_item(lost))
    bench.drain()
    assert bench.shows(lost)
    assert bench.dead_letters() == []


def test_a_catch_up_gives_a_waiting_job_no_new_tries(bench: Workbench, lost: int) -> None:
    bench.edit(lost, details="Edited, and still not in Plex")
    counts = []
    while bench.clock.elapsed < 600:
        bench.step()
        counts.append(bench.retries_counted())
    assert counts == sorted(counts)


def test_any_number_of_them_is_no_outage(bench: Workbench) -> None:
    missing = [bench.add_scene(in_plex=False, title="Lost", details="d") for _ in range(20)]
    bench.enqueue(*missing)
    bench.run_for(60)
    bench.enqueue(1)
    bench.step()
    assert bench.shows(1)


def test_a_scan_is_asked_for_once_in_ten_minutes(bench: Workbench, lost: int) -> None:
    bench.configure(trigger_plex_scan=True)
    bench.enqueue(lost)
    bench.run_for(595)
    assert bench.plex.scans == [(bench.section, "/media")]


def test_no_scan_is_asked_for_otherwise(bench: Workbench, lost: int) -> None:
    bench.enqueue(lost, 1)
    bench.drain()
    assert bench.plex.scans == []


# --- given up at once


def test_an_ambiguous_scene_is_kept_with_its_candidates(bench: Workbench) -> None:
    section = bench.plex.add_section("More", locations=["/more"])
    other = bench.plex.add_item(section, "/more/scene-1.mp4")
    bench.enqueue(1, 2)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.failure.error_type, letter.attempts) == (1, "AmbiguousMatch", 1)
    assert sorted(letter.failure.candidates) == ["/media/scene-1.mp4", "/more/scene-1.mp4"]
    assert bench.plex.edit_counts() == {bench.keys[2]: 1}
    assert other not in bench.plex.edit_counts()


def test_both_are_written_where_that_is_allowed(bench: Workbench) -> None:
    bench.configure(allow_ambiguous_matches=True)
    section = bench.plex.add_section("More", locations=["/more"])
    other = bench.plex.add_item(section, "/more/scene-1.mp4")
    bench.enqueue(1)
    bench.drain()
    assert bench.plex.edit_counts() == {bench.keys[1]: 1, other: 1}


def test_what_plex_refuses_for_good_is_kept_at_once(bench: Workbench) -> None:
    bench.plex.inject(only_for([bench.keys[1]], status(400)), method="PUT")
    bench.enqueue(1, 2)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.failure.error_type, letter.attempts) == (1, "PlexPermanentError", 1)
    assert bench.shows(2)


def test_what_was_given_up_is_not_given_up_again_by_itself(bench: Workbench) -> None:
    """A catch-up that finds a scene of which the queue has known all along finds no news."""
    bench.plex.inject(only_for([bench.keys[1]], status(400)), method="PUT")
    bench.edit(1, title="Refused")
    for _ in range(5):
        bench.run_until(lambda: bench.open_jobs() == 0)
        bench.clock.sleep(200)
        bench.step()
    assert len(bench.dead_letters()) == 1


# --- dropped


def test_a_scene_that_is_gone_is_dropped_and_forgotten(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    bench.stash.destroy_scene(1)
    bench.enqueue(1, 2)
    bench.drain()
    assert (bench.worker.progress.discarded, bench.dead_letters()) == (1, [])
    assert SyncState(bench.database, bench.plex.machine_identifier).scenes([1]) == {}
    assert bench.shows(2)


def test_a_pin_of_a_scene_that_stash_does_not_have_goes_by_itself(bench: Workbench) -> None:
    """It is made without asking Stash; the item goes on showing the scene that it showed."""
    bench.enqueue(1, 2)
    bench.drain()
    pins = Pins(bench.database, bench.plex.machine_identifier)
    for scene_id, shown in ((2, 2), (9999, 1)):
        args = {"scene_id": scene_id, "rating_key": bench.item(shown).rating_key}
        pin(Task(bench.folder, Request({}, args), bench.database, lambda: None, lambda: bench.workplace))
    assert [each.scene_id for each in pins.all()] == [2, 9999]
    bench.drain()
    assert [each.scene_id for each in pins.all()] == [2]
    bench.edit(1, title="Still shown here")
    bench.drain()
    assert (bench.shows(1), bench.dead_letters()) == (True, [])


def test_a_scene_that_is_still_being_identified_is_dropped(bench: Workbench) -> None:
    bare = bench.add_scene()
    bench.enqueue(bare)
    bench.drain()
    assert (bench.worker.progress.discarded, bench.item(bare).edit_count) == (1, 0)


# --- what nobody foresaw


def test_one_scene_that_cannot_be_read_harms_no_other(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    """Stash answers with a number where a title should be, which no code of ours expects."""
    bench.stash.inject(rewritten(lambda body: re.sub(rb'"title": ?"Title 2"', b'"title": 2', body)))
    bench.enqueue(1, 2, 3)
    bench.drain()
    assert (bench.shows(1), bench.shows(3)) == (True, True)
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.attempts) == (2, 6)
    assert letter.failure.error_type not in ("", "Exception")
    assert any(record.exc_info for record in caplog.records if record.levelno == logging.ERROR)


# --- dead letters grow old


def test_old_dead_letters_go_after_their_days(bench: Workbench) -> None:
    bench.configure(dlq_retention_days=2)
    bench.plex.inject(only_for([bench.keys[1]], status(400)), method="PUT")
    bench.enqueue(1)
    bench.drain()
    bench.clock.sleep(1.9 * DAY)
    bench.restart()
    bench.enqueue(2)
    bench.drain()
    assert len(bench.dead_letters()) == 1
    bench.clock.sleep(0.2 * DAY)
    bench.restart()
    bench.enqueue(2)
    bench.drain()
    assert bench.dead_letters() == []
