"""Guesses a path map from files that both programs have: what differs in front of their common tails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from plex.paths import split_path
from validation.config import PathMapping

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
            mapping = PathMapping(_without_tail(stash_path, tail), _without_tail(plex_path, tail))
            if tail == longest and mapping.stash_prefix and mapping.stash_prefix != mapping.plex_prefix:
                votes[mapping] += 1
    (best, most), (_, second) = (*votes.most_common(2), (None, 0), (None, 0))[:2]
    return best if most >= ENOUGH_SAMPLES and most > second else None


def _without_tail(path: str, components: int) -> str:
    """The folder that is left of a path without its last components; "" where nothing is left."""
    for _ in range(components):
        cut = max(path.rstrip("/\\").rfind("/"), path.rstrip("/\\").rfind("\\"))
        if cut < 0:
            return ""
        path = path[:cut]
    return path
