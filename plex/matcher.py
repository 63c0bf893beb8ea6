"""Which Plex items hold a scene's files: the same file, seen by two programs that may mount it differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from plex.files.index import FileIndex
from plex.files.index_store import IndexedFile
from plex.files.paths import Parts, length_below, split_path
from plex.files.unlisted import UnlistedSection
from validation.config import PathMapping

AS_WRITTEN = 2
"""The likeness of two names that are the same, character by character."""


@dataclass(frozen=True)
class MatchedFile:
    """A file in Plex, as Plex sees it, that was taken for one of a scene's; `by_tail`: no path map says so.

    `likeness`: how well the names agree, 2 as written, 1 but for the form of an accent, 0 but for the case.
    """

    rating_key: int
    path: str
    by_tail: bool
    likeness: int = AS_WRITTEN


@dataclass(frozen=True)
class MatchResult:
    """What Plex has of a scene.

    rating_keys: the items that hold its files, each once. files: which files of theirs these are.
    ambiguous: paths in Plex that fit a file of the scene equally well, where one cannot be chosen.
    missing: files of the scene, as Stash sees them, that Plex does not have.
    unclear: likewise, those that the ambiguous paths fit.
    """

    rating_keys: tuple[int, ...] = ()
    ambiguous: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    files: tuple[MatchedFile, ...] = field(default=(), compare=False)  # it follows from the others

    @property
    def lacking(self) -> tuple[str, ...]:
        """Files of the scene, as Stash sees them, for which nothing was taken."""
        return self.missing + self.unclear

    @property
    def is_certain(self) -> bool:
        """Whether a file's name is exactly that in Stash, or a person is to choose among several."""
        return bool(self.ambiguous) or any(file.likeness == AS_WRITTEN for file in self.files)

    @property
    def paths(self) -> frozenset[str]:
        """The paths in Plex that are taken for the scene's files, or that these cannot be told from."""
        return frozenset((*(file.path for file in self.files), *self.ambiguous))


@dataclass(frozen=True)
class ScanTarget:
    """A folder, as Plex sees it, of the section that it belongs to."""

    section_key: int
    folder: str


_NOWHERE = split_path("")
# How many components agree, whether those are all below both library folders, whether the file is there and not in the
# trash, and how well the names agree (see _likeness).
_Rank = tuple[int, bool, bool, int]
_NO_MATCH: _Rank = (0, False, False, 0)


@dataclass(frozen=True)
class _Candidate:
    file: IndexedFile
    parts: Parts

    def taken(self, rank: _Rank, *, by_tail: bool) -> MatchedFile:
        """The file as the one that was wanted."""
        return MatchedFile(self.file.rating_key, self.file.path, by_tail, rank[-1])


_SHORTEST_TAIL = 2
"""Components from which on a common tail alone may say that two files are the same."""


class Matcher:
    """Finds Plex items by the paths of files.

    path_map: folders as Stash and as Plex see them; a file below one of them is looked for at exactly the mapped path.
    stash_roots: Stash's library folders.
    allow_ambiguous: whether all of several equally good paths are taken, instead of none.
    """

    def __init__(
        self, index: FileIndex, path_map: Iterable[PathMapping], stash_roots: tuple[str, ...], allow_ambiguous: bool
    ) -> None:
        self._index = index
        self._path_map = tuple((split_path(each.stash_prefix), each.plex_prefix) for each in path_map)
        self._stash_roots = tuple(split_path(root) for root in stash_roots)
        self._allow_ambiguous = allow_ambiguous

    def match(self, files: Sequence[str]) -> MatchResult:
        """Look for all files of a scene, as Stash sees them. Asks the index only; raises nothing of its own."""
        rating_keys: dict[int, None] = {}
        ambiguous: dict[str, None] = {}
        missing: dict[str, None] = {}
        unclear: dict[str, None] = {}
        matched: dict[MatchedFile, None] = {}
        for file in files:
            wanted = split_path(file)
            best, rank = self._best_candidates(wanted)
            if not best:
                missing[file] = None
            elif len({each.parts.written for each in best}) > 1 and not self._allow_ambiguous:
                unclear[file] = None
                ambiguous.update((each.file.path, None) for each in best)
            else:
                by_tail = self._mapped(wanted) is None
                rating_keys.update((each.file.rating_key, None) for each in best)
                matched.update((each.taken(rank, by_tail=by_tail), None) for each in best)
        return MatchResult(tuple(rating_keys), tuple(ambiguous), tuple(missing), tuple(unclear), tuple(matched))

    def may_match(self, scenes: Sequence[Sequence[str]]) -> list[bool]:
        """For each scene's files, whether Plex has a file of a name among theirs; where not, `match` finds nothing.

        One look at the index for all of them.
        """
        names = [[self._name(split_path(file)) for file in files] for files in scenes]
        known = self._index.known_names(name for each in names for name in each)
        return [any(name.reversed_key() in known for name in each) for each in names]

    def _name(self, wanted: Parts) -> Parts:
        """What the file must be called in Plex."""
        mapped = self._mapped(wanted)
        return (wanted if mapped is None else mapped).tail(1)

    @property
    def has_several_roots(self) -> bool:
        """Whether Stash has several library folders, so that files of it may end alike below each."""
        return len(self._stash_roots) > 1

    def stash_tails(self, plex_path: str, section_key: int) -> tuple[Parts, ...]:
        """How the path of every file in Stash ends that this file in Plex may be taken for.

        Two components are enough to say it where the file lies in a folder of its library; a bare name needs a match
        below both library folders, see `_tail_rank`. By the path map it is the whole path.
        """
        found = split_path(plex_path)
        length = min(length_below(found, self._plex_roots(section_key)), 2)
        prefixes = [(stash, split_path(plex)) for stash, plex in self._path_map]
        mapped = [stash + found[len(plex) :] for stash, plex in prefixes if found.is_below(plex)]
        return (found[len(found) - length :], *mapped)

    def scan_targets(self, file: str) -> tuple[ScanTarget, ...]:
        """Where Plex could find a file, as Stash sees it, that Plex does not have yet.

        By the path map that is one folder; else it is the same folder below each of Plex's library folders.
        """
        folder = split_path(file)[:-1]
        mapped = self._mapped(folder)
        if mapped is None:
            relative = folder[len(folder) - length_below(folder, self._stash_roots) :]
            return tuple(ScanTarget(key, _joined(location, relative)) for key, location in self._index.locations())
        return tuple(
            ScanTarget(key, _joined(location, mapped[len(split_path(location)) :]))
            for key, location in self._index.locations()
            if mapped.is_below(split_path(location))
        )

    def unlisted_library(self, files: Sequence[str]) -> UnlistedSection | None:
        """A library that cannot be listed now and may hold one of these files, as Stash sees them; None for none."""
        return next((each for each in self._index.unlisted for file in files if self._may_hold(each, file)), None)

    def _may_hold(self, section: UnlistedSection, file: str) -> bool:
        mapped = self._mapped(split_path(file))
        return mapped is None or any(mapped.is_below(split_path(each)) for each in section.locations)

    def _best_candidates(self, wanted: Parts) -> tuple[tuple[_Candidate, ...], _Rank]:
        """The candidates of the highest rank, with it; several at one path are one file in several libraries."""
        mapped = self._mapped(wanted)
        files = self._by_tail(wanted) if mapped is None else self._index.files_at([mapped])
        found = [_Candidate(each, split_path(each.path)) for each in files]
        ranks = [self._tail_rank(wanted, each) if mapped is None else _exact_rank(mapped, each) for each in found]
        best = max(ranks, default=_NO_MATCH)
        return tuple(each for each, rank in zip(found, ranks, strict=True) if rank == best != _NO_MATCH), best

    def _by_tail(self, wanted: Parts) -> Iterable[IndexedFile]:
        """Every file that `_tail_rank` may rank highest, found without a look at the many that only share the name.

        Those are the files with the longest common tail that is all of the path below Stash's library folder, and those
        whose own path below Plex's library folder is a tail of the wanted one.
        """
        shortest = max(length_below(wanted, self._stash_roots), _SHORTEST_TAIL)
        longest: tuple[IndexedFile, ...] = ()
        for length in range(len(wanted), shortest - 1, -1):
            longest = self._index.files_ending(wanted.tail(length))
            if longest:
                break
        tails = [wanted.tail(length) for length in range(1, len(wanted) + 1)]
        roots = {split_path(location).folded: split_path(location) for _, location in self._index.locations()}
        places = [root + tail for root in (_NOWHERE, *roots.values()) for tail in tails]
        return dict.fromkeys((*longest, *self._index.files_at(places)))

    def _tail_rank(self, wanted: Parts, candidate: _Candidate) -> _Rank:
        """The length of the longest common tail of two paths, if it says that they are the same file.

        It does where it covers all of the path below a library folder, in Stash or in Plex. A bare file name must do so
        in both: otherwise it is a file of the same name in another folder.
        """
        found = candidate.parts
        length = wanted.common_tail(found)
        covers_stash = length >= length_below(wanted, self._stash_roots)
        covers_plex = length >= length_below(found, self._plex_roots(candidate.file.section_key))
        is_same_file = (covers_stash and covers_plex) if length == 1 else (covers_stash or covers_plex)
        if not is_same_file:
            return _NO_MATCH
        likeness = _likeness(wanted.tail(length), found.tail(length))
        return length, covers_stash and covers_plex, not candidate.file.is_trashed, likeness

    def _plex_roots(self, section_key: int) -> list[Parts]:
        return [split_path(location) for key, location in self._index.locations() if key == section_key]

    def _mapped(self, path: Parts) -> Parts | None:
        """The path as Plex sees it, by the longest prefix of the path map that holds it; None where none does."""
        fitting = [(stash, plex) for stash, plex in self._path_map if path.is_below(stash)]
        if not fitting:
            return None
        stash_prefix, plex_prefix = max(fitting, key=lambda mapping: len(mapping[0]))
        return split_path(plex_prefix) + path[len(stash_prefix) :]


def _exact_rank(wanted: Parts, candidate: _Candidate) -> _Rank:
    """The rank of a candidate that must be at this very path."""
    if wanted.folded != candidate.parts.folded:
        return _NO_MATCH
    return len(wanted), True, not candidate.file.is_trashed, _likeness(wanted, candidate.parts)


def _likeness(one: Parts, other: Parts) -> int:
    """How well names agree that differ in case at most: 2 as written, 1 but for the form of an accent, else 0."""
    return AS_WRITTEN if one.written == other.written else 1 if one.exact == other.exact else 0


def _joined(location: str, below: Parts) -> str:
    """A folder below a location, with the separator that the location itself uses."""
    separator = "\\" if "\\" in location and "/" not in location else "/"
    return separator.join((location.rstrip("/\\"), *below.written)) or separator
