"""SIGKILL at 200 random moments: afterwards everything has arrived, nothing is stuck, and nothing was written twice.

A kill may hit between the moment when Plex applies a write and the moment when we read its reply. Whoever comes next
cannot know that, so it looks: a write whose effect Plex shows is never sent again. `WatchfulPlex` notes those that are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulators.plex_edits import EditMode
from tests.support.kill_world import KillWorld, seconds_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")


def kill_until(world: KillWorld, kills: int, kill_once: Callable[[float], None], wake: Callable[[], None]) -> None:
    """Change everything, kill at a random moment, wake and look, until there were so many kills."""
    world.change_all()
    world.wake_by_hook()
    world.assert_nothing_lost_stuck_or_repeated()
    world.change_all()
    longest = seconds_of(world.wait_until_drained)
    while world.kills < kills:
        world.change_all()
        kill_once(world.random.uniform(0.0, longest))
        wake()
        world.assert_nothing_lost_stuck_or_repeated()
    world.assert_undo_brings_back_everything()


@pytest.mark.parametrize(("mode", "seed"), [("replace", 1), ("single_removal", 2)])
def test_a_drainer_killed_in_mid_drain_loses_sticks_and_repeats_nothing(
    tmp_path: Path, mode: EditMode, seed: int
) -> None:
    with KillWorld(tmp_path, mode, seed) as world:
        kill_until(world, 50, world.kill_drainer_after, world.wake_by_hook)


@pytest.mark.parametrize(("mode", "seed"), [("add", 3), ("replace", 4)])
def test_a_drainer_killed_after_its_start_loses_sticks_and_repeats_nothing(
    tmp_path: Path, mode: EditMode, seed: int
) -> None:
    with KillWorld(tmp_path, mode, seed) as world:

        def kill_once(seconds: float) -> None:
            world.kill_drainer()
            world.wake_by_hook()
            world.kill_drainer_after(seconds + world.random.uniform(0.0, 0.4))

        kill_until(world, 20, kill_once, world.wake_by_task)


@pytest.mark.parametrize(("mode", "seed"), [("replace", 5), ("add", 6)])
def test_a_killed_process_queue_loses_sticks_and_repeats_nothing(tmp_path: Path, mode: EditMode, seed: int) -> None:
    with KillWorld(tmp_path, mode, seed) as world:

        def kill_once(seconds: float) -> None:
            world.kill_drainer()
            world.kill_task_after(seconds + world.random.uniform(0.0, 0.3))

        kill_until(world, 30, kill_once, world.wake_by_task if seed % 2 else world.wake_by_hook)
