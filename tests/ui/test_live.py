"""The live file: how often it is read, when it is believed, what stands in for it, and what wakes the drainer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import as_operation, canned, idle_status, many_failed, page_of
from tests.ui.site import PATIENCE, Site

STATUS = "live/status.json"


def looks(site: Site) -> int:
    """How often the file was read; a read that began just now is one."""
    site.page.wait_for_timeout(50)
    return site.stash.looks.count(STATUS)


def stop_clock(site: Site) -> None:
    """From here on the page's clock moves only by `run_for`; else a busy machine would move it, too."""
    site.page.clock.pause_at(site.page.evaluate("Date.now() / 1000") + 1)


def run_until(site: Site, look: Callable[[], int], text: str) -> int:
    """Let the page's clock run until `look` has grown and the page shows what it was told; what it gives then. Of the
    wait that begins thereby, one second may be over."""
    before = look()

    def has_grown() -> bool:
        site.page.clock.run_for(1_000)
        return look() > before

    site.becomes(has_grown, True)
    site.shows(text)
    return look()


def test_at_rest_it_is_read_every_15_seconds(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install()
    site.open("status").shows("Everything is in step")
    stop_clock(site)
    site.stash.live["status"] = idle_status(pending=1)
    before = run_until(site, lambda: looks(site), "1 edit is about to be sent.")
    site.page.clock.run_for(13_000)
    assert looks(site) == before
    site.page.clock.run_for(3_000)
    site.becomes(lambda: looks(site), before + 1)


def test_while_something_moves_it_is_read_every_2_seconds(site: Site) -> None:
    site.stash.live["status"] = idle_status(drain={"started_at": time.time(), "done": 1, "total": 9}, in_progress=1)
    site.page.clock.install()
    site.open("status").shows("1 of 9 done")
    site.stash.live["status"] = idle_status(drain={"started_at": time.time(), "done": 5, "total": 9}, in_progress=1)
    site.page.clock.run_for(2_100)
    site.shows("5 of 9 done")
    site.stash.live["status"] = idle_status()
    site.page.clock.run_for(2_100)
    site.shows("Everything is in step")


def test_after_a_click_it_is_read_every_2_seconds_for_a_while(site: Site) -> None:
    site.stash.live["status"] = idle_status(pending=1)
    site.page.clock.install()
    site.open("status").shows("1 edit is about to be sent.")
    stop_clock(site)
    site.press("Sync now")
    site.shows("Plex is asked now")
    site.stash.live["status"] = idle_status(pending=2)
    before = run_until(site, lambda: looks(site), "2 edits are about to be sent.")
    site.page.clock.run_for(2_100)
    site.becomes(lambda: looks(site), before + 1)


def test_a_hidden_tab_reads_nothing(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install()
    site.open("status").shows("Everything is in step")
    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});" \
           " document.dispatchEvent(new Event('visibilitychange')); }"  # fmt: skip
    stop_clock(site)
    site.stash.live["status"] = idle_status(pending=1)
    before = run_until(site, lambda: looks(site), "1 edit is about to be sent.")
    site.page.evaluate(hide, True)
    site.page.clock.run_for(60_000)
    assert looks(site) == before
    site.page.evaluate(hide, False)
    site.becomes(lambda: looks(site), before + 1)


def test_a_believable_file_costs_no_process(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install()
    site.go("").page.clock.run_for(600_000)
    expect(site.page.get_by_role("link", name="PlexSync. Everything is in step")).to_be_visible()
    assert site.stash.operations == []


def test_a_file_past_its_time_is_not_believed_and_the_operation_asked(site: Site) -> None:
    site.stash.live["status"] = idle_status(believe_until=time.time() - 5, pending=77)
    site.stash.answers["queue_status"] = as_operation(idle_status())
    site.open("status").shows("Everything is in step")
    assert site.stash.operations == [{"mode": "queue_status", "quiet": True}]


def test_the_servers_clock_decides_not_the_browsers(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install(time=time.time() + 86_400)
    site.open("status").shows("Last synced 23 min ago")
    assert site.stash.operations == []


def test_a_missing_file_is_stood_in_for_every_15_seconds(site: Site) -> None:
    del site.stash.live["status"]
    site.stash.answers["queue_status"] = as_operation(idle_status())
    site.page.clock.install()

    def asked() -> int:
        return len(site.stash.asked("queue_status"))

    site.open("status").shows("Everything is in step")
    stop_clock(site)
    site.stash.answers["queue_status"] = as_operation(idle_status(pending=1))
    before = run_until(site, asked, "1 edit is about to be sent.")
    site.page.clock.run_for(13_000)
    site.page.wait_for_timeout(50)
    assert asked() == before
    site.page.clock.run_for(3_000)
    site.becomes(asked, before + 1)


def test_a_file_that_holds_for_good_is_believed(site: Site) -> None:
    ended = idle_status(believe_until=None, written_at=time.time() - 86_400)
    site.stash.live["status"] = {
        **ended,
        "drainer": {"alive": True, "started_at": None, "doing": "idle", "blocked": ""},
    }
    site.open("status").shows("Everything is in step")
    assert site.stash.operations == []


AT_REST = {
    "waiting": ("jobs", {**canned("jobs.waiting"), "count": 0, "jobs": []}, "Nothing waits."),
    "failed": ("jobs", {**canned("jobs.failed"), "count": 0, "by_type": {}, "jobs": []}, "Nothing failed."),
    "outages": (
        "outage_report",
        {**canned("outage_report"), "current": None, "outages": []},
        "No outage is on record.",
    ),
}
"""By tab: its operation, what that answers where nothing waits, failed or is away, and the text of it."""


@pytest.mark.parametrize("tab", AT_REST)
def test_a_list_that_was_read_before_the_file_said_so_is_read_again(site: Site, tab: str) -> None:
    """The drainer had been quick: the file never said what the list saw, so that no word of it changes."""
    mode, at_rest, text = AT_REST[tab]
    site.stash.live["status"] = idle_status(written_at=time.time() - 10)
    site.page.clock.install()
    site.open(tab).becomes(lambda: len(site.stash.asked(mode)), 2)  # the second since the two disagree
    site.lacks(text)
    stop_clock(site)
    site.stash.answers[mode] = at_rest
    site.page.clock.run_for(30_000)
    assert len(site.stash.asked(mode)) == 2  # the file is the same
    site.stash.live["status"] = idle_status()
    run_until(site, lambda: len(site.stash.asked(mode)), text)
    site.page.clock.run_for(30_000)
    assert len(site.stash.asked(mode)) == 3


def test_a_slow_answer_is_shown_and_files_that_came_meanwhile_are_asked_about_after_it(site: Site) -> None:
    """Else a drain, which publishes all the time, would show nothing new until its end, and let nobody turn pages."""
    many = many_failed(120)
    let_go = [threading.Event() for _ in range(2)]
    site.stash.answers["jobs"] = lambda arguments: page_of(many, arguments)
    site.stash.live["status"] = idle_status(pending=120, written_at=time.time() - 60)
    site.page.clock.install()
    site.open("waiting").shows("1\u201350 of 120")

    def asked() -> int:
        return len(site.stash.asked("jobs"))

    first = asked()

    def answer_late(arguments: dict[str, Any]) -> dict[str, Any]:
        turn = asked() - first
        let_go[turn - 1].wait(PATIENCE)
        return {**page_of(many, arguments), "count": 120 - turn}

    site.stash.answers["jobs"] = answer_late
    stop_clock(site)
    for pending in (119, 118, 118):
        site.stash.live["status"] = idle_status(pending=pending, written_at=time.time() - pending / 10)
        run_until(site, lambda: looks(site), "1\u201350 of 120")
    site.becomes(asked, first + 1)
    expect(site.button("Next page")).to_be_enabled()
    let_go[0].set()
    site.shows("1\u201350 of 119")
    site.becomes(asked, first + 2)
    let_go[1].set()
    site.shows("1\u201350 of 118")
    site.page.clock.run_for(1_000)
    assert asked() == first + 2


SYNCED_AT = time.time() - 60


def publish(site: Site, age: int) -> None:
    """A live file that is so many seconds old: in none of these anything but that has changed."""
    site.stash.live["status"] = idle_status(pending=1, last_success_at=SYNCED_AT, written_at=time.time() - age)


STILL_JOB = {**canned("jobs.waiting")["jobs"][0], "state": "held", "next_retry_at": None}
JOBS_AT_ANY_MOMENT = {
    "due": {**STILL_JOB, "state": "due"},
    "in progress": {**STILL_JOB, "state": "in_progress"},
    "past its retry": {**STILL_JOB, "state": "retry", "next_retry_at": time.time() - 5, "attempts": 5},
}
JOBS_AT_REST = {
    "held": STILL_JOB,
    "retry": {**STILL_JOB, "state": "retry", "next_retry_at": time.time() + 86_400},
    "scan": {**STILL_JOB, "state": "scan", "next_retry_at": time.time() + 86_400},
}


@pytest.mark.parametrize("name", [*JOBS_AT_ANY_MOMENT, *JOBS_AT_REST])
@pytest.mark.parametrize("place", ["waiting", "scene"])
def test_while_a_job_shown_is_about_to_be_tried_each_new_file_is_a_reason_to_ask(
    site: Site, place: str, name: str
) -> None:
    job = {**JOBS_AT_ANY_MOMENT, **JOBS_AT_REST}[name]
    site.stash.answers["jobs"] = {**canned("jobs.waiting"), "count": 1, "jobs": [job]}
    site.stash.answers["scene_status"] = {**canned("scene_status"), "state": "waiting", "job": job}
    publish(site, 60)
    site.page.clock.install()
    if place == "waiting":
        site.open("waiting").shows(job["title"])
    else:
        site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
        site.shows("Waiting to be sent")
    stop_clock(site)
    mode = {"waiting": "jobs", "scene": "scene_status"}[place]

    def asked() -> int:
        return len(site.stash.asked(mode))

    for age in (40, 20):
        before, seen = asked(), looks(site)
        publish(site, age)

        def has_come() -> bool:
            site.page.clock.run_for(1_000)
            return asked() > before if name in JOBS_AT_ANY_MOMENT else looks(site) > seen  # noqa: B023

        site.becomes(has_come, True)
        if name in JOBS_AT_REST:
            site.page.clock.run_for(1_000)
            assert asked() == before


@pytest.mark.parametrize("place", ["waiting", "scene"])
def test_a_job_that_is_being_sent_is_no_contradiction(site: Site, place: str) -> None:
    job = JOBS_AT_ANY_MOMENT["in progress"]
    site.stash.answers["jobs"] = {**canned("jobs.waiting"), "count": 1, "jobs": [job]}
    site.stash.answers["scene_status"] = {**canned("scene_status"), "state": "waiting", "job": job}
    site.stash.live["status"] = idle_status(in_progress=1)
    if place == "waiting":
        site.open("waiting").shows(job["title"])
    else:
        site.go("scenes/7").page.get_by_role("tab", name="Plex").click()
        site.shows("Waiting to be sent")
    site.page.wait_for_timeout(200)
    assert len(site.stash.asked({"waiting": "jobs", "scene": "scene_status"}[place])) == 1


def test_loading_wakes_the_drainer_once_in_10_minutes_for_all_tabs(site: Site) -> None:
    ended = idle_status(believe_until=None, pending=3)
    site.stash.live["status"] = {**ended, "drainer": {"alive": False, "started_at": None, "doing": "", "blocked": ""}}
    site.stash.answers["queue_status"] = as_operation(idle_status())
    site.go("").becomes(lambda: site.stash.operations, [{"mode": "queue_status", "quiet": True}])
    other = site.page.context.new_page()
    other.goto(site.stash.address)
    for page in (other, site.go("scenes").page):
        expect(page.get_by_role("link", name="PlexSync. 3 edits are about to be sent.")).to_be_visible()
    assert len(site.stash.operations) == 1
    site.page.evaluate("localStorage.setItem('plexsync.woken', JSON.stringify(Date.now() / 1000 - 601))")
    site.go("").becomes(lambda: len(site.stash.operations), 2)


def test_a_browser_that_keeps_nothing_still_shows_the_page(site: Site) -> None:
    site.page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }})")
    site.open("status").shows("In numbers")
