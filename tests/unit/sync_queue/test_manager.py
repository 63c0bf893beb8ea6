"""What only the holder of the drain lock does: put back what a dead process had claimed, and forget history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from storage.database import Database
from sync_queue.enqueue import enqueue
from sync_queue.manager import KEPT_HISTORY, AckQueue, QueueManager
from sync_queue.models import Job
from sync_queue.operations import ack_job, fail_job, release_job
from sync_queue.operations import claim as claim_many
from tests.support.queue_examples import LATER, NOW, add, claim, claimed_scenes, rows


class Interloper:
    """Another process that enqueues scene 1 just before statement number `moment` (from 0) of a connection."""

    def __init__(self, watched: Database, moment: int) -> None:
        self.statements = 0
        self._moment = moment
        self._own = Database.open(watched.path)
        self._own.execute("PRAGMA busy_timeout = 0")
        watched.connection.set_trace_callback(self._on_statement)

    def _on_statement(self, _statement: str) -> None:
        if self.statements == self._moment:
            try:
                enqueue(self._own, 1, ["date"], "hook", NOW + 1)
            except sqlite3.OperationalError:
                self._moment += 1  # locked: a real hook would wait, too
        self.statements += 1

    def enqueue_now(self) -> None:
        """The last moment: after everything."""
        enqueue(self._own, 1, ["date"], "hook", NOW + 1)
        self._own.close()


def interrupted_managers(folder: Path, act: Callable[[QueueManager], object]) -> Iterator[QueueManager]:
    """A queue with scenes 1 and 2 claimed, after `act`; one for every moment of it at which a hook may come."""
    moment, statements = 0, 1
    while moment < statements:
        manager = QueueManager.open(str(folder / str(moment)))
        add(manager.database, 1, 2)
        claim_many(manager.get_queue(), 2, NOW)
        interloper = Interloper(manager.database, moment)
        act(manager)
        manager.database.connection.set_trace_callback(None)
        interloper.enqueue_now()
        yield manager
        manager.close()
        moment, statements = moment + 1, interloper.statements
    assert moment > 1


def test_of_two_claims_of_a_scene_the_newer_one_does_the_work_of_both(manager: QueueManager) -> None:
    enqueue(manager.database, 1, ["date"], "hook", NOW)
    claim(manager.get_queue(), NOW)
    enqueue(manager.database, 1, ["title"], "all", NOW)
    claim(manager.get_queue(), NOW)
    assert manager.put_back_unacknowledged() == 2
    (job,) = claim_many(manager.get_queue(), 2, NOW)
    assert (job.source, job.next_retry_at) == ("all+hook", 0.0)


def test_claimed_jobs_become_pending_again(manager: QueueManager) -> None:
    add(manager.database, 1, 2, 3)
    claim_many(manager.get_queue(), 2, NOW)
    assert manager.put_back_unacknowledged() == 2
    assert claimed_scenes(manager.get_queue()) == [1, 2, 3]


def test_their_retry_counters_stay(manager: QueueManager) -> None:
    queue = manager.get_queue()
    add(manager.database, 1)
    release_job(queue, claim(queue).retried("PlexNotFound", now=NOW, delay=10.0))
    claimed = claim(queue)
    manager.put_back_unacknowledged()
    assert claim(queue) == claimed


def test_nothing_was_claimed(manager: QueueManager, other: Database) -> None:
    add(manager.database, 1)
    assert manager.put_back_unacknowledged() == 0
    assert rows(manager.database) == [(1, 0)]


def test_ended_jobs_stay_ended(manager: QueueManager) -> None:
    add(manager.database, 1, 2, 3)
    jobs = claim_many(manager.get_queue(), 3, NOW)
    ack_job(manager.get_queue(), jobs[0])
    fail_job(manager.get_queue(), jobs[1])
    assert manager.put_back_unacknowledged() == 1
    assert rows(manager.database) == [(1, 5), (2, 9), (3, 1)]


def test_a_claimed_job_ends_where_its_scene_has_a_newer_one(manager: QueueManager) -> None:
    add(manager.database, 1, 2)
    claim_many(manager.get_queue(), 2, NOW)
    enqueue(manager.database, 1, ["date"], "hook", NOW + 1)
    assert manager.put_back_unacknowledged() == 2
    assert rows(manager.database) == [(1, 5), (2, 1), (1, 0)]


def test_of_two_claimed_jobs_of_a_scene_the_newer_one_goes_on(manager: QueueManager) -> None:
    for _ in range(3):
        add(manager.database, 1)
        claim(manager.get_queue())
    assert manager.put_back_unacknowledged() == 3
    assert rows(manager.database) == [(1, 5), (1, 5), (1, 1)]


def test_opening_the_queue_leaves_work_in_progress_alone(manager: QueueManager) -> None:
    add(manager.database, 1)
    job = claim(manager.get_queue())
    other = QueueManager.open(manager.database.path.removesuffix("/plexsync.db").removesuffix("\\plexsync.db"))
    assert rows(other.database) == [(1, 2)]
    other.close()
    ack_job(manager.get_queue(), job)


def test_a_hook_may_come_at_any_moment_while_jobs_are_put_back(tmp_path: Path) -> None:
    for manager in interrupted_managers(tmp_path, lambda manager: manager.put_back_unacknowledged()):
        assert sorted(claimed_scenes(manager.get_queue())) == [1, 2]


def test_a_hook_may_come_at_any_moment_while_a_job_is_put_back(tmp_path: Path) -> None:
    def nack_first(manager: QueueManager) -> None:
        (row_id, data), *_ = manager.database.all("SELECT _id, data FROM ack_queue_default WHERE status = 2")
        release_job(manager.get_queue(), Job.from_row(row_id, data).retried("PlexNotFound", now=NOW, delay=10.0))

    for manager in interrupted_managers(tmp_path, nack_first):
        assert claimed_scenes(manager.get_queue()) == [1]


def test_history_is_trimmed_to_the_newest(manager: QueueManager) -> None:
    database, queue = manager.database, manager.get_queue()
    with database.transaction():
        add(database, *range(1, KEPT_HISTORY + 51))
    jobs = claim_many(queue, KEPT_HISTORY + 40, LATER)
    with database.transaction():
        for job in jobs[:-10]:
            (fail_job if job.scene_id % 3 == 0 else ack_job)(queue, job)
    manager.forget_history()
    left = rows(database)
    ended = [scene_id for scene_id, status in left if status in (5, 9)]
    assert ended == list(range(31, KEPT_HISTORY + 31))
    assert [row for row in left if row[1] == 2] == [(KEPT_HISTORY + number, 2) for number in range(31, 41)]
    assert [row for row in left if row[1] == 0] == [(KEPT_HISTORY + number, 0) for number in range(41, 51)]


def test_two_queues_on_one_file_keep_no_count_of_their_own(
    database: Database, queue: AckQueue, other: Database
) -> None:
    second = AckQueue(other)
    add(database, 1, 2)
    assert claimed_scenes(second, limit=1) == [1]
    assert claimed_scenes(queue) == [2]
