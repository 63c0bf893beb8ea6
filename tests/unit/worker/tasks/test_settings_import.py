"""What is taken over from older plugins, as a table."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from stash.client import StashClient
from tests.simulators.stash import StashSimulator
from worker.tasks.settings_import import from_community, from_stash2plex, take_over_settings

SWITCHED_FIELDS = ("background", "poster", "collection", "tags", "performers", "date", "summary", "studio")


HTTPS = {"skip_tls_verify": True}
COMMUNITY = [
    ({}, {}),
    (
        {"plexHost": "nas", "plexPort": 32400, "plexToken": "abc"},
        {"plex_url": "https://nas:32400", "plex_token": "abc", **HTTPS},
    ),
    # Stash stores what somebody touched; the community plugin has a default for the rest.
    ({"plexHost": "nas"}, {"plex_url": "https://nas:32400", **HTTPS}),
    ({"plexPort": "32401"}, {"plex_url": "https://localhost:32401", **HTTPS}),
    ({"plexToken": "abc"}, {"plex_url": "https://localhost:32400", "plex_token": "abc", **HTTPS}),
    ({"plexHost": "", "plexPort": None, "plexToken": " "}, {}),
    # What somebody wrote out is meant so.
    ({"plexHost": "http://nas", "plexPort": "32400"}, {"plex_url": "http://nas:32400"}),
    ({"plexHost": "https://nas:443/", "plexPort": 32400}, {"plex_url": "https://nas:443", **HTTPS}),
    ({"plexHost": "nas:32401", "plexPort": 32400}, {"plex_url": "https://nas:32401", **HTTPS}),
    ({"plexHost": "http://nas/plex"}, {"plex_url": "http://nas:32400/plex"}),
    ({"plexHost": ' "nas" ', "plexPort": "'32400'"}, {"plex_url": "https://nas:32400", **HTTPS}),
    ({"plexToken": '"abc" ', "plexHost": "'nas'"}, {"plex_url": "https://nas:32400", "plex_token": "abc", **HTTPS}),
    ({"plexHost": "fd00::1"}, {"plex_url": "https://[fd00::1]:32400", **HTTPS}),
    ({"plexHost": "[fd00::1]", "plexPort": 1}, {"plex_url": "https://[fd00::1]:1", **HTTPS}),
    ({"plexHost": "[fd00::1]:32401"}, {"plex_url": "https://[fd00::1]:32401", **HTTPS}),
    ({"plexHost": "http://[fd00::1]"}, {"plex_url": "http://[fd00::1]:32400"}),
]


@pytest.mark.parametrize(("value", "ours"), [(True, {"only_organized": True}), (False, {}), (None, {})])
def test_what_the_community_plugin_skips(value: bool | None, ours: dict[str, Any]) -> None:
    found = from_community({} if value is None else {"skipUnorganized": value})
    assert (found.settings, found.refused) == (ours, {})


@pytest.mark.parametrize(("theirs", "ours"), COMMUNITY)
def test_settings_of_the_community_plugin(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    found = from_community(theirs)
    assert (found.settings, found.refused) == (ours, {})


WOULD_BE = "with plexHost, plex_url must be an address such as http://192.168.1.20:32400, but is"
HIDDEN = "abc.def\nghi"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("plexHost", "not a host", f'{WOULD_BE} "https://not a host:32400" (not a web address'),
        ("plexHost", "https://[fd00::1", f'{WOULD_BE} "https://[fd00::1" (Invalid IPv6 URL'),
        ("plexHost", "ftp://nas", f'{WOULD_BE} "ftp://nas:32400" (not a web address'),
        ("plexHost", "nas:port", f'{WOULD_BE} "https://nas:port" (the port must be a number from 1 to 65535'),
        ("plexHost", "me:secret@nas", f'{WOULD_BE} "https://…@nas:32400" (Plex takes no user name'),
        ("plexPort", "abc", 'plexPort must be a whole number from 1 to 65535, but is "abc"'),
        ("plexPort", "0", 'plexPort must be a whole number from 1 to 65535, but is "0"'),
        ("plexPort", "9" * 5000, f'plexPort must be a whole number from 1 to 65535, but is "{"9" * 20}"'),
        ("plexPort", "xyz:1", 'plexPort must be a whole number from 1 to 65535, but is "…:1"'),
        ("plexPort", 65536, 'plexPort must be a whole number from 1 to 65535, but is "65536"'),
        ("plexToken", HIDDEN, "plexToken must be the X-Plex-Token of the server's owner, but is not shown here (no"),
    ],
)
def test_what_is_of_no_use_there_is_named_with_its_reason(name: str, value: Any, reason: str) -> None:
    found = from_community({"plexHost": "nas", "plexPort": 32400, "plexToken": "xyz", name: value})
    assert [*found.refused] == [name]
    assert found.refused[name].startswith(reason)
    assert "secret" not in found.refused[name]
    assert HIDDEN not in found.refused[name]
    whole = {"plex_url": "https://nas:32400", "plex_token": "xyz", **HTTPS}
    assert found.settings.items() <= whole.items()
    assert ("plex_url" in found.settings) == (name == "plexToken")
    assert ("skip_tls_verify" in found.settings) == (name == "plexToken")
    assert ("plex_token" in found.settings) == (name != "plexToken")


SAME_NAME = [
    (
        {"plex_url": "http://nas:32400", "plex_library": "Movies"},
        {"plex_url": "http://nas:32400", "plex_library": "Movies"},
    ),
    ({"max_retries": 7, "poll_interval": "2.5"}, {"max_retries": 7, "poll_interval": "2.5"}),
    ({"debug_logging": False, "obfuscate_paths": True}, {"debug_logging": False, "obfuscate_paths": True}),
    ({"reconcile_interval": "daily"}, {"reconcile_interval": "daily"}),
    ({"plex_library": "", "path_map": None}, {}),
]
OTHER_MEANING = [
    ({"enabled": False}, {"paused": True}),
    ({"sync_master": False}, {"paused": True}),
    ({"enabled": False, "sync_master": True, "paused": False}, {"paused": True}),
    ({"enabled": True, "sync_master": True, "sync_tags": True}, {}),
    ({"strict_matching": False}, {"allow_ambiguous_matches": True}),
    ({"strict_matching": True}, {"allow_ambiguous_matches": False}),
    ({"reconcile_interval": "never"}, {}),
    ({"reconcile_interval": "Never"}, {}),
    ({"reconcile_scope": "all"}, {"reconcile_scope": "all"}),
    ({"reconcile_scope": "Week"}, {"reconcile_scope": "Week"}),
    ({"reconcile_scope": "24h"}, {"reconcile_scope": "day"}),
    ({"reconcile_scope": "7 days"}, {"reconcile_scope": "week"}),
    ({"plex_unmatched_path_map": "/plex=>/stash"}, {"path_map": "/stash => /plex"}),
    (
        {"plex_unmatched_path_map": r" /p/a => /s/a ;; D:\p=>\\nas\s; "},
        {"path_map": r"/s/a => /p/a; \\nas\s => D:\p"},
    ),
    ({"plex_unmatched_path_map": "/p1=>/s; /p2=>/s"}, {"path_map": "/s => /p1"}),
    ({"plex_unmatched_path_map": "/p=>/s", "path_map": "/a => /b"}, {"path_map": "/a => /b"}),
    ({"plex_unmatched_path_map": " "}, {}),
    ({"sync_tags": False, "sync_studio": False}, {"skip_fields": "studio, tags"}),
    (
        dict.fromkeys((f"sync_{field}" for field in SWITCHED_FIELDS), False),
        {"skip_fields": "studio, summary, date, performers, tags, collection, poster, background"},
    ),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME_NAME + OTHER_MEANING)
def test_settings_of_stash2plex(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    found = from_stash2plex(theirs)
    assert (found.settings, found.refused) == (ours, {})


UNKNOWN = "PlexSync has no such setting"
ZERO = "max_retries must be a whole number from 1 to 100, but is {} (which stands for the default here, 5)"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("odd", 1, UNKNOWN),
        ("odd", False, UNKNOWN),
        ("sync_title", False, UNKNOWN),
        ("enabled", "perhaps", UNKNOWN),
        ("strict_matching", 2, UNKNOWN),
        ("poll_interval", 1000, "poll_interval must be a number of seconds from 0.1 to 60, but is 1000"),
        (
            "reconcile_interval",
            "sometimes",
            'reconcile_interval must be hourly, daily, weekly, or empty for never, but is "sometimes"',
        ),
        ("max_retries", 500, "max_retries must be a whole number from 1 to 100, but is 500"),
        ("max_retries", "many", 'max_retries must be a whole number from 1 to 100, but is "many"'),
        # To us, zero is the default: 5 tries are not what was asked for.
        ("max_retries", 0, ZERO.format(0)),
        ("max_retries", "0", ZERO.format('"0"')),
        ("max_retries", False, ZERO.format("False")),
        (
            "plex_token",
            "two words",
            "plex_token must be the X-Plex-Token of the server's owner, but is not shown here (no Plex token has",
        ),
        ("reconcile_scope", "month", 'reconcile_scope must be all, week or day, but is "month"'),
        (
            "plex_unmatched_path_map",
            "/plex",
            "plex_unmatched_path_map must be folders such as /data/scenes => /media/scenes, separated by semicolons",
        ),
        ("plex_unmatched_path_map", "p => /s", "plex_unmatched_path_map must be folders such as"),
        ("plex_library", 7, "plex_library must be names of movie libraries, separated by commas"),
    ],
)
def test_what_has_no_counterpart_has_a_reason(name: str, value: Any, reason: str) -> None:
    found = from_stash2plex({name: value, "max_tags": 50})
    assert found.settings == {"max_tags": 50}
    assert [*found.refused] == [name]
    assert found.refused[name].startswith(reason)
    assert "Change it" not in found.refused[name]


def test_no_reason_shows_the_token() -> None:
    found = from_stash2plex({"plex_token": "abcdefgh", "max_retries": "abcdefgh", "plex_url": "abcdefgh"})
    assert found.settings == {"plex_token": "abcdefgh"}
    assert sorted(found.refused) == ["max_retries", "plex_url"]
    assert "abcdefgh" not in str(found.refused)


@pytest.fixture
def stash() -> Iterator[StashSimulator]:
    with StashSimulator() as simulator:
        yield simulator


def take_over(stash: StashSimulator, **environ: str) -> dict[str, Any]:
    return take_over_settings(StashClient(stash.server_connection()), environ)


NOTHING: dict[str, Any] = {"imported": [], "from": [], "without_counterpart": [], "reasons": []}


def test_what_the_user_has_set_is_never_overwritten(stash: StashSimulator) -> None:
    ours = {"skip_fields": "rating", "paused": False, "max_retries": 7, "plex_library": ""}
    stash.configure_plugin("PlexSync", **ours)
    theirs = {"enabled": False, "sync_tags": False, "max_retries": 3, "debug_logging": True, "plex_library": "Movies"}
    stash.configure_plugin("Stash2Plex", **theirs)
    assert take_over(stash)["imported"] == ["debug_logging", "plex_library"]
    settings = stash.library.plugin_settings
    assert settings["PlexSync"] == {**ours, "debug_logging": True, "plex_library": "Movies"}
    assert settings["Stash2Plex"] == theirs


def test_what_has_no_counterpart_is_named(stash: StashSimulator, caplog: pytest.LogCaptureFixture) -> None:
    stash.configure_plugin("Stash2Plex", odd="secret", another=0, sync_poster=False, max_retries=500)
    with caplog.at_level(logging.WARNING):
        assert take_over(stash) == {
            "imported": ["skip_fields"],
            "from": ["Stash2Plex"],
            "without_counterpart": ["another", "max_retries", "odd"],
            "reasons": ["max_retries must be a whole number from 1 to 100, but is 500"],
        }
    assert "Not imported from Stash2Plex, for PlexSync has no such setting: another, odd" in caplog.text
    assert (
        "Not imported from Stash2Plex: max_retries must be a whole number from 1 to 100, but is 500. "
        "Set max_retries under Settings > Plugins > PlexSync."
    ) in caplog.text
    assert "secret" not in caplog.text


def test_importing_again_changes_nothing(stash: StashSimulator) -> None:
    theirs = {"enabled": False, "strict_matching": True, "reconcile_interval": "never", "plex_token": "abc"}
    stash.configure_plugin("Stash2Plex", **theirs)
    assert take_over(stash)["imported"] == ["allow_ambiguous_matches", "paused", "plex_token"]
    before = dict(stash.library.plugin_settings["PlexSync"])
    assert take_over(stash) == NOTHING
    assert stash.library.plugin_settings["PlexSync"] == before


def test_without_another_plugin_nothing_is_stored(stash: StashSimulator) -> None:
    assert take_over(stash) == NOTHING
    assert stash.library.plugin_settings.get("PlexSync", {}) == {}


def test_what_the_community_plugin_connects_to_is_said(stash: StashSimulator, caplog: pytest.LogCaptureFixture) -> None:
    stash.configure_plugin("PlexSync", plexToken="abc.def")
    with caplog.at_level(logging.INFO):
        result = take_over(stash)
    assert result["imported"] == ["plex_token", "plex_url", "skip_tls_verify"]
    stored = stash.library.plugin_settings["PlexSync"]
    assert (stored["plex_url"], stored["skip_tls_verify"]) == ("https://localhost:32400", True)
    assert (
        "plex_url is https://localhost:32400 now, and skip_tls_verify is on, because the community plugin connects "
        "by https without checking the certificate"
    ) in caplog.text
    assert "abc.def" not in caplog.text
    assert take_over(stash) == NOTHING


def test_what_cannot_be_used_of_it_is_said(stash: StashSimulator, caplog: pytest.LogCaptureFixture) -> None:
    stash.configure_plugin("PlexSync", plexHost="nas", plexPort="abc", plexToken="a b")
    with caplog.at_level(logging.WARNING):
        result = take_over(stash)
    assert (result["imported"], result["without_counterpart"]) == ([], ["plexPort", "plexToken"])
    assert result["reasons"][0] == 'plexPort must be a whole number from 1 to 65535, but is "abc"'
    assert ', but is "abc"' in caplog.text
    assert "Set plex_url under Settings > Plugins > PlexSync" in caplog.text
    assert "Set plex_token under Settings > Plugins > PlexSync" in caplog.text
    assert "a b" not in caplog.text


def test_nothing_is_said_of_what_is_set_here_anyway(stash: StashSimulator) -> None:
    stash.configure_plugin("PlexSync", plexHost="nas", plexPort="abc", plex_url="http://plex:32400")
    assert take_over(stash) == NOTHING


def test_certificates_are_checked_unless_the_address_comes_from_there(stash: StashSimulator) -> None:
    ours = {"plex_url": "https://plex.example.com", "plexHost": "nas", "plexToken": "abc"}
    stash.configure_plugin("PlexSync", **ours)
    assert take_over(stash)["imported"] == ["plex_token"]
    assert stash.library.plugin_settings["PlexSync"] == {**ours, "plex_token": "abc"}


def test_a_switch_that_was_turned_off_stays_off(stash: StashSimulator, caplog: pytest.LogCaptureFixture) -> None:
    stash.configure_plugin("PlexSync", plexHost="nas", skip_tls_verify=False)
    with caplog.at_level(logging.INFO):
        assert take_over(stash)["imported"] == ["plex_url"]
    assert "skip_tls_verify stays off" in caplog.text


def test_a_default_does_not_outdo_what_somebody_set(stash: StashSimulator) -> None:
    stash.configure_plugin("PlexSync", plexToken="abc")
    stash.configure_plugin("Stash2Plex", plex_url="http://plex:32400", plex_token="def")
    result = take_over(stash)
    assert result["imported"] == ["plex_token", "plex_url"]
    stored = stash.library.plugin_settings["PlexSync"]
    assert (stored["plex_url"], stored["plex_token"]) == ("http://plex:32400", "abc")


def test_nor_what_is_set_in_the_environment(stash: StashSimulator) -> None:
    stash.configure_plugin("PlexSync", plexToken="abc")
    assert take_over(stash, PLEX_URL="http://plex:32400")["imported"] == ["plex_token"]
    assert "plex_url" not in stash.library.plugin_settings["PlexSync"]
