"""The tab Setup: the guided path, the settings, the choices."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.canned import canned
from tests.ui.fake_stash import Refusal
from tests.ui.site import Site


@pytest.fixture
def fresh(site: Site) -> Site:
    """Nothing is set yet, and the sign-in is looked at quickly."""
    site.stash.settings = {"unknown": "stays"}
    site.page.add_init_script("window.addEventListener('load', () => { window.PlexSync.loginMilliseconds = 50; })")
    return site


def test_a_first_run_begins_with_signing_in(fresh: Site) -> None:
    replies = iter([
        {**canned("login_check"), "state": "waiting", "servers": []},
        {**canned("login_check"), "state": "waiting", "servers": [], "problem": "plex.tv did not answer."},
    ])  # fmt: skip
    fresh.stash.answers["login_check"] = lambda arguments: next(replies, canned("login_check"))
    fresh.open("setup").shows("Welcome.")
    assert fresh.violations() == []
    fresh.button("Sign in with Plex", 1).click()
    fresh.shows("K7QF")
    expect(fresh.page.get_by_role("link", name="Open Plex")).to_have_attribute("href", canned("login_start")["url"])
    fresh.shows("Signed in as ann.")
    assert fresh.violations() == []
    fresh.press("Use this server")
    fresh.shows("Choose the libraries")
    fresh.saves({"unknown": "stays", "plex_url": "http://192.168.1.10:32400", "plex_token": "token-of-the-device"})
    assert fresh.stash.asked("login_check")[0] == {"id": 123456, "code": "K7QF"}


def test_an_expired_code_is_said(fresh: Site) -> None:
    fresh.stash.answers["login_check"] = {**canned("login_check"), "state": "expired", "servers": []}
    fresh.open("setup").button("Sign in with Plex", 1).click()
    fresh.shows("The code has expired.")


def test_an_account_without_a_server_is_said(fresh: Site) -> None:
    fresh.stash.answers["login_check"] = {**canned("login_check"), "servers": []}
    fresh.open("setup").button("Sign in with Plex", 1).click()
    fresh.shows("ann owns no Plex server.")
    fresh.press("Back")
    expect(fresh.button("Sign in with Plex", 1)).to_be_visible()


def test_an_address_that_stash_cannot_reach_is_not_offered(fresh: Site) -> None:
    fresh.open("setup").button("Sign in with Plex", 1).click()
    expect(fresh.page.get_by_role("radio", name="plex.direct")).to_be_disabled()
    fresh.shows("no answer within 5 s")


def test_by_hand(fresh: Site) -> None:
    fresh.open("setup").press("Enter address and token by hand")
    fresh.page.get_by_label("Address of Plex, as Stash reaches it").fill(" http://nas:32400 ")
    token = fresh.page.get_by_label("Token of the server's owner")
    expect(token).to_have_attribute("type", "password")
    token.fill("secret")
    fresh.press("Save")
    fresh.shows("Saved.")
    fresh.saves({"unknown": "stays", "plex_url": "http://nas:32400", "plex_token": "secret"})


def test_libraries_are_chosen_from_a_list(site: Site) -> None:
    site.open("setup")
    expect(site.page.get_by_role("checkbox", name="Music")).to_be_disabled()
    for name in ("Movies", "Home, Videos"):
        site.page.get_by_role("checkbox", name=name).check(force=True)
    site.press("Save")
    site.shows("Saved.")
    site.becomes(lambda: site.stash.settings.get("plex_library"), 'Movies, "Home, Videos"')


def test_plex_that_does_not_answer_is_said_beside_the_step(site: Site) -> None:
    def refuse(arguments: dict[str, Any]) -> None:
        raise Refusal("Plex refused the connection.")

    site.stash.answers["libraries"] = refuse
    site.open("setup").shows("Plex refused the connection.")
    site.shows("Where Plex is")


def test_the_checklist_and_its_path_map(site: Site) -> None:
    site.open("setup").press("Check now")
    site.shows("Something needs you.")
    site.shows("18 of 20 found in Plex")
    site.press("Use it")
    site.shows("20 scenes were found in Plex and back.")
    site.shows("Folders in Stash")
    site.becomes(lambda: site.stash.settings.get("path_map"), "/data/vid => /media/movies/videos")
    site.asks("test_path_map", {"path_map": "/data/vid => /media/movies/videos"})
    assert site.violations() == []


def test_a_path_map_is_tested_before_it_is_saved(site: Site) -> None:
    site.stash.answers["test_path_map"] = {
        **canned("test_path_map"),
        "ok": False,
        "matched": 0,
        "problem": "It needs one =>.",
    }
    site.open("setup").page.get_by_label("Path map, from Stash's folder to Plex's").fill("/data")
    site.press("Test on 20 scenes")
    site.shows("It needs one =>.")
    assert "path_map" not in site.stash.settings


def test_try_writing(site: Site) -> None:
    site.open("setup").page.get_by_role("button", name="Try writing to Plex").click()
    site.shows("Plex takes every kind of edit.")
    site.asks("write_test", {})


def test_settings_are_saved_together_and_lose_no_other(site: Site) -> None:
    site.open("setup")
    site.page.get_by_label("Most tags per scene", exact=True).fill("7")
    site.page.get_by_label("Log more").check(force=True)
    site.page.get_by_label("Reconcile automatically").select_option("daily")
    site.page.get_by_role("group", name="Fields to leave alone").get_by_label("Rating").check(force=True)
    site.shows("4 changes not saved")
    assert site.violations() == []
    site.page.get_by_role("region", name="4 changes not saved").get_by_role("button", name="Save").click()
    site.shows("Saved.")
    site.saves({
        "plex_url": "http://192.168.1.10:32400", "plex_token": "a-secret", "unknown": "stays",
        "max_tags": 7, "debug_logging": True, "reconcile_interval": "daily", "skip_fields": "rating",
    })  # fmt: skip
    site.lacks("not saved")


def test_changes_can_be_dismissed_and_defaults_come_back(site: Site) -> None:
    site.stash.settings["max_tags"] = 7
    site.open("setup").page.get_by_label("Most tags per scene", exact=True).fill("8")
    site.press("Dismiss")
    expect(site.page.get_by_label("Most tags per scene", exact=True)).to_have_value("7")
    site.press("Use the default of Most tags per scene")
    expect(site.page.get_by_label("Most tags per scene", exact=True)).to_have_value("100")
    site.page.get_by_role("region").get_by_role("button", name="Save").click()
    site.shows("Saved.")
    site.becomes(lambda: "max_tags" in site.stash.settings, False)


def test_a_wrong_setting_is_marked_beside_its_field(site: Site) -> None:
    site.stash.settings["max_tags"] = 0
    site.stash.problems["max_tags"] = "max_tags is 0. A whole number from 1 to 1000 is allowed."
    site.open("setup").shows("max_tags is 0.")
    expect(site.page.get_by_label("Most tags per scene", exact=True)).to_have_class(
        "form-control form-control-sm is-invalid"
    )


def test_the_token_is_never_shown(site: Site) -> None:
    site.open("setup").shows("Where Plex is")
    expect(site.page.get_by_label("Plex token", exact=True)).to_have_value("")
    assert "a-secret" not in site.page.content()


def test_a_choice_is_removed(site: Site) -> None:
    site.open("setup").press("Remove the choice")
    site.shows("The choice is removed.")
    site.asks("unpin", {"scene_id": 17, "rating_key": 51})


def test_locks_are_taken_back_after_a_preview(site: Site) -> None:
    site.open("setup").press("Take locks back…")
    expect(site.dialog()).to_contain_text("The fields of 120 items")
    site.agree("Take them back")
    site.shows("120 items are unlocked.")
    site.asks("unlock", {"dry_run": True}, {"dry_run": False})


def test_switching_to_refreshes_offers_to_take_the_locks_back(site: Site) -> None:
    site.open("setup").page.get_by_label("Have Plex's agent fill the item").check(force=True)
    site.page.get_by_role("region", name="1 change not saved").get_by_role("button", name="Save").click()
    expect(site.dialog()).to_contain_text("so Plex's agents leave them alone")
    site.becomes(lambda: site.stash.settings.get("refresh_instead"), True)
    site.agree("Take them back")
    site.shows("120 items are unlocked.")
    site.lacks("not saved")


def test_what_is_not_saved_yet_outlives_another_tab(site: Site) -> None:
    site.open("setup").page.get_by_label("Most tags per scene").fill("7")
    site.page.get_by_label("Path map, from Stash's folder to Plex's").fill("/data => /films")
    site.shows("1 change not saved")
    site.page.get_by_role("tab", name="Status").click()
    site.shows("In numbers")
    site.page.get_by_role("tab", name="Setup").click()
    site.shows("1 change not saved")
    expect(site.page.get_by_label("Most tags per scene")).to_have_value("7")
    expect(site.page.get_by_label("Path map, from Stash's folder to Plex's")).to_have_value("/data => /films")
    site.page.get_by_role("region", name="1 change not saved").get_by_role("button", name="Save").click()
    site.becomes(lambda: site.stash.settings.get("max_tags"), 7)
    site.lacks("1 change not saved")


def test_what_was_saved_does_not_come_back_as_not_saved(site: Site) -> None:
    path_map = site.open("setup").page.get_by_label("Path map, from Stash's folder to Plex's")
    path_map.fill("/data => /films")
    for value in ("/data => /films", "", ""):
        site.stash.settings["path_map"] = value
        site.page.get_by_role("tab", name="Status").click()
        site.shows("In numbers")
        site.page.get_by_role("tab", name="Setup").click()
        expect(path_map).to_have_value(value)


def test_libraries_that_were_chosen_on_another_server_are_not_chosen_on_this_one(site: Site) -> None:
    movies = site.open("setup").page.get_by_role("checkbox", name="Movies")
    movies.check(force=True)
    site.stash.settings["plex_url"] = "http://another:32400"
    site.page.get_by_role("tab", name="Status").click()
    site.shows("In numbers")
    site.page.get_by_role("tab", name="Setup").click()
    site.shows("http://another:32400")
    expect(movies).not_to_be_checked()
