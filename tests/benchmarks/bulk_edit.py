"""What a bulk edit in Stash costs and how soon Plex shows it, where the hooks alone tell of it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import sample
from tests.world import World

SCENES = 100
ROUNDS = 3
PAUSE = 1.0
"""Seconds between two of them, so that they are not one."""
REQUESTS_BAR = 1.1
"""Requests to Plex for each scene: the edit, and a few batches of which each reads its items twice."""
TEXT = (
    f"A bulk edit in Stash gives {SCENES} scenes a tag, {ROUNDS} times, while a drainer runs and nothing else is due. "
    "Stash runs one hook after the other, and the drainer does not wait for the last one. The reference of the "
    "requests is one edit for each scene, that of the times the bulk save itself, for which the user waits."
)


def measure(folder: Path) -> Table:
    """The table of bulk edits."""
    requests, first_shown, all_shown, saves = [], [], [], []
    with World(folder, SCENES, idle_seconds=300.0, poll_interval=1.0) as world:
        for scene_id in world.keys:
            world.stash.library.change_scene(scene_id, details="So that there is something to sync.")
        world.stash.bulk_save(world.keys, title="So that all are known")
        world.wait_until_drained()
        for number in range(ROUNDS):
            tag = world.stash.tag_id(f"Tag {number}")
            time.sleep(PAUSE)
            world.plex.reset_log()
            began_at = time.monotonic()
            save = world.stash.bulk_save(world.keys, tag_ids={"ids": [tag], "mode": "ADD"})
            world.wait_until_drained()
            edited_at = [request.time for request in world.plex.requests if request.method == "PUT"]
            requests.append(world.plex.count() / SCENES)
            first_shown.append(edited_at[0] - began_at)
            all_shown.append(edited_at[-1] - began_at)
            saves.append(save.seconds)
    saved, per_scene, last = sample(saves), sample(requests), sample(all_shown)
    bar = at_most(per_scene.median, REQUESTS_BAR)
    reference = f"save: {saved.shown('s')}"
    rows = (
        Row("requests to Plex for each scene", per_scene.shown(decimals=2), "1", bar=bar),
        Row("from the beginning of the save to the first edit in Plex", sample(first_shown).shown("s", decimals=2)),
        Row("… to the last one", last.shown("s"), reference, f"{last.median / saved.median:.2f}"),
    )
    return Table("bulk", "A bulk edit", TEXT, rows)
