"""Real processes: scenes whose files Plex does not have yet arrive soon after Plex has them, without a button."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import PLEX_ROOT, STASH_ROOT, World, wait_until

SCENES = 8
PATIENCE = 40.0
"""Twice the seconds after which they must be there, for a machine that is busy; docs/benchmarks.md has the figures."""
pytestmark = pytest.mark.slow


def test_edits_made_before_the_scan_arrive_within_twenty_seconds_of_it(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=300.0) as world:
        names = [f"late-{number}.mp4" for number in range(SCENES)]
        scenes = [world.stash.add_scene(f"{STASH_ROOT}/{name}", details="d").id for name in names]
        for scene_id in scenes:
            world.edit(scene_id, title=f"Late {scene_id}")
        wait_until(lambda: world.retries_counted() >= SCENES, "that all are known to be missing")
        keys = [world.plex.add_item(world.section, f"{PLEX_ROOT}/{name}") for name in names]
        titles = {f"Late {scene_id}" for scene_id in scenes}
        wait_until(lambda: {world.plex.item(key).title for key in keys} == titles, "all titles", PATIENCE)
        assert world.dead_letters().get_count() == 0


@pytest.mark.parametrize("how", ["Sync All wrote the scene", "the drainer was killed, and the page is opened"])
def test_a_further_file_is_found_whoever_wrote_the_scene(tmp_path: Path, how: str) -> None:
    with World(tmp_path, scenes=1, idle_seconds=2.0) as world:
        files = [*(file.path for file in world.scene(1).files), f"{STASH_ROOT}/copies/summer-4k.mp4"]
        world.stash.library.change_scene(1, files=world.stash.library.make_files(files), title="Summer", details="d")
        if how.startswith("Sync All"):
            world.stash.run_operation("PlexSync", mode="all")
        else:
            world.edit(1, title="Summer")
            world.wait_until_drained()
            world.kill_drainer()
            world.stash.run_operation("PlexSync", mode="queue_status", quiet=True)
        assert world.item(1).title == "Summer"
        key = world.plex.add_item(world.section, f"{PLEX_ROOT}/copies/summer-4k.mp4", title="summer-4k")
        wait_until(lambda: world.plex.item(key).title == "Summer", "the copy to be written", PATIENCE)
