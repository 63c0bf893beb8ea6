"""A scene with several files, of which Plex has one and gets another later: nobody has to press a button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from sync_queue.enqueue import enqueue_many
from sync_queue.waiting.partly_found import partly_found_scenes
from tests.support.workbench import IDLE_SECONDS, Workbench
from worker.processor import Ended
from worker.tasks.undo import UndoTask
from worker.upkeep.waiting_for_files import PATIENCE_FOR_ANOTHER

COPY = "copies/summer-4k.mp4"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def with_a_copy(bench: Workbench, scene_id: int = 1) -> None:
    """Give a scene a second file, which Plex does not have yet, and sync it."""
    files = [*(file.path for file in bench.scene(scene_id).files), f"/data/{COPY}"]
    bench.stash.library.change_scene(scene_id, files=bench.stash.library.make_files(files))
    bench.edit(scene_id, title="Summer", details="d")
    bench.run_until(lambda: bench.shows(scene_id))
    bench.drain()


def copy_comes(bench: Workbench) -> int:
    """Plex scans the second file, as an item of its own; returns its rating key."""
    return bench.plex.add_item(bench.section, f"/media/{COPY}", title="summer-4k")


def test_it_is_written_within_twenty_seconds(bench: Workbench) -> None:
    with_a_copy(bench)
    key = copy_comes(bench)
    came_at = bench.clock.elapsed
    bench.run_until(lambda: bench.plex.item(key).title == "Summer")
    assert bench.clock.elapsed - came_at <= 20
    assert partly_found_scenes(bench.database) == []


@pytest.mark.parametrize("how", ["edit", "all"])
def test_whoever_is_synced_next_finds_it(bench: Workbench, how: str) -> None:
    with_a_copy(bench)
    bench.run_for(20.0)
    key = copy_comes(bench)
    if how == "edit":
        bench.edit(1, title="Winter")
    else:
        enqueue_many(bench.database, [1, 2], "all", bench.clock.now)
    bench.drain()
    assert bench.plex.item(key).title == bench.scene(1).title


def test_rivals_for_it_are_told_once_and_the_one_that_is_left_is_written(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    with_a_copy(bench)
    keys = [bench.plex.add_item(bench.section, f"/media/{folder}/{COPY}") for folder in ("a", "b")]
    bench.run_for(200)
    assert caplog.text.count("match another file of this scene equally well") == 1
    bench.plex.remove_item(keys[0])
    went_at = bench.clock.elapsed
    bench.run_until(lambda: bench.plex.item(keys[1]).title == "Summer")
    assert bench.clock.elapsed - went_at <= 20


def test_a_drainer_ends_though_it_never_comes(bench: Workbench) -> None:
    with_a_copy(bench)
    began_at = bench.clock.elapsed
    while not isinstance(bench.step(), Ended):
        assert bench.clock.elapsed - began_at < PATIENCE_FOR_ANOTHER + IDLE_SECONDS
    before = bench.plex.count()
    bench.restart()
    bench.run_for(60)
    assert bench.plex.count() - before <= 3  # the next one looks once
    key = copy_comes(bench)
    bench.restart()
    bench.run_until(lambda: bench.plex.item(key).title == "Summer")


def test_an_edit_does_not_have_it_looked_for_longer(bench: Workbench) -> None:
    with_a_copy(bench)
    (missed,) = partly_found_scenes(bench.database)
    bench.run_for(100)
    bench.edit(1, title="Winter")
    bench.drain()
    assert partly_found_scenes(bench.database) == [missed]


def test_an_undone_scene_is_left_alone(bench: Workbench) -> None:
    with_a_copy(bench)
    request = Request({}, {"scene_id": 1, "dry_run": False})

    def drain() -> dict[str, Any]:
        bench.drain()
        return {"waiting": 0}

    UndoTask(bench.workplace, request, drain, bench.clock).undo_scene()
    key = copy_comes(bench)
    bench.run_for(60)
    assert bench.plex.item(key).title == "summer-4k"


def test_a_file_that_is_gone_in_stash_is_not_missed(bench: Workbench) -> None:
    with_a_copy(bench)
    first = bench.scene(1).files[0].path
    bench.stash.library.change_scene(1, files=bench.stash.library.make_files([first]))
    bench.edit(1, title="Winter")
    bench.drain()
    assert partly_found_scenes(bench.database) == []


@pytest.mark.parametrize("source", ["all", "page", "reconcile", "catch-up"])
def test_a_library_that_came_over_the_same_folder_is_found_by_who_asks_for_more_than_an_edit(
    bench: Workbench, source: str
) -> None:
    bench.enqueue(1, 2)
    bench.drain()
    bench.clock.sleep(20.0)
    section = bench.plex.add_section("Once more", locations=["/media"])
    key = bench.plex.add_item(section, "/media/scene-1.mp4")
    enqueue_many(bench.database, [1], source, bench.clock.now)
    bench.drain()
    assert bench.plex.item(key).title == bench.scene(1).title
