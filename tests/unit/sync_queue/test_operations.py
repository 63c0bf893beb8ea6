"""Claiming, and the transitions that end a claim: each happens once or raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage.database import Database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue, serialize
from sync_queue.manager import AckQueue, QueueManager
from sync_queue.models import Job
from sync_queue.operations import (
    JobNotClaimed,
    ack_job,
    bring_forward,
    fail_job,
    get_pending,
    next_due_at,
    pending_scene_ids,
    release_job,
)
from sync_queue.operations import (
    claim as claim_many,
)
from sync_queue.views.counts import QueueStats, get_stats
from sync_queue.views.job_list import discard_waiting, pending_jobs
from tests.support.queue_examples import FAILURE, LATER, NOW, add, claim, claimed_scenes, pending, rows

Transition = Callable[[AckQueue, Job], object]


def bury(queue: AckQueue, job: Job) -> None:
    DeadLetterQueue(queue.database).bury(queue, job, FAILURE, NOW)


TRANSITIONS: list[Transition] = [ack_job, fail_job, release_job, bury]


# --- claiming


def test_other_plugins_of_this_kind_call_it_get_pending() -> None:
    assert get_pending is claim_many


def test_a_claimed_job_is_what_was_enqueued(database: Database, queue: AckQueue) -> None:
    enqueue(database, 3, ["title", "date"], "hook", NOW)
    assert claim(queue) == Job(row_id=1, scene_id=3, fields=("date", "title"), source="hook", enqueued_at=NOW)


def test_fresh_jobs_come_first_in_their_order_then_retries_as_they_fall_due(
    database: Database, queue: AckQueue
) -> None:
    add(database, 1, 2, 3)
    for job, delay in zip(claim_many(queue, 3, NOW), (30.0, 10.0, 20.0), strict=True):
        release_job(queue, job.retried("PlexTemporaryError", now=NOW, delay=delay))
    add(database, 9, 8)
    assert claimed_scenes(queue) == [9, 8, 2, 3, 1]


def test_jobs_that_are_not_due_are_not_claimed(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2)
    release_job(queue, claim(queue).retried("PlexTemporaryError", now=NOW, delay=10.0))
    assert claimed_scenes(queue, now=NOW + 9.999) == [2]
    assert claimed_scenes(queue, now=NOW + 10.0) == [1]


def test_a_claim_takes_no_more_than_asked_for(database: Database, queue: AckQueue) -> None:
    add(database, *range(1, 8))
    assert [claimed_scenes(queue, limit=3) for _ in range(4)] == [[1, 2, 3], [4, 5, 6], [7], []]


def test_nobody_else_can_claim_a_claimed_job(database: Database, queue: AckQueue, other: Database) -> None:
    add(database, 1, 2)
    second = AckQueue(other)
    assert (claimed_scenes(queue, limit=1), claimed_scenes(second)) == ([1], [2])


def test_a_claim_is_on_disk_before_it_is_returned(database: Database, queue: AckQueue, other: Database) -> None:
    add(database, 1)
    claim(queue)
    assert rows(other) == [(1, 2)]


def test_what_a_stored_job_does_not_say_has_a_default(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    assert not {"first_failed_at", "outages_opened", "previous_attempts"} & pending(database, 1).keys()
    job = claim(queue)
    assert (job.first_failed_at, job.outages_opened, job.previous_attempts) == (0.0, 0, 0)


# --- transitions


@pytest.mark.parametrize("second", TRANSITIONS)
@pytest.mark.parametrize("first", TRANSITIONS)
def test_a_claim_ends_once(database: Database, queue: AckQueue, first: Transition, second: Transition) -> None:
    add(database, 1)
    job = claim(queue)
    first(queue, job)
    before = (rows(database), DeadLetterQueue(database).get_count())
    with pytest.raises(JobNotClaimed, match=r"job 1 of scene 1 is not in progress"):
        second(queue, job)
    assert (rows(database), DeadLetterQueue(database).get_count()) == before


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_job_that_was_never_claimed_cannot_end(database: Database, queue: AckQueue, transition: Transition) -> None:
    add(database, 1)
    job = Job.from_row(1, serialize(pending(database, 1)))
    for never_claimed in (job, replace(job, row_id=99)):
        with pytest.raises(JobNotClaimed):
            transition(queue, never_claimed)
    assert rows(database) == [(1, 0)]


@pytest.mark.parametrize(("transition", "status"), [(ack_job, 5), (fail_job, 9), (bury, 9), (release_job, 1)])
def test_where_a_transition_leads(database: Database, queue: AckQueue, transition: Transition, status: int) -> None:
    add(database, 1)
    transition(queue, claim(queue))
    assert rows(database) == [(1, status)]


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_transition_may_be_part_of_a_larger_transaction(
    database: Database, queue: AckQueue, transition: Transition
) -> None:
    add(database, 1)
    job = claim(queue)
    with pytest.raises(KeyError), database.transaction():
        transition(queue, job)
        raise KeyError
    assert (rows(database), DeadLetterQueue(database).get_count()) == ([(1, 2)], 0)


def test_a_retry_that_meets_a_newer_job_undoes_nothing_else_of_its_transaction(
    database: Database, queue: AckQueue
) -> None:
    add(database, 1, 2)
    retried, done = claim_many(queue, 2, LATER)
    enqueue(database, 1, ["date"], "hook", NOW + 1)
    with database.transaction():
        ack_job(queue, done)
        release_job(queue, retried.retried("PlexTemporaryError", now=NOW, delay=60.0))
    assert rows(database) == [(1, 5), (2, 5), (1, 0)]


# --- putting back


def test_a_retry_keeps_the_row_and_what_is_known_of_it(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    first = claim(queue)
    assert release_job(queue, first.retried("PlexNotFound", now=NOW + 5, delay=30.0))
    assert rows(database) == [(1, 1)]
    second = claim(queue)
    assert second == replace(
        first, retry_count=1, next_retry_at=NOW + 35, last_error_type="PlexNotFound", first_failed_at=NOW + 5
    )
    assert release_job(queue, second.retried("PlexTemporaryError", now=NOW + 50, delay=60.0))
    third = claim(queue)
    assert (third.row_id, third.retry_count, third.first_failed_at) == (first.row_id, 2, NOW + 5)


def test_a_job_that_opened_the_breaker_goes_behind_all_others_uncounted(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2)
    release_job(queue, claim(queue).sent_to_the_back("PlexServerDown", now=NOW))
    add(database, 3)
    jobs = claim_many(queue, 10, NOW)
    assert [job.scene_id for job in jobs] == [2, 3, 1]
    assert (jobs[-1].retry_count, jobs[-1].outages_opened, jobs[-1].first_failed_at) == (0, 1, 0.0)


def test_a_retry_that_meets_a_newer_job_of_its_scene_ends(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    older = claim(queue)
    enqueue(database, 1, ["date"], "hook", NOW + 1)
    assert not release_job(queue, older.retried("PlexTemporaryError", now=NOW, delay=60.0))
    assert rows(database) == [(1, 5), (1, 0)]
    newer = claim(queue, now=NOW + 1)
    assert (newer.fields, newer.retry_count) == (("date", "title"), 0)
    with pytest.raises(JobNotClaimed):
        ack_job(queue, older)


def test_a_retry_beside_jobs_of_other_scenes(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    job = claim(queue)
    add(database, 2)
    assert release_job(queue, job)
    assert rows(database) == [(1, 1), (2, 0)]


# --- looking


def test_stats(database: Database, queue: AckQueue) -> None:
    assert get_stats(database, NOW) == QueueStats(0, 0, 0, None)
    add(database, *range(1, 8))
    jobs = claim_many(queue, 6, NOW)
    ack_job(queue, jobs[0])
    ack_job(queue, jobs[1])
    fail_job(queue, jobs[2])
    release_job(queue, jobs[3].retried("PlexNotFound", now=NOW, delay=20.0))
    release_job(queue, jobs[4].retried("PlexNotFound", now=NOW, delay=10.0))
    assert get_stats(database, NOW) == QueueStats(pending=3, waiting_for_retry=2, in_progress=1, next_due_at=NOW + 10)
    assert get_stats(database, NOW + 15).waiting_for_retry == 1
    assert get_stats(database, LATER).next_due_at is None


def test_next_due_at(database: Database, queue: AckQueue) -> None:
    assert next_due_at(database) is None
    add(database, 1)
    assert next_due_at(database) == 0.0
    release_job(queue, claim(queue).retried("PlexNotFound", now=NOW, delay=20.0))
    assert next_due_at(database) == NOW + 20
    claim(queue)
    assert next_due_at(database) is None


def test_looking_writes_nothing(manager: QueueManager, other: Database) -> None:
    add(manager.database, 1)
    before = other.change_counter()
    get_stats(manager.database, NOW)
    next_due_at(manager.database)
    pending_scene_ids(manager.database, [1])
    pending_jobs(manager.database)
    assert other.change_counter() == before


def test_pending_jobs_are_shown_without_claiming_them(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2, 3)
    claim(queue)
    assert [job.data["scene_id"] for job in pending_jobs(database)] == [2, 3]
    assert claimed_scenes(queue) == [2, 3]


def test_pending_scene_ids(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2, 3)
    claim(queue)
    assert pending_scene_ids(database, [1, 2, 4]) == {2}


def test_clearing_leaves_jobs_in_progress_and_history(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2, 3, 4)
    ack_job(queue, claim(queue))
    in_progress = claim(queue)
    release_job(queue, claim(queue).retried("PlexNotFound", now=NOW, delay=20.0))
    assert discard_waiting(database, pending_jobs(database), NOW) == 2
    assert rows(database) == [(1, 5), (2, 2)]
    ack_job(queue, in_progress)


def test_bringing_forward_what_is_due_too_late(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2, 3)
    for seconds in (100.0, 901.0, 86_400.0):
        release_job(queue, claim(queue, NOW).retried("PlexTemporaryError", now=NOW, delay=seconds))
    assert bring_forward(database, NOW + 900.0, NOW + 5.0) == 2
    assert [pending(database, scene_id)["next_retry_at"] for scene_id in (1, 2, 3)] == [NOW + 100, NOW + 5, NOW + 5]
    assert pending(database, 3)["retry_count"] == 1
    assert claimed_scenes(queue, now=NOW + 5) == [2, 3]


def test_bringing_forward_leaves_jobs_in_progress_alone(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    release_job(queue, claim(queue).retried("PlexTemporaryError", now=NOW, delay=5000.0))
    claim(queue)
    assert bring_forward(database, NOW, NOW) == 0
