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
