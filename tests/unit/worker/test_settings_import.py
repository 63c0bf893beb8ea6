"""What is taken over from older plugins, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from worker.settings_import import from_community, from_same_names


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


def test_settings_of_the_same_name_are_taken_where_they_make_sense() -> None:
    theirs = {
        "plex_url": "http://nas:32400",
        "max_retries": 0,
        "poll_interval": 1000,
        "plex_library": "Movies",
        "odd": 1,
    }
    assert from_same_names(theirs) == {"plex_url": "http://nas:32400", "plex_library": "Movies"}
