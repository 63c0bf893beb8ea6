"""Who may write to a folder, by owner and mode."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.permissions import make_private, others_may_write

SOMEBODY = 12345

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
root_only = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives folders away")


@posix_only
@pytest.mark.parametrize(
    ("mode", "expected"),
    [(0o700, False), (0o755, False), (0o750, False), (0o775, True), (0o757, True), (0o777, True), (0o720, True)],
)
def test_the_mode_says_so(tmp_path: Path, mode: int, expected: bool) -> None:
    tmp_path.chmod(mode)
    assert others_may_write(str(tmp_path)) is expected


@root_only
def test_the_owner_may_always(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    assert others_may_write(str(tmp_path))


@posix_only
def test_windows_is_not_asked_for_modes(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert not others_may_write(str(tmp_path), "win32")


@posix_only
def test_a_new_folder_is_private_and_an_own_one_becomes_so(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert make_private(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert make_private(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700


@posix_only
def test_a_folder_that_is_safe_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    assert make_private(str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o750


@root_only
def test_somebody_elses_folder_is_not_private(tmp_path: Path) -> None:
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    assert not make_private(str(tmp_path))
