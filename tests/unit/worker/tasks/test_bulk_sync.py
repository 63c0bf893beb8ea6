"""*Sync All Scenes* ends with an account of every scene that Stash named, and the account adds up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.lock import ProcessLock
from sync_queue.state.sync_state import SceneState, SyncState
from sync_queue.state.undone import Undone
from sync_queue.views.job_list import discard_waiting, pending_jobs
from tests.simulators.pictures import jpeg
from tests.support.workbench import Workbench
from worker.tasks.bulk_sync import BulkSync


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def press(bench: Workbench, meanwhile: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Sync all scenes; what it returns. `meanwhile` happens at each of its pauses."""

    def wait(seconds: float) -> None:
        bench.clock.sleep(seconds)
        meanwhile()

    bench.clock.sleep(1.0)  # what an earlier one did is over
    stash = bench.workplace.stash
    return BulkSync(bench.workplace, clock=bench.clock, wait=wait).run(stash.scene_ids(), "All scenes", "all")


def account(result: dict[str, Any]) -> dict[str, int]:
    """The kinds with any scenes; they must add up to all that were found."""
    assert sum(result["account"].values()) == result["found"]
    return {kind: count for kind, count in result["account"].items() if count}


def add_ambiguous_scene(bench: Workbench) -> None:
    for folder in ("a", "b"):
        bench.plex.add_item(bench.section, f"/media/{folder}/sub/film.mp4")
    bench.stash.add_scene("/data/sub/film.mp4", title="t", details="d")


def test_what_is_in_step_already_is_told_from_what_was_changed(bench: Workbench) -> None:
    assert account(press(bench)) == {"changed": 3}
    bench.edit(1, title="Another")
    assert account(press(bench)) == {"changed": 1, "in_step": 2}


def test_a_picture_alone_is_a_change(bench: Workbench) -> None:
    press(bench)
    bench.clock.sleep(3600.0)
    bench.stash.library.change_scene(1, cover=jpeg("another"))
    bench.stash.save_without_hook(1)
    item = bench.item(2)
    item.locked -= {"thumb"}
    bench.clock.sleep(3600.0)
    assert account(press(bench)) == {"changed": 2, "in_step": 1}
    assert account(press(bench)) == {"in_step": 3}


def test_every_scene_is_accounted_for(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    press(bench)
    add_ambiguous_scene(bench)
    bench.add_scene(in_plex=False, title="t", details="d")
    bench.stash.add_scene(title="no file", details="d")
    bench.edit(2, title="Another")
    result = press(bench)
    wanted = {"changed": 1, "in_step": 2, "not_in_plex": 1, "given_up": 1, "nothing_to_sync": 1}
    assert account(result) == wanted
    words = "1 changed in Plex, 2 in step already, 1 not in Plex yet, 1 given up, 1 with nothing to sync"
    assert f"6 scenes: {words}" in caplog.text


def test_in_an_outage_what_waits_is_said_with_the_reason(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.refuse()
    assert account(press(bench)) == {"waiting": 3}
    assert "3 scenes: 0 changed in Plex, 0 in step already, 3 waiting" in caplog.text
    assert "3 jobs left (Plex is not available" in caplog.text


def test_it_accounts_for_what_another_process_did(bench: Workbench) -> None:
    lock = ProcessLock(bench.folder.drain_lock)
    assert lock.acquire()
    try:
        assert account(press(bench, meanwhile=bench.step)) == {"changed": 3}
    finally:
        lock.release()


def test_a_scene_that_was_undone_is_named_as_such(bench: Workbench) -> None:
    fileless = bench.stash.add_scene(title="t", details="d").id
    state = SyncState(bench.database, bench.plex.machine_identifier)
    state.save_scene(SceneState(fileless, 0.0, "", (), (), undone=Undone(1.0, "")))
    assert account(press(bench)) == {"changed": 3, "undone": 1}


def test_what_is_removed_from_the_queue_meanwhile_is_said(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.stash.add_scene(title="no file", details="d")
    lock = ProcessLock(bench.folder.drain_lock)

    def remove_two() -> None:
        waiting = [job for job in pending_jobs(bench.database) if job.data["scene_id"] in (1, 2)]
        discard_waiting(bench.database, waiting, bench.clock.now)
        bench.edit(1, title="Another")  # it comes back, and so it is done
        bench.step()

    assert lock.acquire()
    try:
        assert account(press(bench, meanwhile=remove_two)) == {"changed": 2, "removed": 1, "nothing_to_sync": 1}
    finally:
        lock.release()
    assert "1 removed from the queue, 1 with nothing to sync" in caplog.text
    assert account(press(bench)) == {"changed": 1, "in_step": 2, "nothing_to_sync": 1}, "it was removed from that one"


def test_no_scene_at_all_adds_up_to_nothing(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        assert account(press(bench)) == {}
