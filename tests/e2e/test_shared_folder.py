"""Two Stashes with one data folder, as where two containers share their plugins: somebody must hear of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.json_file import JsonFile
from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.support.buttons import operate, press
from tests.world import World, wait_until
from worker.launcher import address_of

pytestmark = pytest.mark.slow

PATIENT = 300.0
"""Seconds: no drainer of these tests ends by itself."""


def edit_from(world: World, config: str, scene_id: int) -> None:
    """Save a scene in the Stash whose config is in that folder, and wait until a drainer of its own has taken over."""
    world.stash.plugins.plugins_dir = config
    world.edit(scene_id, title=f"From {config}", details="d")
    stash = address_of(world.stash.server_connection())
    wait_until(lambda: (JsonFile(world.data.status).peek() or {}).get("stash") == stash, "its own drainer")


def test_two_that_take_turns_are_told_in_the_log_and_in_the_status(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        edit_from(world, "/config/one", 1)
        edit_from(world, "/config/other", 2)
        assert "Two Stashes" not in " ".join(operate(world, "queue_status", quiet=True)["settings_problems"])
        edit_from(world, "/config/one", 1)
        wait_until_logged(world, f"use one data folder, {world.data.root}")
        (problem,) = operate(world, "queue_status", quiet=True)["settings_problems"]
        assert problem.startswith("Two Stashes (both at http://localhost:")
        press(world, "View Queue Status")
        assert f"Settings: {problem}" in world.logged()
        wait_until_in_step(world, [1, 2])
        assert world.logged().count("WARNING worker.process.drain_process: Two Stashes") == 1
        assert str(tmp_path) not in Path(world.data.live_status).read_text(encoding="utf-8")
