"""What jobs wait for beside Plex: Stash, a person who corrects the settings, `paused`, the next retry, and nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import Answer, Fault, Waiting, status
from tests.simulators.http_server import Request, Response
from tests.simulators.stash import graphql_error
from tests.support.workbench import IDLE_SECONDS, POLL_INTERVAL, Workbench
from worker.processor import BLOCKED_PAUSE, STASH_PATIENCE, Ended


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


def run_to_its_end(bench: Workbench, patience: float = 2 * STASH_PATIENCE) -> Ended:
    """Let the worker work until it ends; fails where it does not within so many seconds."""
    while bench.clock.elapsed < patience:
        ended = bench.step()
        if isinstance(ended, Ended):
            return ended
    raise AssertionError(f"it goes on: {bench.worker.progress}")


# --- Stash


def scenes_only(fault: Fault) -> Fault:
    """The fault, but only for queries for scenes: the settings can still be read."""

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        return fault(request, answer, waiting) if b"findScene" in request.body else answer()

    return choose


def refuse(bench: Workbench) -> None:
    bench.stash.refuse()


def fail(bench: Workbench) -> None:
    bench.stash.inject(status(500))


def fail_for_scenes(bench: Workbench) -> None:
    bench.stash.inject(scenes_only(graphql_error("database is locked")))


STASH_FAULTS = pytest.mark.parametrize("break_stash", [refuse, fail, fail_for_scenes])


@STASH_FAULTS
def test_a_stash_that_is_away_costs_nothing_but_time(
    bench: Workbench, break_stash: Callable[[Workbench], None]
) -> None:
    bench.enqueue(1, 2, 3)
    break_stash(bench)
    assert run_to_its_end(bench) is Ended.STASH_AWAY
    assert STASH_PATIENCE <= bench.clock.elapsed <= STASH_PATIENCE + 120
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1, 2, 3], 0, [])
    assert bench.stats().in_progress == 0
    assert bench.plex.count("PUT") == 0


@STASH_FAULTS
def test_it_is_said_once(
    bench: Workbench, break_stash: Callable[[Workbench], None], caplog: pytest.LogCaptureFixture
) -> None:
    bench.enqueue(1)
    break_stash(bench)
    run_to_its_end(bench)
    assert len(said(caplog)) == 1


@STASH_FAULTS
def test_pauses_grow_up_to_a_minute(bench: Workbench, break_stash: Callable[[Workbench], None]) -> None:
    bench.enqueue(1)
    break_stash(bench)
    run_to_its_end(bench)
    waits = [seconds for seconds in bench.clock.waits if seconds]
    assert all(seconds <= min(60.0, 5.0 * 2**tries) for tries, seconds in enumerate(waits))
    assert max(waits) > 20.0
    assert len(waits) < 100


@STASH_FAULTS
def test_when_it_is_back_the_jobs_go_on(bench: Workbench, break_stash: Callable[[Workbench], None]) -> None:
    bench.enqueue(1, 2, 3)
    break_stash(bench)

    def fix() -> None:
        bench.stash.accept()
        bench.stash.clear_faults()

    bench.clock.at(600, fix)
    bench.drain()
    assert 600 <= bench.clock.elapsed <= 665
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))


def test_two_short_absences_are_not_one_long_one(bench: Workbench) -> None:
    """Plex is down meanwhile, so that no scene is read in between."""
    bench.plex.refuse()
    bench.enqueue(1)
    bench.run_for(30)
    for _ in range(2):
        bench.stash.refuse()
        bench.run_for(120)
        bench.stash.accept()
        bench.run_for(STASH_PATIENCE)
    bench.plex.accept()
    bench.drain()
    assert bench.shows(1)


def test_an_expired_session_ends_the_drainer_with_a_hint(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.stash.password = True
    bench.stash.expire_sessions()
    assert run_to_its_end(bench) is Ended.LOGGED_OUT
    assert bench.clock.elapsed == 0.0
    assert "Create an API key" in bench.worker.progress.waiting_reason
    assert bench.pending() == [1]


def test_a_task_does_not_wait_for_stash(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, foreground=True) as bench:
        bench.enqueue(1)
        bench.stash.refuse()
        assert bench.step() is Ended.STASH_AWAY


# --- settings


def wrong_url(bench: Workbench) -> None:
    bench.configure(plex_url="no address")


def paused(bench: Workbench) -> None:
    bench.configure(paused=True)


def unknown_library(bench: Workbench) -> None:
    bench.configure(plex_library="Moveis")


BLOCKS = pytest.mark.parametrize(
    ("block", "named"),
    [(wrong_url, "plex_url"), (paused, "paused"), (unknown_library, "Moveis")],
    ids=["config", "paused", "library"],
)
Block = Callable[[Workbench], None]


@BLOCKS
def test_jobs_wait_until_the_settings_are_corrected(bench: Workbench, block: Block, named: str) -> None:
    block(bench)
    bench.enqueue(1, 2, 3)
    bench.run_for(1200)
    assert named in bench.worker.progress.waiting_reason
    assert (bench.pending(), bench.retries_counted(), bench.plex.count("PUT")) == ([1, 2, 3], 0, 0)
    bench.configure()
    before = bench.clock.elapsed
    bench.drain()
    assert bench.clock.elapsed - before <= BLOCKED_PAUSE
    assert all(bench.shows(scene_id) for scene_id in (1, 2, 3))
    assert bench.worker.progress.waiting_reason == ""


@BLOCKS
def test_a_block_is_said_once(bench: Workbench, block: Block, named: str, caplog: pytest.LogCaptureFixture) -> None:
    block(bench)
    bench.enqueue(1)
    bench.run_for(1200)
    (line,) = said(caplog)
    assert named in line


def test_a_pause_is_no_error_and_says_how_to_end_it(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(paused=True)
    bench.enqueue(1)
    bench.run_for(600)
    (record,) = [record for record in caplog.records if "paused is set" in record.getMessage()]
    assert record.levelno == logging.WARNING
    assert "turn Pause off under Settings > Plugins > PlexSync" in record.getMessage()
    bench.configure(plex_url="no address")
    bench.run_for(60)
    assert caplog.records[-1].levelno == logging.ERROR


def test_a_block_that_comes_back_is_said_again(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    for scene_id in (1, 2):
        bench.configure(paused=True)
        bench.enqueue(scene_id)
        bench.run_for(600)
        bench.configure()
        bench.drain()
        bench.clock.sleep(POLL_INTERVAL)
    assert len(said(caplog)) == 2


@BLOCKS
def test_settings_that_go_wrong_in_the_middle_block_too(bench: Workbench, block: Block, named: str) -> None:
    bench.enqueue(1)
    bench.drain()
    block(bench)
    bench.clock.sleep(POLL_INTERVAL)
    bench.enqueue(2)
    bench.run_for(600)
    assert (bench.pending(), bench.item(2).edit_count) == ([2], 0)


@BLOCKS
def test_a_task_says_what_blocks(tmp_path: Path, block: Block, named: str) -> None:
    with Workbench(tmp_path, scenes=1, foreground=True) as bench:
        block(bench)
        bench.enqueue(1)
        assert bench.step() is Ended.BLOCKED
        assert named in bench.worker.progress.waiting_reason


def test_nothing_is_asked_of_plex_while_paused(bench: Workbench) -> None:
    bench.configure(paused=True)
    bench.enqueue(1)
    bench.run_for(1200)
    assert bench.plex.count() == 0


def test_settings_that_change_are_in_force_at_once(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    bench.configure(skip_fields="summary")
    bench.clock.sleep(10)
    bench.edit(1, title="New", details="Not this")
    bench.drain()
    assert (bench.item(1).title, bench.item(1).summary) == ("New", "Summary 1")


def test_what_a_person_asks_for_right_after_a_change_of_settings_obeys_it(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    bench.worker.step()  # it rests
    bench.configure(label_all="Stash")
    bench.enqueue(1)
    bench.drain()
    assert bench.item(1).labels == ("Stash",)


# --- nothing to do


def test_without_work_it_ends_after_five_idle_minutes(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    drained_at = bench.clock.elapsed
    assert run_to_its_end(bench) is Ended.IDLE
    assert IDLE_SECONDS <= bench.clock.elapsed - drained_at <= IDLE_SECONDS + POLL_INTERVAL


def test_a_job_in_the_last_minute_makes_it_stay(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    bench.clock.at(IDLE_SECONDS - 30, lambda: bench.enqueue(2))
    assert run_to_its_end(bench) is Ended.IDLE
    assert bench.clock.elapsed >= 2 * IDLE_SECONDS - 30
    assert bench.shows(2)


def test_a_clock_that_was_set_back_does_not_keep_it_alive(bench: Workbench) -> None:
    bench.run_for(60)
    bench.clock.now -= 86_400
    start = bench.clock.now
    while not isinstance(bench.step(), Ended):
        assert bench.clock.now - start < 2 * IDLE_SECONDS


def test_a_task_ends_when_nothing_is_left(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2, foreground=True) as bench:
        bench.enqueue(1, 2)
        assert run_to_its_end(bench) is Ended.IDLE
        assert bench.clock.elapsed == 0.0
        assert bench.shows(1)


def test_a_task_does_not_wait_for_a_retry(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, foreground=True) as bench:
        lost = bench.add_scene(in_plex=False, title="Not in Plex", details="d")
        bench.enqueue(1, lost)
        assert run_to_its_end(bench) is Ended.BLOCKED
        assert bench.pending() == [lost]
