"""Every view in each of its states."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.ui.canned import canned, idle_status
from tests.ui.fake_stash import Refusal
from tests.ui.site import TABS, Site

OF_TAB = {
    "status": ("queue_status", "In numbers"),
    "waiting": ("jobs", "Night Train to Lisbon"),
    "failed": ("jobs", "Two Copies"),
    "activity": ("recent_syncs", "Autumn Walk"),
    "outages": ("outage_report", "99.36 %"),
    "compare": ("reports", "190 in step"),
    "setup": ("settings", "Where Plex is"),
}
"""By tab: the operation that it lives on, and a text that its answer makes."""
EMPTY: dict[str, tuple[str, dict[str, Any], str]] = {
    "waiting": ("jobs", {**canned("jobs.waiting"), "count": 0, "jobs": []}, "Nothing waits."),
    "failed": ("jobs", {**canned("jobs.failed"), "count": 0, "jobs": []}, "Nothing failed."),
    "activity": ("recent_syncs", {**canned("recent_syncs"), "count": 0, "syncs": []}, "Nothing was synced yet."),
    "outages": (
        "outage_report",
        {"outages": [], "current": None, "count": 0, "mttr": None, "mtbf": None, "availability": None},
        "No outage is on record.",
    ),
    "compare": ("reports", {**canned("reports"), "reports": []}, "No report yet."),
}


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_shows_its_view_and_survives_a_reload(site: Site, tab: str) -> None:
    text = OF_TAB[tab][1]
    site.open(tab).shows(text)
    site.page.reload()
    site.shows(text)
    expect(site.page.get_by_role("tab", selected=True)).to_contain_text(tab.capitalize())
    expect(site.page).to_have_title(f"{tab.capitalize()} · PlexSync")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("is_list_first", [True, False])
def test_opening_a_tab_by_its_address_asks_for_nothing_twice(site: Site, tab: str, is_list_first: bool) -> None:
    held: list[Route] = []
    if is_list_first and tab != "status":
        site.page.route("**/live/status.json", lambda route: held.append(route))  # a builtin is no handler
    site.open(tab).shows(OF_TAB[tab][1])
    for route in held:
        route.continue_()
    expect(site.page.get_by_role("link", name="PlexSync. Plex is down")).to_be_visible()
    site.page.wait_for_timeout(200)  # what would be asked for twice
    calls = [json.dumps(call, sort_keys=True) for call in site.stash.operations]
    assert sorted(calls) == sorted(set(calls))


def test_tabs_stand_in_the_address(site: Site) -> None:
    site.open("status")
    for tab in TABS[1:]:
        site.page.get_by_role("tab", name=tab.capitalize()).click()
        site.shows(OF_TAB[tab][1])
        expect(site.page).to_have_url(re.compile(rf"\?tab={tab}$"))
    site.page.go_back()
    site.shows(OF_TAB["compare"][1])


def test_an_unknown_tab_is_the_first(site: Site) -> None:
    site.open("nonsense").shows("In numbers")


@pytest.mark.parametrize("tab", EMPTY)
def test_an_empty_view_says_so(site: Site, tab: str) -> None:
    mode, answer, text = EMPTY[tab]
    site.stash.answers[mode] = answer
    site.stash.live["status"] = idle_status()
    site.open(tab).shows(text)
    assert site.violations() == []


@pytest.mark.parametrize("tab", [tab for tab in TABS if tab != "status"])
def test_a_slow_plugin_is_waited_for(site: Site, tab: str) -> None:
    mode, text = OF_TAB[tab]
    good = site.stash.answers[mode]
    seen = threading.Event()

    def answer_late(arguments: dict[str, Any]) -> Any:
        seen.wait(20)
        return good(arguments) if callable(good) else good

    site.stash.answers[mode] = answer_late
    site.open(tab).shows("Loading…")
    seen.set()
    site.shows(text)


@pytest.mark.parametrize("tab", [tab for tab in TABS if tab != "status"])
def test_a_failure_is_shown_and_can_be_tried_again(site: Site, tab: str) -> None:
    mode, text = OF_TAB[tab]
    good = site.stash.answers[mode]

    def refuse(arguments: dict[str, Any]) -> None:
        raise Refusal("The data folder is full. Free some space.")

    site.stash.answers[mode] = refuse
    site.open(tab).shows("The data folder is full. Free some space.")
    assert site.violations() == []
    site.stash.answers[mode] = good
    site.press("Try again")
    site.shows(text)


@pytest.mark.parametrize("tab", TABS)
def test_a_disabled_plugin_is_said_and_can_be_enabled(site: Site, tab: str) -> None:
    site.stash.is_enabled = False
    site.open(tab).shows("PlexSync is disabled")
    assert site.violations() == []
    site.press("Enable PlexSync")
    site.shows(OF_TAB[tab][1])


@pytest.mark.parametrize("tab", TABS)
def test_another_version_of_the_plugin_is_said(site: Site, tab: str) -> None:
    site.stash.live["status"] = {**canned("live/status"), "version": "0.9.0"}
    site.open(tab).shows("PlexSync 0.9.0 is installed")
    expect(site.button("Reload the page")).to_be_visible()


@pytest.mark.parametrize("tab", TABS)
def test_nothing_is_wrong_for_a_screen_reader(site: Site, tab: str) -> None:
    site.open(tab).shows(OF_TAB[tab][1])
    assert site.violations() == []


@pytest.mark.parametrize("tab", TABS)
def test_it_fits_a_phone(site: Site, tab: str) -> None:
    site.page.set_viewport_size({"width": 360, "height": 740})
    site.open(tab).shows(OF_TAB[tab][1])
    site.fits()
    assert site.violations() == []


def test_stash_that_does_not_answer_is_said(site: Site) -> None:
    site.open("status").shows("In numbers")
    site.stash.is_down = True
    site.page.get_by_role("tab", name="Failed").click()
    failure = site.page.get_by_role("alert").last  # the view's own; the live file's may stand above
    expect(failure).to_be_visible()
    site.stash.is_down = False
    failure.get_by_role("button", name="Try again").click()
    site.shows("Two Copies")


def test_everything_can_be_reached_by_keyboard(site: Site) -> None:
    site.open("status").shows("In numbers")
    site.page.get_by_role("tab", name="Status").focus()
    for tab in ("Waiting", "Failed"):
        site.page.keyboard.press("ArrowRight")
        expect(site.page.get_by_role("tab", name=tab)).to_be_focused()
    site.shows("Two Copies")
    site.page.get_by_role("checkbox", name="Select Two Copies").press("Space")
    for _ in range(3):
        site.page.keyboard.press("Tab")
        if site.button("Retry selected…").evaluate("button => button === document.activeElement"):
            break
    site.button("Retry selected…").press("Enter")
    expect(site.dialog()).to_be_visible()
    site.page.wait_for_function("document.activeElement.closest('[role=dialog]')")
    site.page.keyboard.press("Tab")
    expect(site.dialog().get_by_role("button", name="Cancel")).to_be_focused()
    site.page.keyboard.press("Escape")
    expect(site.dialog()).to_have_count(0)
    expect(site.button("Retry selected…")).to_be_focused()


def test_reduced_motion_moves_nothing(site: Site) -> None:
    site.stash.live["status"] = idle_status(drain={"started_at": 1_795_309_200.0, "done": 1, "total": 3}, in_progress=1)
    site.page.emulate_media(reduced_motion="reduce")
    site.open("status").shows("1 of 3 done")
    site.page.wait_for_function(
        "[...document.querySelectorAll('.plexsync-dot, .plexsync-page .progress-bar')]"
        ".every(each => getComputedStyle(each).animationName === 'none')"
    )
