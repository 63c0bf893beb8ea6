"""A disk that fills under a living drainer: it waits for room, and goes on by itself when there is some."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from tests.simulators.faults import hang
from tests.support.agreement import wait_until_in_step
from tests.support.small_disk import fill, small_disk
from tests.world import World, wait_until
from worker.base.own_words import own_words
from worker.drain.full_disk import REASON

pytestmark = pytest.mark.slow


def waits_for_room(world: World) -> bool:
    """Whether Stash's page is told so."""
    shown = JsonFile(world.data.live_status).peek() or {}
    return bool(shown.get("drainer", {}).get("blocked") == own_words(REASON))


def test_the_drainer_lives_and_goes_on_without_another_edit(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=300.0) as world, small_disk(Path(world.data.root), "3m"):
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(2, title="On its way", details="d")
        wait_until(lambda: held.hits == 1, "a write on its way")
        before = {process.pid for process in world.drainers()}
        filler = Path(world.data.root, "filler")
        with closing(sqlite3.connect(Path(world.data.queue, "plexsync.db"), isolation_level=None)) as reader:
            # While somebody reads, SQLite begins its journal not anew, in room that it has already.
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM log_relay").fetchall()
            fill(filler)
            held.remove()
            wait_until(lambda: waits_for_room(world), "the drainer to wait for room")
        filler.unlink()
        wait_until(lambda: world.open_jobs() == 0, "the job to be settled", 60.0)
        wait_until_in_step(world, [1, 2])
        assert {process.pid for process in world.drainers()} == before
        assert "Traceback" not in world.logged()
