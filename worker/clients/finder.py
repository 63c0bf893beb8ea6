"""From a scene's files to Plex items as they are now, also where the index has fallen behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plex.exceptions import PlexRequestFailed, PlexTemporaryError
from plex.files.index import SECONDS_BETWEEN_LOOKS, FileIndex
from plex.files.paths import Parts
from plex.files.unlisted import UnlistedSection
from plex.items import PlexItem
from plex.matcher import MatchedFile, Matcher, MatchResult

logger = logging.getLogger(__name__)

NOTHING_PINNED: Mapping[int, Sequence[str]] = {}
SECONDS_BETWEEN_SCANS = 600.0
"""How long one request to scan a folder is enough for all that may be missing there."""
SECONDS_FOR_ANOTHER = 15.0
"""How long it goes unquestioned that Plex lacks one of a scene's files: as long as between two looks for scenes that it
lacks altogether."""
MOST_READINGS = 4
"""Looks at Plex until the index agrees with it: one, one more for each thing that changes meanwhile."""


@dataclass(frozen=True)
class Found:
    """What Plex has of one scene. `candidates` are paths of equal rivals, where nothing was found for certain.

    `files`: those of the items' files that were taken for the scene's. `paths`: all files in Plex that these cannot be
    told from, too. `unlisted`: where nothing was found, a library that may hold the scene's file and cannot be listed.
    `missing`: where something was found, those of the scene's files, as Stash sees them, that Plex does not have, or of
    which it cannot be told which they are.
    """

    items: tuple[PlexItem, ...]
    candidates: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[MatchedFile, ...] = ()
    unlisted: UnlistedSection | None = None
    paths: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()


class ScanRequests:
    """Asks for scans by `scan`, each folder of a section once in SECONDS_BETWEEN_SCANS by `clock`, in seconds."""

    def __init__(self, scan: Callable[[int, str], None], clock: Callable[[], float]) -> None:
        self._scan = scan
        self._clock = clock
        self._asked_at: dict[tuple[int, str], float] = {}

    def __call__(self, section_key: int, folder: str) -> None:
        """Have Plex look into a folder, unless it was asked to lately. Raises PlexError."""
        now = self._clock()
        self._asked_at = {each: at for each, at in self._asked_at.items() if abs(now - at) < SECONDS_BETWEEN_SCANS}
        if (section_key, folder) not in self._asked_at:
            self._scan(section_key, folder)
            self._asked_at[section_key, folder] = now


class ItemFinder:
    """Finds items.

    read: gives whole items by rating key, absent where Plex has them no longer; told so, Plex checks their files, too.
    scan: has Plex look into a folder of a section.
    """

    def __init__(
        self,
        index: FileIndex,
        matcher: Matcher,
        read: Callable[[Sequence[int], bool], dict[int, PlexItem]],
        scan: Callable[[int, str], None],
    ) -> None:
        self._index = index
        self._matcher = matcher
        self._read = read
        self._scan = scan

    def find(
        self,
        scenes: Sequence[Sequence[str]],
        pinned: Mapping[int, Sequence[str]] = NOTHING_PINNED,
        patient: Collection[int] = (),
        *,
        news_since: float = 0.0,
    ) -> list[Found]:
        """One result for each scene's list of files. Raises PlexError.

        `pinned`: by number of a scene, files in Plex whose items a person chose for it, whatever its own files fit.

        What the index says of an item is checked against the item itself, so that a file that has moved, or an item
        that is gone, is looked up again and never written to; and a rival that is gone is none. `patient`: numbers of
        those scenes for which Plex need not be asked again what is new, as somebody does that now and then.
        `news_since`: where Plex was not asked since then (seconds since the epoch), it is asked what is new also where
        all of them are known, as there may be more of them.
        """
        are_rivals_checked = False
        for _ in range(MOST_READINGS):
            matches = self._match(scenes, pinned, patient, news_since)
            keys = self._keys(matches)
            items = self._read(keys, False)
            if self._correct_index(keys, items):
                # What took the place of an item that is gone or has moved may be another one that nobody looked for.
                self._index.refresh()
                continue
            if are_rivals_checked or not self._trash_rivals(matches):
                return [self._found(files, match, items) for files, match in zip(scenes, matches, strict=True)]
            are_rivals_checked = True
        raise PlexTemporaryError("Plex says something else at each look of where these files are")

    def leads_to(self, files: Sequence[str]) -> tuple[MatchedFile, ...]:
        """Files in Plex that a scene's files lead to, as far as the index knows; asks nobody."""
        return self._matcher.match(files).files

    def paths_of(self, files: Sequence[str], pinned: Sequence[str]) -> frozenset[str]:
        """`Found.paths` of a scene, by the files of items that a person chose for it, too; asks nobody."""
        return self._with_pins(self._matcher.match(files), pinned).paths

    def stash_tails(self, item: PlexItem) -> tuple[Parts, ...]:
        """How the paths of all files in Stash end that may lead to the item."""
        return tuple(tail for path in item.files for tail in self._tails(path, item.section_key))

    def stash_tails_of(self, paths: Iterable[str]) -> tuple[Parts, ...]:
        """How the paths of all files in Stash end that may be these files in Plex, as far as the index knows these."""
        files = (file for path in paths for file in self._index.at(path))
        return tuple(dict.fromkeys(tail for file in files for tail in self._tails(file.path, file.section_key)))

    def _tails(self, path: str, section_key: int) -> Iterable[Parts]:
        return self._matcher.stash_tails(path, section_key)

    @property
    def has_several_roots(self) -> bool:
        """Whether Stash has several library folders."""
        return self._matcher.has_several_roots

    def has_file(self, path: str) -> bool:
        """Whether the index has a file at this path, as Plex sees it."""
        return bool(self._index.at(path))

    def keys_at(self, path: str) -> frozenset[int]:
        """The rating keys of the items that have this file, as far as the index knows."""
        return frozenset(file.rating_key for file in self._index.at(path))

    def match(self, files: Sequence[str]) -> MatchResult:
        """What a scene's files lead to, as far as the index knows; asks nobody."""
        return self._matcher.match(files)

    def may_match(self, scenes: Sequence[Sequence[str]]) -> list[bool]:
        """For each scene's files, whether the index has a file of such a name at all; asks nobody."""
        return self._matcher.may_match(scenes)

    def _match(
        self,
        scenes: Sequence[Sequence[str]],
        pinned: Mapping[int, Sequence[str]],
        patient: Collection[int],
        news_since: float,
    ) -> list[MatchResult]:
        matches = self._matches(scenes, pinned)
        if _has_all(matches) and self._is_doubtful(matches, news_since) and self._has_news():
            matches = self._matches(scenes, pinned)
        for whole in (False, True):
            if self._is_enough(matches, patient):
                break
            if self._index.refresh(force=whole).changed:
                matches = self._matches(scenes, pinned)
        return matches

    def _is_enough(self, matches: Sequence[MatchResult], patient: Collection[int]) -> bool:
        """Whether nobody is missing but those who can wait, as Plex was asked lately."""
        missing = {number for number, match in enumerate(matches) if not _is_answered(match)}
        return not missing or (missing <= set(patient) and self._index.has_looked_within(SECONDS_BETWEEN_LOOKS))

    def _matches(self, scenes: Sequence[Sequence[str]], pinned: Mapping[int, Sequence[str]]) -> list[MatchResult]:
        matches = [self._matcher.match(files) for files in scenes]
        return [self._with_pins(match, pinned.get(number, ())) for number, match in enumerate(matches)]

    def _with_pins(self, match: MatchResult, paths: Sequence[str]) -> MatchResult:
        """The match as a person decided it: the pinned items are found, and no rivals are left to choose from."""
        chosen = [each for path in paths for each in self._index.at(path)]
        if not chosen:
            return match
        files = (*(MatchedFile(each.rating_key, each.path, by_tail=False) for each in chosen), *match.files)
        keys = tuple(dict.fromkeys(file.rating_key for file in files))
        return replace(match, rating_keys=keys, ambiguous=(), files=tuple(dict.fromkeys(files)))

    def _is_doubtful(self, matches: Sequence[MatchResult], news_since: float) -> bool:
        """Whether Plex is asked first if it has more of these scenes by now."""
        if self._index.is_old() or (news_since and not self._index.has_looked_since(news_since)):
            return True
        lacks_some = any(match.missing or match.ambiguous for match in matches)
        return lacks_some and not self._index.has_looked_within(SECONDS_FOR_ANOTHER)

    def _has_news(self) -> bool:
        """Whether the index says something else after a look at Plex.

        Where only the listing fails, be it of another library, what is known will do.
        """
        try:
            return self._index.refresh().changed
        except PlexRequestFailed as error:
            logger.warning("What has changed in Plex's libraries cannot be listed: %s", error)
            return False

    def request_scan(self, files: Sequence[str]) -> None:
        """Have Plex look into the folders where the scene's files should be. Raises PlexError."""
        for file in files:
            for target in self._matcher.scan_targets(file):
                self._scan(target.section_key, target.folder)

    def _keys(self, matches: Sequence[MatchResult]) -> list[int]:
        """The rating keys of all that was found, equal rivals included."""
        found = [key for match in matches for key in match.rating_keys]
        return list(dict.fromkeys([*found, *self._rival_keys(matches)]))

    def _rival_keys(self, matches: Sequence[MatchResult]) -> list[int]:
        rivals = dict.fromkeys(path for match in matches for path in match.ambiguous)
        return [each.rating_key for path in rivals for each in self._index.at(path)]

    def _trash_rivals(self, matches: Sequence[MatchResult]) -> bool:
        """Have Plex look on the disk which of equal rivals are there; returns whether one is gone."""
        checked = self._read(self._rival_keys(matches), True)
        gone = [item for item in checked.values() if item.trashed]
        return sum(map(self._index.learn, gone)) > 0

    def _found(self, files: Sequence[str], match: MatchResult, items: dict[int, PlexItem]) -> Found:
        found = tuple(items[key] for key in match.rating_keys if key in items)
        if not found:
            unlisted = None if match.ambiguous else self._matcher.unlisted_library(files)
            return Found((), match.ambiguous, unlisted=unlisted, paths=match.paths)
        warnings = (
            f"{len(match.ambiguous)} files in Plex match another file of this scene equally well. Set path_map",
        )
        told = warnings if match.ambiguous else ()
        return Found(found, (), told, match.files, paths=match.paths, missing=match.lacking)

    def _correct_index(self, rating_keys: Sequence[int], items: dict[int, PlexItem]) -> bool:
        """Correct what the index had wrong; returns whether there was anything."""
        corrected = False
        for key in rating_keys:
            item = items.get(key)
            if item is None:
                self._index.forget(key)
                corrected = True
            elif self._index.learn(item):
                corrected = True
        return corrected


def _has_all(matches: Sequence[MatchResult]) -> bool:
    return all(map(_is_answered, matches))


def _is_answered(match: MatchResult) -> bool:
    return bool(match.rating_keys or match.ambiguous)
