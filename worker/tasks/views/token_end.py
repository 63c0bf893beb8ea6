"""What a person is told of a token that ends by itself."""

from __future__ import annotations

from worker.base.words import local_time


def token_end_in_words(ends_at: float | None) -> str:
    """When plex_token ends (seconds since the epoch) and what to do; "" for None."""
    if ends_at is None:
        return ""
    return (
        f"plex_token expires on {local_time(ends_at)}. Set one that lasts, from View XML in Plex's web page, "
        "or a new one before that day"
    )
