"""Tokens that end by themselves.

plex.tv gives out JWTs, which are good for 7 days (developer.plex.tv, authentication; RFC 7519).
"""

from __future__ import annotations

import base64
import json

_BEGINNING = "eyJ"  # {" in base64
_YEAR_3000 = 32_503_680_000.0


def expires_at(token: str) -> float | None:
    """When a token ends, in seconds since the epoch; None for one that does not say so, as older ones do not."""
    parts = token.split(".")
    if not token.startswith(_BEGINNING) or len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        moment = float(claims["exp"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    return moment if 0.0 < moment < _YEAR_3000 else None
