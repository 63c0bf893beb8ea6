"""State files: whole or absent, and never a reason to crash."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.json_file import JsonFile, stored_number

NOW = 1_800_000_000.75
UNREADABLE = [b"", b"{", b'{"state": "op', b"[]", b"null", b'"text"', b"\xff\xfe\x00", b"\x00" * 50, b"[" * 100_000]


@pytest.fixture
def file(tmp_path: Path) -> JsonFile:
    return JsonFile(str(tmp_path / "state.json"), clock=lambda: NOW)


def test_what_was_saved_is_loaded(file: JsonFile) -> None:
    content = {"state": "open", "cause": "ä → b\n", "since": NOW, "list": [1, None, {"x": True}]}
    file.save({"earlier": "content that is longer than what comes after it" * 10})
    file.save(content)
    assert file.load() == file.peek() == content


def test_no_file_yet(file: JsonFile, caplog: pytest.LogCaptureFixture) -> None:
    assert (file.load(), file.peek()) == ({}, {})
    assert not os.path.exists(file.path)
    assert caplog.records == []


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_unreadable_file_is_set_aside_with_a_warning(
    file: JsonFile, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    Path(file.path).write_bytes(content)
    assert file.load() == {}
    aside = Path(f"{file.path}.corrupt-1800000000")
    assert aside.read_bytes() == content
    assert not os.path.exists(file.path)
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert file.path in warning.getMessage()
    assert str(aside) in warning.getMessage()
    file.save({"state": "closed"})
    assert file.load() == {"state": "closed"}


@pytest.mark.parametrize("content", UNREADABLE)
def test_peeking_changes_nothing(file: JsonFile, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    Path(file.path).write_bytes(content)
    assert file.peek() is None
    assert os.listdir(os.path.dirname(file.path)) == ["state.json"]
    assert caplog.records == []


def test_saving_leaves_nothing_beside_the_file(file: JsonFile) -> None:
    for number in range(5):
        file.save({"number": number})
    assert os.listdir(os.path.dirname(file.path)) == ["state.json"]


def test_a_save_that_fails_leaves_the_old_content(file: JsonFile) -> None:
    file.save({"state": "open"})
    with pytest.raises(TypeError):
        file.save({"state": object()})
    assert file.load() == {"state": "open"}


def test_a_save_into_no_folder_raises_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        JsonFile(str(tmp_path / "missing" / "state.json")).save({})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_may_read_it(file: JsonFile) -> None:
    file.save({})
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600


NUMBERS = st.floats(-1e11, 1e11) | st.integers(-(10**11), 10**11)


@given(NUMBERS)
def test_a_stored_number_is_taken_as_it_is(number: float) -> None:
    assert stored_number(json.loads(json.dumps(number))) == number


@pytest.mark.parametrize("value", [None, "5", True, [], {}, float("inf"), float("-inf"), float("nan"), 10**400])
def test_anything_else_counts_as_nothing(value: Any) -> None:
    assert stored_number(value) == 0.0
