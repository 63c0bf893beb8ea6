"""Files of the index that are not among others: what Plex has and Stash does not know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from storage.database import IN_LIST, Database, as_list

_LEFT_OUT = """
DROP TABLE IF EXISTS temp.left_out;
CREATE TEMP TABLE left_out (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# The + keeps SQLite from beginning with the sections, which it would have to sort the files for, in memory.
_BESIDE = (
    "FROM files JOIN items USING (rating_key) JOIN sections ON sections.key = section_key"
    f" WHERE path NOT IN left_out AND +section_key {IN_LIST}"
)


class BesideFile(NamedTuple):
    """A file for a person to see: `path` as Plex sees it, its item, and the title of its library.

    `guid` is as `plex.items.parse_guid` gives it. `is_trashed`: whether the file is gone from the disk.
    """

    path: str
    rating_key: int
    library: str
    guid: str
    is_trashed: bool


class BesideFiles:
    """The files of some sections, but for those at `paths`: counted, and given as often as wanted, one by one.

    It holds until the index changes, or another one is made of the same index.
    """

    def __init__(self, database: Database, paths: Iterable[str], section_keys: Collection[int]) -> None:
        """`paths` as Plex writes them; they are read once, and kept in SQLite's memory, not in Python's."""
        self._database = database
        self._sections = as_list(section_keys)
        database.connection.executescript(_LEFT_OUT)
        with database.transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO left_out VALUES (?)", ((path,) for path in paths))

    def __len__(self) -> int:
        row = self._database.one(f"SELECT count(*) {_BESIDE}", (self._sections,))
        return int(row[0]) if row else 0

    def __iter__(self) -> Iterator[BesideFile]:
        """By rating key, which is about the order in which Plex came to know them."""
        rows = self._database.connection.execute(
            f"SELECT path, rating_key, title, guid, is_trashed {_BESIDE} ORDER BY files.rating_key", (self._sections,)
        )
        return (BesideFile(path, key, title, guid, bool(gone)) for path, key, title, guid, gone in rows)
