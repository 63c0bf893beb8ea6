"""What a hook could not queue is asked of Stash at once, and again with the next job where the disk takes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue
from tests.support.workbench import Workbench
from worker.upkeep.catch_up import INTERVAL, CatchUp


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


@pytest.fixture
def catch_up(bench: Workbench) -> CatchUp:
    """One that has looked a moment ago, with every scene in step."""
    bench.enqueue(*bench.keys)
    bench.worker._catch_up = None
    bench.drain()
    made = CatchUp(bench.workplace.stash, bench.database, JsonFile(bench.folder.catch_up, bench.clock), bench.clock)
    made.look()
    bench.clock.now += 60.0
    bench.stash.save_without_hook(1, title="Not queued")
    return made


def take_nothing(bench: Workbench, value: bool) -> None:
    """Let SQLite refuse what the catch-up writes, as on a disk that is full or read-only."""
    bench.database.execute(f"PRAGMA query_only = {int(value)}")


def test_it_looks_at_once_where_it_is_asked_to(bench: Workbench, catch_up: CatchUp) -> None:
    catch_up.look()
    assert bench.pending() == []
    catch_up.ask()
    catch_up.look()
    assert bench.pending() == [1]


def test_with_a_full_disk_it_looks_once_and_again_with_the_next_job(bench: Workbench, catch_up: CatchUp) -> None:
    take_nothing(bench, True)
    catch_up.ask()
    catch_up.look()
    asked = bench.stash.count_operations("findScenes")
    catch_up.look()
    assert bench.stash.count_operations("findScenes") == asked, "until somebody could write"
    take_nothing(bench, False)
    catch_up.look()
    assert bench.pending() == []
    with closing(open_queue_database(bench.folder.queue)) as hooks:
        enqueue(hooks, 2, ("title",), "hook", bench.clock())
    catch_up.look()
    assert bench.pending() == [1, 2]


def test_a_look_that_nobody_asked_for_fails_as_loudly_as_ever(bench: Workbench, catch_up: CatchUp) -> None:
    take_nothing(bench, True)
    bench.clock.now += INTERVAL
    with pytest.raises(sqlite3.OperationalError):
        catch_up.look()
