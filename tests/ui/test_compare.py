"""The tabs Activity, Outages and Compare."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import as_operation, canned, idle_status
from tests.ui.site import Site

MARKUP = "<script>window.hit = 1</script><i>title</i>"


def test_activity_shows_what_was_and_is(site: Site) -> None:
    site.open("activity")
    for text in ("Outdoor, Rain", "143 ms", "the cover is sent as it is"):
        site.shows(text)
    expect(site.page.get_by_role("img", name="In 90 days, 3,928 scenes were synced and 69 failed.")).to_be_visible()


def test_outages_have_a_timeline(site: Site) -> None:
    site.open("outages")
    expect(site.page.get_by_role("img", name="3 outages of Plex in 30 days")).to_be_visible()
    expect(site.page.locator(".plexsync-chart .plexsync-bar-failed")).to_have_count(3)
    site.shows("21 min so far")


def test_an_outage_that_lasts_grows_while_one_looks(site: Site) -> None:
    answer = canned("outage_report")
    begun = {**answer["outages"][-1], "started_at": time.time() - 10, "seconds": 10, "ended_at": None}
    site.stash.answers["outage_report"] = {**answer, "current": begun, "outages": [begun]}
    site.open("outages")
    duration = site.page.get_by_text(re.compile(r"^\d+ s so far$"))
    before = duration.inner_text()
    expect(duration).not_to_have_text(before)


def test_the_chart_of_the_days_follows_what_is_done(site: Site) -> None:
    site.stash.live["status"] = idle_status(done_today=128, in_progress=1)
    site.open("activity")
    expect(site.page.get_by_role("link", name="PlexSync. Sending 1 edit")).to_be_visible()
    site.becomes(lambda: len(site.stash.asked("history")), 1)
    site.stash.live["status"] = idle_status(done_today=129)
    site.becomes(lambda: len(site.stash.asked("history")), 2)


def test_of_very_many_outages_the_newest_are_listed(site: Site) -> None:
    answer = canned("outage_report")
    times = [answer["outages"][0]["started_at"] + number for number in range(1000)]
    outages = [{**answer["outages"][0], "started_at": at, "ended_at": at + 1} for at in times]
    site.stash.answers["outage_report"] = {**answer, "outages": outages, "count": 1000}
    site.open("outages").shows("… and 900 more")
    expect(site.page.locator(".plexsync-row")).to_have_count(100)


def test_a_comparison_is_followed_to_its_end(site: Site) -> None:
    site.stash.job = {"id": "5", "status": "RUNNING", "progress": 0.4, "error": None}
    site.open("compare")
    site.page.get_by_label("Which scenes").select_option("week")
    site.press("Compare")
    expect(site.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    assert site.violations() == []
    task = {
        "plugin_id": "PlexSync",
        "task_name": "Compare with Plex (report only)",
        "args": {"mode": "compare", "scope": "week"},
    }
    site.becomes(lambda: site.stash.tasks, [task])
    known = canned("reports")
    made = {**known["reports"][0], "name": "compare-new", "ended_at": time.time()}
    site.stash.answers["reports"] = {**known, "reports": [made, *known["reports"]]}
    site.stash.job = {**site.stash.job, "status": "FINISHED", "progress": 1}
    site.shows("The comparison is done.")
    site.becomes(lambda: [call["name"] for call in site.stash.asked("report")], ["compare-new"])
    expect(site.button("Hide")).to_be_visible()


def test_a_comparison_is_stopped(site: Site) -> None:
    site.stash.job = {"id": "5", "status": "RUNNING", "progress": 0.4, "error": None}
    site.open("compare").press("Compare")
    site.press("Stop")
    site.shows("The comparison was stopped.")


def test_a_comparison_that_stash_could_not_start_says_why(site: Site) -> None:
    site.stash.job = {"id": "5", "status": "FAILED", "progress": 0, "error": "Plex is away."}
    site.open("compare").press("Compare")
    site.shows("Plex is away.")


OLD_LINE = (-600, "Plugin returned error: An old error.")
FAILED_BECAUSE = {
    "The newest error.": (True, [(2, "Another line."), (1, "Plugin returned error: The newest error."), OLD_LINE]),
    "refused the connection": (True, [OLD_LINE]),
    "Something went wrong. Look at Settings > Logs in Stash.": (False, []),
}
"""By what is said: whether Plex is away, and the lines of Stash's log, each as seconds from now and its text."""


@pytest.mark.parametrize("reason", FAILED_BECAUSE)
@pytest.mark.parametrize("job", [{"id": "5", "status": "FINISHED", "progress": 1, "error": None}, None])
def test_a_comparison_that_leaves_no_report_has_failed(site: Site, reason: str, job: dict[str, Any] | None) -> None:
    """What the plugin answers to a task is nowhere but in Stash's log: the job is FINISHED, and its `error` null."""
    is_away, lines = FAILED_BECAUSE[reason]
    site.stash.log = [(time.time() + at, text) for at, text in lines]
    status = canned("live/status") if is_away else idle_status()
    site.stash.answers["queue_status"] = as_operation(status)
    site.stash.job = job
    site.open("compare").press("Compare")
    expect(site.page.locator(".toast", has_text="The comparison failed.")).to_contain_text(reason)
    expect(site.button("Compare")).to_be_enabled()


def test_a_report_is_read_in_place_and_in_a_tab(site: Site) -> None:
    site.open("compare").press("Show")
    for text in ("Outdoor, Interview", "A file that Stash does not know", "An agent has matched it", "Plex's trash"):
        site.shows(text)
    assert site.violations() == []
    link = site.page.get_by_role("link", name="Open in a tab")
    expect(link).to_have_attribute("href", "/plugin/PlexSync/assets/reports/compare-20261122-010517-887574.html")
    site.press("Hide")
    site.lacks("Outdoor, Interview")


def test_a_scene_is_one_row_with_all_that_differs_and_what_is_to_be_said_of_it(site: Site) -> None:
    site.open("compare").press("Show")
    row = site.page.locator(".plexsync-nested .plexsync-row").first
    expect(row).to_contain_text("Outdoor, Interview")
    for text in ("Outdoor, Interview", "equal, but not locked", "refused by Plex", "Studio A"):
        expect(row.get_by_text(text, exact=True)).to_have_count(1)
    expect(row.get_by_text("Autumn Walk")).to_have_count(2)  # its title and its box: what is equal is not shown again
    expect(site.page.get_by_text("1 not locked, 1 refused by Plex")).to_be_visible()
    expect(site.page.get_by_text("1 matched by an agent, 2 files only in Plex.")).to_be_visible()


def test_the_files_that_stash_does_not_know_can_be_looked_at_alone(site: Site) -> None:
    site.open("compare").press("Show")
    site.shows("Outdoor, Interview")
    site.page.get_by_label("Which rows").select_option("unknown")
    site.becomes(lambda: [each["only"] for each in site.stash.asked("report")], ["all", "unknown"])
    box = site.page.get_by_role("checkbox", name="Select /media/movies/unknown.mp4")
    expect(box).to_be_disabled()  # there is no scene to send
    assert site.violations() == []


def test_a_path_shows_its_end_and_its_beginning_on_demand(site: Site) -> None:
    site.open("compare").press("Show")
    row = site.page.locator(".plexsync-row", has_text="Night Train to Lisbon")
    whole = row.get_by_text("/data/vid/Studio A/night train.mp4")
    expect(whole).to_be_hidden()
    row.get_by_text("…/Studio A/night train.mp4").press("Enter")
    expect(whole).to_be_visible()


def test_selected_rows_are_sent(site: Site) -> None:
    site.open("compare").press("Show")
    site.page.get_by_role("checkbox", name="Select Night Train to Lisbon").check(force=True)
    site.press("Send selected")
    site.shows("1 scene is in the queue.")
    site.asks("reconcile", {"scene_ids": [12]})
    row = site.page.locator(".plexsync-row", has_text="Night Train to Lisbon").last
    expect(row.get_by_text("Sent", exact=True)).to_be_visible()
    expect(row.get_by_role("checkbox")).to_be_disabled()
    expect(site.button("Send all")).to_be_enabled()


def test_all_rows_are_sent_after_a_question(site: Site) -> None:
    site.open("compare").press("Show")
    site.press("Send all")
    expect(site.dialog()).to_contain_text("Send all 2 scenes that differ?")
    site.agree("Send all")
    site.shows("1 scene is in the queue.")
    site.asks("reconcile", {"report": "compare-20261122-010517-887574"})
    expect(site.button("Send all")).to_be_disabled()
    expect(site.page.get_by_text("Differs", exact=True)).to_have_count(0)


@pytest.mark.parametrize(("label", "typed", "button", "mode", "meant"), [
    ("Scene number", "7", "Preview for this scene…", "undo_scene", {"scene_id": 7}),
    ("Synced since this day", "2026-11-20", "Preview since that day…", "undo_since", {"since": "2026-11-20"}),
])  # fmt: skip
def test_an_undo_is_shown_before_it_is_done(
    site: Site, label: str, typed: str, button: str, mode: str, meant: dict[str, Any]
) -> None:
    site.open("compare")
    site.page.get_by_label(label).fill(typed)
    site.press(button)
    expect(site.dialog()).to_contain_text("1 scene goes back to what Plex showed before.")
    expect(site.dialog()).to_contain_text("Stash has no scene 9.")
    assert site.violations() == []
    site.agree("Undo 1")
    site.shows("1 scene is undone.")
    site.asks(mode, {**meant, "dry_run": True}, {**meant, "dry_run": False})


def test_an_undone_scene_goes_once_it_is_synced_again(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.open("compare").press("Sync again")
    site.shows("The scene is in the queue.")
    expect(site.button("Sync again")).to_be_visible()
    site.stash.answers["undone"] = {**canned("undone"), "count": 0, "scenes": []}
    site.stash.live["status"] = idle_status(last_success_at=time.time())
    site.shows("No scene is undone.")


def test_an_undone_scene_is_synced_again(site: Site) -> None:
    site.open("compare").press("Sync again")
    site.shows("The scene is in the queue.")
    site.asks("sync_scene", {"scene_id": 30})


ROWS_WITH_TEXTS = [("activity", "recent_syncs", "syncs"), ("compare", "undone", "scenes")]


@pytest.mark.parametrize(("tab", "mode", "rows"), ROWS_WITH_TEXTS)
def test_markup_in_texts_stays_text(site: Site, tab: str, mode: str, rows: str) -> None:
    answer = canned(mode)
    site.stash.answers[mode] = {**answer, rows: [{**row, "title": MARKUP} for row in answer[rows]]}
    site.open(tab)
    expect(site.page.get_by_role("link", name=MARKUP).first).to_be_visible()
    expect(site.page.locator(".plexsync-row i")).to_have_count(0)
    assert site.page.evaluate("window.hit") is None
