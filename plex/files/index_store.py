"""The file index's own SQLite file: which item has which files, and how each section was last seen."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from plex.files.index_besides import BesideFiles
from plex.files.paths import Parts, split_path
from plex.shown import ListedItem, Section
from storage.database import IN_LIST, Database, as_list, open_or_replace

FORMAT = 2
"""The format of the file, SQLite's `user_version`. One of another format is emptied: Plex can tell it all again."""
MOST_RIVALS = 1000
"""Files that are looked at for one path: more that end alike cannot be told apart by a person, either."""

_SCHEMA = (
    "CREATE TABLE server (machine_identifier TEXT NOT NULL)",
    """
    CREATE TABLE sections (
        key INTEGER PRIMARY KEY, title TEXT NOT NULL, locations TEXT NOT NULL,
        content_changed_at INTEGER, swept_at REAL NOT NULL, seen_at REAL NOT NULL,
        is_doubtful INTEGER NOT NULL, unreadable INTEGER NOT NULL)
    """,
    "CREATE TABLE items (rating_key INTEGER PRIMARY KEY, section_key INTEGER NOT NULL, guid TEXT NOT NULL)",
    """
    CREATE TABLE files (
        rating_key INTEGER NOT NULL, path TEXT NOT NULL, reversed_key TEXT NOT NULL, is_trashed INTEGER NOT NULL)
    """,
    "CREATE INDEX items_by_section ON items (section_key)",
    "CREATE INDEX files_by_item ON files (rating_key)",
    # Whatever their number, files that end alike stand beside each other here, those with the longest tail together.
    "CREATE INDEX files_by_end ON files (reversed_key)",
)
_STAGE = """
DROP TABLE IF EXISTS temp.swept_items;
DROP TABLE IF EXISTS temp.swept_files;
CREATE TEMP TABLE swept_items (rating_key INTEGER PRIMARY KEY, reading INTEGER NOT NULL, guid TEXT NOT NULL);
CREATE TEMP TABLE swept_files (
    rating_key INTEGER NOT NULL, path TEXT NOT NULL, reversed_key TEXT NOT NULL, is_trashed INTEGER NOT NULL,
    PRIMARY KEY (rating_key, path)
) WITHOUT ROWID;
"""
_DIFFERENCES = """
WITH
    known AS (
        SELECT rating_key, path, is_trashed FROM files JOIN items USING (rating_key) WHERE section_key = :section),
    gone AS (SELECT * FROM known EXCEPT SELECT rating_key, path, is_trashed FROM swept_files),
    come AS (SELECT rating_key, path, is_trashed FROM swept_files EXCEPT SELECT * FROM known)
SELECT 1 FROM gone UNION ALL SELECT 1 FROM come LIMIT 1
"""
_FILES = "SELECT path, rating_key, section_key, is_trashed FROM files JOIN items USING (rating_key)"


@dataclass(frozen=True)
class IndexedFile:
    """A file, as Plex sees it, and the item that it belongs to. `is_trashed`: whether it is gone from the disk."""

    path: str
    rating_key: int
    section_key: int
    is_trashed: bool = False


@dataclass(frozen=True)
class KnownSection:
    """A section as it was last seen.

    swept_at: when the last whole listing began, seconds since the epoch. seen_at: when Plex was last asked whether
    anything has changed. is_doubtful: whether Plex has counted another number of items than the index since.
    unreadable: rows of the last whole listing that were no items, which Plex counts all the same.
    """

    key: int
    title: str
    locations: tuple[str, ...]
    content_changed_at: int | None
    swept_at: float
    seen_at: float
    is_doubtful: bool = False
    unreadable: int = 0

    def seen_again(self, section: Section, now: float) -> KnownSection:
        """The same after another look at what Plex says of the section."""
        return replace(
            self,
            seen_at=now,
            title=section.title,
            locations=section.locations,
            content_changed_at=section.content_changed_at,
        )


class IndexStore:
    """The index on disk, for one process and one thread at a time. An unreadable file is set aside and made anew.

    Raises sqlite3.OperationalError where the file cannot be written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sections: dict[int, KnownSection] | None = None

    @classmethod
    def open(cls, path: str, clock: Callable[[], float]) -> IndexStore:
        """Open the index at `path`; `clock`: seconds since the epoch.

        Raises sqlite3.OperationalError where the file cannot be used, OSError where it cannot be set aside.
        """
        return cls(open_or_replace(path, lambda: _open(path), clock))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # --- reading

    def files_ending(self, tail: Parts) -> tuple[IndexedFile, ...]:
        """Files whose last components are these, without regard to case; at most MOST_RIVALS, none for no tail."""
        key = tail.reversed_key()
        if not key:
            return ()
        # All that begins with "c/b/" lies before "c/b0": in every encoding 0 is what follows /.
        between = "reversed_key >= ? AND reversed_key < ?"
        return _indexed(self._database.all(f"{_FILES} WHERE {between} LIMIT {MOST_RIVALS}", (key, f"{key[:-1]}0")))

    def known_names(self, names: Iterable[Parts]) -> set[str]:
        """Of paths of one component each: the keys of those that a file is called, without regard to case."""
        keys = as_list(dict.fromkeys(name.reversed_key() for name in names))
        # What begins with "b/" lies before "b0", as in files_ending.
        rows = self._database.all(
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM files WHERE reversed_key >= value"
            " AND reversed_key < substr(value, 1, length(value) - 1) || '0')",
            (keys,),
        )
        return {key for (key,) in rows}

    def files_at(self, paths: Iterable[Parts]) -> tuple[IndexedFile, ...]:
        """The files at these very paths, without regard to case."""
        keys = as_list(path.reversed_key() for path in paths)
        return _indexed(self._database.all(f"{_FILES} WHERE reversed_key {IN_LIST} LIMIT {MOST_RIVALS}", (keys,)))

    def files_besides(self, paths: Iterable[str], section_keys: Collection[int]) -> BesideFiles:
        """The files of these sections but for those at `paths`, exactly as they are written."""
        return BesideFiles(self._database, paths, section_keys)

    def sections(self) -> dict[int, KnownSection]:
        """The sections that have been listed as a whole, by key."""
        if self._sections is None:
            rows = self._database.all(
                "SELECT key, title, locations, content_changed_at, swept_at, seen_at, is_doubtful, unreadable"
                " FROM sections ORDER BY key"
            )
            self._sections = {
                key: KnownSection(
                    key, title, tuple(json.loads(locations)), changed_at, swept_at, seen_at, bool(doubtful), unreadable
                )
                for key, title, locations, changed_at, swept_at, seen_at, doubtful, unreadable in rows
            }
        return self._sections

    def count_items(self, section_key: int) -> int:
        """How many items of a section are known, those without files included."""
        row = self._database.one("SELECT count(*) FROM items WHERE section_key = ?", (section_key,))
        return int(row[0]) if row else 0

    def known_keys(self, rating_keys: Sequence[int]) -> set[int]:
        """Those of the keys that are items."""
        rows = self._database.all(
            "SELECT rating_key FROM items WHERE rating_key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(rating_keys)),),
        )
        return {row[0] for row in rows}

    def outer_keys(self, besides: Collection[int]) -> tuple[int, ...]:
        """The lowest and the highest rating key that is not among `besides`, () where there is none."""
        row = self._database.one(
            "SELECT min(rating_key), max(rating_key) FROM items"
            " WHERE rating_key NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(list(besides)),),
        )
        return () if row is None or row[0] is None else tuple(dict.fromkeys(map(int, row)))

    def unknown_among(self, section_key: int, items: Iterable[ListedItem]) -> list[ListedItem]:
        """Those items that are new, or of which something else is known."""
        return [item for item in items if not self._is_known(section_key, item)]

    # --- writing

    def put_items(self, section_key: int, items: Iterable[ListedItem]) -> bool:
        """Take over items with their files; say whether that changed which files there are, and whose they are."""
        news = self.unknown_among(section_key, items)
        changed = not all(self._has_files(section_key, item) for item in news)
        if news:
            with self._transaction() as connection:
                for item in news:
                    _put_item(connection, section_key, item)
        return changed

    def drop_item(self, rating_key: int) -> None:
        """Forget an item and its files."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM files WHERE rating_key = ?", (rating_key,))
            connection.execute("DELETE FROM items WHERE rating_key = ?", (rating_key,))

    def put_section(self, section: KnownSection) -> None:
        """Remember how a section was seen."""
        if self.sections().get(section.key) != section:
            with self._transaction() as connection:
                _put_section(connection, section)

    def keep_only_sections(self, keys: Collection[int]) -> bool:
        """Forget all other sections with their items; say whether there were any."""
        gone = [key for key in self.sections() if key not in keys]
        if gone:
            with self._transaction() as connection:
                for key in gone:
                    _drop_items_of(connection, key)
                    connection.execute("DELETE FROM sections WHERE key = ?", (key,))
        return bool(gone)

    def is_of_another_server(self, machine_identifier: str) -> bool:
        """Whether what is indexed is of another server than this one."""
        return self.server_id() not in ("", machine_identifier)

    def server_id(self) -> str:
        """The machineIdentifier of the server that the index is of, "" where none is known."""
        row = self._database.one("SELECT machine_identifier FROM server")
        return str(row[0]) if row else ""

    def keep_only_server(self, machine_identifier: str) -> bool:
        """Forget everything if it came from another server, whose keys mean other items; say whether it did."""
        before = self.server_id()
        if before == machine_identifier:
            return False
        with self._transaction() as connection:
            for table in ("server", "sections", "items", "files"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
            connection.execute("INSERT INTO server VALUES (?)", (machine_identifier,))
        return bool(before)

    def begin_sweep(self) -> None:
        """Start an empty stage for the listing of a section. It is no part of the file: a kill leaves no trace."""
        self._database.connection.executescript(_STAGE)

    def stage(self, items: Iterable[ListedItem], reading: int) -> None:
        """Put items on the stage, or note of those that are there that reading number `reading` showed them, too."""
        listed = list(items)
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO swept_items VALUES (?, ?, ?)",
                [(item.rating_key, reading, item.guid) for item in listed],
            )
            connection.executemany("DELETE FROM swept_files WHERE rating_key = ?", [(i.rating_key,) for i in listed])
            connection.executemany("INSERT INTO swept_files VALUES (?, ?, ?, ?)", _file_rows(listed))

    def keep_reading(self, reading: int) -> None:
        """Drop from the stage what reading number `reading`, which was complete, did not show."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM swept_items WHERE reading <> ?", (reading,))
            connection.execute("DELETE FROM swept_files WHERE rating_key NOT IN (SELECT rating_key FROM swept_items)")

    def count_staged(self) -> int:
        """How many items are on the stage."""
        row = self._database.one("SELECT count(*) FROM swept_items")
        return int(row[0]) if row else 0

    def end_sweep(self, section: KnownSection) -> bool:
        """Put what is on the stage in the place of all that was known of a section; say whether that is different.

        Of a section that `is_doubtful`, what is not on the stage stays, too.
        """
        changed = self._stage_differs(section.key)
        with self._transaction() as connection:
            if not section.is_doubtful:
                _drop_items_of(connection, section.key)
            connection.execute("DELETE FROM files WHERE rating_key IN (SELECT rating_key FROM swept_items)")
            connection.execute(
                "INSERT OR REPLACE INTO items SELECT rating_key, ?, guid FROM swept_items", (section.key,)
            )
            connection.execute("INSERT INTO files SELECT rating_key, path, reversed_key, is_trashed FROM swept_files")
            _put_section(connection, section)
        self._database.connection.executescript(_STAGE)
        return changed

    # --- inside

    def _is_known(self, section_key: int, item: ListedItem) -> bool:
        row = self._database.one("SELECT guid FROM items WHERE rating_key = ?", (item.rating_key,))
        return row == (item.guid,) and self._has_files(section_key, item)

    def _has_files(self, section_key: int, item: ListedItem) -> bool:
        key = (item.rating_key,)
        row = self._database.one("SELECT section_key FROM items WHERE rating_key = ?", key)
        if row != (section_key,):
            return False
        files = self._database.all("SELECT path, is_trashed FROM files WHERE rating_key = ?", key)
        return set(files) == {(path, path in item.trashed) for path in item.files}

    def _stage_differs(self, section_key: int) -> bool:
        return self._database.one(_DIFFERENCES, {"section": section_key}) is not None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing, on disk as well."""
        try:
            with self._database.transaction() as connection:
                yield connection
        finally:
            self._sections = None


def _put_item(connection: sqlite3.Connection, section_key: int, item: ListedItem) -> None:
    connection.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (item.rating_key, section_key, item.guid))
    connection.execute("DELETE FROM files WHERE rating_key = ?", (item.rating_key,))
    connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", _file_rows([item]))


def _file_rows(items: Iterable[ListedItem]) -> list[tuple[int, str, str, bool]]:
    return [
        (item.rating_key, path, split_path(path).reversed_key(), path in item.trashed)
        for item in items
        for path in dict.fromkeys(item.files)
    ]


def _indexed(rows: Iterable[tuple[str, int, int, int]]) -> tuple[IndexedFile, ...]:
    """The files of rows of _FILES, those of the oldest items first."""
    files = [IndexedFile(path, key, section, bool(is_trashed)) for path, key, section, is_trashed in rows]
    return tuple(sorted(files, key=lambda file: (file.rating_key, file.path)))


def _put_section(connection: sqlite3.Connection, section: KnownSection) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO sections VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            section.key,
            section.title,
            json.dumps(section.locations),
            section.content_changed_at,
            section.swept_at,
            section.seen_at,
            section.is_doubtful,
            section.unreadable,
        ),
    )


def _drop_items_of(connection: sqlite3.Connection, section_key: int) -> None:
    connection.execute(
        "DELETE FROM files WHERE rating_key IN (SELECT rating_key FROM items WHERE section_key = ?)", (section_key,)
    )
    connection.execute("DELETE FROM items WHERE section_key = ?", (section_key,))


def _open(path: str) -> Database:
    """Raises sqlite3.DatabaseError where the file is damaged."""
    existed = os.path.exists(path) and os.path.getsize(path) > 0
    database = Database.open(path, synchronous="NORMAL", check=existed)  # what a power cut may cost can be listed again
    try:
        # The stage of a listing, which would need room in the system's temporary folder: that may be full.
        database.execute("PRAGMA temp_store = MEMORY")
        if database.schema_version() != FORMAT:
            tables = database.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            database.create_schema([*(f'DROP TABLE "{name}"' for (name,) in tables), *_SCHEMA], FORMAT)
    except BaseException:
        database.close()
        raise
    return database
