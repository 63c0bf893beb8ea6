"""With refresh_instead on real processes: an agent fills what an edit asks it to, once the locks are taken back."""

from __future__ import annotations

from pathlib import Path

from tests.contract.operation_shapes import check_answer
from tests.simulators.plex_agent import film_agent
from tests.support.buttons import operate, press
from tests.world import World, wait_until


def test_an_edit_is_a_refresh_and_syncing_all_asks_for_no_other(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        world.stash.save_scene(1, title="Written", details="d")
        world.wait_until_drained()
        assert world.item(1).title == "Written"

        world.plex.agent = film_agent
        settings = world.stash.library.plugin_settings["PlexSync"]
        world.stash.configure_plugin("PlexSync", **{**settings, "refresh_instead": True})
        told = operate(world, "unlock", quiet=True)
        check_answer("unlock", told)
        assert (told["dry_run"], told["items"], told["unlocked"]) == (True, 1, 0)
        done = operate(world, "unlock", dry_run=False, quiet=True)
        check_answer("unlock", done)
        assert done["unlocked"] == 1

        world.plex.reset_log()
        world.stash.save_scene(1, title="Edited", details="d")
        wait_until(lambda: world.item(1).refresh_count == 1, "the refresh")
        world.wait_until_drained()
        assert world.item(1).title == f"The Film {world.keys[1]}"

        for scene_id in (2, 3):
            world.stash.save_without_hook(scene_id, title="Unheard", details="d")
        press(world, "Sync All Scenes")
        press(world, "Sync All Scenes")
        world.wait_until_drained()
        assert sorted(world.plex.refresh_requests) == sorted(world.keys.values())
        written = [each.target for each in world.plex.requests if each.method != "GET" and "/refresh" not in each.path]
        assert written == []
