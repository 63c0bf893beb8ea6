"""What a person deletes is written down first, and meanwhile the queue takes edits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from sync_queue.database import open_queue_database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue
from sync_queue.models import Failure, Job
from sync_queue.views.job_list import pending_jobs
from tests.support.workbench import Workbench
from worker.tasks.clear import clear_dead_letters, clear_queue, purge_dead_letters
from worker.tasks.page.steering import discard
from worker.tasks.task import Task

MONTHS = 90 * 86400.0
Button = Callable[[Task], dict[str, Any]]
WAITING, FAILED = {"state": "waiting", "dry_run": False}, {"state": "failed", "dry_run": False}
BUTTONS: dict[str, tuple[Button, dict[str, Any], str]] = {
    "Clear Pending Queue": (clear_queue, {}, "deleted"),
    "Clear Dead Letter Queue": (clear_dead_letters, {}, "deleted"),
    "Purge Old DLQ Entries": (purge_dead_letters, {}, "deleted"),
    "Forget": (discard, WAITING, "discarded"),
    "Discard": (discard, FAILED, "discarded"),
}
_doing: dict[str, Callable[[], object]] = {}


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook stays for the life of the process: it does nothing but in the tests that fill `_doing`."""
    action = _doing.get(str(arguments[0])) if event == "os.mkdir" and _doing else None
    if action:
        _doing.clear()
        action()


sys.addaudithook(_hear)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def start(bench: Workbench, name: str, meanwhile: Callable[[], object]) -> int:
    """Press the button; `meanwhile` happens when the file begins to be written. How many were deleted."""
    for scene_id in (1, 2):
        enqueue(bench.database, scene_id, ["title"], "hook", bench.clock.now)
        job = Job(0, scene_id, (), "hook", bench.clock.now)
        DeadLetterQueue(bench.database).add(job, Failure("PlexNotFound", "text"), bench.clock.now - MONTHS)
    button, args, key = BUTTONS[name]
    _doing[bench.folder.backups] = meanwhile
    task = Task(bench.folder, Request({}, args), bench.database, lambda: None, lambda: bench.workplace)
    return int(button(task)[key])


def edit_elsewhere(bench: Workbench, scene_id: int, field: str) -> None:
    """As a hook does, over a connection of its own that does not wait."""
    with closing(open_queue_database(bench.folder.queue)) as database:
        database.connection.execute("PRAGMA busy_timeout = 0")
        enqueue(database, scene_id, [field], "hook", bench.clock.now)


@pytest.mark.parametrize("name", BUTTONS)
def test_an_edit_is_taken_while_the_file_is_written(bench: Workbench, name: str) -> None:
    def edit() -> None:
        edit_elsewhere(bench, 3, "title")

    assert start(bench, name, edit) == 2
    assert os.listdir(bench.folder.backups)
    assert 3 in [job.data["scene_id"] for job in pending_jobs(bench.database)]


@pytest.mark.parametrize("name", ["Clear Pending Queue", "Forget"])
def test_an_edit_that_is_folded_into_a_job_meanwhile_is_not_lost(bench: Workbench, name: str) -> None:
    def edit() -> None:
        edit_elsewhere(bench, 2, "rating100")

    assert start(bench, name, edit) == 1
    (job,) = pending_jobs(bench.database)
    assert (job.data["scene_id"], "rating100" in job.data["data"]["fields"]) == (2, True)
