"""Enqueueing: one pending job a scene, into which later edits are folded."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Database
from sync_queue.creation import create_schema
from sync_queue.database import open_queue_database
from sync_queue.enqueue import EVERYTHING, enqueue, enqueue_many, enqueue_undo, new_job_data
from sync_queue.manager import AckQueue, QueueManager
from sync_queue.models import Job
from sync_queue.operations import ack_job, fail_job, release_job
from sync_queue.sources import is_about_the_library, is_asked_by_a_person
from tests.support.queue_examples import LATER, NOW, add, claim, claimed_scenes, pending, rows

PROCESSES = 4
SCENES = 10
ROUNDS = 15


def test_the_stored_shape(database: Database) -> None:
    assert enqueue(database, 42, {"title", "date"}, "hook", NOW)
    assert pending(database, 42) == {
        "scene_id": 42,
        "update_type": "metadata",
        "data": {"fields": ["date", "title"], "source": "hook"},
        "enqueued_at": NOW,
        "retry_count": 0,
        "next_retry_at": 0.0,
        "last_error_type": None,
    }


def test_a_second_edit_is_folded_into_the_pending_job(database: Database) -> None:
    assert enqueue(database, 1, ["title"], "all", NOW)
    assert not enqueue(database, 1, ["date"], "hook", NOW + 5)
    assert rows(database) == [(1, 0)]
    job = pending(database, 1)
    assert job["data"] == {"fields": ["date", "title"], "source": "all+hook"}
    assert job["enqueued_at"] == NOW, "it waits since the first edit"


@pytest.mark.parametrize("fields", [["title"], ["date"], ["date", "title"]])
def test_an_edit_that_changes_nothing_in_the_queue_writes_nothing(
    database: Database, other: Database, fields: list[str]
) -> None:
    enqueue(database, 1, ["title", "date"], "hook", NOW)
    before = other.change_counter()
    assert not enqueue(database, 1, fields, "hook", NOW + 5)
    assert other.change_counter() == before


def test_a_waiting_retry_becomes_due_with_fresh_counters(database: Database, queue: AckQueue) -> None:
    enqueue(database, 1, ["title"], "hook", NOW)
    release_job(queue, claim(queue).retried("PlexTemporaryError", now=NOW + 1, delay=600))
    assert not enqueue(database, 1, ["date"], "hook", NOW + 2)
    fresh = new_job_data(1, ["date", "title"], "hook", NOW)
    assert pending(database, 1) == fresh
    assert claim(queue, now=NOW + 2).retry_count == 0


def test_a_job_that_opened_the_breaker_counts_as_fresh_after_another_edit(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2)
    release_job(queue, claim(queue).sent_to_the_back("PlexServerDown", now=NOW))
    add(database, 1)
    assert claimed_scenes(queue) == [1, 2]


def test_an_edit_of_a_scene_in_progress_makes_another_job(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    job = claim(queue)
    assert enqueue(database, 1, ["date"], "hook", NOW + 1)
    assert rows(database) == [(1, 2), (1, 0)]
    ack_job(queue, job)
    assert claim(queue).fields == ("date",)


@pytest.mark.parametrize("end", [ack_job, fail_job])
def test_an_edit_after_the_end_makes_another_job(
    database: Database, queue: AckQueue, end: Callable[[AckQueue, Job], None]
) -> None:
    add(database, 1)
    end(queue, claim(queue))
    assert enqueue(database, 1, ["title"], "hook", NOW)


# --- many at once


def test_many_scenes_in_one_transaction(database: Database, queue: AckQueue, other: Database) -> None:
    before = other.change_counter()
    assert enqueue_many(database, range(1, 1001), "all", NOW) == 1000
    assert other.change_counter() == before + 1
    assert claimed_scenes(queue, limit=2000) == list(range(1, 1001))


def test_many_scenes_fold_into_what_is_pending(database: Database, queue: AckQueue) -> None:
    add(database, 1, 2, 3)
    release_job(queue, claim(queue).retried("PlexNotFound", now=NOW, delay=600))
    release_job(queue, claim(queue).retried("PlexNotFound", now=NOW, delay=600))
    assert enqueue_many(database, [2, 3, 4, 4], "all", NOW + 1) == 1
    assert pending(database, 1)["retry_count"] == 1, "nobody asked for it"
    everything = {"fields": ["*", "title"], "source": "all+hook"}
    assert pending(database, 2) == {**new_job_data(2, [], "all", NOW), "data": everything}
    assert pending(database, 3)["data"] == everything
    assert sorted(claimed_scenes(queue, now=NOW + 1)) == [2, 3, 4]


def test_many_scenes_beside_those_in_progress(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    claim(queue)
    assert enqueue_many(database, [1], "all", NOW) == 1
    assert rows(database) == [(1, 2), (1, 0)]


def test_what_somebody_saves_does_not_wait_for_a_whole_library(database: Database, queue: AckQueue) -> None:
    enqueue_many(database, range(1, 101), "all", NOW)
    enqueue(database, 200, {"title"}, "hook", NOW + 1)
    enqueue(database, 70, {"title"}, "hook", NOW + 2)
    assert claimed_scenes(queue, 3) == [70, 200, 1]


def test_a_save_keeps_its_place_where_a_library_is_synced_afterwards(database: Database, queue: AckQueue) -> None:
    enqueue(database, 70, {"title"}, "hook", NOW)
    enqueue_many(database, range(1, 101), "all", NOW + 1)
    assert claimed_scenes(queue, 2) == [70, 1]


def test_no_scenes(database: Database) -> None:
    assert enqueue_many(database, [], "all", NOW) == 0


# --- who asked


def sources(database: Database, scene_id: int = 1) -> set[str]:
    return set(pending(database, scene_id)["data"]["source"].split("+"))


def test_a_job_that_was_there_first_keeps_nobody_from_being_heard(database: Database) -> None:
    enqueue(database, 1, ["title"], "hook", NOW)
    enqueue_many(database, [1], "all", NOW)
    enqueue_many(database, [1], "page", NOW)
    enqueue(database, 1, ["title"], "hook", NOW)
    assert sources(database) == {"all", "hook", "page"}


def test_a_job_in_progress_hands_its_wish_on_where_a_newer_one_takes_over(database: Database, queue: AckQueue) -> None:
    enqueue_many(database, [1], "all", NOW)
    job = claim(queue)
    enqueue(database, 1, ["title"], "hook", NOW)
    assert not release_job(queue, job.retried("PlexTemporaryError", now=NOW, delay=60))
    assert (rows(database), sources(database)) == ([(1, 5), (1, 0)], {"all", "hook"})
    assert pending(database, 1)["retry_count"] == 0


def test_what_a_person_asked_for_outlives_its_drainer(tmp_path: Path) -> None:
    manager = QueueManager.open(str(tmp_path))
    enqueue_many(manager.database, [1, 2], "all", NOW)
    claimed_scenes(manager.get_queue())
    enqueue(manager.database, 1, ["title"], "hook", NOW)
    manager.put_back_unacknowledged()
    assert sources(manager.database, 1) == {"all", "hook"}
    assert sources(manager.database, 2) == {"all"}
    manager.close()


def test_an_undo_gives_way_to_who_asks_for_just_this_scene(database: Database) -> None:
    enqueue_undo(database, [1, 2], NOW)
    enqueue_many(database, [1, 2], "all", NOW)
    assert pending(database, 1)["update_type"] == pending(database, 2)["update_type"] == "undo"
    enqueue_many(database, [1], "page", NOW)
    enqueue(database, 2, ["title"], "hook", NOW)
    assert pending(database, 1)["update_type"] == pending(database, 2)["update_type"] == "metadata"


SOURCES = st.sampled_from(["hook", "catch-up", "reconcile", "rename", "all", "recent", "reconcile_now", "page", "pin"])


@settings(max_examples=50, deadline=None)
@given(st.lists(SOURCES, min_size=1, max_size=6))
def test_a_folded_job_may_do_what_any_of_those_who_asked_may(asked: list[str]) -> None:
    database = Database.open(":memory:")
    create_schema(database)
    for source in asked:
        enqueue_many(database, [1], source, NOW)
    source = pending(database, 1)["data"]["source"]
    assert is_asked_by_a_person(source) == any(map(is_asked_by_a_person, asked))
    assert is_about_the_library(source) == all(map(is_about_the_library, asked))


# --- from several processes


def enqueue_all(folder: str, number: int, at_once: Barrier) -> None:
    """Runs in a process of its own: every scene, again and again, each time with a field of this process."""
    database = open_queue_database(folder)
    at_once.wait()
    for turn in range(ROUNDS):
        for scene_id in range(1, SCENES + 1):
            enqueue(database, scene_id, [f"field{number}"], "hook", NOW + turn)
    database.close()


@pytest.mark.slow
def test_processes_that_enqueue_the_same_scenes_at_once_make_one_job_each(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    at_once = context.Barrier(PROCESSES)
    folder = str(tmp_path / "queue")
    processes = [
        context.Process(target=enqueue_all, args=(folder, number, at_once), daemon=True) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    database = open_queue_database(folder)
    assert Counter(rows(database)) == {(scene_id, 0): 1 for scene_id in range(1, SCENES + 1)}
    everything = [f"field{number}" for number in range(PROCESSES)]
    assert all(pending(database, scene_id)["data"]["fields"] == everything for scene_id in range(1, SCENES + 1))
    database.close()


# --- invariants

FIELDS = st.lists(st.sampled_from(["title", "date", "details", "tag_ids"]), max_size=4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(FIELDS, st.floats(0, 1e9), st.booleans()), min_size=1, max_size=6))
def test_folding_keeps_every_field_and_the_first_moment(edits: list[tuple[list[str], float, bool]]) -> None:
    database = Database.open(":memory:")
    create_schema(database)
    queue = AckQueue(database)
    for number, (fields, moment, fails_first) in enumerate(edits):
        assert enqueue(database, 1, fields, "hook", moment) == (number == 0)
        if fails_first:
            release_job(queue, claim(queue).retried("PlexTemporaryError", now=NOW, delay=60))
    assert enqueue(database, 1, [], "hook", LATER) is False
    job = claim(queue, now=0.0)
    named = {field for fields, _, _ in edits for field in fields}
    assert set(job.fields) == (named | {EVERYTHING} if named else set()), "the last one names none"
    assert job.enqueued_at == edits[0][1]
    assert (job.retry_count, job.next_retry_at, job.last_error_type) == (0, 0.0, None)
