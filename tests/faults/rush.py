"""Many hooks at the same instant: with a drain under way, and as the first that the plugin ever hears of."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from tests.faults.fault_world import FaultWorld
from tests.faults.tally import Tally
from tests.simulators.faults import hang
from tests.support.at_once import at_once
from tests.world import wait_until

HOOKS = 50
DRAINED = 10
"""Scenes that are on their way when the hooks come."""
FIRST_HOOKS = 8


def rush(folder: Path) -> Tally:
    """Hold a drain back in the middle of a write, have a task follow it, let all hooks go, and release the drain."""
    with FaultWorld(folder, HOOKS + DRAINED) as world:
        held = world.plex.inject(hang(), times=1, method="PUT")
        for scene_id in range(HOOKS + 1, HOOKS + DRAINED + 1):
            world.change(scene_id)
        wait_until(lambda: held.hits == 1, "the drain to be under way")
        task = threading.Thread(target=world.press, args=("process_queue",))
        task.start()
        world.wait_for_log("follows it")
        release = threading.Timer(0.1, held.remove)
        release.start()
        at_once(lambda number: world.change(number + 1), HOOKS)
        tally = world.judge()
        task.join()
        release.join()
        errors = [f"{run.name or run.kind}: {run.error}" for run in world.stash.runs if run.error]
        drainers = len(world.drainers())
        errors += [f"{drainers} drainers"] if drainers != 1 else []
        return tally + Tally(findings=tuple(errors))


def first_hooks(rounds: int, folder: Path) -> Tally:
    """Let hooks go into a data folder that is not there: all of them have to make the same files."""
    total = Tally()
    with FaultWorld(folder, FIRST_HOOKS) as world:
        for _ in range(rounds):
            world.kill_drainer()
            shutil.rmtree(world.data.root)
            at_once(lambda number: world.change(number + 1), FIRST_HOOKS)
            total += world.judge()
        errors = [f"{run.name or run.kind}: {run.error}" for run in world.stash.runs if run.error]
    return total + Tally(findings=tuple(errors))
