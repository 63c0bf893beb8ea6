"""What a line of requirements.txt asks for. What is installed, and folders' names, are in test_dependencies.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.packages.requirements import Pin, packages_folder, packages_name, read_pins


def write(folder: Path, text: str) -> str:
    file = folder / "requirements.txt"
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("", ()),
        ("# a comment\n\n", ()),
        ("requests==2.34.2\n", (Pin("requests", "2.34.2"),)),
        ("requests==2.34.2  # why\nPlexAPI==4.18.3", (Pin("requests", "2.34.2"), Pin("PlexAPI", "4.18.3"))),
        ("typing_extensions==4.1; python_version < '3.12'\n", (Pin("typing_extensions", "4.1"),)),
        ("requests>=2\n--hash=abc==1\n", ()),
    ],
)
def test_pins(tmp_path: Path, text: str, pins: tuple[Pin, ...]) -> None:
    assert read_pins(write(tmp_path, text)) == pins


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("requests", "requests"),
        ("persist-queue", "persistqueue"),
        ("PlexAPI", "plexapi"),
        ("stashapp-tools", "stashapi"),
        ("typing-extensions", "typing_extensions"),
    ],
)
def test_what_a_package_is_imported_as(name: str, module: str) -> None:
    assert Pin(name, "1.0").module == module


def test_a_file_that_is_missing_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pins(str(tmp_path / "no.txt"))


def test_the_folder_is_below_its_parent_under_its_name(tmp_path: Path) -> None:
    requirements = write(tmp_path, "requests==2.34.2\n")
    assert packages_folder(str(tmp_path), requirements) == str(tmp_path / packages_name(requirements))
