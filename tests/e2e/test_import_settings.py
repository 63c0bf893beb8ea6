"""A user of an older plugin gets going without retyping, and nothing of theirs is deleted."""

from __future__ import annotations

from pathlib import Path

from tests.simulators.plex import PlexSimulator
from tests.support.certificates import own_certificate
from tests.world import TOKEN, World, wait_until


def test_settings_are_taken_over_with_consent_and_theirs_stay(tmp_path: Path) -> None:
    plex = PlexSimulator(token=TOKEN, tls=own_certificate(tmp_path))  # the community plugin knows https only
    with World(tmp_path, scenes=1, plex=plex) as world:
        host, _, port = world.plex.url.removeprefix("https://").partition(":")
        old = {"plexHost": host, "plexPort": int(port), "plexToken": world.plex.token}
        world.stash.library.plugin_settings["PlexSync"] = dict(old)
        world.stash.library.plugin_settings["Stash2Plex"] = {"plex_library": "Movies", "plex_token": "another"}
        world.edit(1, title="Waits for settings", details="As an edit does.")

        result = world.stash.run_operation("PlexSync", mode="import_settings")

        assert result["imported"] == ["plex_library", "plex_token", "plex_url", "skip_tls_verify"]
        stored = world.stash.library.plugin_settings["PlexSync"]
        assert stored.items() >= old.items()
        assert (stored["plex_url"], stored["plex_token"]) == (world.plex.url, world.plex.token)
        assert world.stash.library.plugin_settings["Stash2Plex"]["plex_token"] == "another"
        assert world.stash.run_operation("PlexSync", mode="import_settings")["imported"] == []
        world.kill_drainer()  # it would look at the settings again within half a minute
        world.stash.run_operation("PlexSync", mode="process_queue")
        wait_until(lambda: world.item(1).title == "Waits for settings", "the edit that waited")
        assert world.plex.token not in world.logged()
