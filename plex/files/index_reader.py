"""What the file index says, for whoever must not load plexapi: read only, and nothing where there is none yet."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

from storage.database import IN_LIST, as_list


class IndexedItem(NamedTuple):
    """An item in Plex by one of its files: `path` is as Plex sees it, `library` the title of its section."""

    rating_key: int
    path: str
    library: str


_ITEMS = """
SELECT rating_key, path, title FROM files JOIN items USING (rating_key) JOIN sections ON sections.key = section_key
"""


def items_at(index: str, paths: Sequence[str]) -> dict[str, IndexedItem]:
    """The items with these files, by path, as the index in the file `index` says; what is not known is absent."""
    rows = _rows(index, f"{_ITEMS} WHERE path {IN_LIST}", (as_list(paths),)) if paths else []
    return {row[1]: IndexedItem(*row) for row in rows}


def items_with_keys(index: str, rating_keys: Sequence[int]) -> dict[int, IndexedItem]:
    """The items with these rating keys, each by its first file; what is not known is absent."""
    found = _rows(index, f"{_ITEMS} WHERE rating_key {IN_LIST}", (as_list(rating_keys),)) if rating_keys else []
    return {row[0]: IndexedItem(*row) for row in reversed(found)}


def files_of(index: str, rating_key: int) -> tuple[str, ...]:
    """The item's files, as Plex sees them; () where it is not known."""
    return tuple(path for (path,) in _rows(index, "SELECT path FROM files WHERE rating_key = ?", (rating_key,)))


def server_id(index: str) -> str:
    """The machineIdentifier of the server that the index is of, "" where none is known."""
    return next((text for (text,) in _rows(index, "SELECT machine_identifier FROM server", ())), "")


def libraries(index: str) -> list[str]:
    """The titles of the sections that the index holds."""
    return [title for (title,) in _rows(index, "SELECT title FROM sections ORDER BY title", ())]


def _rows(index: str, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    if not os.path.exists(index):
        return []
    from pathlib import Path  # noqa: PLC0415 - it brings urllib, for which what is asked of no file need not wait

    try:
        with closing(sqlite3.connect(f"{Path(index).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()
    except sqlite3.Error:  # it is being made, or of another version: the drainer sees to it
        return []
