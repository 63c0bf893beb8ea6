"""persist-queue's own SQLiteAckQueue and ours work on one file: what either does, the other sees."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import persistqueue.serializers.json
import pytest
from persistqueue import Empty, SQLiteAckQueue

from sync_queue.enqueue import enqueue, new_job_data
from sync_queue.manager import AckQueue, QueueManager
from sync_queue.models import Job
from sync_queue.operations import ack_job, claim, fail_job, release_job
from sync_queue.views.counts import get_stats

NOW = 1_800_000_000.0


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[QueueManager]:
    manager = QueueManager.open(str(tmp_path))
    yield manager
    manager.close()


def open_theirs(ours: QueueManager, **options: Any) -> SQLiteAckQueue:
    """persist-queue's class as its documentation opens it, on our file."""
    options.setdefault("auto_resume", False)
    folder = Path(ours.database.path)
    return SQLiteAckQueue(
        str(folder.parent), db_file_name=folder.name, serializer=persistqueue.serializers.json, **options
    )


@pytest.fixture
def theirs(ours: QueueManager) -> SQLiteAckQueue:
    return open_theirs(ours)


def job_data(scene_id: int) -> dict[str, Any]:
    return new_job_data(scene_id, ["title"], "hook", NOW)


def test_it_is_the_pinned_version_unmodified(theirs: SQLiteAckQueue) -> None:
    pins = (Path(__file__).resolve().parents[2] / "requirements.txt").read_text(encoding="utf-8")
    (pinned,) = re.findall(r"^persist-queue==([\d.]+)", pins, re.MULTILINE)
    assert version("persist-queue") == pinned
    assert type(theirs) is SQLiteAckQueue


def test_opening_it_leaves_our_schema_alone(ours: QueueManager) -> None:
    schema = "SELECT name, sql FROM sqlite_master ORDER BY name"
    before = ours.database.all(schema)
    open_theirs(ours)
    assert ours.database.all(schema) == before


def test_it_makes_the_table_that_we_make_but_for_the_generated_columns(ours: QueueManager, tmp_path: Path) -> None:
    made = SQLiteAckQueue(str(tmp_path / "another"), serializer=persistqueue.serializers.json)
    columns = "PRAGMA table_info(ack_queue_default)"
    assert ours.database.all(columns) == made._getter.execute(columns).fetchall()


def test_it_sees_our_jobs(ours: QueueManager) -> None:
    for scene_id in (1, 2, 3):
        enqueue(ours.database, scene_id, ["title"], "hook", NOW)
    (claimed,) = claim(ours.get_queue(), 1, NOW)
    theirs = open_theirs(ours)
    assert (theirs.size, theirs.unack_count()) == (2, 1)
    assert [(row["id"], row["data"], row["status"]) for row in theirs.queue()] == [
        (1, job_data(1), 2),
        (2, job_data(2), 0),
        (3, job_data(3), 0),
    ]
    ack_job(ours.get_queue(), claimed)
    assert theirs.acked_count() == 1


def test_what_it_puts_is_claimed_by_us(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    theirs.put(job_data(7))
    (job,) = claim(ours.get_queue(), 10, NOW)
    assert (job.scene_id, job.fields, job.enqueued_at) == (7, ("title",), NOW)
    assert release_job(ours.get_queue(), job.retried("PlexNotFound", now=NOW, delay=5.0))
    assert theirs.get(block=False)["last_error_type"] == "PlexNotFound"


def test_what_it_gets_is_claimed(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    assert theirs.get(block=False) == job_data(1)
    assert claim(ours.get_queue(), 10, NOW) == []
    with pytest.raises(Empty):
        theirs.get(block=False)


@pytest.mark.parametrize(("end", "status"), [("ack", 5), ("ack_failed", 9), ("nack", 1)])
def test_its_transitions_mean_what_ours_mean(ours: QueueManager, theirs: SQLiteAckQueue, end: str, status: int) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    getattr(theirs, end)(theirs.get(block=False))
    assert ours.database.all("SELECT status FROM ack_queue_default") == [(status,)]
    assert get_stats(ours.database, NOW).pending == (status == 1)


def test_our_ends_are_its_ends(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    for scene_id in (1, 2, 3):
        enqueue(ours.database, scene_id, ["title"], "hook", NOW)
    one, two, three = claim(ours.get_queue(), 3, NOW)
    ack_job(ours.get_queue(), one)
    fail_job(ours.get_queue(), two)
    release_job(ours.get_queue(), three)
    assert (theirs.acked_count(), theirs.ack_failed_count(), theirs.ready_count()) == (1, 1, 1)


@pytest.mark.parametrize(("end", "status"), [(ack_job, 5), (fail_job, 9), (release_job, 1)])
def test_what_it_got_we_may_end(
    ours: QueueManager, theirs: SQLiteAckQueue, end: Callable[[AckQueue, Job], object], status: int
) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    got = theirs.get(block=False, raw=True)
    end(ours.get_queue(), Job.from_row(got["pqid"], json.dumps(got["data"])))
    assert [row["status"] for row in theirs.queue()] == [status]


@pytest.mark.parametrize(("end", "status"), [("ack", 5), ("ack_failed", 9), ("nack", 1)])
def test_what_we_claimed_it_may_end(ours: QueueManager, theirs: SQLiteAckQueue, end: str, status: int) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    (job,) = claim(ours.get_queue(), 1, NOW)
    getattr(theirs, end)(id=job.row_id)
    assert ours.database.all("SELECT status FROM ack_queue_default") == [(status,)]
    assert [each.scene_id for each in claim(ours.get_queue(), 1, NOW)] == ([1] if end == "nack" else [])


def test_a_job_goes_back_and_forth_without_loss(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    theirs.nack(theirs.get(block=False))
    (job,) = claim(ours.get_queue(), 1, NOW)
    release_job(ours.get_queue(), job.retried("PlexNotFound", now=NOW, delay=0.0))
    again = theirs.get(block=False)
    assert (again["scene_id"], again["retry_count"]) == (1, 1)
    theirs.ack(again)
    assert (theirs.acked_count(), theirs.ready_count(), claim(ours.get_queue(), 1, NOW)) == (1, 0, [])


def test_it_clears_the_history_that_we_wrote(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    for scene_id in (1, 2, 3):
        enqueue(ours.database, scene_id, ["title"], "hook", NOW)
    done, failed, _ = claim(ours.get_queue(), 3, NOW)
    ack_job(ours.get_queue(), done)
    fail_job(ours.get_queue(), failed)
    theirs.clear_acked_data(keep_latest=0, clear_ack_failed=True)
    assert ours.database.all("SELECT scene_id, status FROM ack_queue_default") == [(3, 2)]


def test_it_cannot_put_a_second_pending_job_of_a_scene(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    theirs.put(job_data(1))
    with pytest.raises(sqlite3.IntegrityError):
        theirs.put(job_data(1))
    theirs.put(job_data(2))
    assert [job.scene_id for job in claim(ours.get_queue(), 10, NOW)] == [1, 2]


def test_its_auto_resume_takes_work_in_progress_away(ours: QueueManager) -> None:
    """Why nobody but the holder of the drain lock may put jobs back."""
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    claim(ours.get_queue(), 1, NOW)
    assert open_theirs(ours, auto_resume=True).get(block=False) == job_data(1)


def test_data_is_json_on_disk(ours: QueueManager, theirs: SQLiteAckQueue) -> None:
    enqueue(ours.database, 1, ["title"], "hook", NOW)
    theirs.put(job_data(2))
    stored = [row[0] for row in ours.database.all("SELECT data FROM ack_queue_default ORDER BY _id")]
    assert [json.loads(data) for data in stored] == [job_data(1), job_data(2)]
    assert {type(data) for data in stored} == {bytes}


def test_claiming_does_not_read_past_history(ours: QueueManager) -> None:
    """persist-queue's own get does: it walks the table by row id. So we claim with a query that has an index."""
    statements: list[str] = []
    ours.database.connection.set_trace_callback(statements.append)
    claim(ours.get_queue(), 50, NOW)
    ours.database.connection.set_trace_callback(None)
    (claiming,) = (statement for statement in statements if statement.startswith("SELECT"))
    plan = [row[3] for row in ours.database.all(f"EXPLAIN QUERY PLAN {claiming}")]
    assert plan == ["SEARCH ack_queue_default USING INDEX pending_jobs_by_due (due<?)"]
