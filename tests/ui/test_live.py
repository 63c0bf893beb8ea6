"""The live file: how often it is read, when it is believed, what stands in for it, and what wakes the drainer."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.ui.canned import as_operation, idle_status
from tests.ui.site import Site

STATUS = "live/status.json"


def looks(site: Site, at_least: int = 0) -> int:
    """How often the file was read; waits until it was so often at least."""
    for _ in range(100):
        site.page.wait_for_timeout(50)  # a read that began just now
        if site.stash.looks.count(STATUS) >= at_least:
            break
    return site.stash.looks.count(STATUS)


def test_at_rest_it_is_read_every_15_seconds(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install()
    site.open("status").shows("Everything is in step")
    before = looks(site)
    site.page.clock.run_for(14_000)
    assert looks(site) == before
    site.page.clock.run_for(2_000)
    assert looks(site, before + 1) == before + 1


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
    site.open("status").press("Sync now")
    site.shows("Plex is asked now")
    before = looks(site)
    site.page.clock.run_for(2_100)
    assert looks(site, before + 1) == before + 1


def test_a_hidden_tab_reads_nothing(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.page.clock.install()
    site.open("status").shows("Everything is in step")
    hide = "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});" \
           " document.dispatchEvent(new Event('visibilitychange')); }"  # fmt: skip
    site.page.evaluate(hide, True)
    before = looks(site)
    site.page.clock.run_for(60_000)
    assert looks(site) == before
    site.page.evaluate(hide, False)
    assert looks(site, before + 1) == before + 1


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
    site.open("status").shows("Everything is in step")
    assert len(site.stash.asked("queue_status")) == 1
    site.page.clock.run_for(31_000)
    site.page.wait_for_load_state("networkidle")
    assert 2 <= len(site.stash.asked("queue_status")) <= 3


def test_a_file_that_holds_for_good_is_believed(site: Site) -> None:
    ended = idle_status(believe_until=None, written_at=time.time() - 86_400)
    site.stash.live["status"] = {
        **ended,
        "drainer": {"alive": True, "started_at": None, "doing": "idle", "blocked": ""},
    }
    site.open("status").shows("Everything is in step")
    assert site.stash.operations == []


def test_loading_wakes_the_drainer_once_in_10_minutes_for_all_tabs(site: Site) -> None:
    ended = idle_status(believe_until=None, pending=3)
    site.stash.live["status"] = {**ended, "drainer": {"alive": False, "started_at": None, "doing": "", "blocked": ""}}
    site.stash.answers["queue_status"] = as_operation(idle_status())
    site.go("").page.wait_for_load_state("networkidle")
    assert site.stash.operations == [{"mode": "queue_status", "quiet": True}]
    other = site.page.context.new_page()
    other.goto(site.stash.address)
    other.wait_for_load_state("networkidle")
    site.go("scenes").page.wait_for_load_state("networkidle")
    assert len(site.stash.operations) == 1
    site.page.evaluate("localStorage.setItem('plexsync.woken', JSON.stringify(Date.now() / 1000 - 601))")
    site.go("").page.wait_for_load_state("networkidle")
    assert len(site.stash.operations) == 2


def test_a_browser_that_keeps_nothing_still_shows_the_page(site: Site) -> None:
    site.page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }})")
    site.open("status").shows("In numbers")
