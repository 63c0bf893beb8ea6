"""Would these scenes be found in Plex? Asked on a copy of the index, so that asking changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from plex.client import PlexClient
from plex.files.path_suggestion import suggest_path_map, unwritable_folders
from plex.files.paths import split_path
from validation.config import PlexSyncConfig
from validation.scene import Scene
from worker.base.paths import shown_path
from worker.clients.context import SyncContext
from worker.clients.finder import Found
from worker.drain.parts import Workplace
from worker.reconcile.index_copy import open_index_copy


class FaultKind(Enum):
    """Why a scene would not be found in Plex."""

    NO_FILE = "The scene has no file"
    AMBIGUOUS = "Several files in Plex match equally well"
    ELSEWHERE = "Plex has a file of this name in another folder"
    UNKNOWN = "Plex has no file of this name"


@dataclass(frozen=True)
class Fault:
    """Why one scene would not be found; `plex_paths` are the files in Plex that it is about, as texts may show them."""

    kind: FaultKind
    plex_paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind.value} ({', '.join(self.plex_paths)})" if self.plex_paths else self.kind.value


@dataclass(frozen=True)
class Suggestion:
    """A `path_map` to set; "" where one would help, but the setting cannot hold the names of the folders in
    `unwritable`."""

    path_map: str
    unwritable: tuple[str, ...] = ()


class SampleMatcher:
    """Looks scenes up as a sync would, with the settings as they are; `show` is how a text may give a path."""

    def __init__(self, context: SyncContext, show: Callable[[str], str]) -> None:
        self._index = context.index
        self._finder = context.finder
        self._path_map = context.config.path_map
        self._show = show
        self._is_swept = False

    def faults(self, scenes: Sequence[Scene]) -> dict[int, Fault | None]:
        """By scene id, why a scene would not be found; None where it would be. Raises PlexError."""
        faults: dict[int, Fault | None] = {scene.id: Fault(FaultKind.NO_FILE) for scene in scenes}
        findable = {scene.id: files for scene in scenes if (files := scene.files)}
        found = self._finder.find(list(findable.values()))
        for (scene_id, files), each in zip(findable.items(), found, strict=True):
            faults[scene_id] = self._fault(files, each)
        return faults

    def known_faults(self, scenes: Sequence[Scene]) -> dict[int, Fault | None]:
        """As `faults`, for very many: by the index alone, but for equal rivals. Raises PlexError.

        The index is brought up to date as a whole, once, before a scene is said to be missing. An item that it has is
        not read: whether that one is still there, a sync finds out.
        """
        faults = self._faults_by_index(scenes)
        if not self._is_swept and any(faults.values()):
            self._is_swept = True
            if self._index.refresh(force=True).changed:
                faults = self._faults_by_index(scenes)
        ambiguous = {scene_id for scene_id, fault in faults.items() if fault and fault.kind is FaultKind.AMBIGUOUS}
        return {**faults, **self.faults([scene for scene in scenes if scene.id in ambiguous])}

    def _faults_by_index(self, scenes: Sequence[Scene]) -> dict[int, Fault | None]:
        faults: dict[int, Fault | None] = {}
        for scene, may_match in zip(scenes, self._finder.may_match([scene.files for scene in scenes]), strict=True):
            if may_match:
                match = self._finder.match(scene.files)
                faults[scene.id] = None if match.rating_keys else self._why_not(scene.files, match.ambiguous)
            else:
                faults[scene.id] = Fault(FaultKind.UNKNOWN if scene.files else FaultKind.NO_FILE)
        return faults

    def _fault(self, files: Sequence[str], found: Found) -> Fault | None:
        return None if found.items else self._why_not(files, found.candidates)

    def _why_not(self, files: Sequence[str], rivals: Sequence[str]) -> Fault:
        """Why nothing was found for certain, where `rivals` are the paths that fit equally well."""
        if rivals:
            return Fault(FaultKind.AMBIGUOUS, tuple(map(self._show, rivals)))
        same_name = [
            (split_path(file).common_tail(split_path(indexed.path)), indexed.path)
            for file in files
            for indexed in self._index.lookup(file)
        ]
        if same_name:
            _, nearest = max(same_name, key=lambda entry: entry[0])
            return Fault(FaultKind.ELSEWHERE, (self._show(nearest),))
        return Fault(FaultKind.UNKNOWN)

    def suggestion(self, scenes: Sequence[Scene]) -> Suggestion | None:
        """A `path_map`, with what is set already, that would explain these files; None where none clearly does."""
        files = [file for scene in scenes for file in scene.files]
        mapping = suggest_path_map((file, [found.path for found in self._index.lookup(file)]) for file in files)
        if mapping is None:
            return None
        unwritable = unwritable_folders(mapping)
        if unwritable:
            return Suggestion("", tuple(unwritable))
        kept = [each for each in self._path_map if each.stash_prefix != mapping.stash_prefix]
        return Suggestion("; ".join(map(str, (*kept, mapping))))


@contextmanager
def open_sample_matcher(workplace: Workplace, config: PlexSyncConfig, plex: PlexClient) -> Iterator[SampleMatcher]:
    """A matcher over a refreshed copy of the index, deleted at the end. Raises PlexError, StashUnavailable."""
    with open_index_copy(workplace.folder.file_index, plex, config.plex_library) as index:
        context = workplace.contexts.over(index, config, plex)
        yield SampleMatcher(context, lambda path: shown_path(path, config.obfuscate_paths))
