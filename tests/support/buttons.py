"""What a person does in Stash and on the tasks' page, and what they see while a task runs."""

from __future__ import annotations

from typing import Any

from tests.world import World

JOB_PATIENCE = 60.0


def operate(world: World, mode: str, **args: Any) -> Any:
    """Run a mode as an operation; returns its output."""
    return world.stash.run_operation("PlexSync", mode=mode, **args)


def press(world: World, task_name: str) -> None:
    """Press a task's button and wait for its job to end well."""
    job = world.stash.run_task("PlexSync", task_name)
    assert job.ended.wait(JOB_PATIENCE)
    assert (job.status, job.error) == ("FINISHED", None)
    assert world.stash.runs[-1].error is None


def edit_unheard(world: World, count: int) -> range:
    """Give the first `count` scenes metadata that no hook tells of; returns their ids."""
    for scene_id in range(1, count + 1):
        world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
    return range(1, count + 1)


def assert_progress(world: World, some_between: bool = True) -> None:
    """What was reported lies within 0..1, never falls, and ends with 1."""
    reported = world.stash.plugins.progress
    assert reported == sorted(reported)
    assert (reported[0] >= 0.0, reported[-1]) == (True, 1.0)
    assert any(0.0 < value < 1.0 for value in reported) or not some_between
