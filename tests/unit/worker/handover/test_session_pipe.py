"""The pipe through which a hook hands its session to the drainer: never a file, never a wait, the newest counts."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.lock import ProcessLock
from worker.data_folder import DataFolder
from worker.handover.session_pipe import SessionPipe
from worker.launcher import ask_for_a_look, ensure_drainer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")


def connection(value: str) -> dict[str, Any]:
    cookie = {"Name": "session", "Value": value, "MaxAge": 3600, "Path": "/"}
    return {"Scheme": "http", "Port": 9999, "SessionCookie": cookie}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A folder whose drain lock somebody holds."""
    created = DataFolder(str(tmp_path / "data"))
    created.create()
    lock = ProcessLock(created.drain_lock)
    assert lock.acquire()
    yield created
    lock.release()


def hand_over(folder: DataFolder, value: str | None) -> None:
    lent = connection(value) if value else {"SessionCookie": None}
    assert not ensure_drainer(folder, "no-plugin", lent)


def test_the_newest_session_is_the_one_that_counts(folder: DataFolder) -> None:
    with closing(SessionPipe(folder.session_pipe)) as sessions:
        assert sessions.newest() is None
        for value in ("first", "second"):
            hand_over(folder, value)
        hand_over(folder, None)
        newest = sessions.newest()
        assert newest == {"Name": "session", "Value": "second", "MaxAge": 3600}
        assert sessions.newest() == newest


def test_it_is_a_pipe_for_its_owner_alone_and_goes_with_its_reader(folder: DataFolder) -> None:
    with closing(SessionPipe(folder.session_pipe)):
        mode = os.stat(folder.session_pipe).st_mode
        assert (stat.S_ISFIFO(mode), stat.S_IMODE(mode)) == (True, 0o600)
    assert not os.path.exists(folder.session_pipe)


def test_nothing_is_handed_to_a_file_of_that_name(folder: DataFolder) -> None:
    Path(folder.session_pipe).write_bytes(b"")
    hand_over(folder, "secret")
    assert Path(folder.session_pipe).read_bytes() == b""


def test_without_a_reader_nobody_waits(folder: DataFolder) -> None:
    os.mkfifo(folder.session_pipe)  # of a drainer that was killed
    hand_over(folder, "lost")
    with closing(SessionPipe(folder.session_pipe)) as sessions:
        hand_over(folder, "kept")
        assert (sessions.newest() or {})["Value"] == "kept"


def test_a_full_pipe_holds_nobody_up(folder: DataFolder) -> None:
    with closing(SessionPipe(folder.session_pipe)) as sessions:
        for number in range(1000):
            hand_over(folder, f"{number:0200}")
        assert sessions.newest() is not None
        hand_over(folder, "after")
        assert (sessions.newest() or {})["Value"] == "after"


@pytest.mark.parametrize("half", [b'{"Name": "session", "Val', b"\xff\xfe", b"[]", b"{}", b"7", b'"text"', b""])
def test_what_is_no_session_is_passed_over(folder: DataFolder, half: bytes) -> None:
    with closing(SessionPipe(folder.session_pipe)) as sessions:
        hand_over(folder, "whole")
        descriptor = os.open(folder.session_pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, half + b"\n")
        os.close(descriptor)
        assert (sessions.newest() or {})["Value"] == "whole"


def test_one_that_leaves_takes_no_pipe_of_its_successor_along(folder: DataFolder) -> None:
    leaving = SessionPipe(folder.session_pipe)
    with closing(SessionPipe(folder.session_pipe)) as successor:
        leaving.close()
        hand_over(folder, "for the successor")
        assert successor.newest() is not None


def test_where_no_pipe_can_be_made_there_is_none(tmp_path: Path) -> None:
    with closing(SessionPipe(str(tmp_path / "no-folder" / "session.pipe"))) as sessions:
        assert sessions.newest() is None


# --- an edit that could not be queued


def test_a_living_drainer_is_told_of_an_edit_that_could_not_be_queued(folder: DataFolder) -> None:
    with closing(SessionPipe(folder.session_pipe)) as sessions:
        hand_over(folder, "first")
        assert ask_for_a_look(folder)
        assert ask_for_a_look(folder)
        hand_over(folder, "second")
        newest = sessions.newest()
        assert newest is not None
        assert newest["Value"] == "second"
        assert [sessions.take_look(), sessions.take_look()] == [True, False]


def test_who_cannot_be_told_is_not_said_to_know(folder: DataFolder) -> None:
    assert not ask_for_a_look(folder), "somebody works, and reads no pipe"
    Path(folder.session_pipe).write_text("a file", encoding="utf-8")
    assert not ask_for_a_look(folder)
    assert Path(folder.session_pipe).read_text(encoding="utf-8") == "a file"


def test_where_nobody_drains_the_next_drainer_looks_by_itself(tmp_path: Path) -> None:
    idle = DataFolder(str(tmp_path / "data"))
    idle.create()
    assert ask_for_a_look(idle)
    assert ask_for_a_look(DataFolder(str(tmp_path / "gone" / "data")))
