"""How long after a save Plex shows it."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.benchmarks.report import Bar, Row, Table
from tests.benchmarks.timing import MILLISECONDS, sample
from tests.world import World, wait_until

EDITS = 100
COLD_STARTS = 5
POLL_INTERVAL = 1.0
"""The plugin's default, in seconds."""
LONGEST_PAUSE = 1.0
MEDIAN_BAR = 0.2
WORST_BAR = 0.5
"""Seconds, on a quiet machine: the design's numbers."""
TEXT = (
    "Seconds from the beginning of a save to Plex's receipt of the edit, with the default poll_interval of "
    f"{POLL_INTERVAL:g} s and no latency. The warm edits are of {EDITS} scenes, with up to {LONGEST_PAUSE:g} s "
    "between two saves, at random (seeded), so that they fall anywhere between two looks at the queue. A cold start "
    "is an edit where no drainer runs; the very first has to index the library too. The reference is the save "
    "itself, for which the user waits."
)


class Stopwatch:
    """Saves scenes and says when Plex got them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._saved_at: dict[int, float] = {}
        self._saves: list[float] = []

    def save(self, scene_id: int) -> None:
        """Save a scene with a title of its own."""
        self._saved_at[scene_id] = time.monotonic()
        self._saves.append(self._world.edit(scene_id, title=f"Saved {scene_id}"))

    def wait(self) -> None:
        """Wait until Plex shows all that was saved."""
        saved = self._saved_at
        wait_until(lambda: all(self._world.item(each).title == f"Saved {each}" for each in saved), "all titles")
        self._world.wait_until_drained()

    def row(self, what: str, *, has_bar: bool = False) -> Row:
        """How long each took, beside the bars where there are any. Call it after `wait`."""
        edits = [request for request in self._world.plex.requests if request.query.get("title.value")]
        received_at = {int(request.query["id"]): request.time for request in edits}
        delays = sample([received_at[self._world.keys[each]] - saved_at for each, saved_at in self._saved_at.items()])
        saves = sample(self._saves)
        ratio = f"{delays.median / saves.median:.1f}"
        reference = f"save: {saves.shown('ms', MILLISECONDS, decimals=0)}"
        bar = None
        if has_bar:
            holds = delays.median <= MEDIAN_BAR and max(delays.values) <= WORST_BAR
            bar = Bar(f"at most {MEDIAN_BAR:g} s, at worst {WORST_BAR:g} s", holds)
        return Row(what, delays.shown("s", decimals=2), reference, ratio, bar)


def measure(folder: Path) -> Table:
    """The table of times from save to Plex."""
    pauses = random.Random(1)
    with World(folder, 1 + COLD_STARTS + EDITS, idle_seconds=300.0, poll_interval=POLL_INTERVAL) as world:
        first, cold, warm = Stopwatch(world), Stopwatch(world), Stopwatch(world)
        for scene_id in world.keys:
            world.stash.library.change_scene(scene_id, details="So that there is something to sync.")
        first_id, *others = world.keys
        first.save(first_id)
        first.wait()
        for scene_id in others[:COLD_STARTS]:
            world.kill_drainer()
            cold.save(scene_id)
            cold.wait()
        for scene_id in others[COLD_STARTS:]:
            warm.save(scene_id)
            time.sleep(pauses.uniform(0.0, LONGEST_PAUSE))
        warm.wait()
        rows = (
            warm.row(f"{EDITS} edits, drainer running", has_bar=True),
            cold.row(f"no drainer, {COLD_STARTS} times"),
            first.row("the very first, no drainer and no index"),
        )
    return Table("save", "From the save to Plex", TEXT, rows)
