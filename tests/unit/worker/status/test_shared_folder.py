"""Two Stashes with one data folder: told where they take turns, and not where one has only moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.data_folder import DataFolder
from worker.launcher import address_of
from worker.status.shared_folder import DAY, note_stash, warning_of_shared_folder

NOW = 1_000_000_000.0
ONE = address_of({"Host": "0.0.0.0", "Port": 9999, "Dir": "/config/one"})  # noqa: S104 - compared only
OTHER = address_of({"Port": 9999, "Dir": "/config/other"})
ELSEWHERE = address_of({"Port": 9998, "Dir": "/config/other"})


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(str(tmp_path))
    made.create()
    return made


def warnings(folder: DataFolder, *served: str, apart: float = 60.0) -> list[bool]:
    """Whether each of the Stashes that are served one after the other brings a warning."""
    return [bool(note_stash(folder, stash, NOW + apart * number)) for number, stash in enumerate(served)]


def test_the_first_that_comes_back_brings_the_only_warning(folder: DataFolder) -> None:
    assert warnings(folder, ONE, ONE, OTHER, OTHER, ONE, OTHER, ONE) == [False] * 4 + [True, False, False]


@pytest.mark.parametrize("served", [(ONE, ONE, ONE), (ONE, OTHER, OTHER, ELSEWHERE, ELSEWHERE)])
def test_one_that_moves_is_no_second_one(folder: DataFolder, served: tuple[str, ...]) -> None:
    assert not any(warnings(folder, *served))
    assert warning_of_shared_folder(folder, NOW) == ""


def test_one_that_moves_back_much_later_is_no_second_one(folder: DataFolder) -> None:
    assert not any(warnings(folder, ONE, OTHER, ONE, apart=DAY))


def test_the_status_tells_it_for_a_day_and_the_log_once_more_after_that(folder: DataFolder) -> None:
    warnings(folder, ONE, OTHER, ONE)
    last = NOW + 120.0
    assert warning_of_shared_folder(folder, last + DAY - 1)
    assert warning_of_shared_folder(folder, last + DAY) == ""
    assert [bool(note_stash(folder, stash, last + DAY + at)) for at, stash in enumerate((ONE, OTHER, ONE))][-1]


def test_it_names_the_folder_both_stashes_and_the_step_and_no_config_folder(folder: DataFolder) -> None:
    warnings(folder, ELSEWHERE, ONE, ELSEWHERE)
    said = warning_of_shared_folder(folder, NOW + 200.0)
    assert "http://localhost:9998 and http://localhost:9999" in said
    assert folder.root in said
    assert "STASH_PLUGIN_DATA" in said
    warnings(folder, ONE, OTHER, ONE)
    assert "both at http://localhost:9999" in warning_of_shared_folder(folder, NOW + 200.0)
    assert "/config" not in Path(folder.stashes).read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["[", "{}", '{"served": 5, "stashes": 7}', '{"served": {"x": "y"}}'])
def test_a_file_that_somebody_edited_is_begun_anew(folder: DataFolder, content: str) -> None:
    Path(folder.stashes).write_text(content, encoding="utf-8")
    assert warnings(folder, ONE, OTHER, ONE) == [False, False, True]
