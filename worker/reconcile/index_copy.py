"""A copy of the file index for those who do not hold the drain lock: what they ask of it changes nothing."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from plex.client import PlexClient
from plex.files.index import FileIndex
from storage.database import is_damage
from worker.data_folder import TEMPORARY_PREFIX
from worker.errors import TaskError


@contextmanager
def open_index_copy(source: str, plex: PlexClient, libraries: Sequence[str]) -> Iterator[FileIndex]:
    """A refreshed copy of the index at `source`, deleted at the end.

    Raises PlexError, and TaskError where the temporary folder has no room for it.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX))
            path = os.path.join(folder, "plex_index.db")
            _copy_database(source, path)
            index = stack.enter_context(closing(FileIndex.open(path, plex, libraries=libraries)))
            index.refresh()
        except (OSError, sqlite3.OperationalError) as error:
            raise TaskError(
                f"The temporary folder cannot be used ({error}). Make room in it, or name another one in the "
                "environment variable TMPDIR of Stash"
            ) from error
        yield index


def _copy_database(source: str, target: str) -> None:
    """Copy an SQLite file that another process may be writing to; an unreadable one is as good as none."""
    if not os.path.exists(source):
        return
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
            original.backup(copy)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        os.unlink(target)
