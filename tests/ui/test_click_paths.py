"""From click to Plex: the page in Chromium, the real plugin in processes of its own, simulated servers behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storage.json_file import JsonFile
from tests.support.agreement import wait_until_in_step
from tests.support.buttons import edit_unheard
from tests.ui.site import Window
from tests.ui.stash_with_pages import StashWithPages
from tests.world import PLEX_ROOT, World, wait_until

pytestmark = pytest.mark.slow

Live = Window[StashWithPages]
Begin = Callable[..., tuple[World, Live]]


@pytest.fixture
def begin(tmp_path: Path, page: Page) -> Iterator[Begin]:
    """Start a world with these settings, and a window on its Stash."""
    worlds: list[World] = []

    def start(scenes: int, **settings: Any) -> tuple[World, Live]:
        world = World(tmp_path, scenes, idle_seconds=60.0, stash=StashWithPages, **settings)
        worlds.append(world.__enter__())
        assert isinstance(world.stash, StashWithPages)
        windows.append(Window(page, world.stash))
        return world, windows[-1]

    windows: list[Live] = []
    yield start
    page.goto("about:blank")  # it would go on asking a Stash that is gone
    for world in worlds:
        world.__exit__(None, None, None)
    assert [complaint for window in windows for complaint in window.complaints] == []


def lose_in_two_copies(world: World) -> list[int]:
    """Have a scene given up for which two items of Plex fit, film a and film b; their keys."""
    keys = [
        world.plex.add_item(world.section, f"{PLEX_ROOT}/{folder}/sub/film.mp4", title=f"film {folder}")
        for folder in ("a", "b")
    ]
    scene = world.stash.add_scene("/data/sub/film.mp4")
    world.edit(scene.id, title="Two Copies", details="d")
    wait_until(lambda: world.dead_letters().get_count() == 1, "the scene to be given up")
    return keys


def pending_as_published(world: World) -> int:
    """What the live file says waits; -1 where there is none yet."""
    return int((JsonFile(world.data.live_status).peek() or {}).get("pending", -1))


def test_the_sentence_follows_a_drain_that_was_paused_and_resumed(begin: Begin) -> None:
    world, site = begin(16, paused=True)
    for scene_id in range(1, 17):
        world.edit(scene_id, title=f"Edited {scene_id}", details="d")
    wait_until(lambda: pending_as_published(world) == 16, "the drainer to publish what waits")
    site.open("status").shows("Paused. 16 edits are safe and will be sent when you resume.")
    world.plex.latency = 0.3
    site.press("Resume")
    expect(site.page.get_by_text(re.compile("Sending edits to Plex, \\d+ of 16 done.")).first).to_be_visible()
    site.shows("Everything is in step with Plex.")
    wait_until_in_step(world, range(1, 17))
    assert world.stash.library.plugin_settings["PlexSync"]["paused"] is False
    assert world.stash.library.plugin_settings["PlexSync"]["plex_token"] == world.plex.token


def test_what_waits_is_forgotten_brought_back_and_tried_when_plex_is_back(begin: Begin) -> None:
    world, site = begin(2)
    world.plex.refuse()
    for scene_id in (1, 2):
        world.edit(scene_id, title=f"Waiting {scene_id}", details="d")
    site.open("waiting").shows("Held. Status says why.")
    expect(site.button("Forget", 1)).to_be_visible()
    site.press("Forget")
    site.shows("Forgotten.")
    expect(site.button("Forget", 1)).to_have_count(0)
    site.press("Undo")
    expect(site.button("Forget", 1)).to_be_visible()
    world.plex.accept()
    site.press("Try now")
    site.shows("Nothing waits.")
    wait_until_in_step(world, [1, 2])
    site.open("outages")
    expect(site.page.get_by_role("img", name="1 outage of Plex in 30 days")).to_be_visible()
    expect(site.page.locator(".plexsync-row", has_text="refused the connection")).to_be_visible()


def test_of_two_candidates_the_chosen_one_gets_the_edit(begin: Begin) -> None:
    world, site = begin(0)
    copies = lose_in_two_copies(world)
    site.open("failed").shows("Two Copies")
    site.page.get_by_role("radio", name=f"{PLEX_ROOT}/b/sub/film.mp4").check(force=True)
    site.press("Use this one")
    site.shows("Nothing failed.")
    wait_until(lambda: world.plex.item(copies[1]).title == "Two Copies", "the choice to be written")
    assert world.plex.item(copies[0]).title == "film a"
    site.open("setup").press("Remove the choice")
    site.shows("You have not had to choose.")


def test_what_failed_is_discarded_after_a_preview(begin: Begin) -> None:
    world, site = begin(0)
    lose_in_two_copies(world)
    site.open("failed").press("Discard…")
    site.agree("Discard 1")
    site.shows("Nothing failed.")
    wait_until(lambda: world.dead_letters().get_count() == 0, "the dead letter to go")


def test_what_was_done_is_told_on_activity_and_on_the_scene_and_can_be_undone(begin: Begin) -> None:
    world, site = begin(1)
    world.edit(1, title="Autumn Walk", details="d")
    wait_until_in_step(world, [1])
    site.open("activity").shows("Autumn Walk")
    expect(site.page.locator("ins", has_text="Autumn Walk")).to_be_visible()
    expect(site.page.locator("del", has_text="scene-1")).to_be_visible()
    site.go("scenes/1").page.get_by_role("tab", name="Plex").click()
    site.shows("In step with Plex")
    site.press("Undo…")
    site.agree("Undo 1")
    site.shows("1 scene is undone.")
    wait_until(lambda: world.item(1).title == "scene-1", "Plex to show what it showed before")
    site.press("Sync now")
    site.shows("The scene is in the queue.")
    wait_until_in_step(world, [1])


def test_a_comparison_finds_what_no_hook_told_of_and_sends_what_was_selected(begin: Begin) -> None:
    world, site = begin(3)
    edit_unheard(world, 3)
    site.open("compare").press("Compare")
    site.shows("The comparison is done.")
    site.page.get_by_role("checkbox", name="Select Title 2").check(force=True)
    site.press("Send selected")
    site.shows("1 scene is in the queue.")
    wait_until_in_step(world, [2])
    assert world.item(1).title == "scene-1"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"plex_token": "wrong"}, "token"), ({"path_map": "foo"}, "path_map")],
    ids=["token", "settings"],
)
def test_a_comparison_that_cannot_be_made_says_why(begin: Begin, wrong: dict[str, Any], reason: str) -> None:
    world, site = begin(1)
    world.stash.library.plugin_settings["PlexSync"].update(wrong)
    site.open("compare").press("Compare")
    expect(site.page.locator(".toast", has_text="The comparison failed.")).to_contain_text(reason)


def test_setup_finds_the_folders_and_marks_what_is_wrong(begin: Begin) -> None:
    world, site = begin(0, max_tags=0.5)
    for name in ("one", "two", "three"):
        world.stash.add_scene(f"/data/{name}/film.mp4")
        world.plex.add_item(world.section, f"{PLEX_ROOT}/{name}/film.mp4")
    site.open("setup").shows("max_tags must be a whole number")
    site.press("Use the default of Most tags per scene")
    site.page.get_by_role("region", name="1 change not saved").get_by_role("button", name="Save").click()
    site.lacks("max_tags must be a whole number")
    site.page.get_by_role("checkbox", name="Movies").check(force=True)
    site.press("Save")
    wait_until(lambda: "plex_library" in world.stash.library.plugin_settings["PlexSync"], "the library to be saved")
    site.page.get_by_label("Path map, from Stash's folder to Plex's").fill(f"/data => {PLEX_ROOT}")
    site.press("Test on 20 scenes")
    site.shows("3 scenes were found in Plex and back.")
    line = site.page.locator(".plexsync-line", has=site.button("Test on 20 scenes"))
    line.get_by_role("button", name="Save").click()
    wait_until(lambda: "path_map" in world.stash.library.plugin_settings["PlexSync"], "the path map to be saved")
    assert world.stash.library.plugin_settings["PlexSync"]["plex_library"] == "Movies"


@pytest.mark.parametrize(
    ("stash_folder", "plex_folder"),
    [
        ("/data/S", "/media/films/Studio S"),
        ("/data/S", r"D:\Media\Studio S"),
        (r"E:\Stash\S", "/media/films/Studio S"),
        (r"\\nas\stash\S", r"D:\Media\Studio S"),
    ],
)
def test_the_suggested_path_map_is_tried_saved_and_brings_an_edit_to_plex(
    begin: Begin, stash_folder: str, plex_folder: str
) -> None:
    world, site = begin(0)
    world.stash.library.roots = [parent_of(stash_folder)]
    section = world.plex.add_section("Films", locations=[parent_of(plex_folder)])
    keys = {}
    for number in range(25):
        paths = [below(folder, f"film {number}.mp4") for folder in (stash_folder, plex_folder)]
        scene = world.stash.add_scene(paths[0], title=f"film {number}")
        keys[scene.id] = world.plex.add_item(section, paths[1], title=f"film {number}")
    suggested = f"{stash_folder} => {plex_folder}"
    site.open("setup").press("Check now")
    site.shows("0 of 20 found in Plex")
    expect(site.page.locator(".alert", has_text="This path map would explain")).to_contain_text(suggested)
    site.press("Use it")
    site.shows("20 scenes were found in Plex and back.")
    expect(site.page.get_by_label("Path map, from Stash's folder to Plex's")).to_have_value(suggested)
    assert world.stash.library.plugin_settings["PlexSync"]["path_map"] == suggested
    folders = site.page.locator(".plexsync-folders")
    for folder in (stash_folder, plex_folder):
        expect(folders.get_by_text(parent_of(folder), exact=True)).to_be_visible()
    site.press("The 20 scenes")
    expect(site.page.get_by_text("Found, there and back.")).to_have_count(20)
    expect(site.page.get_by_text(below(plex_folder, "film 24.mp4"))).to_be_visible()
    site.press("Check now")
    site.shows("20 of 20 found in Plex")
    site.lacks("This path map would explain")
    for scene_id in (1, 25):
        world.edit(scene_id, title=f"Edited {scene_id}", details="d")
        wait_until(lambda: world.plex.item(keys[scene_id]).title == f"Edited {scene_id}", "the edit to arrive")  # noqa: B023


def below(folder: str, name: str) -> str:
    """The path of a file in a folder, as the folder's system writes it."""
    return f"{folder}{'/' if '/' in folder else chr(92)}{name}"


def parent_of(folder: str) -> str:
    """The folder around a folder."""
    return folder.rpartition("/" if "/" in folder else "\\")[0]
