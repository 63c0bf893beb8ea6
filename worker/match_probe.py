"""Would these scenes be found in Plex? Asked on a copy of the index, so that asking changes nothing."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from plex.client import PlexClient
from plex.index import FileIndex
from plex.matcher import Matcher
from plex.path_suggestion import suggest_path_map
from validation.config import PlexSyncConfig
from worker.assembly import Workplace
from worker.paths import shown_path


class MatchProbe:
    """Looks scenes up as a sync would, with the settings as they are; `show` is how a text may give a path."""

    def __init__(self, index: FileIndex, matcher: Matcher, show: Callable[[str], str]) -> None:
        self._index = index
        self._matcher = matcher
        self._show = show

    def fault(self, scene: Mapping[str, Any]) -> str:
        """Why a scene would not be found, in words; "" where it would be."""
        files = [file["path"] for file in scene["files"]]
        if not files:
            return "the scene has no file"
        match = self._matcher.match(files)
        if match.rating_keys:
            return ""
        if match.ambiguous:
            rivals = ", ".join(map(self._show, match.ambiguous))
            return f"{len(match.ambiguous)} files in Plex match equally well: {rivals}"
        same_name = [indexed.path for file in files for indexed in self._index.lookup(file)]
        if same_name:
            return f"Plex has a file of this name in another folder: {self._show(same_name[0])}"
        return "Plex has no file of this name"

    def suggestion(self, scenes: Sequence[Mapping[str, Any]]) -> str:
        """A `path_map` that would explain the scenes' files, "" where none does clearly."""
        files = [file["path"] for scene in scenes for file in scene["files"]]
        mapping = suggest_path_map((file, [found.path for found in self._index.lookup(file)]) for file in files)
        return f"{mapping.stash_prefix} => {mapping.plex_prefix}" if mapping else ""


@contextmanager
def open_match_probe(workplace: Workplace, config: PlexSyncConfig, plex: PlexClient) -> Iterator[MatchProbe]:
    """A probe over a refreshed copy of the index, deleted at the end. Raises PlexError, StashUnavailable."""
    with tempfile.TemporaryDirectory(prefix="plexsync-") as folder:
        path = os.path.join(folder, "plex_index.db")
        _copy_database(workplace.folder.file_index, path)
        with closing(FileIndex(path, plex, libraries=config.plex_library)) as index:
            index.refresh()
            roots = workplace.stash.library_roots()
            matcher = Matcher(index, config.path_map, roots, config.allow_ambiguous_matches)
            yield MatchProbe(index, matcher, lambda path: shown_path(path, config.obfuscate_paths))


def _copy_database(source: str, target: str) -> None:
    """Copy an SQLite file that another process may be writing to; an unreadable one is as good as none."""
    if not os.path.exists(source):
        return
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
            original.backup(copy)
    except sqlite3.DatabaseError:
        os.unlink(target)
