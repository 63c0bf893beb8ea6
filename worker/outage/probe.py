"""What is asked of Plex to find out whether an outage is over."""

from __future__ import annotations

from enum import Enum


class Probe(Enum):
    """IDENTITY: /identity, for which Plex needs no token. TOKEN: /, for which it does."""

    IDENTITY = "identity"
    TOKEN = "token"  # noqa: S105 - the name of a probe
