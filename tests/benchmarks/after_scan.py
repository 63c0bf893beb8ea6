"""How long after Plex's scan an edit is there that was made before it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import sample
from tests.world import PLEX_ROOT, STASH_ROOT, World, wait_until

SCENES = 8
ROUNDS = 3
BAR_SECONDS = 20.0
PATIENCE = 60.0
TEXT = (
    f"{SCENES} scenes are edited that Plex does not have; 5 to 11 seconds later, in {ROUNDS} rounds, Plex finds their "
    "files. Seconds from then until Plex has the edit of each, in their first hour. The reference is the pause between "
    "two looks."
)


def measure(folder: Path) -> Table:
    """The table of edits that were made before Plex's scan."""
    with World(folder, 1, idle_seconds=300.0) as world:
        delays = [delay for number in range(ROUNDS) for delay in _round(world, number)]
        asked = world.plex.count("GET", "/library/sections")
    taken = sample(delays)
    row = Row(
        f"{SCENES * ROUNDS} edits",
        taken.shown("s"),
        "a look every 15 s",
        f"{taken.median / 15.0:.2f}",
        at_most(max(delays), BAR_SECONDS, " s for the worst"),
    )
    cost = Row("requests for libraries and listings, in all", str(asked))
    return Table("scan", "From Plex's scan to the edit", TEXT, (row, cost))


def _round(world: World, number: int) -> list[float]:
    names = [f"late-{number}-{scene}.mp4" for scene in range(SCENES)]
    scenes = [world.stash.add_scene(f"{STASH_ROOT}/{name}", title="before", details="d").id for name in names]
    for scene_id in scenes:
        world.edit(scene_id, title=f"Late {scene_id}")
    time.sleep(5.0 + 3.0 * number)
    keys = [world.plex.add_item(world.section, f"{PLEX_ROOT}/{name}") for name in names]
    came_at = time.monotonic()
    shown: dict[int, float] = {}

    def all_show() -> bool:
        for scene_id, key in zip(scenes, keys, strict=True):
            if key not in shown and world.plex.item(key).title == f"Late {scene_id}":
                shown[key] = time.monotonic() - came_at
        return len(shown) == len(keys)

    wait_until(all_show, "all late edits", PATIENCE)
    return list(shown.values())
