"""Where the page meets Stash's own: the bar, the tools, the settings form, a scene, the cards."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import PROJECT, canned, idle_status
from tests.ui.site import Site


def test_the_bar_shows_state_and_number_and_leads_to_the_page(site: Site) -> None:
    link = site.go("").page.get_by_role("link", name="PlexSync. Plex is down")
    expect(link).to_contain_text("4")
    link.click()
    site.shows("In numbers")
    expect(site.page).to_have_url(re.compile("/plugins/plexsync$"))


def test_a_quiet_bar_has_no_number(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    expect(site.go("").page.get_by_role("link", name="PlexSync. Everything is in step")).to_have_text("PlexSync")


def test_the_tools_have_one_entry(site: Site) -> None:
    site.go("settings").shows("See and steer the sync with Plex.")
    expect(site.page.locator("#settings .setting a.btn", has_text="PlexSync")).to_have_count(1)


def test_stashs_own_form_has_the_groups_in_order_and_a_link(site: Site) -> None:
    site.go("settings").shows("How a file is found in Plex")
    groups = json.loads((PROJECT / "ui/setting_groups.json").read_text(encoding="utf-8"))
    ours = [f"plugin-PlexSync-{name}" for group in groups for name in group["settings"]]
    shown = "all => all.map(each => each.id)"
    site.becomes(
        lambda: site.page.eval_on_selector_all(".plugin-settings .setting", shown), [*ours, "plugin-Another-its"]
    )
    site.page.get_by_role("link", name="Open PlexSync's page").click()
    site.shows("Connect to Plex")


def test_a_scene_has_a_tab(site: Site) -> None:
    site.go("scenes/7")
    assert site.stash.asked("scene_status") == []
    site.page.get_by_role("tab", name="Plex").click()
    site.shows("In step with Plex")
    link = site.page.get_by_role("link", name="Autumn Walk", exact=True)
    expect(link).to_have_attribute("href", canned("scene_status")["items"][0]["web_url"])
    site.shows("Another scene shows here:")
    assert site.violations() == []


@pytest.mark.parametrize("state", [
    "differs", "waiting", "failed", "never_synced", "undone", "left_alone", "shown_by_another", "gone",
])  # fmt: skip
def test_a_scene_in_each_state(site: Site, state: str) -> None:
    job = canned("jobs.failed")["jobs"][1] if state == "failed" else None
    changes: dict[str, Any] = {
        "state": state,
        "reason": "The reason.",
        "job": job,
        "items": [],
        "last_synced_at": None,
        "can_undo": False,
    }
    site.stash.answers["scene_status"] = {**canned("scene_status"), **changes}
    site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
    site.shows("The reason.")
    expect(site.button("Undo…")).to_be_disabled()
    assert site.violations() == []


def test_a_scene_offers_the_choice_among_candidates(site: Site) -> None:
    job = {**canned("jobs.failed")["jobs"][0], "scene_id": 7}
    site.stash.answers["scene_status"] = {**canned("scene_status"), "state": "failed", "job": job}
    site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
    site.page.get_by_role("radio").first.check(force=True)
    assert site.violations() == []
    site.press("Use this one")
    site.shows("Remembered. The scene is being sent.")
    site.asks("pin", {"scene_id": 7, "rating_key": 51})


def test_what_a_scene_can_do(site: Site) -> None:
    site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
    site.press("Sync now")
    site.shows("The scene is in the queue.")
    site.press("Show this scene there")
    site.shows("Remembered. The scene is being sent.")
    site.press("Remove the choice")
    site.shows("The choice is removed.")
    site.press("Undo…")
    site.agree("Undo 1")
    site.shows("1 scene is undone.")
    site.asks("pin", {"scene_id": 7, "rating_key": 61})
    site.asks("unpin", {"scene_id": 7, "rating_key": 60})


NO_MARKS = {"lock_only": False, "refused": False}


@pytest.mark.parametrize(("differences", "reason", "text"), [
    ([], "", "Nothing. Plex shows what Stash says."),
    ([{"rating_key": 60, "field": "title", "was": "x", "will_be": "New title", **NO_MARKS}], "", "New title"),
    (None, "Plex does not answer.", "Plex does not answer."),
])  # fmt: skip
def test_what_differs_now(site: Site, differences: object, reason: str, text: str) -> None:
    compared = {**canned("scene_status"), "differences": differences, "differences_reason": reason}
    site.stash.answers["scene_status"] = lambda arguments: (
        compared if "compare" in arguments else canned("scene_status")
    )
    site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
    site.press("What differs now?")
    site.shows(text)


def test_cards_have_badges_only_if_they_are_switched_on(site: Site) -> None:
    site.go("scenes")
    site.page.wait_for_load_state("networkidle")
    assert "live/scenes.json" not in site.stash.looks
    site.open("setup").page.get_by_label("Mark scenes that wait or failed").check(force=True)
    failed = site.go("scenes").page.locator("#card-7").get_by_role("img", name="Could not be sent to Plex")
    expect(failed).to_be_visible()
    asked = len(site.stash.operations)
    site.page.reload()
    expect(failed).to_be_visible()
    expect(site.page.locator("#card-12").get_by_role("img", name="Waits to be sent to Plex")).to_be_visible()
    expect(site.page.locator("#card-40 .plexsync-card-badge")).to_have_count(0)
    # One look wakes a drainer, be it before or after the reload.
    assert {each["mode"] for each in site.stash.operations[asked:]} <= {"queue_status"}


def test_a_stash_below_a_path(site: Site) -> None:
    site.stash.root = "/stash/"
    site.open("failed").shows("Two Copies")
    expect(site.page.get_by_role("link", name="Two Copies")).to_have_attribute("href", "/stash/scenes/17")
    expect(site.page.locator("img.plexsync-thumbnail").first).to_have_attribute("src", "/stash/scene/17/screenshot")


def test_a_stash_that_lacks_the_names_of_patches_still_has_the_page(site: Site) -> None:
    site.page.add_init_script(
        "Object.defineProperty(window, 'PluginApi', {set(api) {"
        "  const {before} = api.patch;"
        "  api.patch = {...api.patch, before: (name, patch) => name === 'PluginRoutes' && before(name, patch)};"
        "  Object.defineProperty(window, 'PluginApi', {value: api});"
        "}, configurable: true})"
    )
    site.open("status").shows("In numbers")
