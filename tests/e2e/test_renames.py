"""A performer, studio or tag with another name reaches every scene that carries it."""

from __future__ import annotations

from pathlib import Path

from tests.world import World, wait_until


def test_a_renamed_performer_studio_and_tag_reach_all_their_scenes(tmp_path: Path) -> None:
    with World(tmp_path, scenes=4) as world:
        ann, studio, drama = (
            world.stash.performer_id("Ann"),
            world.stash.studio_id("Studio One"),
            world.stash.tag_id("Drama"),
        )
        world.stash.bulk_save([1, 2, 3], performer_ids={"ids": [str(ann)], "mode": "SET"})
        world.edit(1, studio_id=studio, tag_ids=[drama])
        world.edit(4, details="Nobody in it.")
        world.wait_until_drained()
        untouched = world.item(4).edit_count

        world.stash.rename_performer(ann, "Ann Other")
        world.stash.rename_studio(studio, "Studio Two")
        world.stash.rename_tag(drama, "Tragedy")
        wait_until(lambda: world.item(3).roles == ("Ann Other",), "the new name in the last scene")
        world.wait_until_drained()

        assert [world.item(scene).roles for scene in (1, 2, 3)] == [("Ann Other",)] * 3
        assert world.item(1).studio == "Studio Two"
        assert world.item(1).collections == ("Studio Two",)
        assert world.item(1).genres == ("Tragedy",)
        assert world.item(4).edit_count == untouched


def test_a_merged_tag_reaches_the_scenes_of_the_tag_that_is_gone(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        old, new = world.stash.tag_id("Comedies"), world.stash.tag_id("Comedy")
        world.edit(1, tag_ids=[old])
        world.wait_until_drained()
        world.stash.merge_tags([old], new)
        wait_until(lambda: world.item(1).genres == ("Comedy",), "the tag that stays")
