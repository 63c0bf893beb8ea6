"""The tab Status: the sentence, the colour, and what steers."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import as_operation, canned, idle_status
from tests.ui.fake_stash import Refusal
from tests.ui.site import Site
from worker.status.standing import PACKAGES_MISSING

PAST = 1_795_309_200.0
NOBODY = {"alive": False, "started_at": None, "doing": "", "blocked": ""}


def busy(doing: str, **changes: Any) -> dict[str, Any]:
    status = idle_status(**changes)
    return {**status, "drainer": {**status["drainer"], "doing": doing}}


def broken(reason: str, **changes: Any) -> dict[str, Any]:
    breaker = {"state": "open", "since": PAST, "cause": "The cause.", "reason": reason, "next_probe_at": None}
    return {**busy("plex", pending=2), "breaker": breaker, **changes}


def without_packages(status: dict[str, Any]) -> dict[str, Any]:
    return {**status, "drainer": {**NOBODY, "doing": "packages", "blocked": PACKAGES_MISSING}}


SENTENCES = {
    "Everything is in step with Plex. Last synced": ("idle", idle_status()),
    "Ready. Edit a scene in Stash, and Plex shows it.": ("idle", idle_status(last_success_at=None)),
    "Sending edits to Plex, 40 of 172 done.": (
        "syncing",
        busy("syncing", pending=132, drain={"started_at": PAST, "done": 40, "total": 172}),
    ),
    "Sending 1 edit to Plex.": ("syncing", busy("syncing", in_progress=1)),
    "Comparing the library with Plex.": ("syncing", busy("comparing")),
    "2 scenes wait until Plex has found their files.": ("waiting", busy("scan", pending=2, waiting_for_scan=2)),
    "1 edit is about to be sent.": ("waiting", busy("syncing", pending=1)),
    "Paused. 3 edits are safe and will be sent when you resume.": ("waiting", busy("paused", pending=3, paused=True)),
    "Paused. New edits are kept and will be sent when you resume.": ("waiting", busy("paused", paused=True)),
    "Stash does not answer PlexSync. 1 edit is safe": ("waiting", busy("stash", pending=1)),
    "The disk is full. 1 edit is safe and will be sent once there is room.": ("needs-you", busy("room", pending=1)),
    "PlexSync fetches the packages that it needs.": ("waiting", busy("packages", pending=1)),
    "Packages that PlexSync needs are missing. 1 edit is safe and will be sent once they are there.": (
        "needs-you",
        without_packages(broken("down", pending=1)),
    ),
    "A setting is wrong, so nothing is sent.": ("needs-you", busy("settings", pending=1, settings_problem_count=1)),
    "Plex has rejected the token since": ("needs-you", broken("token")),
    "2 edits are safe and will be sent when it is well again.": ("waiting", broken("failing")),
    "will be sent when it answers.": ("waiting", broken("down")),
    "1 scene could not be sent and needs you. Everything else is in step.": ("needs-you", idle_status(dead_letters=1)),
    "5 edits are about to be sent. 50 scenes could not be sent and need you.": (
        "needs-you",
        busy("syncing", pending=5, dead_letters=50),
    ),
    "Not set up yet. New edits are kept and will be sent once it is.": (
        "needs-you",
        busy("settings", last_success_at=None, settings_problem_count=2),
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_state_is_one_sentence_and_one_colour(site: Site, sentence: str) -> None:
    tone, status = SENTENCES[sentence]
    site.stash.live["status"] = {**status, "believe_until": time.time() + 90}
    site.stash.answers["queue_status"] = as_operation(status)
    site.open("status").shows(sentence)
    expect(site.page.locator(f".plexsync-state.plexsync-tone-{tone}")).to_be_visible()
    expect(site.page.locator(f".plexsync-dot.plexsync-tone-{tone}")).to_be_visible()
    assert site.violations() == []


def test_the_next_step_stands_below_where_packages_are_missing(site: Site) -> None:
    site.stash.live["status"] = status = without_packages(idle_status())
    site.stash.answers["queue_status"] = as_operation(status)
    site.open("status").shows(PACKAGES_MISSING)


def test_a_setting_that_is_not_used_as_it_stands_stops_nothing(site: Site) -> None:
    site.stash.live["status"] = status = idle_status(settings_problem_count=1, drainer=NOBODY)
    site.stash.answers["queue_status"] = as_operation(status)
    site.open("status").shows("Everything is in step with Plex.")


def test_wrong_settings_lead_to_setup(site: Site) -> None:
    site.stash.live["status"] = busy("settings", settings_problem_count=1)
    site.open("status").page.get_by_role("link", name="Open Setup").click()
    site.shows("Connect to Plex")


def figures(site: Site) -> dict[str, str]:
    """The numbers by their names."""
    terms, values = (site.page.locator(f".plexsync-figure {part}").all_inner_texts() for part in ("dt", "dd"))
    return dict(zip(terms, values, strict=True))


def test_a_scene_that_waits_for_plexs_scan_is_numbered_once(site: Site) -> None:
    site.stash.live["status"] = idle_status(pending=7, waiting_for_retry=7, waiting_for_scan=6)
    site.open("status").becomes(lambda: figures(site).get("Waiting for Plex's scan"), "6")
    assert figures(site)["Tried again later"] == "1"


def test_plex_is_not_called_available_before_it_was_asked(site: Site) -> None:
    site.stash.live["status"] = idle_status(last_success_at=None)
    site.open("status").becomes(lambda: figures(site).get("Plex"), "not known yet")


def test_a_token_that_ends_is_told_before_it_does(site: Site) -> None:
    site.stash.live["status"] = idle_status(token_ends_at=PAST)
    site.open("status").shows("The Plex token ends on")
    assert site.violations() == []


def test_an_outage_counts_down_to_the_next_try(site: Site) -> None:
    site.open("status").shows("Plex is down since")
    sentence = site.page.get_by_text(re.compile(r"next try in \d+ s"))
    before = sentence.inner_text()
    expect(sentence).not_to_have_text(before)
    site.shows("refused the connection")


def test_pausing_keeps_every_other_setting(site: Site) -> None:
    site.stash.live["status"] = idle_status()
    site.stash.answers["queue_status"] = as_operation(busy("paused", paused=True, written_at=time.time() + 1))
    site.open("status").press("Pause")
    site.shows("Paused. Sending stops in a moment, and edits are kept.")
    expect(site.button("Resume")).to_be_visible()
    site.saves({
        "plex_url": "http://192.168.1.10:32400", "plex_token": "a-secret", "unknown": "stays", "paused": True,
    })  # fmt: skip
    site.becomes(lambda: site.stash.asked("queue_status") != [], True)


def test_resuming(site: Site) -> None:
    paused = busy("paused", paused=True)
    drainer = {**paused["drainer"], "blocked": "Syncing is paused."}
    site.stash.live["status"] = {**paused, "drainer": drainer}
    resumed = {**paused, "paused": False, "drainer": drainer, "written_at": time.time() + 1}
    site.stash.answers["queue_status"] = as_operation(resumed)
    site.open("status").shows("Syncing is paused.")
    site.press("Resume")
    site.shows("Resumed. Sending starts in a moment.")
    site.becomes(lambda: site.stash.settings.get("paused"), False)
    site.lacks("Syncing is paused.")


def test_sync_now_says_what_it_did(site: Site) -> None:
    site.open("status").press("Sync now")
    site.shows("Plex is asked now whether it is back.")
    site.stash.answers["retry_now"] = {**canned("retry_now"), "probing": False}
    site.press("Sync now")
    site.shows("4 edits are tried now.")
    site.asks("retry_now", {}, {})


def dry_runs(site: Site) -> list[bool]:
    """Of each call of `retry_failed`, whether it was a preview."""
    return [call["dry_run"] for call in site.stash.asked("retry_failed")]


def test_retry_shows_first_what_would_happen_and_why_not_to_others(site: Site) -> None:
    site.open("status").press("Retry failed…")
    expect(site.dialog()).to_contain_text("2 scenes go back into the queue")
    expect(site.dialog()).to_contain_text("Scene 17: The cause is still there.")
    assert site.violations() == []
    site.agree("Cancel")
    site.becomes(lambda: dry_runs(site), [True])
    site.press("Retry failed…")
    site.agree("Retry 2")
    site.shows("2 scenes are back in the queue.")
    site.becomes(lambda: dry_runs(site), [True, True, False])


def test_nothing_to_retry_has_no_button_to_do_it(site: Site) -> None:
    site.stash.answers["retry_failed"] = {**canned("retry_failed"), "redrive_count": 0, "redrive": [], "reason": "Why."}
    site.open("status").press("Retry failed…")
    expect(site.dialog()).to_contain_text("Why.")
    expect(site.dialog()).to_contain_text("Nothing to do.")
    expect(site.dialog().get_by_role("button")).to_have_count(1)


def test_a_failing_button_says_why(site: Site) -> None:
    def refuse(arguments: dict[str, Any]) -> None:
        raise Refusal("The queue is damaged. Look at the log.")

    site.stash.answers["retry_now"] = refuse
    site.open("status").press("Sync now")
    site.shows("The queue is damaged. Look at the log.")
    expect(site.button("Sync now")).to_be_enabled()


def test_the_log_opens(site: Site) -> None:
    site.open("status").press("PlexSync's log")
    site.shows("Scene 7: tags, rating (143 ms)")
    lines = [{"at": time.time(), "level": "info", "text": f"Line {number}"} for number in range(200)]
    site.stash.answers["log"] = {**canned("log"), "lines": lines}
    site.press("Reload")
    log = site.page.get_by_label("The last lines of PlexSync's log")
    expect(log).to_contain_text("Line 199")
    below = "log => log.scrollHeight - log.clientHeight - log.scrollTop"
    site.becomes(lambda: log.evaluate(below) < 2, True)
    log.evaluate("log => { log.scrollTop = 0 }")
    site.press("Pause")
    site.shows("Paused.")
    assert log.evaluate("log => log.scrollTop") == 0  # what is read stays where it is
    assert site.violations() == []
