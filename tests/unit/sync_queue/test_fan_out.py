"""Renames in the queue: one row each, expanded page by page, and no scene left out whatever happens meanwhile."""

from __future__ import annotations

import pytest

from storage.database import Database
from sync_queue.enqueue import enqueue_fan_out, enqueue_removal
from sync_queue.fan_out import FanOut, expand, next_fan_out, synced_scenes_after
from sync_queue.manager import AckQueue
from sync_queue.operations import claim, next_due_at
from sync_queue.schema import ACKNOWLEDGED
from sync_queue.state.sync_state import SceneState, SyncState
from sync_queue.state.undone import Undone
from sync_queue.views.job_list import pending_jobs
from tests.support.queue_examples import LATER, NOW, add, claimed_scenes


def rename(database: Database, kind: str = "tag", entity_id: int = 3) -> FanOut:
    enqueue_fan_out(database, kind, entity_id, "hook", NOW)
    found = next_fan_out(database)
    assert found is not None
    return found


def open_renames(database: Database) -> list[str]:
    return [job.data["fan_out"] for job in pending_jobs(database) if job.data.get("fan_out")]


@pytest.mark.parametrize("kind", ["performer", "studio", "tag"])
def test_one_row_says_what_was_renamed(database: Database, kind: str) -> None:
    found = rename(database, kind, 42)
    assert (found.kind, found.entity_id, found.after_scene) == (kind, 42, 0)
    assert next_due_at(database) == 0.0


def test_none_is_waiting(database: Database) -> None:
    add(database, 1)
    assert next_fan_out(database) is None


def test_the_oldest_comes_first(database: Database) -> None:
    enqueue_fan_out(database, "tag", 9, "hook", NOW)
    enqueue_fan_out(database, "tag", 1, "hook", NOW)
    found = next_fan_out(database)
    assert found is not None
    assert found.entity_id == 9


def test_a_second_rename_of_the_same_is_folded_in(database: Database) -> None:
    for kind, entity_id in (("tag", 3), ("tag", 3), ("studio", 3), ("tag", 4)):
        enqueue_fan_out(database, kind, entity_id, "hook", NOW)
    assert open_renames(database) == ["tag:3", "studio:3", "tag:4"]


def test_it_is_no_job_of_a_scene(database: Database, queue: AckQueue) -> None:
    rename(database)
    add(database, 7)
    assert [job.scene_id for job in claim(queue, 10, LATER)] == [7]
    assert open_renames(database) == ["tag:3"]


def test_pages_become_jobs_and_the_last_one_ends_it(database: Database, queue: AckQueue) -> None:
    expand(database, rename(database), [1, 2], is_last=False, now=NOW)
    found = next_fan_out(database)
    assert found is not None
    assert found.after_scene == 2
    expand(database, found, [5], is_last=True, now=NOW)
    assert next_fan_out(database) is None
    assert claimed_scenes(queue) == [1, 2, 5]
    assert database.all("SELECT status FROM ack_queue_default WHERE fan_out > ''") == [(ACKNOWLEDGED,)]


def test_a_name_that_no_scene_carries(database: Database, queue: AckQueue) -> None:
    expand(database, rename(database), [], is_last=True, now=NOW)
    assert next_fan_out(database) is None
    assert claimed_scenes(queue) == []


def test_scenes_that_wait_already_are_folded_in(database: Database, queue: AckQueue) -> None:
    add(database, 1)
    expand(database, rename(database), [1, 2], is_last=True, now=NOW)
    assert claimed_scenes(queue) == [1, 2]


def test_a_rename_begins_anew_where_it_is_renamed_again_meanwhile(database: Database) -> None:
    expand(database, rename(database), [1, 2], is_last=False, now=NOW)
    half_way = next_fan_out(database)
    assert half_way is not None
    rename(database)
    expand(database, half_way, [3], is_last=True, now=NOW)
    again = next_fan_out(database)
    assert again is not None
    assert again.after_scene == 0
    assert open_renames(database) == ["tag:3"]


def test_a_page_that_cannot_be_stored_is_read_again(database: Database, queue: AckQueue) -> None:
    found = rename(database)
    database.execute(
        "CREATE TEMP TRIGGER failure BEFORE UPDATE ON ack_queue_default BEGIN SELECT RAISE(ABORT, 'disk I/O'); END"
    )
    with pytest.raises(Exception, match="disk I/O"):
        expand(database, found, [1, 2], is_last=False, now=NOW)
    database.execute("DROP TRIGGER failure")
    assert next_fan_out(database) == found
    assert claimed_scenes(queue) == []


# --- what a setting may use, and what is gone


def test_other_changes_have_rows_of_their_own(database: Database) -> None:
    enqueue_fan_out(database, "performer", 3, "hook", NOW, ["tag_ids", "image"])
    enqueue_fan_out(database, "performer", 3, "hook", NOW, ["image"])
    enqueue_fan_out(database, "performer", 3, "hook", NOW)
    assert open_renames(database) == ["performer:3:image+tag_ids", "performer:3:image", "performer:3"]
    found = next_fan_out(database)
    assert found is not None
    assert (found.kind, found.entity_id, found.fields) == ("performer", 3, ("image", "tag_ids"))


def test_however_many_are_removed_it_is_one_row_a_kind_and_comes_last(database: Database) -> None:
    for kind in ("tag", "performer", "tag", "tag"):
        enqueue_removal(database, kind, "hook", NOW)
    renamed = rename(database)
    assert open_renames(database) == ["removed:tag", "removed:performer", "tag:3"]
    assert (renamed.kind, renamed.is_removal) == ("tag", False)
    expand(database, renamed, [], is_last=True, now=NOW)
    removed = next_fan_out(database)
    assert removed is not None
    assert (removed.kind, removed.fields, removed.is_removal) == ("tag", ("removed",), True)


def test_a_removal_begins_anew_with_the_next_one(database: Database) -> None:
    enqueue_removal(database, "tag", "hook", NOW)
    found = next_fan_out(database)
    assert found is not None
    expand(database, found, [1, 2], is_last=False, now=NOW)
    enqueue_removal(database, "tag", "hook", NOW)
    again = next_fan_out(database)
    assert again is not None
    assert again.after_scene == 0


def test_the_scenes_of_a_removal_are_those_that_were_synced(database: Database) -> None:
    state = SyncState(database, "server")
    for scene_id in range(1, 8):
        state.save_scene(SceneState(scene_id, NOW, "", (scene_id,), undone=Undone(NOW, "") if scene_id == 3 else None))
    add(database, 5)
    assert synced_scenes_after(database, "server", 0, 3) == [1, 2, 4]
    assert synced_scenes_after(database, "another server", 0, 3) == [1, 2, 3]
    assert synced_scenes_after(database, "server", 4, 3) == [6, 7]
