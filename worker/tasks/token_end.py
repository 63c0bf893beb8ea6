"""What a person is told of a token that ends by itself."""

from __future__ import annotations

from plex.token import expires_at
from validation.config import PlexSyncConfig
from worker.base.words import local_time


def token_end_in_words(config: PlexSyncConfig) -> str:
    """When plex_token ends and what to do, "" where it does not."""
    ends_at = expires_at(config.plex_token.get_secret_value())
    if ends_at is None:
        return ""
    return (
        f"plex_token expires on {local_time(ends_at)}. Set one that lasts, from View XML in Plex's web page, "
        "or a new one before that day"
    )
