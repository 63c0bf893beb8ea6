"""What the drainer asks of the queue at every step costs the same however many jobs wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storage.database import Database
from sync_queue.enqueue import enqueue_many, has_open_jobs
from sync_queue.fan_out import next_fan_out
from sync_queue.operations import has_work_at, next_due_at, pending_scene_ids
from tests.support.queue_examples import NOW

WAITING = 2_000
INSTRUCTIONS_PER_CALL = 100
"""Of SQLite's virtual machine: a handler is called after so many. A scan of WAITING rows takes more than WAITING."""


QUESTIONS: dict[str, Callable[[Database], object]] = {
    "when is the next job due": next_due_at,
    "which rename is next": next_fan_out,
    "which of these scenes wait": lambda database: pending_scene_ids(database, [1, 2, 3]),
    "enqueue a page": lambda database: enqueue_many(database, [WAITING, WAITING + 1], "hook", NOW),
    "is any job open": has_open_jobs,
    "is there work": lambda database: has_work_at(database, NOW),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_what_is_asked_again_and_again_scans_no_queue(
    database: Database, question: Callable[[Database], object]
) -> None:
    enqueue_many(database, range(1, WAITING + 1), "hook", NOW)
    calls: list[None] = []
    database.connection.set_progress_handler(lambda: calls.append(None), INSTRUCTIONS_PER_CALL)
    question(database)
    assert len(calls) * INSTRUCTIONS_PER_CALL < WAITING
