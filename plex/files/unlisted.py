"""A library that cannot be listed, or not be believed yet: why, since when, and when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass

from plex.exceptions import PlexError, PlexLibraryUnlisted
from plex.shown import Section

SECONDS_BETWEEN_DOUBTS = 10.0
"""How long it is let be at least; less than the 15 s between looks for missing files."""
REST_AFTER_FAILURE = 10.0
"""How long it is let be, while others can be listed: so many times what the try took."""


@dataclass(frozen=True)
class UnlistedSection:
    """A section whose listing cannot be read, or not be believed yet, and why; folders as Plex sees them.

    `is_lacking`: what it showed is used, but it never showed as many items as Plex counts. Since it was `tried_at`
    (seconds since the epoch) it is let be for `rest` seconds.
    """

    key: int
    title: str
    locations: tuple[str, ...]
    error: PlexError
    since: float
    tried_at: float
    is_doubted: bool = False
    is_lacking: bool = False
    rest: float = SECONDS_BETWEEN_DOUBTS


def failed_listing(
    section: Section, error: PlexError, since: float, began_at: float, ended_at: float
) -> UnlistedSection:
    """The section after a try that failed with `error`; `since` the first one. All in seconds since the epoch."""
    rest = max(SECONDS_BETWEEN_DOUBTS, REST_AFTER_FAILURE * (ended_at - began_at))
    is_doubted = isinstance(error, PlexLibraryUnlisted)
    return UnlistedSection(section.key, section.title, section.locations, error, since, ended_at, is_doubted, rest=rest)
