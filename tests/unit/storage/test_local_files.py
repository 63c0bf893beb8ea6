"""Small files: whole or absent, and never lost for being broken."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from storage.local_files import set_aside, take_name, write_whole
from tests.support.disk_calls import DiskCalls, whole_write


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    for content in ("old", "né\nw"):
        write_whole(str(path), content)
        assert path.read_text(encoding="utf-8") == content
    assert os.listdir(tmp_path) == ["file.json"]


@pytest.mark.parametrize("content", ["short", "é" * 100_000, ("in ", "parts")], ids=["short", "long", "parts"])
def test_the_content_is_on_disk_before_the_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | tuple[str, ...]
) -> None:
    path = tmp_path / "file.json"
    path.write_text("old")
    calls = DiskCalls(monkeypatch)
    write_whole(str(path), content)
    assert calls == whole_write(path)


@pytest.mark.skipif(os.name == "nt", reason="no folder is synced on Windows")
def test_a_file_system_that_syncs_no_folder_keeps_no_file_from_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    really_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        really_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(str(path), "new")
    assert path.read_text() == "new"


def test_what_belongs_to_a_broken_file_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("broken")
    (tmp_path / "a.db-wal").write_text("of the broken one")
    set_aside(str(tmp_path / "a.db"), "no database", 1_800_000_000.9, ("-wal", "-shm"))
    assert sorted(os.listdir(tmp_path)) == ["a.db.corrupt-1800000000", "a.db.corrupt-1800000000-wal"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    write_whole(str(path), "old")
    monkeypatch.setattr(os, "replace", _refuse)
    with pytest.raises(OSError, match="disk"):
        write_whole(str(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.json"]


@pytest.mark.parametrize(("platform", "takes_it"), [("win32", True), ("linux", False)])
def test_a_name_that_a_reader_holds_is_taken_a_moment_later_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, takes_it: bool
) -> None:
    source, target = tmp_path / "new", tmp_path / "file.json"
    source.write_text("new")
    really_replace = os.replace
    refusals = [PermissionError(13, "in use"), PermissionError(13, "in use")]

    def replace(here: str, there: str) -> None:
        if refusals:
            raise refusals.pop()
        really_replace(here, there)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "replace", replace)
    waits: list[float] = []
    with contextlib.suppress(PermissionError):
        take_name(str(source), str(target), waits.append)
    assert target.exists() == takes_it
    assert len(waits) == (2 if takes_it else 0)


def _refuse(_source: str, _destination: str) -> None:
    raise OSError("disk full")
