"""Redriving: which dead letters go back, why the others stay, and that nothing is lost or doubled."""

from __future__ import annotations

import pytest

from storage.database import Database
from sync_queue.dlq import DeadLetterQueue, Outline
from sync_queue.dlq_recovery import ALREADY_PENDING, RedrivePlan, Selection, plan_redrive, redrive, redrive_candidates
from sync_queue.manager import AckQueue
from sync_queue.models import Failure, Job
from sync_queue.operations import claim as claim_many
from tests.support.queue_examples import FAILURE, LATER, NOW, add, claim, claimed_scenes, pending

EVERYTHING = Selection()


@pytest.fixture
def dead_letters(database: Database) -> DeadLetterQueue:
    return DeadLetterQueue(database)


def bury(
    dead_letters: DeadLetterQueue, scene_id: int, error_type: str = "PlexTemporaryError", now: float = NOW, **job: float
) -> int:
    values = {"retry_count": 5, "first_failed_at": now - 100, **job}
    failed = Job(0, scene_id, ("title",), "hook", NOW - 200, **values)  # type: ignore[arg-type]
    return dead_letters.add(failed, Failure(error_type, "text", f"Title {scene_id}"), now)


def plan(database: Database, selection: Selection = EVERYTHING, **objections: str) -> RedrivePlan:
    """Plan; `objections` are reasons by "scene_<id>"."""
    candidates = redrive_candidates(database, selection)
    reasons = {letter.id: objections.get(f"scene_{letter.scene_id}") for letter in candidates.free}
    return plan_redrive(candidates, {letter_id: reason for letter_id, reason in reasons.items() if reason})


def scenes(letters: tuple[Outline, ...]) -> list[int]:
    return [letter.scene_id for letter in letters]


# --- which


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (EVERYTHING, [1, 2, 3]),
        (Selection(error_types=frozenset({"PlexNotFound"})), [2]),
        (Selection(error_types=frozenset()), []),
        (Selection(scene_id=3), [3]),
        (Selection(since=NOW + 10), [2, 3]),
        (Selection(until=NOW - 95), [1, 2]),
        (Selection(since=NOW + 10, until=NOW - 95), [2]),
        (Selection(scene_id=99), []),
    ],
)
def test_a_selection(
    database: Database, dead_letters: DeadLetterQueue, selection: Selection, expected: list[int]
) -> None:
    bury(dead_letters, 1, now=NOW)
    bury(dead_letters, 2, "PlexNotFound", now=NOW + 10, first_failed_at=NOW - 96)
    bury(dead_letters, 3, now=NOW + 20, first_failed_at=NOW - 90)
    assert scenes(plan(database, selection).redrive) == expected


def test_what_has_a_pending_job_stays(database: Database, dead_letters: DeadLetterQueue) -> None:
    bury(dead_letters, 1)
    bury(dead_letters, 2)
    add(database, 1)
    made = plan(database)
    assert scenes(made.redrive) == [2]
    assert [(letter.scene_id, reason) for letter, reason in made.keep] == [(1, ALREADY_PENDING)]


def test_what_would_fail_again_stays_with_the_reason(database: Database, dead_letters: DeadLetterQueue) -> None:
    bury(dead_letters, 1)
    bury(dead_letters, 2)
    made = plan(database, scene_2="the scene is gone")
    assert scenes(made.redrive) == [1]
    assert [(letter.scene_id, reason) for letter, reason in made.keep] == [(2, "the scene is gone")]


def test_a_plan_changes_nothing(database: Database, other: Database, dead_letters: DeadLetterQueue) -> None:
    bury(dead_letters, 1)
    before = other.change_counter()
    plan(database)
    assert other.change_counter() == before


# --- back into the queue


def test_a_redriven_job_has_fresh_counters_and_its_history(
    database: Database, queue: AckQueue, dead_letters: DeadLetterQueue
) -> None:
    bury(dead_letters, 1, outages_opened=2)
    assert redrive(database, plan(database).redrive, LATER) == 1
    assert dead_letters.get_count() == 0
    job = claim(queue)
    assert (job.retry_count, job.outages_opened, job.source) == (0, 0, "redrive")
    assert (job.previous_attempts, job.first_failed_at) == (6, NOW - 100)
    dead_letters.bury(queue, job, FAILURE, LATER)
    assert [letter.attempts for letter in dead_letters.get_all()] == [7]


def test_repeating_it_changes_nothing(database: Database, dead_letters: DeadLetterQueue) -> None:
    bury(dead_letters, 1)
    letters = plan(database).redrive
    assert (redrive(database, letters, LATER), redrive(database, letters, LATER)) == (1, 0)
    assert plan(database).redrive == ()


def test_jobs_fall_due_one_after_the_other(database: Database, queue: AckQueue, dead_letters: DeadLetterQueue) -> None:
    for scene_id in range(1, 6):
        bury(dead_letters, scene_id)
    redrive(database, plan(database).redrive, NOW, lambda number: 2.0 * number)
    assert [claimed_scenes(queue, now=NOW + seconds) for seconds in (0, 2, 8)] == [[1], [2], [3, 4, 5]]


def test_a_scene_that_has_a_job_by_now_keeps_its_letter(database: Database, dead_letters: DeadLetterQueue) -> None:
    bury(dead_letters, 1)
    letters = plan(database).redrive
    add(database, 1)
    assert redrive(database, letters, LATER) == 0
    assert dead_letters.get_count() == 1
    assert pending(database, 1)["data"]["source"] == "hook"


def test_a_scene_in_progress_may_be_redriven(
    database: Database, queue: AckQueue, dead_letters: DeadLetterQueue
) -> None:
    add(database, 1)
    claim(queue)
    bury(dead_letters, 1)
    assert redrive(database, plan(database).redrive, NOW) == 1
    assert len(claim_many(queue, 10, NOW)) == 1


def test_two_that_redrive_at_once_redrive_each_letter_once(
    database: Database, other: Database, dead_letters: DeadLetterQueue
) -> None:
    for scene_id in range(1, 11):
        bury(dead_letters, scene_id)
    ours, theirs = plan(database).redrive, reversed(plan(other).redrive)
    pairs = zip(ours, theirs, strict=True)
    assert sum(redrive(database, [one], NOW) + redrive(other, [two], NOW) for one, two in pairs) == 10
    assert dead_letters.get_count() == 0
