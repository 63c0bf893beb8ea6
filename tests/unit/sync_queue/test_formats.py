"""Each released format is brought to this version's, to the last column."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from sync_queue.database import open_queue_database
from sync_queue.migration import migrate
from sync_queue.schema import FORMAT
from tests.support import formats
from tests.world import PROJECT

IS_RELEASED = re.search(r"^## \[\d", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE) is not None
"""Whether there is a version yet whose data somebody may have."""
RELEASED = range(1, FORMAT + IS_RELEASED)


def migrated(number: int, folder: Path) -> set[tuple[object, ...]]:
    folder.mkdir()
    formats.make_file(number, folder / "plexsync.db")
    with closing(open_queue_database(str(folder))) as database:
        migrate(database)
        assert database.schema_version() == FORMAT
    return formats.shape(folder / "plexsync.db")


def new(folder: Path) -> set[tuple[object, ...]]:
    open_queue_database(str(folder)).close()
    return formats.shape(folder / "plexsync.db")


def test_every_released_format_is_written_down() -> None:
    missing = [number for number in RELEASED if not formats.file_of(number).exists()]
    assert not missing, f"python -m tests.support.formats, at the release of format {missing}"


def test_a_released_format_becomes_this_versions(tmp_path: Path) -> None:
    for number in RELEASED:
        assert migrated(number, tmp_path / str(number)) == new(tmp_path / "new"), f"format {number}"


def test_what_is_written_down_is_what_a_new_file_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FOLDER", tmp_path / "formats")
    formats.write_down()
    assert migrated(FORMAT, tmp_path / "old") == new(tmp_path / "new")
    formats.file_of(FORMAT).write_text(
        formats.file_of(FORMAT).read_text(encoding="utf-8").replace("title TEXT NOT NULL", "title TEXT"),
        encoding="utf-8",
    )
    assert migrated(FORMAT, tmp_path / "other") != new(tmp_path / "new")
