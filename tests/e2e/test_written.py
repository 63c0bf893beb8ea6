"""Many settings of what is written at once, on real processes: edits, renames, a second sync, an undo, and all off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_dialect import Dialect
from tests.world import TOKEN, World, wait_until

SETTINGS: dict[str, Any] = {
    "title_format": "[{studio} - ]{title}[ ({year})]",
    "sort_title_format": "{studio} {date}",
    "content_rating": "XXX",
    "code_as": "tagline",
    "write_director": True,
    "label_all": "Stash",
    "tags_as": "both",
    "tags_only": "Genre/, Tall",
    "tags_except": '"Work, in progress"',
    "performer_tags": True,
    "collections_from": "parent_studio, groups, tag:Favourite",
    "collection_prefix": "Stash - ",
}
PICTURES = {"thumb", "art"}


def fill(world: World) -> None:
    """Give scene 1 everything that the settings ask for."""
    stash = world.stash
    stash.update_studio(stash.studio_id("Studio"), parent_id=stash.studio_id("Network"))
    stash.update_tag(stash.tag_id("Drama"), parent_ids=[stash.tag_id("Genre")])
    stash.update_tag(stash.tag_id("Work, in progress"), parent_ids=[stash.tag_id("Genre")])
    stash.update_performer(stash.performer_id("Ann"), tag_ids=[stash.tag_id("Tall")])
    world.edit(
        1,
        title="Title",
        details="d",
        date="2024-05-06",
        code="AB-1",
        director="Dora",
        studio_id=stash.studio_id("Studio"),
        performer_ids=[stash.performer_id("Ann")],
        tag_ids=[stash.tag_id(name) for name in ("Drama", "Work, in progress", "Favourite")],
        groups=[{"group_id": stash.group_id("Saga")}],
    )


def shown(world: World) -> dict[str, Any]:
    values = {name: value for name, value in world.item(1).snapshot().items() if name not in PICTURES}
    return values | {"locked": values["locked"] - PICTURES}


def sync_all(world: World) -> list[str]:
    """Press Sync All Scenes; returns the writes that it took."""
    world.plex.reset_log()
    job = world.stash.run_task("PlexSync", "Sync All Scenes")
    assert job.ended.wait(60.0)
    world.wait_until_drained()
    return [request.target for request in world.plex.requests if request.method != "GET"]


@pytest.mark.parametrize("dialect", [Dialect("replace"), Dialect("add", "capitals")], ids=str)
def test_what_the_settings_say_shows_follows_renames_and_goes_back(tmp_path: Path, dialect: Dialect) -> None:
    plex = PlexSimulator(token=TOKEN, dialect=dialect)
    with World(tmp_path, scenes=2, plex=plex, idle_seconds=60.0) as world:
        world.plex.edit_as_user(world.keys[1], lock=False, genres=["Old"], labels=["Kept"], collections=["Mine"])
        before = shown(world)
        fill(world)
        world.edit(2, details="Nothing of all this.")
        world.wait_until_drained()
        without = shown(world)

        world.stash.configure_plugin("PlexSync", plex_url=plex.url, plex_token=TOKEN, poll_interval=0.1, **SETTINGS)
        assert len(sync_all(world)) == 2
        item = world.item(1)
        texts = (item.title, item.title_sort, item.content_rating, item.tagline)
        assert texts == ("Studio - Title (2024)", "Studio 2024-05-06", "XXX", "AB-1")
        assert (item.directors, set(item.genres)) == (("Dora",), {"Drama", "Tall"})
        assert set(item.labels) == {"Kept", "Stash", "Drama", "Tall"}
        assert set(item.collections) == {"Mine", "Stash - Network", "Stash - Saga", "Stash - Favourite"}
        assert sync_all(world) == []

        edits = world.item(2).edit_count
        stash = world.stash
        stash.update_group(stash.group_id("Saga"), name="Epic")
        stash.update_studio(stash.studio_id("Network"), name="House")
        stash.update_tag(stash.tag_id("Tall"), name="Long")
        wanted = {"Mine", "Stash - House", "Stash - Epic", "Stash - Favourite"}
        wait_until(lambda: set(world.item(1).collections) == wanted, "the new names of group and parent studio")
        world.wait_until_drained()
        # "Tall" is what the setting says, and "Long" is the tag's name now.
        assert set(world.item(1).labels) == {"Kept", "Stash", "Drama"}
        assert world.item(2).edit_count == edits

        world.stash.configure_plugin("PlexSync", plex_url=plex.url, plex_token=TOKEN, poll_interval=0.1)
        assert len(sync_all(world)) == 2
        assert shown(world) == without
        assert sync_all(world) == []

        world.stash.configure_plugin("PlexSync", plex_url=plex.url, plex_token=TOKEN, poll_interval=0.1, **SETTINGS)
        sync_all(world)
        world.stash.run_operation("PlexSync", mode="undo_scene", scene_id=1, dry_run=False)
        world.wait_until_drained()
        assert shown(world) == before | {"year": shown(world)["year"]}
