"""A session at Stash that ends under a living drainer: the edit, task or page load with a fresh one is enough."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.support.buttons import operate, press
from tests.world import World, wait_until

pytestmark = pytest.mark.slow

PATIENT = 600.0
needs_pipes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")


def edit(world: World) -> None:
    world.edit(2, title="Another edit", details="d")


def press_a_button(world: World) -> None:
    press(world, "View Queue Status")


def load_a_page(world: World) -> None:
    operate(world, "queue_status", quiet=True)


def set_a_password(world: World) -> None:
    world.stash.password = True
    world.stash.expire_sessions()


@needs_pipes
@pytest.mark.parametrize("seconds", [0.0, 1.0, 3.0])
def test_an_edit_right_after_a_password_was_set(tmp_path: Path, seconds: float) -> None:
    with World(tmp_path, 3, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        set_a_password(world)
        time.sleep(seconds)
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        assert not os.path.exists(world.data.session_pipe) or world.drainer_is_alive()
        assert len(world.drainers()) == 1


@needs_pipes
@pytest.mark.parametrize("bring_a_session", [edit, press_a_button, load_a_page])
def test_a_password_set_in_an_outage(tmp_path: Path, bring_a_session: Callable[[World], object]) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        set_a_password(world)
        bring_a_session(world)
        world.plex.accept()
        wait_until_in_step(world, [1])


@pytest.mark.parametrize("seconds", [3.5, 4.5, 6.0])
def test_a_session_that_is_shorter_than_the_pause_between_two_edits(tmp_path: Path, seconds: float) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.stash.password, world.stash.max_session_age = True, 4
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        time.sleep(seconds)
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])


@needs_pipes
def test_a_bulk_edit_while_the_password_is_set(tmp_path: Path) -> None:
    with World(tmp_path, 30, idle_seconds=PATIENT) as world:
        for scene_id in world.keys:
            if scene_id == 15:
                set_a_password(world)
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until_in_step(world, world.keys)


def test_without_a_fresh_session_the_drainer_leaves_and_says_why_once(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        set_a_password(world)
        wait_until(lambda: not world.drainers(), "the drainer to leave")
        assert world.open_jobs() == 1
        assert world.logged().count("wants a login") <= 2  # with the log that was passed on
