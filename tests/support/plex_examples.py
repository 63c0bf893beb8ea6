"""Values that most tests of this room begin with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from plex.client import PlexClient
from plex.device_identity import DeviceIdentity
from plex.items import PlexItem
from validation.metadata import WantedMetadata

TOKEN = "plex-token"
IDENTITY = DeviceIdentity("11111111-2222-4333-8444-555555555555")

_ITEM = PlexItem(
    rating_key=7,
    section_key=1,
    files=("/media/a.mp4",),
    title="",
    studio="",
    summary="",
    date="",
    performers=(),
    tags=(),
    collection=(),
    rating=None,
    locked=frozenset(),
    thumb="",
    art="",
)
_WANTED = WantedMetadata(
    scene_id=1, title="", studio="", summary="", date="", performers=(), tags=(), collection=(), rating=None
)


def item(**values: Any) -> PlexItem:
    """An item that shows nothing but these values."""
    return replace(_ITEM, **values)


def wanted(**values: Any) -> WantedMetadata:
    """A scene with nothing but these values."""
    return replace(_WANTED, **values)


def client_of(url: str, token: str = TOKEN, **options: Any) -> PlexClient:
    """A client whose requests fail within a second where they hang."""
    timeouts = {"connect_timeout": 1.0, "read_timeout": 1.0} | options
    return PlexClient(url, SecretStr(token), IDENTITY, **timeouts)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
