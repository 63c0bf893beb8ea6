"""Guesses a path map from files that both programs have: what differs in front of their common tails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from plex.files.paths import split_path
from validation.config import PathMapping, parse_settings
from validation.errors import ConfigError

ENOUGH_SAMPLES = 2
"""Samples that must agree: a single file of the same name elsewhere may be another file."""


def suggest_path_map(samples: Iterable[tuple[str, Sequence[str]]]) -> PathMapping | None:
    """The pair of folders that would explain most samples, None where none explains any.

    A sample is a file as Stash sees it, and the files of the same name as Plex sees them. A folder that is the same on
    both sides needs no mapping.
    """
    votes: Counter[PathMapping] = Counter()
    for stash_path, plex_paths in samples:
        tails = {plex_path: split_path(stash_path).common_tail(split_path(plex_path)) for plex_path in plex_paths}
        longest = max(tails.values(), default=0)
        for plex_path, tail in tails.items():
            # Where one path is the other's tail, a folder of it must be left to be mapped.
            cut = min(tail, len(split_path(stash_path)) - 1, len(split_path(plex_path)) - 1)
            mapping = PathMapping(_without_tail(stash_path, cut), _without_tail(plex_path, cut))
            if cut > 0 and tail == longest and mapping.stash_prefix != mapping.plex_prefix:
                votes[mapping] += 1
    (best, most), (_, second) = (*votes.most_common(2), (None, 0), (None, 0))[:2]
    return best if most >= ENOUGH_SAMPLES and most > second else None


def unwritable_folders(mapping: PathMapping) -> list[str]:
    """Those of the two folders that the setting path_map cannot hold, such as one with ; in its name."""
    return [each for each in (mapping.stash_prefix, mapping.plex_prefix) if not _survives(PathMapping("/any", each))]


def _survives(mapping: PathMapping) -> bool:
    """Whether it comes back as it is from the text that a person would enter."""
    settings = {"plex_url": "http://plex", "plex_token": "any", "path_map": str(mapping)}
    try:
        return parse_settings(settings, {}).path_map == (mapping,)
    except ConfigError:
        return False


def _without_tail(path: str, components: int) -> str:
    """The folder that is left of a path without its last components, of which it must have more."""
    for _ in range(components):
        path = re.sub(r"[/\\]+[^/\\]*[/\\]*$", "", path)
    return path
