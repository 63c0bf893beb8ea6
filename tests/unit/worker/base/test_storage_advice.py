"""What a person has to do about a data folder: the step that helps, by why it cannot be used."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.small_disk import fill, small_disk
from worker.base.storage_advice import CLEAR_THE_WAY, MAKE_FOLDER, MAKE_ROOM, MAKE_WRITABLE, MOUNT, next_step


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.ENOSPC, MAKE_ROOM),
        (errno.EDQUOT, MAKE_ROOM),
        (errno.EACCES, MAKE_WRITABLE),
        (errno.EPERM, MAKE_WRITABLE),
        (errno.EROFS, MAKE_WRITABLE),
        (errno.EIO, MOUNT),
        (errno.ENOTDIR, CLEAR_THE_WAY),
        (errno.EEXIST, CLEAR_THE_WAY),
        (errno.ESTALE, MOUNT),
    ],
    ids=lambda value: errno.errorcode.get(value) if isinstance(value, int) else "",
)
def test_the_step_follows_from_the_error(tmp_path: Path, number: int, step: str) -> None:
    for place in (tmp_path, tmp_path / "a file that was to be made"):
        if place.exists() or step is not CLEAR_THE_WAY:
            assert next_step(OSError(number, os.strerror(number)), str(place)) == step


def open_database(place: str) -> OSError | sqlite3.Error:
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect(os.path.join(place, "queue.db"))
    return raised.value


def make_folder(place: str) -> OSError | sqlite3.Error:
    with pytest.raises(OSError, match=r"queue|link|file") as raised:
        os.makedirs(os.path.join(place, "queue"), exist_ok=True)
    return raised.value


@pytest.mark.parametrize("use", [make_folder, open_database])
@pytest.mark.skipif(sys.platform == "win32", reason="links are for administrators there")
def test_a_link_to_what_is_not_there_is_a_disk_that_is_not_mounted(
    tmp_path: Path, use: Callable[[str], OSError | sqlite3.Error]
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nas")
    for place in (tmp_path / "link", tmp_path / "link" / "data"):
        assert next_step(use(str(place)), str(place / "queue")) == MOUNT


def test_a_file_in_the_way_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file" / "data")
    assert next_step(make_folder(place), place) == CLEAR_THE_WAY


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_the_user_may_not_make_is_for_somebody_else_to_make(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    place = str(tmp_path / "data")
    assert next_step(open_database(place), place) == MAKE_FOLDER


def test_a_full_disk_is_told_of_a_database_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as folder:
        with closing(sqlite3.connect(folder / "queue.db", isolation_level=None)) as database:
            database.execute("CREATE TABLE row (text)")
            fill(folder / "filler")
            with pytest.raises(sqlite3.OperationalError) as raised:
                database.execute("INSERT INTO row VALUES (?)", ("x" * 20_000,))
        assert next_step(raised.value, str(folder)) == MAKE_ROOM


def test_a_database_that_may_only_be_read_is_made_writable(tmp_path: Path) -> None:
    assert next_step(sqlite3.OperationalError("attempt to write a readonly database"), str(tmp_path)) == MAKE_WRITABLE


def test_what_says_nothing_leads_to_no_step(tmp_path: Path) -> None:
    assert next_step(sqlite3.OperationalError("disk I/O error"), str(tmp_path)) == ""


def test_a_place_without_an_end_above_it_that_exists_is_not_looked_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is a drive or share of Windows that is not connected: it is its own parent, as "" is here."""
    monkeypatch.chdir(tmp_path)
    assert next_step(FileNotFoundError(errno.ENOENT, "not there"), "nas/plexsync/data") == MOUNT
