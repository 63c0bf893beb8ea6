"""A task that drains while somebody watches: what it reports, when it ends, and to whom it leaves the rest."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from storage.lock import ProcessLock
from tests.support.workbench import Workbench
from worker.tasks.foreground import ForegroundDrain

SCENES = range(1, 13)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=len(SCENES)) as made:
        yield made


def drain(bench: Workbench, meanwhile: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Run the task; `meanwhile` happens at each of its pauses."""

    def wait(seconds: float) -> None:
        bench.clock.sleep(seconds)
        meanwhile()

    return ForegroundDrain(bench.workplace, clock=bench.clock, wait=wait).run()


def reported(capfd: pytest.CaptureFixture[str]) -> list[float]:
    """The progress that was reported to Stash."""
    return [float(value) for value in re.findall(r"\x01p\x02([01]\.\d+)", capfd.readouterr().err)]


def finish(bench: Workbench, scene_id: int) -> None:
    """Do a scene's job as another process does."""
    bench.database.execute("UPDATE ack_queue_default SET status = 5 WHERE scene_id = ?", (scene_id,))


@pytest.fixture
def held_lock(bench: Workbench) -> Iterator[ProcessLock]:
    """The drain lock as another process holds it."""
    lock = ProcessLock(bench.folder.drain_lock)
    assert lock.acquire()
    yield lock
    lock.release()


def test_it_drains_and_counts(bench: Workbench, capfd: pytest.CaptureFixture[str]) -> None:
    bench.enqueue(*SCENES)
    result = drain(bench)
    assert {**result, "seconds": 0.0} == {"in_step": 12, "buried": 0, "waiting": 0, "reason": "", "seconds": 0.0}
    assert all(map(bench.shows, SCENES))
    progress = reported(capfd)
    assert (progress, progress[-1]) == (sorted(progress), 1.0)


def test_the_log_says_every_five_jobs_how_far_it_is(
    bench: Workbench, held_lock: ProcessLock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.enqueue(*SCENES)
    to_do = list(SCENES)

    def two_are_done() -> None:
        for scene_id in to_do[:2]:
            finish(bench, scene_id)
        del to_do[:2]

    drain(bench, meanwhile=two_are_done)
    said = [record.message for record in caplog.records if record.message.startswith("Progress: ")]
    assert said == [
        "Progress: 6/12 (50%), 6 remaining, 4.0 items/sec",
        "Progress: 12/12 (100%), 0 remaining, 4.0 items/sec",
    ]


def test_the_log_says_every_ten_seconds_how_far_it_is(
    bench: Workbench, held_lock: ProcessLock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.enqueue(*SCENES)
    end = bench.clock() + 25.0

    def give_up_at_the_end() -> None:
        if bench.clock() >= end:
            held_lock.release()

    drain(bench, meanwhile=give_up_at_the_end)
    said = [record.message for record in caplog.records if record.message.startswith("Progress: ")]
    assert said[:2] == ["Progress: 0/12 (0%), 12 remaining, 0.0 items/sec"] * 2


def test_nothing_to_do_is_all_done(bench: Workbench, capfd: pytest.CaptureFixture[str]) -> None:
    assert drain(bench)["waiting"] == 0
    assert reported(capfd) == [1.0]


def test_an_outage_ends_it(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.enqueue(*SCENES)
    result = drain(bench)
    assert (result["in_step"], result["waiting"]) == (0, 12)
    assert "refused the connection" in result["reason"]


def test_a_worker_that_fails_ends_the_task_with_its_error(bench: Workbench) -> None:
    bench.enqueue(*SCENES)
    bench.database.execute("DROP TABLE item_state")
    with pytest.raises(sqlite3.OperationalError, match="item_state"):
        drain(bench)
    assert bench.open_jobs() == 12
    lock = ProcessLock(bench.folder.drain_lock)
    assert lock.acquire()
    lock.release()


def test_what_was_given_up_is_counted(bench: Workbench) -> None:
    for folder in ("a", "b"):
        bench.plex.add_item(bench.section, f"/media/{folder}/sub/film.mp4")
    bench.enqueue(1, bench.stash.add_scene("/data/sub/film.mp4", title="t", details="d").id)
    result = drain(bench)
    assert (result["in_step"], result["buried"], result["waiting"]) == (1, 1, 0)


def test_it_follows_a_drainer_until_nothing_is_due(
    bench: Workbench, held_lock: ProcessLock, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.enqueue(*SCENES)
    result = drain(bench, meanwhile=bench.step)
    assert (result["in_step"], result["waiting"]) == (12, 0)
    assert reported(capfd)[-1] == 1.0


def test_it_leaves_a_drainer_that_cannot_go_on_and_says_why(bench: Workbench, held_lock: ProcessLock) -> None:
    bench.enqueue(1)
    JsonFile(bench.folder.status).save({"waiting_for": "person", "blocked": "paused is set"})
    result = drain(bench)
    assert (result["waiting"], result["reason"]) == (1, "paused is set")


def test_it_says_what_the_drainer_is_at_that_it_follows(
    bench: Workbench, held_lock: ProcessLock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.enqueue(1)
    JsonFile(bench.folder.status).save({"activity": "syncing 1 scene, at 5 jobs a second at first"})
    drain(bench, meanwhile=bench.step)
    activity = "syncing 1 scene, at 5 jobs a second at first"
    assert f"A drainer is at work already ({activity}). This task follows it." in caplog.text
    assert "Stop ends this task only, and the drainer goes on. Turn on Pause" in caplog.text


def test_it_takes_over_where_the_drainer_is_gone(bench: Workbench, held_lock: ProcessLock) -> None:
    bench.enqueue(*SCENES)
    result = drain(bench, meanwhile=held_lock.release)
    assert (result["in_step"], result["waiting"]) == (12, 0)
