"""A sync can be undone: what Plex showed before the first write comes back, edits made in Plex since stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_edits import EditMode
from tests.world import TOKEN, World, wait_until


@pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])
def test_undo_brings_back_what_plex_showed(tmp_path: Path, mode: EditMode) -> None:
    with World(tmp_path, scenes=2, plex=PlexSimulator(token=TOKEN, edit_mode=mode), skip_fields="poster") as world:
        world.plex.edit_as_user(
            world.keys[1], lock=False, summary="An old summary.", genres=["Old", "Older"], user_rating=4.0
        )
        before = {key: value for key, value in world.item(1).snapshot().items() if key != "art"}
        world.edit(1, title="New", details="New words.", tag_ids=[world.stash.tag_id("Fresh")], rating100=90)
        world.edit(1, details="Newer words.")
        world.wait_until_drained()
        assert world.item(1).genres == ("Fresh",)

        shown = world.stash.run_operation("PlexSync", mode="undo_scene", scene_id=1)
        assert {edit["field"] for edit in shown["scenes"]["1"]} == {"title", "summary", "tags", "rating"}
        assert world.item(1).title == "New"

        done = world.stash.run_operation("PlexSync", mode="undo_scene", scene_id=1, dry_run=False)
        world.wait_until_drained()
        assert done["dry_run"] is False
        after = {key: value for key, value in world.item(1).snapshot().items() if key != "art"}
        assert after | {"locked": after["locked"] - {"thumb", "art"}} == before
        assert world.stash.run_operation("PlexSync", mode="undo_scene", scene_id=1)["scenes"] == {}

        # A new drainer looks for missed edits when it starts; an undone scene is none.
        world.kill_drainer()
        world.edit(2, details="Something else.")
        wait_until(lambda: world.item(2).summary == "Something else.")
        world.wait_until_drained()
        assert world.item(1).title == before["title"]


def test_what_was_edited_in_plex_afterwards_is_left_alone(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, title="Ours", details="Our words.", tag_ids=[world.stash.tag_id("Ours")])
        world.wait_until_drained()
        world.plex.edit_as_user(world.keys[1], title="Theirs", genres=["Ours", "Theirs"])
        done = world.stash.run_operation("PlexSync", mode="undo_since", since="2020-01-01", dry_run="false")
        world.wait_until_drained()
        left = [{"field": "title", "value": "Theirs"}, {"field": "tags", "value": ["Theirs"]}]
        assert (done["left_alone"], done["unchanged"]) == ({"1": left}, {})
        stays = 'title, now "Theirs"; tags, now "Theirs"'
        assert f"Scene 1: left alone, because it was edited in Plex since ({stays})" in world.logged()
        assert world.item(1).title == "Theirs"
        assert world.item(1).genres == ("Theirs",)
        assert world.item(1).summary == ""


def test_a_scene_that_stash_does_not_have_is_said_not_to_be_there(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        shown = world.stash.run_operation("PlexSync", mode="undo_scene", scene_id=99)
        assert (shown["scenes"], shown["unchanged"]) == ({}, {"99": "Stash has no scene 99"})
        assert "Scene 99 has nothing to undo: Stash has no scene 99" in world.logged()


def test_undo_without_its_argument_says_what_to_give(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        for mode, argument in (("undo_scene", "scene_id"), ("undo_since", "since")):
            with pytest.raises(Exception, match=f"{argument} is missing"):
                world.stash.run_operation("PlexSync", mode=mode)
