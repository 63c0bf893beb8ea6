"""What a setting may be, and how a text is cut to a limit. The limits of the fields are in `validation.fields`."""

from __future__ import annotations

import unicodedata

POLL_INTERVAL_SECONDS = (0.1, 60.0)
"""Lowest and highest `poll_interval`. Chosen: more often than 0.1 s costs power, less often than 60 s feels broken."""

CONNECT_TIMEOUT_SECONDS = (0.1, 120.0)
"""Lowest and highest `connect_timeout`. Chosen: operating systems give up by themselves after about two minutes."""

READ_TIMEOUT_SECONDS = (1.0, 600.0)
"""Lowest and highest `read_timeout`. Chosen: a large library on a slow disk may need minutes for one page."""

MAX_RETRIES = (1, 100)
"""Lowest and highest `max_retries`. Chosen; 0 stands for the default, as an unset number in Stash's form shows as 0."""

MAX_TAGS = (1, 1_000)
"""Lowest and highest `max_tags`. Chosen: Plex publishes no limit for the genres of one item."""

PARALLEL_WRITES = (1, 8)
"""Lowest and highest `parallel_writes`. Chosen: more than a few edits at once only wait for Plex's own database."""

DLQ_RETENTION_DAYS = (1, 365)
"""Lowest and highest `dlq_retention_days`. Chosen: within a year somebody has looked."""

_ZERO_WIDTH_JOINER = "\u200d"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def url_bytes(text: str) -> int:
    """Length of `text` in bytes once it is percent-encoded in a URL (RFC 3986: unreserved 1, any other byte 3).

    `text` holds no lone surrogates (`sanitizers` takes them out).
    """
    return sum(1 if byte in _UNRESERVED else 3 for byte in text.encode())


def cut_to_characters(text: str, maximum: int) -> str:
    """`text`, or its longest beginning of at most `maximum` characters that ends where a visible character ends."""
    if len(text) <= maximum:
        return text
    return text[: _character_boundary(text, maximum)].rstrip()


def cut_to_url_bytes(text: str, maximum: int) -> str:
    """`text`, or its longest beginning of at most `maximum` percent-encoded bytes, ending as `cut_to_characters`."""
    if 3 * len(text.encode()) <= maximum:
        return text
    used = 0
    for position, character in enumerate(text):
        used += url_bytes(character)
        if used > maximum:
            return text[: _character_boundary(text, position)].rstrip()
    return text


def _character_boundary(text: str, position: int) -> int:
    """The last position up to `position` that does not part an accent or a joined emoji from what it belongs to."""
    boundary = position
    while boundary > 0 and (_continues(text[boundary]) or text[boundary - 1] == _ZERO_WIDTH_JOINER):
        boundary -= 1
    return boundary or position  # nothing but accents: cut hard rather than to nothing


def _continues(character: str) -> bool:
    return character == _ZERO_WIDTH_JOINER or unicodedata.category(character).startswith("M")
