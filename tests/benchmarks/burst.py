"""Many saves at the same instant: is any lost?"""

from __future__ import annotations

import threading
from pathlib import Path

from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MILLISECONDS, sample
from tests.world import World

SAVES = 50
TEXT = (
    f"{SAVES} scenes saved at the same instant, each from a thread of its own, where no drainer runs: so {SAVES} "
    "hooks share the cores. The reference is one save by itself."
)


def measure(folder: Path) -> Table:
    """The table of the burst."""
    with World(folder, SAVES + 1, idle_seconds=300.0) as world:
        for scene_id in world.keys:
            world.stash.library.change_scene(scene_id, details="So that there is something to sync.")
        *together, alone = world.keys
        saves = sample(_save_at_once(world, together))
        drainers = len(world.drainers())
        world.wait_until_drained()
        single = world.edit(alone, title=f"Saved {alone}")
        world.wait_until_drained()
        lost = sum(world.item(scene_id).title != f"Saved {scene_id}" for scene_id in world.keys)
        errors = sum(run.error is not None for run in world.stash.runs)
    rows = (
        Row(f"{SAVES} saves at once: edits lost", str(lost), bar=at_most(lost, 0), nearest=f"1 of {SAVES}"),
        Row("hooks that failed", str(errors), bar=at_most(errors, 0)),
        Row("drainers afterwards", str(drainers), bar=at_most(drainers, 1)),
        Row(
            "one of these saves",
            saves.shown("ms", MILLISECONDS, decimals=0),
            f"alone: {single * MILLISECONDS:.0f} ms",
            f"{saves.median / single:.1f}",
        ),
    )
    return Table("burst", "A burst of saves", TEXT, rows)


def _save_at_once(world: World, scene_ids: list[int]) -> list[float]:
    seconds: list[float] = []
    ready = threading.Barrier(len(scene_ids))

    def save(scene_id: int) -> None:
        ready.wait()
        seconds.append(world.edit(scene_id, title=f"Saved {scene_id}"))

    threads = [threading.Thread(target=save, args=(scene_id,)) for scene_id in scene_ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds
