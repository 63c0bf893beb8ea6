"""Stash behind a password, and a Stash that cannot be read for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.faults import Fault, status
from tests.simulators.stash import graphql_error
from tests.support.agreement import disagreements, job_rows, wait_until_in_step, wait_until_logged
from tests.world import World


def test_the_session_that_stash_lends_is_enough(tmp_path: Path) -> None:
    with World(tmp_path, 2) as world:
        world.stash.password = True
        for scene_id in (1, 2):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until_in_step(world, [1, 2])


def test_an_api_key_outlives_the_session(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=60.0) as world:
        world.stash.password, world.stash.api_key = True, "a-key"
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        world.stash.expire_sessions()
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        assert len(world.drainers()) == 1


def test_after_an_expired_session_the_next_edit_brings_a_new_one(tmp_path: Path) -> None:
    with World(tmp_path, 2, paused=True, idle_seconds=60.0) as world:
        world.stash.password = True
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "paused is set")
        world.kill_drainer()
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        world.stash.expire_sessions()
        world.edit(2, title="Wakes", details="d")
        wait_until_in_step(world, [1, 2])


@pytest.mark.parametrize(
    "fault",
    [status(500), graphql_error("database is locked")],
    ids=["answers 500", "has a locked database"],
)
def test_jobs_wait_uncounted_while_stash_cannot_be_read(tmp_path: Path, fault: Fault) -> None:
    with World(tmp_path, 2) as world:
        trouble = world.stash.inject(fault, prefix="/graphql")
        for scene_id in (1, 2):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until_logged(world, "(the jobs wait)")
        assert world.open_jobs() == 2
        trouble.remove()
        world.wait_until_drained()
        assert disagreements(world, [1, 2]) == []
        assert {row["retry_count"] for row in job_rows(world)} == {0}


def test_a_scene_that_is_gone_is_dropped_and_holds_up_no_other(tmp_path: Path) -> None:
    with World(tmp_path, 3, paused=True, idle_seconds=60.0) as world:
        for scene_id in (1, 2, 3):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until_logged(world, "paused is set")
        world.kill_drainer()
        world.stash.destroy_scene(2)
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        world.edit(3, details="e")
        world.wait_until_drained()
        assert disagreements(world, [1, 3]) == []
        assert world.item(2).edit_count == 0
        assert world.dead_letters().get_count() == 0
