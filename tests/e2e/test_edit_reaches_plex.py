"""An edit in Stash reaches Plex with no further action: real processes, real SQLite, real HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.world import World, wait_until


def test_an_edit_reaches_plex_by_itself(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        world.edit(
            2,
            title="A Better Title",
            details="What happens in it.",
            date="2024-05-17",
            rating100=85,
            studio_id=world.stash.studio_id("Studio One"),
            performer_ids=[world.stash.performer_id("Ann"), world.stash.performer_id("Bob, Jr.")],
            tag_ids=[world.stash.tag_id("Drama")],
        )
        wait_until(lambda: world.item(2).title == "A Better Title", "the title in Plex")
        world.wait_until_drained()
        item = world.item(2)
        assert item.summary == "What happens in it."
        assert item.studio == "Studio One"
        assert item.originally_available_at == "2024-05-17"
        assert item.user_rating == 8.5
        assert set(item.roles) == {"Ann", "Bob, Jr."}
        assert item.genres == ("Drama",)
        assert item.collections == ("Studio One",)
        assert {"title", "summary", "studio", "originallyAvailableAt", "actor", "genre", "collection"} <= item.locked
        assert world.item(1).edit_count == 0
        assert world.plex.errors == []
