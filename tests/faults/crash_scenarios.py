"""SIGKILL at each named step: which doings lead there, and what must hold after the next invocation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from storage.crash_points import POINTS
from tests.faults.fault_world import FaultWorld
from tests.faults.tally import Tally
from tests.simulators.plex_writes import EVERY_FIELD, NO_FIELD
from tests.world import wait_until

FAILING = (2, 3, 4)
"""Scenes that a scenario makes trouble for; scene 1 is the next invocation's."""


@dataclass(frozen=True)
class Scenario:
    """`prepare` is done before a point is armed, `act` leads to it, `fix` takes the trouble away afterwards.

    `judge` gives the verdict, after the next invocation.
    """

    act: Callable[[FaultWorld], object]
    prepare: Callable[[FaultWorld], object] = lambda world: None
    fix: Callable[[FaultWorld], object] = lambda world: None
    judge: Callable[[FaultWorld], Tally] = FaultWorld.judge


def edit_one_by_one(world: FaultWorld) -> None:
    """Each edit is a claim, a write, an upload and an end of its own, until somebody is killed."""
    for scene_id in FAILING:
        world.change(scene_id)
        wait_until(lambda: world.open_jobs() == 0 or world.somebody_was_killed(), "the edit to arrive")
        if world.somebody_was_killed():
            return


def edit_together(world: FaultWorld) -> None:
    """The same edits, but none waits for another: for where none arrives."""
    for scene_id in FAILING:
        world.change(scene_id)


def refuse_edits(world: FaultWorld) -> None:
    """Plex cannot store these scenes' edits, for a reason that passes; all else it can, so the fault is theirs."""
    world.plex.writes.refused = EVERY_FIELD
    world.plex.writes.refused_items = frozenset(world.keys[scene_id] for scene_id in FAILING)
    world.plex.writes.refused_status = 500


def take_edits(world: FaultWorld) -> None:
    """Plex is well again."""
    world.plex.writes.refused = NO_FIELD


def make_ambiguous(world: FaultWorld) -> None:
    """Plex has two files for each scene, and cannot tell which is meant."""
    world.rivals = world.add_rivals(FAILING)


def make_unambiguous(world: FaultWorld) -> None:
    """Somebody deletes the copies, and presses *Retry Failed Jobs*, twice."""
    for rating_key in world.rivals.values():
        if rating_key in world.plex.items:
            world.plex.remove_item(rating_key)
    for _ in range(2):
        world.stash.run_operation("PlexSync", mode="retry_failed")


def bury_all(world: FaultWorld) -> None:
    """Three dead letters whose cause has gone."""
    make_ambiguous(world)
    for scene_id in FAILING:
        world.change(scene_id)
    wait_until(lambda: world.dead_letter_scenes() == list(FAILING), "the jobs to be given up")
    world.kill_drainer()
    for rating_key in world.rivals.values():
        world.plex.remove_item(rating_key)


def press_retry(world: FaultWorld) -> None:
    """The task dies, so its operation has no result."""
    world.press("retry_failed")


def switch_plex_off(world: FaultWorld) -> None:
    """An outage that the first edit finds."""
    world.plex.refuse()
    edit_together(world)


def die_in_task(world: FaultWorld, mode: str, **arguments: Any) -> None:
    """The task is killed before it is done, and nobody else is at work."""
    world.press(mode, **arguments)
    assert world.stash.runs[-1].error == "signal: killed", f"{mode} did not come to the point"


def cast_performers(world: FaultWorld) -> None:
    """As many performers as there are scenes, all of them in each scene."""
    for scene_id in FAILING:
        world.performers.append(world.stash.performer_id(f"Performer {scene_id}"))
    ids = [str(performer_id) for performer_id in world.performers]
    world.stash.bulk_save(list(FAILING), performer_ids={"ids": ids, "mode": "SET"})
    world.wait_until_drained()
    world.kill_drainer()


def rename_performers(world: FaultWorld) -> None:
    """Each rename is a page of its own, until somebody is killed."""
    for performer_id in world.performers:
        world.stash.rename_performer(performer_id, f"Renamed {performer_id}")
        if world.somebody_was_killed():
            return


def judge_undone(world: FaultWorld) -> Tally:
    """Scene 1 was edited since; the others show what they did before the first sync."""
    return world.judge([1]) + world.judge_restored(FAILING)


def meddle_in_plex(world: FaultWorld) -> None:
    """Plex shows something else than Stash says, and no look at Stash can tell."""
    for scene_id in FAILING:
        world.plex.edit_as_user(world.keys[scene_id], summary="Typed in Plex")


def reconcile_again(world: FaultWorld) -> None:
    """The task is started once more, and leaves one whole report and nothing half done."""
    world.stash.run_operation("PlexSync", mode="reconcile")
    left = sorted(path.suffix for path in Path(world.data.reports).iterdir() if path.suffix != ".lock")
    assert left == [".html", ".json"], left


def edit_mostly_unheard(world: FaultWorld) -> None:
    """One edit starts a drainer, which looks for those that no hook told of."""
    first, *others = FAILING
    for scene_id in others:
        world.change_unheard(scene_id)
    world.change(first)


EDITS = Scenario(edit_one_by_one)
RETRIES = Scenario(edit_together, refuse_edits, take_edits)
BURIALS = Scenario(edit_one_by_one, make_ambiguous, make_unambiguous)
REDRIVES = Scenario(press_retry, bury_all, lambda world: world.press("retry_failed"))
SAVES = Scenario(switch_plex_off, fix=lambda world: world.plex.accept())
RENAMES = Scenario(rename_performers, cast_performers)
UNDOS = Scenario(partial(die_in_task, mode="undo_since", since="2020-01-01", dry_run=False), judge=judge_undone)
RECONCILES = Scenario(partial(die_in_task, mode="reconcile"), meddle_in_plex, reconcile_again)
CATCH_UPS = Scenario(edit_mostly_unheard)
_BY_STEP = {
    "retry": RETRIES,
    "bury": BURIALS,
    "redrive": REDRIVES,
    "save": SAVES,
    "expand": RENAMES,
    "undo": UNDOS,
    "reconcile": RECONCILES,
    "enqueue:many": RECONCILES,
    "catch_up": CATCH_UPS,
}
_OF_MIGRATIONS = "migrate"
"""The step of points that this version does not reach, having no older format: tests.faults.upgrade kills there."""
_ONCE = ("reconcile", "catch_up", "enqueue:many", "redrive:done")
"""Steps that a process takes once: it has no more pages, and looks again ten minutes later."""
BETWEEN_TWO = ("state:saved@2", "state:saved@3", "plex:edited@2", "plex:uploaded@2", "reconcile:placed@2")
"""Moments that only a later time of a point gives: intents stored and nothing sent, the second of two requests sent,
and (the first position is that of the start) a page behind which the run stands."""


def scenario_of(point: str) -> Scenario:
    """The scenario that reaches a point, `name` or `name@2`."""
    if point.startswith("enqueue:inserted@") and point != "enqueue:inserted@1":
        return REDRIVES  # a hook inserts once
    name = point.partition("@")[0]
    return _BY_STEP.get(name) or _BY_STEP.get(name.partition(":")[0], EDITS)


def points(times: range, saves: range) -> list[str]:
    """Every point, each for its first, second … time of `times`, those of files for `saves`; and BETWEEN_TWO."""
    named = [f"{point}@{time}" for point in POINTS for time in _times(point, times, saves)]
    return list(dict.fromkeys([*named, *BETWEEN_TWO]))


def _times(point: str, times: range, saves: range) -> range:
    step = point.partition(":")[0]
    if step == _OF_MIGRATIONS:
        return range(0)
    if step == "save":
        return saves
    return range(1, 2) if step in _ONCE or point in _ONCE else times


def crash_at(point: str, folder: Path) -> Tally:
    """Kill whoever gets to the point, let the next invocation carry on, and look."""
    scenario = scenario_of(point)
    with FaultWorld(folder) as world:
        scenario.prepare(world)
        world.arm(point)
        scenario.act(world)
        world.wait_for_the_kill(point)
        world.disarm()
        scenario.fix(world)
        world.change(1)
        tally = scenario.judge(world)
        left = world.dead_letter_scenes()
        tally += world.judge_undo()
        return tally if not left else tally + Tally(stuck=len(left), findings=(f"dead letters of {left}",))


def crash_in_a_new_folder(point: str) -> Tally:
    """The same, for a caller without a folder."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return crash_at(point, Path(folder)).about(point)
