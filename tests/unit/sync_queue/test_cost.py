"""What the drainer asks of the queue at every step costs the same however many jobs wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync_queue.database import Database
from sync_queue.fan_out import next_fan_out
from sync_queue.operations import enqueue_many, next_due_at
from tests.unit.sync_queue.examples import NOW

WAITING = 2_000
INSTRUCTIONS_PER_CALL = 100
"""Of SQLite's virtual machine: a handler is called after so many. A scan of WAITING rows takes more than WAITING."""


@pytest.mark.parametrize("question", [next_due_at, next_fan_out])
def test_a_question_of_every_step_scans_no_queue(database: Database, question: Callable[[Database], object]) -> None:
    enqueue_many(database, range(1, WAITING + 1), "hook", NOW)
    calls: list[None] = []
    database.connection.set_progress_handler(lambda: calls.append(None), INSTRUCTIONS_PER_CALL)
    question(database)
    assert len(calls) * INSTRUCTIONS_PER_CALL < WAITING
