"""Why a scene has no item in Plex to write to, as the error with which its job ends."""

from __future__ import annotations

from plex.exceptions import AmbiguousMatch, PlexLibraryUnlisted, PlexNotFound
from plex.files.unlisted import UnlistedSection
from worker.sync.ownership import Settled, told


def ambiguous(settled: Settled) -> AmbiguousMatch:
    """Where several files fit as well, or one that fits by its name alone shows another scene."""
    if settled.yielded:
        text = f"{told(settled.yielded[0])}. If that is not the same file, set path_map"
    else:
        text = f"{len(settled.candidates)} files in Plex match equally well. Set path_map, or allow_ambiguous_matches"
    return AmbiguousMatch(text, settled.candidates)


def not_found(settled: Settled) -> PlexNotFound:
    """Where Plex has none of its files."""
    others = [told(each) for each in settled.outdone]
    return PlexNotFound(". ".join(["no item in Plex has this file yet", *others, "Has Plex scanned its folder?"]))


def unlisted(section: UnlistedSection) -> PlexLibraryUnlisted:
    """Where it may be in a library that cannot be listed now."""
    return PlexLibraryUnlisted(f'the file may be in the library "{section.title}": {section.error}')
