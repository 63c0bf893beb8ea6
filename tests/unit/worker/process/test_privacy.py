"""Who may look into the data folder, by the modes of real files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from worker.data_folder import ENVIRONMENT_VARIABLE, DataFolder
from worker.process.privacy import FolderNotPrivate, keep_private

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """One that an older version, or a copy, has left open to all."""
    made = DataFolder(str(tmp_path / "data"))
    for place in (made.root, made.queue, made.reports, made.dependencies):
        os.mkdir(place, 0o755)
    for path in (Path(made.queue, "plexsync.db"), Path(made.reports, "a.html"), Path(made.dependencies, "a.py")):
        path.touch(0o644)
    return made


def modes(root: str) -> dict[str, str]:
    paths = [Path(root), *Path(root).rglob("*")]
    return {str(path.relative_to(root)): oct(path.stat().st_mode & 0o777) for path in paths}


def test_an_open_folder_is_made_private_but_for_the_packages_in_it(folder: DataFolder) -> None:
    keep_private(folder, {})
    assert modes(folder.root) == {
        ".": "0o700",
        "deps": "0o755",
        "deps/a.py": "0o644",
        "queue": "0o700",
        "queue/plexsync.db": "0o600",
        "reports": "0o700",
        "reports/a.html": "0o600",
    }


def test_it_may_be_named_by_the_environment_if_all_in_it_is_ours(folder: DataFolder) -> None:
    keep_private(folder, {ENVIRONMENT_VARIABLE: folder.root})
    assert modes(folder.root)["."] == "0o700"


def test_a_named_folder_with_other_things_in_it_is_refused_and_left_as_it_is(folder: DataFolder) -> None:
    Path(folder.root, "config.yml").touch(0o644)
    before = modes(folder.root)
    with pytest.raises(FolderNotPrivate, match=r"more than PlexSync's files \(config\.yml\)\. Name a folder of its"):
        keep_private(folder, {ENVIRONMENT_VARIABLE: folder.root})
    assert modes(folder.root) == before


def test_other_things_are_no_matter_where_nobody_else_can_enter(folder: DataFolder) -> None:
    Path(folder.root, "config.yml").touch(0o644)
    os.chmod(folder.root, 0o700)
    keep_private(folder, {ENVIRONMENT_VARIABLE: folder.root})


def test_in_the_plugins_own_folder_it_may_hold_a_persons_notes(folder: DataFolder) -> None:
    Path(folder.root, "notes.txt").touch(0o644)
    keep_private(folder, {})
    assert modes(folder.root)["notes.txt"] == "0o600"


def test_a_disk_that_keeps_its_modes_is_refused_with_what_to_do(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "chmod", lambda *_: None)  # as a share does that has one mode for all
    with pytest.raises(FolderNotPrivate, match="its mode cannot be changed"):
        keep_private(folder, {})


def test_a_link_inside_is_not_followed(folder: DataFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch(0o644)
    Path(folder.reports, "link").symlink_to(outside)
    keep_private(folder, {})
    assert outside.stat().st_mode & 0o777 == 0o644
