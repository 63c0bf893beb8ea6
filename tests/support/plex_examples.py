"""Values that most tests of this room begin with."""

from __future__ import annotations

import base64
import json
from typing import Any

from pydantic import SecretStr

from plex.client import PlexClient
from plex.device_identity import DeviceIdentity

TOKEN = "plex-token"
IDENTITY = DeviceIdentity("11111111-2222-4333-8444-555555555555")


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


def jwt_of(expires_at: int) -> str:
    """A token as plex.tv gives out, that ends at `expires_at` (seconds since the epoch)."""
    parts = ({"alg": "EdDSA"}, {"exp": expires_at}, "signature")
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
