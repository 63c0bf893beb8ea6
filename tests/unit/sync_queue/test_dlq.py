"""Dead letters: burying is one step, and every entry keeps what a person needs to decide."""

from __future__ import annotations

import sqlite3

import pytest

from storage.database import Database
from sync_queue.dlq import SECONDS_PER_DAY, DeadLetterQueue
from sync_queue.manager import AckQueue
from sync_queue.models import DeadLetter, Failure, Job
from sync_queue.operations import release_job
from sync_queue.state.discarded import left_alone
from tests.support.queue_examples import FAILURE, NOW, add, claim, rows

AMBIGUOUS = Failure("AmbiguousMatch", "2 files match", "Ä title", "/data/a, b.mp4", ("/m/a.mp4", "/n/a.mp4"))


@pytest.fixture
def dead_letters(database: Database) -> DeadLetterQueue:
    return DeadLetterQueue(database)


def job(scene_id: int = 1, **values: object) -> Job:
    return Job(row_id=0, scene_id=scene_id, fields=("title",), source="hook", enqueued_at=NOW, **values)  # type: ignore[arg-type]


def test_an_entry_keeps_everything(dead_letters: DeadLetterQueue) -> None:
    failed = job(7, retry_count=4, last_error_type="PlexTemporaryError", first_failed_at=NOW + 1)
    entry_id = dead_letters.add(failed, AMBIGUOUS, NOW + 60)
    assert dead_letters.get_by_id(entry_id) == DeadLetter(entry_id, 7, AMBIGUOUS, 5, NOW + 1, NOW + 60, failed)


def test_a_job_that_failed_at_once_failed_first_when_it_was_buried(dead_letters: DeadLetterQueue) -> None:
    entry = dead_letters.get_by_id(dead_letters.add(job(), FAILURE, NOW))
    assert entry is not None
    assert (entry.attempts, entry.first_failed_at, entry.buried_at) == (1, NOW, NOW)


def test_no_such_entry(dead_letters: DeadLetterQueue) -> None:
    assert dead_letters.get_by_id(1) is None


def test_burying_ends_the_job_and_keeps_it(database: Database, queue: AckQueue, dead_letters: DeadLetterQueue) -> None:
    add(database, 1)
    release_job(queue, claim(queue).retried("PlexTemporaryError", now=NOW + 1, delay=5.0))
    buried = claim(queue)
    dead_letters.bury(queue, buried, FAILURE, NOW + 9)
    assert rows(database) == [(1, 9)]
    (entry,) = dead_letters.get_recent()
    assert (entry.attempts, entry.first_failed_at, entry.job.fields) == (2, NOW + 1, ("title",))


def test_a_scene_has_one_entry_that_keeps_its_history(
    database: Database, queue: AckQueue, dead_letters: DeadLetterQueue
) -> None:
    for moment, failure in ((NOW, FAILURE), (NOW + 60, AMBIGUOUS)):
        add(database, 1)
        dead_letters.bury(queue, claim(queue), failure, moment)
    (entry,) = dead_letters.get_all()
    assert (entry.failure, entry.attempts, entry.first_failed_at, entry.buried_at) == (AMBIGUOUS, 2, NOW, NOW + 60)


def test_a_scene_that_is_in_step_has_no_entry_any_more(dead_letters: DeadLetterQueue) -> None:
    for scene_id in (1, 2):
        dead_letters.add(job(scene_id), FAILURE, NOW)
    dead_letters.resolve(1)
    dead_letters.resolve(3)
    assert [entry.scene_id for entry in dead_letters.get_all()] == [2]


def test_when_scenes_were_buried(dead_letters: DeadLetterQueue) -> None:
    for scene_id, moment in ((1, NOW), (2, NOW + 1), (1, NOW + 2)):
        dead_letters.add(job(scene_id), FAILURE, moment)
    assert dead_letters.buried_times([1, 3]) == {1: NOW + 2}
    assert dead_letters.buried_times([]) == {}


@pytest.mark.parametrize(
    "trigger",
    [
        "BEFORE INSERT ON dead_letters",
        "AFTER INSERT ON dead_letters",
        "BEFORE UPDATE ON ack_queue_default",
        "AFTER UPDATE ON ack_queue_default",
    ],
)
def test_a_burial_that_fails_midway_leaves_the_job_claimed(
    database: Database, queue: AckQueue, dead_letters: DeadLetterQueue, trigger: str
) -> None:
    add(database, 1)
    claimed = claim(queue)
    database.execute(f"CREATE TEMP TRIGGER failure {trigger} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk I/O error"):
        dead_letters.bury(queue, claimed, FAILURE, NOW)
    assert (rows(database), dead_letters.get_count()) == ([(1, 2)], 0)
    database.execute("DROP TRIGGER failure")
    dead_letters.bury(queue, claimed, FAILURE, NOW)
    assert (rows(database), dead_letters.get_count()) == ([(1, 9)], 1)


def test_nobody_sees_a_burial_halfway(
    database: Database, queue: AckQueue, other: Database, dead_letters: DeadLetterQueue
) -> None:
    add(database, 1)
    claimed = claim(queue)
    seen = set()

    def look(_statement: str) -> None:
        seen.add((rows(other)[0][1], DeadLetterQueue(other).get_count()))

    database.connection.set_trace_callback(look)
    dead_letters.bury(queue, claimed, FAILURE, NOW)
    database.connection.set_trace_callback(None)
    look("")
    assert seen == {(2, 0), (9, 1)}


def test_the_newest_entries_come_first(dead_letters: DeadLetterQueue) -> None:
    for scene_id in range(1, 15):
        dead_letters.add(job(scene_id), FAILURE, NOW)
    assert [entry.scene_id for entry in dead_letters.get_recent()] == list(range(14, 4, -1))
    assert [entry.scene_id for entry in dead_letters.get_recent(2)] == [14, 13]
    assert [entry.scene_id for entry in dead_letters.get_all()] == list(range(1, 15))


def test_counts(dead_letters: DeadLetterQueue) -> None:
    assert (dead_letters.get_count(), dead_letters.get_error_summary()) == (0, {})
    for failure in (FAILURE, AMBIGUOUS, FAILURE):
        dead_letters.add(job(), failure, NOW)
    assert dead_letters.get_count() == 3
    assert dead_letters.get_error_summary() == {"PlexPermanentError": 2, "AmbiguousMatch": 1}
    dead_letters.add(job(), FAILURE, NOW + 10)
    assert [dead_letters.count_since(NOW + seconds) for seconds in (0, 10, 11)] == [4, 1, 0]


def test_old_entries_go(dead_letters: DeadLetterQueue) -> None:
    days_old = {1: 29.9, 2: 30.0, 3: 30.1, 4: 400.0}
    for scene_id, days in days_old.items():
        dead_letters.add(job(scene_id), FAILURE, NOW - days * SECONDS_PER_DAY)
    assert dead_letters.delete_older_than(30, NOW) == 2
    assert [entry.scene_id for entry in dead_letters.get_all()] == [1, 2]
    assert dead_letters.delete_older_than(30, NOW) == 0


def test_nobody_took_out_what_goes_by_its_age(database: Database, dead_letters: DeadLetterQueue) -> None:
    dead_letters.add(job(1), FAILURE, NOW - 31 * SECONDS_PER_DAY)
    dead_letters.delete_older_than(30, NOW)
    assert left_alone(database, [1]) == set()
    dead_letters.add(job(1), FAILURE, NOW)
    dead_letters.delete(dead_letters.get_all())
    assert left_alone(database, [1]) == {1}, "what a person deletes is another matter"


def test_clearing(dead_letters: DeadLetterQueue) -> None:
    first = dead_letters.add(job(), FAILURE, NOW)
    letters = dead_letters.get_all()
    assert (dead_letters.delete(letters), dead_letters.delete(letters)) == (1, 0)
    assert dead_letters.add(job(), FAILURE, NOW) > first, "an id that was in a log never means another entry"


def test_exactly_those_that_were_written_down_are_deleted(database: Database, dead_letters: DeadLetterQueue) -> None:
    """However much time passes between the backup and the deletion, and whatever ages in between."""
    for scene_id, age in ((1, 31.0), (2, 30.0), (3, 29.0)):
        dead_letters.add(Job(0, scene_id, ("title",), "hook", NOW), FAILURE, NOW - age * SECONDS_PER_DAY)
    old = dead_letters.get_older_than(30, NOW)
    assert [letter.scene_id for letter in old] == [1]
    assert dead_letters.delete(old) == 1
    assert [letter.scene_id for letter in dead_letters.get_all()] == [2, 3]
    assert dead_letters.delete(old) == 0
