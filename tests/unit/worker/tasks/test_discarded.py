"""What a person takes out of the queue is not sent until it is edited again, or a person asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue_removal
from sync_queue.models import Failure
from sync_queue.operations import claim
from sync_queue.state.discarded import KEPT_SECONDS
from sync_queue.views.job_list import discard_waiting, pending_jobs
from tests.support.workbench import Workbench
from worker.reconcile.run import Kind, ReconcileRun
from worker.sync.comparison import Comparison
from worker.tasks.bulk_sync import sync_all
from worker.tasks.clear import clear_dead_letters, clear_queue, purge_dead_letters
from worker.tasks.page.steering import discard
from worker.tasks.task import Task
from worker.upkeep.catch_up import CatchUp

HOUR, DAY = 3_600.0, 86_400.0
MONTHS = 90 * DAY
Button = tuple[Callable[[Task], dict[str, Any]], dict[str, Any]]
WAITING, FAILED = {"state": "waiting", "dry_run": False}, {"state": "failed", "dry_run": False}
OF_WAITING: dict[str, Button] = {
    "Clear Pending Queue": (clear_queue, {}),
    "Forget all": (discard, WAITING),
    "Forget by id": (discard, {**WAITING, "ids": list(range(1, 10))}),
}
OF_FAILED: dict[str, Button] = {
    "Clear Dead Letter Queue": (clear_dead_letters, {}),
    "Discard all": (discard, FAILED),
    "Discard by id": (discard, {**FAILED, "ids": [1, 2]}),
    "Discard by kind": (discard, {**FAILED, "error_type": "AmbiguousMatch"}),
}
OF_OLD: dict[str, Button] = {"Purge Old DLQ Entries": (purge_dead_letters, {})}
EVERY = pytest.mark.parametrize("name", [*OF_WAITING, *OF_FAILED, *OF_OLD])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Three scenes, in step for months. The buttons have the clock on the wall."""
    with Workbench(tmp_path) as made:
        made.clock.now = time.time() - MONTHS
        for number in range(1, 4):
            made.add_scene(title=f"Title {number}", details=f"Summary {number}")
        made.clock.now += HOUR
        made.enqueue(*made.keys)
        made.drain()
        yield made


def catch_up(bench: Workbench) -> int:
    """What a drainer that begins now finds by asking Stash."""
    store = JsonFile(bench.folder.catch_up, bench.clock)
    return CatchUp(bench.workplace.stash, bench.database, store, bench.clock).run_if_due()


def press(bench: Workbench, name: str) -> None:
    """Edit two scenes, which fail where the button is about failed jobs, and press it an hour later."""
    if name not in OF_OLD:
        bench.clock.now = time.time() - HOUR
    catch_up(bench)
    bench.clock.now += 60.0
    for scene_id in (1, 2):
        bench.edit(scene_id, title=f"Edited {scene_id}", details="New")
    if name not in OF_WAITING:
        queue = bench.workplace.manager.get_queue()
        for job in claim(queue, 10, bench.clock.now):
            failure = Failure("AmbiguousMatch", "two files", title="Edited")
            DeadLetterQueue(bench.database).bury(queue, job, failure, bench.clock.now)
    bench.clock.now = time.time()
    button, args = {**OF_WAITING, **OF_FAILED, **OF_OLD}[name]
    button(task(bench, **args))
    assert (bench.pending(), bench.dead_letters()) == ([], [])
    bench.clock.now += 60.0


def task(bench: Workbench, **args: Any) -> Task:
    return Task(bench.folder, Request({}, args), bench.database, lambda: None, lambda: bench.workplace)


def reconcile(bench: Workbench, *, by_hand: bool) -> None:
    stash = bench.workplace.stash
    run = ReconcileRun(bench.folder, Kind.RECONCILE, "all", stash, bench.clock, by_hand=by_hand)
    context = bench.workplace.contexts.current(0.0)
    while not run.is_done:
        run.step(Comparison(context, bench.database), bench.database, False)


@EVERY
def test_nothing_brings_it_back_by_itself(bench: Workbench, name: str) -> None:
    press(bench, name)
    assert catch_up(bench) == 0
    reconcile(bench, by_hand=False)
    assert bench.pending() == []


@pytest.mark.parametrize("name", ["Forget all", "Discard all"])
def test_nor_does_a_tag_that_somebody_deletes(bench: Workbench, name: str) -> None:
    press(bench, name)
    enqueue_removal(bench.database, "tag", "hook", bench.clock.now)
    bench.drain()
    assert not any(bench.shows(scene_id) for scene_id in (1, 2))


@EVERY
def test_an_edit_brings_it_back_though_its_hook_was_lost(bench: Workbench, name: str) -> None:
    press(bench, name)
    bench.stash.save_without_hook(2, title="Edited once more")
    bench.clock.now += 60.0
    assert catch_up(bench) == 1
    assert bench.pending() == [2]


@pytest.mark.parametrize("name", ["Forget all", "Discard all"])
def test_a_person_who_asks_for_it_gets_it(bench: Workbench, name: str) -> None:
    press(bench, name)
    reconcile(bench, by_hand=True)
    assert bench.pending() == [1, 2]
    bench.drain()
    assert bench.shows(1)


def test_sync_all_sends_it(bench: Workbench) -> None:
    press(bench, "Forget all")
    sync_all(task(bench))
    assert bench.shows(1)
    assert bench.shows(2)


def test_once_sent_it_is_a_scene_like_any_other(bench: Workbench) -> None:
    press(bench, "Forget all")
    bench.edit(1, title="Edited once more")
    bench.drain()
    bench.plex.edit_as_user(bench.keys[1], lock=False, summary="Lost")
    reconcile(bench, by_hand=False)
    assert bench.pending() == [1]


def test_an_edit_between_failing_and_discarding_is_sent(bench: Workbench) -> None:
    """Its hook was lost, so no job of it was among those that were deleted."""
    catch_up(bench)
    bench.edit(1, title="Fails")
    queue = bench.workplace.manager.get_queue()
    (job,) = claim(queue, 1, bench.clock.now)
    DeadLetterQueue(bench.database).bury(queue, job, Failure("AmbiguousMatch", "two files"), bench.clock.now)
    bench.clock.now += HOUR
    bench.stash.save_without_hook(1, title="Moved, so that it may match now")
    clear_dead_letters(task(bench))
    bench.clock.now += HOUR
    assert catch_up(bench) == 1


def test_no_mark_stays_for_ever(bench: Workbench) -> None:
    enqueue_and_discard(bench, 1, time.time() - KEPT_SECONDS - DAY)
    enqueue_and_discard(bench, 2, time.time())
    assert bench.database.all("SELECT scene_id FROM discarded") == [(2,)]


def enqueue_and_discard(bench: Workbench, scene_id: int, now: float) -> None:
    bench.enqueue(scene_id)
    discard_waiting(bench.database, pending_jobs(bench.database), now)
