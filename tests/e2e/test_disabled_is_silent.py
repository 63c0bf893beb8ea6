"""Disabled in Stash: no process of PlexSync goes on asking Plex, whatever it was started for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulators.faults import slow
from tests.simulators.stash_jobs import Job
from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.support.buttons import press
from tests.world import World, wait_until
from worker.launcher import STANDBY_ARGUMENT, start_drainer

pytestmark = pytest.mark.slow

PATIENT = 600.0
BEGUN = 3
"""Requests to Plex after which the work is under way."""
SCENES = 400


def compare(world: World) -> Job:
    return world.stash.run_task("PlexSync", mode="compare")


def reconcile(world: World) -> Job:
    return world.stash.run_task("PlexSync", mode="reconcile")


def unlock(world: World) -> Job:
    return world.stash.run_task("PlexSync", mode="unlock", dry_run="false")


def plan_an_undo(world: World) -> Job:
    return world.stash.run_task("PlexSync", mode="undo_since", since="2000-01-01")


@pytest.mark.parametrize("begin", [compare, reconcile, unlock, plan_an_undo])
def test_a_task_asks_plex_nothing_more(tmp_path: Path, begin: Callable[[World], Job]) -> None:
    with World(tmp_path, SCENES, idle_seconds=0.5, parallel_writes=8) as world:
        for scene_id in world.keys:
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        press(world, "Sync All Scenes")
        wait_until(lambda: not world.drainers(), "the drainer to end")
        world.plex.reset_log()
        world.plex.inject(slow(1.0))
        job = begin(world)
        wait_until(lambda: len(world.plex.requests) >= BEGUN, "the work to begin")
        world.stash.disable_plugin("PlexSync")
        assert job.ended.wait(60)
        assert "the plugin is disabled" in (world.stash.runs[-1].error or "")
        asked = len(world.plex.requests)
        assert not world.drainers()
        assert len(world.plex.requests) == asked


def test_a_test_of_writing_puts_back_what_it_has_changed_and_ends(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=0.5) as world:
        world.stash.save_without_hook(1, title="Title", details="d")
        before = world.item(1).snapshot()
        writes = world.plex.inject(slow(1.0), method="PUT")
        job = world.stash.run_task("PlexSync", "Try Writing to Plex")
        wait_until(lambda: writes.hits > 0, "the first write")
        world.stash.disable_plugin("PlexSync")
        assert job.ended.wait(120)
        assert world.item(1).snapshot() == before
        assert "The test ended early: the plugin is disabled" in world.logged()
        assert not world.drainers()


def test_a_standby_writes_nothing(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        world.stash.disable_plugin("PlexSync")
        connection = {**world.stash.server_connection(), "PluginDir": str(world.plugin_folder)}
        start_drainer(str(world.plugin_folder / "PlexSync.py"), connection, STANDBY_ARGUMENT)
        world.plex.accept()
        wait_until(lambda: not world.drainers(), "both to end")
        assert [request for request in world.plex.requests if request.method == "PUT"] == []
        assert world.open_jobs() == 1
        world.stash.enable_plugin("PlexSync")
        world.edit(2, title="Wakes", details="d")
        wait_until_in_step(world, [1, 2])
