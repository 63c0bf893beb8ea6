"""The tabs Waiting and Failed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import canned, idle_status, many_failed, page_of
from tests.ui.site import Site

MARKUP = '<img src=x onerror="window.hit=1"><b>bold</b>'


def test_a_waiting_scene_is_tried_now(site: Site) -> None:
    site.open("waiting").press("Try now")
    site.shows("Plex is asked now whether it is back.")
    site.stash.answers["retry_now"] = {**canned("retry_now"), "due": 1, "probing": False}
    site.press("Try now")
    site.shows("1 edit is tried now.")
    site.asks("retry_now", {"scene_id": 12}, {"scene_id": 12})


def test_nothing_is_said_to_be_tried_during_a_pause(site: Site) -> None:
    site.stash.answers["retry_now"] = {**canned("retry_now"), "probing": False, "reason": "Syncing is paused."}
    site.open("waiting").press("Try all now")
    expect(site.page.locator(".toast")).to_have_text("Syncing is paused.")


def test_all_are_tried_now(site: Site) -> None:
    site.open("waiting").press("Try all now")
    site.shows("Plex is asked now whether it is back.")
    site.asks("retry_now", {})


def test_a_waiting_scene_is_forgotten_and_brought_back(site: Site) -> None:
    site.open("waiting").press("Forget", 1)
    site.shows("Forgotten.")
    site.asks("discard", {"state": "waiting", "ids": [42], "dry_run": False})
    site.press("Undo")
    site.shows("It is back in the queue.")
    site.asks("sync_scene", {"scene_id": 15})
    expect(site.dialog()).to_have_count(0)  # what a click on the toast itself opens


def test_what_is_being_sent_is_not_forgotten(site: Site) -> None:
    kept = [{"id": 41, "scene_id": 12, "reason": "It is being sent right now."}]
    site.stash.answers["discard"] = {**canned("discard"), "discarded": 0, "keep_count": 1, "keep": kept}
    site.open("waiting").press("Forget")
    site.shows("Not forgotten. It is being sent right now.")


def test_waiting_says_why_and_when(site: Site) -> None:
    site.open("waiting")
    for text in ("could not do PUT", "A rename. Its scenes are looked up next.", "2 tries"):
        site.shows(text)
    expect(site.page.get_by_text(re.compile(r"Next try in \d+ s")).first).to_be_visible()
    expect(site.page.get_by_role("link", name="Summer in Rome")).to_have_attribute("href", "/scenes/15")


def test_search_asks_once_for_what_was_typed(site: Site) -> None:
    site.page.clock.install()
    site.open("failed").shows("Two Copies")
    site.page.clock.pause_at(site.page.evaluate("Date.now() / 1000") + 1)  # or a busy machine would type too slowly
    site.page.get_by_role("searchbox").press_sequentially("rome")
    site.page.clock.run_for(500)
    site.becomes(lambda: [call["search"] for call in site.stash.asked("jobs") if "search" in call], ["rome"])


def test_kinds_are_filtered(site: Site) -> None:
    site.open("failed").shows("Two Copies")
    site.page.get_by_label("Kind of failure").select_option("PlexNotFound")
    site.becomes(lambda: site.stash.asked("jobs")[-1].get("error_type"), "PlexNotFound")


@pytest.mark.parametrize(("button", "mode", "accept", "done"), [
    ("Retry…", "retry_failed", "Retry 2", "2 scenes are back in the queue."),
    ("Discard…", "discard", "Discard 1", "1 discarded."),
])  # fmt: skip
def test_one_is_retried_or_discarded(site: Site, button: str, mode: str, accept: str, done: str) -> None:
    site.open("failed").press(button, 1)
    assert site.violations() == []
    site.agree(accept)
    site.shows(done)
    calls = [([2], True), ([2], False)]
    site.becomes(lambda: [(call["ids"], call["dry_run"]) for call in site.stash.asked(mode)], calls)


def test_selected_ones_are_retried(site: Site) -> None:
    site.open("failed")
    for name in ("Two Copies", "Lost at Sea"):
        site.page.get_by_role("checkbox", name=f"Select {name}").check(force=True)
    site.shows("2 selected")
    site.press("Retry selected…")
    site.agree("Retry 2")
    site.shows("2 scenes are back in the queue.")
    site.becomes(lambda: sorted(site.stash.asked("retry_failed")[-1]["ids"]), [2, 3])
    site.lacks("2 selected")


def test_all_that_the_filter_leaves_are_discarded(site: Site) -> None:
    many = many_failed(199)
    site.stash.answers["jobs"] = lambda arguments: page_of(many, arguments)
    site.open("failed")
    site.page.get_by_role("searchbox").fill("scene 1")
    found = page_of(many, {"limit": 1, "search": "scene 1"})["count"]
    site.shows(f"1\u201350 of {found}")
    site.page.get_by_role("checkbox", name="Select this page").check(force=True)
    site.press(f"Select all {found}")
    site.press("Discard selected…")
    site.agree("Discard 1")
    site.shows("1 discarded.")
    meant = {"search": "scene 1", "state": "failed", "dry_run": False}
    site.becomes(lambda: site.stash.asked("discard")[-1], meant)


def test_a_choice_among_candidates_is_remembered(site: Site) -> None:
    site.open("failed")
    expect(site.button("Use this one")).to_be_disabled()
    site.shows("Scene 31 shows here now.")
    site.page.get_by_role("radio").nth(1).check(force=True)
    site.press("Use this one")
    site.shows("Remembered. The scene is being sent.")
    site.asks("pin", {"scene_id": 17, "rating_key": 52})


def test_a_candidate_on_which_the_scene_shows_itself_is_no_other_scenes(site: Site) -> None:
    failed = canned("jobs.failed")
    failed["jobs"][0]["candidates"][1]["scene_id"] = failed["jobs"][0]["scene_id"]
    site.stash.answers["jobs"] = failed
    site.open("failed").shows("/media/b/copy.mp4")
    site.lacks("shows here now")


def test_details_say_what_was_looked_for_and_every_try(site: Site) -> None:
    site.open("failed").press("Details", 1)
    site.shows("/media/Studio B/lost at sea.mp4")
    site.shows("In the libraries Movies, Other Videos")
    expect(site.page.locator(".plexsync-tries li")).to_have_count(2)
    assert site.violations() == []


def test_ten_thousand_failed_jobs_are_shown_page_by_page(site: Site) -> None:
    many = many_failed(10_000)
    site.stash.answers["jobs"] = lambda arguments: page_of(many, arguments)
    site.open("failed").shows("1\u201350 of 10,000")
    expect(site.page.locator(".plexsync-row")).to_have_count(50)
    site.press("Next page")
    site.shows("51\u2013100 of 10,000")
    site.shows("Scene 9950")
    site.press("Previous page")
    site.shows("Scene 10000")
    assert site.violations() == []


def test_a_reader_of_a_later_page_stays_there_while_earlier_ones_are_sent(site: Site) -> None:
    many = many_failed(160)

    def publish(sent: int) -> None:
        def answer(arguments: dict[str, Any]) -> dict[str, Any]:
            return {**page_of(many, arguments), "count": len(many) - sent}

        site.stash.answers["jobs"] = answer
        site.stash.live["status"] = idle_status(pending=len(many) - sent)

    publish(0)
    site.page.clock.install()
    site.open("waiting").shows("1\u201350 of 160")
    site.press("Next page")
    site.shows("51\u2013100 of 160")
    site.press("Next page")
    site.shows("101\u2013150 of 160")
    publish(100)
    asked = len(site.stash.asked("jobs"))
    site.page.clock.run_for(30_000)
    site.shows("101\u2013150 of 150")
    assert {call["after"] for call in site.stash.asked("jobs")[asked:]} == {"61"}


@pytest.mark.parametrize("left", [0, 5, 50])
@pytest.mark.parametrize("tab", ["waiting", "failed"])
def test_where_the_page_shown_is_gone_the_first_one_is_shown(site: Site, tab: str, left: int) -> None:
    many = many_failed(60)
    kept = canned("live/status")

    def publish(jobs: list[dict[str, Any]]) -> None:
        def answer(arguments: dict[str, Any]) -> dict[str, Any]:
            known = [job for job in jobs if "after" not in arguments or job["id"] < int(arguments["after"])]
            shown = page_of(known, {"limit": arguments["limit"]})
            return {**shown, "count": len(jobs), "by_type": {"PlexNotFound": len(jobs)}}

        site.stash.answers["jobs"] = answer
        changed = {"pending": len(jobs), "dead_letters": len(jobs), "written_at": kept["written_at"] + 60 - len(jobs)}
        site.stash.live["status"] = {**kept, **changed}

    publish(many)
    site.page.clock.install()
    site.open(tab).press("Next page")
    site.shows("51\u201360 of 60")
    expect(site.button("Next page")).to_be_disabled()
    expect(site.button("Next page")).to_be_focused()
    publish(many[:left])
    site.page.clock.run_for(30_000)
    expect(site.page.locator(".plexsync-row")).to_have_count(left)
    site.lacks("51\u2013")


@pytest.mark.parametrize("tab", ["waiting", "failed"])
def test_markup_in_texts_stays_text(site: Site, tab: str) -> None:
    def with_markup(arguments: dict[str, Any]) -> dict[str, Any]:
        answer = canned(f"jobs.{arguments['state']}")
        changed = {"title": MARKUP, "path": f"/data/{MARKUP}", "error_text": MARKUP}
        return {**answer, "jobs": [{**job, **changed} for job in answer["jobs"]]}

    site.stash.answers["jobs"] = with_markup
    site.open(tab)
    expect(site.page.get_by_role("link", name=MARKUP).first).to_be_visible()
    expect(site.page.locator(".plexsync-row b")).to_have_count(0)
    assert site.page.evaluate("window.hit") is None
