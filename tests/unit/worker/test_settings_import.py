"""What is taken over from older plugins, as a table."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from stash.client import StashClient
from tests.simulators.stash import StashSimulator
from worker.settings_import import from_community, from_stash2plex, take_over_settings

SWITCHED_FIELDS = ("background", "poster", "collection", "tags", "performers", "date", "summary", "studio")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({}, {}),
        (
            {"plexHost": "nas", "plexPort": 32400, "plexToken": "abc"},
            {"plex_url": "http://nas:32400", "plex_token": "abc"},
        ),
        ({"plexHost": "http://nas", "plexPort": "32400"}, {"plex_url": "http://nas:32400"}),
        ({"plexHost": "https://nas:443/", "plexPort": 32400}, {"plex_url": "https://nas:443"}),
        ({"plexHost": "nas"}, {"plex_url": "http://nas"}),
        ({"plexHost": "not a host", "plexPort": 1}, {}),
        ({"plexToken": " "}, {}),
    ],
)
def test_settings_of_the_community_plugin(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert from_community(theirs) == ours


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
    ({"sync_tags": False, "sync_studio": False}, {"skip_fields": "studio, tags"}),
    (
        dict.fromkeys((f"sync_{field}" for field in SWITCHED_FIELDS), False),
        {"skip_fields": "studio, summary, date, performers, tags, collection, poster, background"},
    ),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME_NAME + OTHER_MEANING)
def test_settings_of_stash2plex(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    assert from_stash2plex(theirs) == (ours, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("odd", 1),
        ("odd", False),
        ("sync_title", False),
        ("enabled", "perhaps"),
        ("strict_matching", 2),
        ("poll_interval", 1000),
        ("reconcile_interval", "sometimes"),
        # To us, zero is the default: 5 tries are not what was asked for.
        ("max_retries", 0),
        ("max_retries", "0"),
        ("max_retries", False),
    ],
)
def test_what_has_no_counterpart(name: str, value: Any) -> None:
    assert from_stash2plex({name: value, "max_tags": 50}) == ({"max_tags": 50}, [name])


@pytest.fixture
def stash() -> Iterator[StashSimulator]:
    with StashSimulator() as simulator:
        yield simulator


def take_over(stash: StashSimulator) -> dict[str, Any]:
    return take_over_settings(StashClient(stash.server_connection()))


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
    stash.configure_plugin("Stash2Plex", odd="secret", another=0, sync_poster=False)
    with caplog.at_level(logging.WARNING):
        assert take_over(stash) == {
            "imported": ["skip_fields"],
            "from": ["Stash2Plex"],
            "without_counterpart": ["another", "odd"],
        }
    assert "another, odd" in caplog.text
    assert "secret" not in caplog.text


def test_importing_again_changes_nothing(stash: StashSimulator) -> None:
    theirs = {"enabled": False, "strict_matching": True, "reconcile_interval": "never", "plex_token": "abc"}
    stash.configure_plugin("Stash2Plex", **theirs)
    assert take_over(stash)["imported"] == ["allow_ambiguous_matches", "paused", "plex_token"]
    before = dict(stash.library.plugin_settings["PlexSync"])
    assert take_over(stash) == {"imported": [], "from": [], "without_counterpart": []}
    assert stash.library.plugin_settings["PlexSync"] == before


def test_without_another_plugin_nothing_is_stored(stash: StashSimulator) -> None:
    assert take_over(stash) == {"imported": [], "from": [], "without_counterpart": []}
    assert stash.library.plugin_settings.get("PlexSync", {}) == {}
