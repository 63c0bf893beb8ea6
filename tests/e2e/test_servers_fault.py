"""Whose fault a failure is, on real processes: Plex's own counts for no scene, and one scene's for no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulators.faults import status
from tests.support.agreement import disagreements, wait_until_logged
from tests.world import World, wait_until

LONG_ENOUGH = 15.0
"""Seconds in which a job that fails by itself is tried four times: after 0, 5, 10 and 20 s at the most."""


def waits_uncounted(world: World, begin: Callable[[World], Callable[[], object]]) -> None:
    """An edit during the fault is not counted, not given up, and arrives after it."""
    end = begin(world)
    world.edit(1, details="Edited meanwhile")
    wait_until(lambda: "Circuit breaker opened" in world.logged(), "the outage to be told")
    wait_until(lambda: "Plex is still not well" in world.logged(), "a probe", LONG_ENOUGH)
    assert (world.open_jobs(), world.retries_counted(), world.dead_letters().get_count()) == (1, 0, 0)
    end()
    world.wait_until_drained()
    assert world.item(1).summary == "Edited meanwhile"


def writes_fail(code: int) -> Callable[[World], Callable[[], object]]:
    def begin(world: World) -> Callable[[], object]:
        world.plex.writes.failing_status = code
        return lambda: setattr(world.plex.writes, "failing_status", None)

    return begin


def everybodys_request_fails(code: int, path: str) -> Callable[[World], Callable[[], object]]:
    return lambda world: world.plex.inject(status(code), method="GET", path=path).remove


@pytest.mark.parametrize(
    "begin",
    [
        writes_fail(500),
        everybodys_request_fails(498, "/library/sections"),
        everybodys_request_fails(402, "/library/sections"),
        everybodys_request_fails(409, r"/library/sections/\d+/all"),
    ],
    ids=["writes-500", "sections-498", "sections-402", "listing-409"],
)
def test_plexs_own_fault(tmp_path: Path, begin: Callable[[World], Callable[[], object]]) -> None:
    with World(tmp_path, scenes=3, idle_seconds=20.0, debug_logging=True) as world:
        waits_uncounted(world, begin)


@pytest.mark.parametrize("is_fatal", [False, True])
def test_a_scene_that_stash_cannot_answer_for_keeps_no_other_back(tmp_path: Path, is_fatal: bool) -> None:
    bad = 7
    with World(tmp_path, scenes=12, idle_seconds=20.0) as world:
        others = [scene_id for scene_id in world.keys if scene_id != bad]
        world.stash.break_scene(bad)
        world.stash.library.unresolvable_is_fatal = is_fatal
        world.stash.bulk_save(world.keys, details="Edited together")
        wait_until(lambda: all(world.item(scene_id).summary == "Edited together" for scene_id in others), "the others")
        wait_until_logged(world, f"cannot answer for scene {bad}")
        compared = world.stash.run_operation("PlexSync", mode="compare")
        assert compared["scenes"] == 12
        assert compared["failed"] == 1
        world.stash.repair_scene(bad)
        world.wait_until_drained()
        assert disagreements(world, world.keys) == []
