"""What is about to be deleted is in a file before it is gone."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sync_queue.models import DeadLetter, Failure, Job
from worker.data_folder import DataFolder
from worker.tasks.backup import write_backup

NOW = 1_800_000_000.25
LETTER = DeadLetter(
    3,
    7,
    Failure("AmbiguousMatch", "Two fit", "Ein Tïtel", "/data/a.mp4", ("/a", "/b")),
    4,
    1.0,
    2.0,
    Job(0, 7, (), "", 0),
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(str(tmp_path / "data"))
    made.create()
    return made


def read(path: str) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return entries


def test_entries_are_kept_as_they_are(folder: DataFolder) -> None:
    jobs = [{"scene_id": 1, "data": {"fields": ["title"]}}, {"scene_id": 2}]
    assert read(write_backup(folder, "pending-queue", jobs, NOW)) == jobs


def test_a_dead_letter_is_kept_with_all_that_it_holds(folder: DataFolder) -> None:
    (kept,) = read(write_backup(folder, "dead-letters", [LETTER], NOW))
    assert (kept["id"], kept["scene_id"], kept["attempts"]) == (3, 7, 4)
    assert kept["failure"] == {
        "error_type": "AmbiguousMatch",
        "error_text": "Two fit",
        "title": "Ein Tïtel",
        "path": "/data/a.mp4",
        "candidates": ["/a", "/b"],
    }
    assert isinstance(kept["job"], dict)


def test_its_name_says_what_and_when_and_no_two_are_the_same(folder: DataFolder) -> None:
    paths = [write_backup(folder, "dead-letters", [LETTER], NOW + each / 1000) for each in range(3)]
    assert len(set(paths)) == 3
    assert {os.path.dirname(path) for path in paths} == {folder.backups}
    assert all(os.path.basename(path).startswith("dead-letters-2027") for path in paths)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_nobody_else_may_read_it(folder: DataFolder) -> None:
    path = write_backup(folder, "dead-letters", [LETTER], NOW)
    assert [stat.S_IMODE(os.stat(each).st_mode) for each in (folder.backups, path)] == [0o700, 0o600]


def test_nothing_makes_no_file(folder: DataFolder) -> None:
    assert write_backup(folder, "dead-letters", [], NOW) == ""
    assert not os.path.exists(folder.backups)


def test_a_file_that_cannot_be_written_raises(folder: DataFolder) -> None:
    Path(folder.backups).touch()
    with pytest.raises(OSError, match="backups"):
        write_backup(folder, "dead-letters", [LETTER], NOW)
