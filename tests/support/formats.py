"""The released formats of the queue's file, as SQL: what `STEPS` in sync_queue/schema.py is proven with.

`python -m tests.support.formats` writes down that of this version. It is a part of each release that has a new one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sync_queue.schema import FORMAT, SCHEMA
from tests.world import PROJECT

FOLDER = PROJECT / "tests" / "unit" / "sync_queue" / "formats"


def file_of(number: int) -> Path:
    """Where the format of this number is written down."""
    return FOLDER / f"{number}.sql"


def write_down() -> Path:
    """Write down the format of this version; returns where."""
    FOLDER.mkdir(exist_ok=True)
    script = ";\n".join(" ".join(statement.split()) for statement in SCHEMA)
    file_of(FORMAT).write_text(f"{script};\nPRAGMA user_version = {FORMAT};\n", encoding="utf-8")
    return file_of(FORMAT)


def make_file(number: int, path: Path) -> None:
    """Make an empty queue's file of an older format."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(file_of(number).read_text(encoding="utf-8"))


def shape(path: Path) -> set[tuple[object, ...]]:
    """Every table's columns, with type, default and key, and every index's columns, whatever their order."""
    with closing(sqlite3.connect(path)) as connection:
        found: set[tuple[object, ...]] = set()
        for kind, name in connection.execute("SELECT type, name FROM sqlite_master").fetchall():
            pragma = "table_xinfo" if kind == "table" else "index_xinfo"
            rows = connection.execute(f"SELECT * FROM pragma_{pragma}(?)", (name,))  # noqa: S608
            # The first column is the place, which an added column has at the end.
            found |= {(name, *row[1:]) if kind == "table" else (name, *row[2:]) for row in rows}
        return found


if __name__ == "__main__":
    print(write_down())
