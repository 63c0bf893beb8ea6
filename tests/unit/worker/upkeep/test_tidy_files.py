"""Which files go at which age. A rule is told by what of a crowd of files is left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.local_files import time_stamp
from tests.support.clock import START
from worker.data_folder import TEMPORARY_PREFIX, DataFolder
from worker.upkeep.tidy_files import DAY, HOUR, KEPT_BACKUPS, KEPT_CORRUPT, tidy_files

Leave = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    made = DataFolder(str(tmp_path / "data"))
    for place in (made.queue, made.backups, made.reports, str(tmp_path / "temporary")):
        os.makedirs(place)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return made


@pytest.fixture
def leave(folder: DataFolder) -> Leave:
    """Leaves a file of an age (seconds) below the data folder; returns its path."""

    def leave(name: str, age: float) -> Path:
        path = Path(folder.root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
        os.utime(path, (START - age, START - age))
        return path

    return leave


OLD_ENOUGH = {
    "backups/pending-queue-20260101-000000-000000.json": 90 * DAY,
    "catch_up.json.corrupt-1700000000": 30 * DAY,
    "queue/plexsync.db.corrupt-1700000000": 30 * DAY,
    "queue/plexsync.db.corrupt-1700000000-wal": 30 * DAY,
    "reports/unfinished-compare.json.corrupt-1700000000": 30 * DAY,
    "reports/unfinished-after-outage.rows.jsonl": 7 * DAY,
    "reports/unfinished-compare.paths.jsonl": 7 * DAY,
    "reports/unfinished-compare.scenes.json": 7 * DAY,
    "reports/diagnostics-20260101-000000-000000.zip": DAY,
    "../live/diagnostics-20260101-000000-000000.zip": DAY,
    "catch_up.json.a1b2c3d4": HOUR,
    "backups/pending-queue-20260101-000000-000000.json.a1_2c3d4": HOUR,
    "reports/compare-20260101-000000-000000.html.a1b2c3d4": HOUR,
}


@pytest.mark.parametrize(("name", "age"), OLD_ENOUGH.items())
def test_a_file_goes_at_its_age_and_not_a_second_before(
    folder: DataFolder, leave: Leave, name: str, age: float
) -> None:
    path = leave(name, age - 1)
    tidy_files(folder, START)
    assert path.exists()
    leave(name, age)
    tidy_files(folder, START)
    assert not path.exists()


@pytest.mark.parametrize(
    "name",
    [
        "queue/plexsync.db",
        "queue/plexsync.db-wal",
        "queue/drain.lock",
        "plex_index.db",
        "device_id.json",
        "outage_history.json",
        "plexsync.log",
        "plexsync.log.1",
        "reports/compare-20200101-000000-000000.json",
        "notes of mine.txt",
    ],
)
def test_what_no_rule_is_about_stays_however_old(folder: DataFolder, leave: Leave, name: str) -> None:
    path = leave(name, 4000 * DAY)
    tidy_files(folder, START)
    assert path.exists()


def test_a_file_of_the_future_stays(folder: DataFolder, leave: Leave) -> None:
    path = leave("backups/pending-queue-x.json", -1000 * DAY)
    tidy_files(folder, START)
    assert path.exists()


def test_of_backups_the_newest_stay(folder: DataFolder, leave: Leave) -> None:
    paths = [leave(f"backups/pending-queue-{time_stamp(START - n)}.json", n) for n in range(KEPT_BACKUPS + 5)]
    tidy_files(folder, START)
    assert [path.exists() for path in paths] == [True] * KEPT_BACKUPS + [False] * 5


def test_of_files_set_aside_the_newest_of_each_stay_with_their_journals(folder: DataFolder, leave: Leave) -> None:
    count = KEPT_CORRUPT + 2
    queues = [leave(f"queue/plexsync.db.corrupt-17000000{n:02}", 60 - n) for n in range(count)]
    journals = [leave(f"queue/plexsync.db.corrupt-17000000{n:02}-wal", 60 - n) for n in range(count)]
    marks = leave("catch_up.json.corrupt-1700000000", 100)
    tidy_files(folder, START)
    kept = [False] * 2 + [True] * KEPT_CORRUPT
    assert [path.exists() for path in queues] == [path.exists() for path in journals] == kept
    assert marks.exists()


def test_what_killed_processes_left_in_the_temporary_folder_goes_after_a_day(folder: DataFolder) -> None:
    places = {}
    for name, age in ((f"{TEMPORARY_PREFIX}old", DAY), (f"{TEMPORARY_PREFIX}new", DAY - 60), ("another-old", DAY)):
        place = places[name] = Path(tempfile.gettempdir(), name)
        place.mkdir()
        (place / "plex_index.db").write_bytes(b"x")
        for path in (place / "plex_index.db", place):
            os.utime(path, (START - age, START - age))
    tidy_files(folder, START)
    assert [path.exists() for path in places.values()] == [False, True, True]


def test_a_link_there_is_not_followed(folder: DataFolder, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("kept", encoding="utf-8")
    Path(tempfile.gettempdir(), f"{TEMPORARY_PREFIX}x").symlink_to(tmp_path / "mine")
    tidy_files(folder, START + 10_000 * DAY)
    assert (tmp_path / "mine/file").exists()


def test_a_folder_that_was_never_needed_is_no_matter(tmp_path: Path) -> None:
    tidy_files(DataFolder(str(tmp_path / "nothing")), START)
