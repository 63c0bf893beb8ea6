"""Settings as tests write them: what is required, and the rest as they say."""

from __future__ import annotations

import pytest

from validation.config import PlexSyncConfig, parse_settings
from validation.errors import ConfigError
from validation.problems import Problem

TOKEN = "T0k3n-of-Plex_xyz"
REQUIRED: dict[str, object] = {"plex_url": "http://plex:32400", "plex_token": TOKEN}


def parse(**settings: object) -> PlexSyncConfig:
    return parse_settings({**REQUIRED, **settings}, {})


def problems(**settings: object) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(**settings)
    return caught.value.problems
