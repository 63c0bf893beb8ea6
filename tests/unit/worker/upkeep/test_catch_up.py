"""Edits that no hook told of: when Stash is asked for them, how far back, and what counts as missed."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from stash.exceptions import StashUnavailable
from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import Failure
from sync_queue.operations import claim
from tests.support.workbench import Workbench
from worker.upkeep.catch_up import INTERVAL, OVERLAP, CatchUp

DAY = 86_400.0
HOUR = 3_600.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=4) as made:
        yield made


def new_catch_up(bench: Workbench) -> CatchUp:
    """That of a drainer which has just begun."""
    store = JsonFile(bench.folder.catch_up, bench.clock)
    return CatchUp(bench.workplace.stash, bench.database, store, bench.clock)


@pytest.fixture
def catch_up(bench: Workbench) -> CatchUp:
    """One that has set its mark, an hour ago; nothing has happened since."""
    made = new_catch_up(bench)
    made.run_if_due()
    bench.clock.now += HOUR
    return made


def sync_all(bench: Workbench) -> None:
    """Bring every scene in step, so that only later edits are missed ones, and leave the catch-up aside."""
    bench.enqueue(*bench.keys)
    bench.worker._catch_up = None
    bench.drain()


# --- when it looks


def test_the_first_look_only_sets_its_mark(bench: Workbench) -> None:
    bench.stash.save_without_hook(1, title="Edited just before the plugin was installed")
    assert new_catch_up(bench).run_if_due() == 0
    assert bench.pending() == []
    assert bench.stash.count_operations("findScenes") == 0


def test_a_missed_edit_is_found(bench: Workbench, catch_up: CatchUp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.stash.save_without_hook(2, title="Auto Tag was here")
    assert catch_up.run_if_due() == 1
    assert bench.pending() == [2]
    assert "1 scene that Stash updated lately" in caplog.text


def test_it_looks_again_after_ten_minutes_and_not_before(bench: Workbench, catch_up: CatchUp) -> None:
    catch_up.run_if_due()
    bench.stash.save_without_hook(2, title="Missed")
    bench.clock.now += INTERVAL - 1
    bench.stash.reset_log()
    assert catch_up.run_if_due() == 0
    assert bench.stash.count_operations("findScenes") == 0
    bench.clock.now += 1
    assert catch_up.run_if_due() == 1


def test_another_drainer_looks_at_once_and_from_the_same_mark(bench: Workbench, catch_up: CatchUp) -> None:
    catch_up.run_if_due()
    bench.stash.save_without_hook(2, title="Missed")
    bench.clock.now += DAY
    assert new_catch_up(bench).run_if_due() == 1


def test_a_stash_that_does_not_answer_leaves_the_mark_where_it_was(bench: Workbench, catch_up: CatchUp) -> None:
    bench.stash.save_without_hook(2, title="Missed")
    bench.stash.refuse()
    with pytest.raises(StashUnavailable):
        catch_up.run_if_due()
    bench.stash.accept()
    bench.clock.now += DAY
    assert new_catch_up(bench).run_if_due() == 1


# --- how far back


def test_looks_overlap(bench: Workbench, catch_up: CatchUp) -> None:
    """Stash's clock may be behind ours, and an edit may be stored while we look."""
    sync_all(bench)
    catch_up.run_if_due()
    looked_at = bench.clock.now
    bench.clock.now += INTERVAL
    bench.stash.library.change_scene(1, title="Late", updated_at=bench.stash.clock.text(looked_at - OVERLAP + 1))
    bench.stash.library.change_scene(2, title="Older", updated_at=bench.stash.clock.text(looked_at - OVERLAP - 1))
    assert catch_up.run_if_due() == 1
    assert bench.pending() == [1]


def test_what_is_in_step_is_not_looked_at_again(bench: Workbench, catch_up: CatchUp) -> None:
    bench.edit(1, title="Told of")
    bench.clock.now += 10
    sync_all(bench)
    assert catch_up.run_if_due() == 0


def test_a_second_edit_within_the_same_second_is_not_missed(bench: Workbench, catch_up: CatchUp) -> None:
    """Stash stores whole seconds, so both have one time; the first is in Plex when the second comes."""
    bench.edit(1, title="First")
    sync_all(bench)
    bench.stash.save_without_hook(1, title="Second")
    bench.clock.now += 1
    assert catch_up.run_if_due() == 1
    assert bench.pending() == [1]


def test_a_scene_that_is_pending_already_is_counted_once(bench: Workbench, catch_up: CatchUp) -> None:
    bench.edit(1, title="Told of")
    bench.stash.save_without_hook(2, title="Not told of")
    assert catch_up.run_if_due() == 1
    assert bench.pending() == [1, 2]


def test_many_missed_edits_come_page_by_page(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=250) as bench:
        catch_up = new_catch_up(bench)
        catch_up.run_if_due()
        bench.clock.now += HOUR
        for scene_id in bench.keys:
            bench.stash.save_without_hook(scene_id, title=f"Bulk {scene_id}")
        assert catch_up.run_if_due() == 250
        assert len(bench.pending()) == 250


# --- what was given up already


def give_up(bench: Workbench, scene_id: int) -> None:
    """Claim the scene's job and bury it."""
    (job,) = claim(bench.workplace.manager.get_queue(), 10, bench.clock.now)
    assert job.scene_id == scene_id
    failure = Failure("AmbiguousMatch", "two files")
    DeadLetterQueue(bench.database).bury(bench.workplace.manager.get_queue(), job, failure, bench.clock.now)


def test_an_edit_that_was_given_up_is_not_taken_for_a_missed_one(bench: Workbench, catch_up: CatchUp) -> None:
    bench.edit(1, title="Leads to an ambiguous match")
    give_up(bench, 1)
    bench.clock.now += 30
    assert catch_up.run_if_due() == 0
    assert len(bench.dead_letters()) == 1


def test_a_missed_edit_of_a_scene_that_was_given_up_earlier_is_found(bench: Workbench, catch_up: CatchUp) -> None:
    bench.edit(1, title="Leads to an ambiguous match")
    give_up(bench, 1)
    bench.clock.now += 30
    bench.stash.save_without_hook(1, title="Moved, so that it may match now")
    assert catch_up.run_if_due() == 1


# --- when something was lost


def lose_database(bench: Workbench) -> None:
    """Somebody deletes the queue, or it was damaged and set aside."""
    bench.workplace.close()
    for name in os.listdir(bench.folder.queue):
        os.unlink(os.path.join(bench.folder.queue, name))
    bench.open()


def test_a_lost_queue_is_filled_again_from_where_it_was_last_empty(
    bench: Workbench, catch_up: CatchUp, caplog: pytest.LogCaptureFixture
) -> None:
    bench.stash.save_without_hook(3, title="In Plex long since")
    catch_up.note_drained()
    bench.clock.now += HOUR
    bench.edit(1, title="Waits in the queue when it is lost")
    bench.clock.now += HOUR
    catch_up.run_if_due()
    lose_database(bench)
    bench.clock.now += HOUR
    assert new_catch_up(bench).run_if_due() == 2, "1, and 3 within the overlap"
    assert bench.pending() == [1, 3]
    assert "The queue was lost" in caplog.text


def put_back(bench: Workbench, copy: Path) -> None:
    """Somebody puts a copy of the queue's file into its place, while nobody works."""
    lose_database(bench)
    bench.workplace.close()
    shutil.copy(copy, Path(bench.folder.queue) / "plexsync.db")
    bench.open()


def copy_of_queue(bench: Workbench, copy: Path) -> Path:
    with closing(sqlite3.connect(copy)) as target:
        bench.database.connection.backup(target)
    return copy


def test_with_a_queue_from_a_backup_the_mark_goes_back_to_what_it_knows(
    bench: Workbench, catch_up: CatchUp, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    sync_all(bench)
    catch_up.run_if_due()
    copy = copy_of_queue(bench, tmp_path / "copy.db")
    bench.clock.now += HOUR
    bench.edit(2, title="Synced after the backup")
    bench.drain()
    catch_up.run_if_due()
    catch_up.note_drained()
    bench.clock.now += HOUR
    bench.edit(1, title="Waits in the queue that is replaced")
    catch_up.run_if_due()
    put_back(bench, copy)
    bench.clock.now += HOUR
    assert new_catch_up(bench).run_if_due() == 2
    assert bench.pending() == [1, 2]
    assert "is one from a backup" in caplog.text
    bench.plex.reset_log()
    bench.drain()
    assert bench.item(1).title == "Waits in the queue that is replaced"
    written = {request.query.get("title.value") for request in bench.plex.requests if request.method == "PUT"}
    assert "Synced after the backup" not in written, "its row is older than what was synced"


def test_the_queue_that_it_looked_at_is_not_taken_for_another(
    bench: Workbench, catch_up: CatchUp, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        new_catch_up(bench).run_if_due()
        bench.clock.now += INTERVAL
        bench.workplace.close()
        bench.open()
    assert new_catch_up(bench).run_if_due() == 0
    assert "backup" not in caplog.text


def test_a_lost_queue_does_not_hide_an_edit_that_no_look_has_seen(bench: Workbench, catch_up: CatchUp) -> None:
    """The queue was empty after the edit, but only because nobody had told of it."""
    catch_up.run_if_due()
    bench.clock.now += OVERLAP
    bench.stash.save_without_hook(2, title="Missed")
    bench.clock.now += OVERLAP + 10
    catch_up.note_drained()
    lose_database(bench)
    assert new_catch_up(bench).run_if_due() == 1


def test_a_queue_that_is_empty_before_any_look_has_nothing_to_note(bench: Workbench) -> None:
    new_catch_up(bench).note_drained()
    assert not os.path.exists(bench.folder.catch_up)


def test_a_lost_mark_does_not_hide_an_edit(bench: Workbench, catch_up: CatchUp) -> None:
    """What was synced tells that the plugin is no new one, and about when it looked last."""
    sync_all(bench)
    catch_up.run_if_due()
    bench.clock.now += HOUR
    bench.stash.save_without_hook(2, title="Missed")
    with open(bench.folder.catch_up, "wb") as file:
        file.write(b"\0" * 50)
    assert new_catch_up(bench).run_if_due() == 1


# --- clocks that are set back


def test_an_edit_after_the_clock_was_set_back_is_found(bench: Workbench, catch_up: CatchUp) -> None:
    """Its time is then earlier than that of the last sync."""
    bench.edit(1, title="Told of")
    bench.clock.now += 10
    sync_all(bench)
    catch_up.run_if_due()
    bench.clock.now -= HOUR
    bench.stash.save_without_hook(1, title="Missed")
    bench.clock.now += 5
    assert catch_up.run_if_due() == 1


def test_an_edit_after_the_clock_was_set_back_while_no_drainer_lived_is_found(
    bench: Workbench, catch_up: CatchUp
) -> None:
    sync_all(bench)
    catch_up.run_if_due()
    bench.clock.now -= HOUR
    bench.stash.save_without_hook(1, title="Missed")
    bench.clock.now += HOUR / 2
    assert new_catch_up(bench).run_if_due() >= 1
    assert 1 in bench.pending()


@pytest.mark.parametrize("jump", [DAY, HOUR])
def test_a_clock_that_is_set_back_does_not_put_the_next_look_off(
    bench: Workbench, catch_up: CatchUp, jump: float
) -> None:
    catch_up.run_if_due()
    bench.clock.now -= jump
    bench.stash.reset_log()
    catch_up.run_if_due()
    assert bench.stash.count_operations("findScenes") > 0


@pytest.mark.parametrize("zone", [-11, 13])
def test_a_scene_whose_time_is_written_in_another_zone_now_is_in_step(
    bench: Workbench, catch_up: CatchUp, zone: int
) -> None:
    bench.edit(1, title="Told of")
    bench.clock.now += 10
    sync_all(bench)
    moment = bench.clock.now - 10
    bench.stash.clock.utc_offset = timedelta(hours=zone)
    for scene_id in bench.keys:
        bench.stash.library.change_scene(scene_id, updated_at=bench.stash.clock.text(moment if scene_id == 1 else 0))
    assert catch_up.run_if_due() == 0
