"""What a line of requirements.txt asks for, what of it is missing, and the folder's name that follows from it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import platform
from pathlib import Path

import pytest

from tests.support.needy_plugin import NeedyPlugin
from tests.world import PROJECT
from worker.packages.requirements import Pin, missing_packages, packages_folder, packages_name, read_pins


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


# --- the folder's name


def test_the_name_is_another_for_other_pins_and_for_another_python(
    plugin: NeedyPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {packages_name(plugin.lock)}
    plugin.require("1.2.1")
    names.add(packages_name(plugin.lock))
    for suffix in (".cpython-399-x86_64-linux-gnu.so", ".cpython-399-x86_64-linux-musl.so", ".cp399-win_amd64.pyd"):
        monkeypatch.setattr(importlib.machinery, "EXTENSION_SUFFIXES", [suffix])
        names.add(packages_name(plugin.lock))
    monkeypatch.setattr(platform, "machine", lambda: "another processor")
    names.add(packages_name(plugin.lock))
    assert len(names) == 6


def test_a_comment_does_not_change_the_name(plugin: NeedyPlugin) -> None:
    before = packages_name(plugin.lock)
    with open(plugin.lock, "a", encoding="utf-8") as file:
        file.write("# another comment\n")
    assert packages_name(plugin.lock) == before


# --- what is missing


@pytest.mark.parametrize(
    ("pin", "is_missing"),
    [
        ("pytest==1.0.0", True),
        (f"pytest=={pytest.__version__}", False),
        ("pytest==999.0", True),
        ("no-such-package==1.0", True),
        ("# pytest==999.0", False),
        ("", False),
    ],
)
def test_what_counts_as_missing(tmp_path: Path, pin: str, is_missing: bool) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{pin}\n")
    assert bool(missing_packages(str(file))) == is_missing


def test_an_older_patch_of_the_pinned_minor_version_will_do_and_another_major_one_will_not(tmp_path: Path) -> None:
    major, minor = map(int, pytest.version_tuple[:2])
    file = tmp_path / "requirements.txt"
    for version, missing in [
        (f"{major}.{minor}.999", []),
        (f"{major}.{minor + 1}.0", ["pytest"]),
        (f"{major - 1}.0.0", ["pytest"]),
        (f"{major + 1}.0.0", ["pytest"]),
    ]:
        file.write_text(f"pytest=={version}\n")
        assert missing_packages(str(file)) == missing


def test_what_this_project_pins_is_installed_here() -> None:
    requirements = str(PROJECT / "requirements.txt")
    assert missing_packages(requirements) == []
    assert all(importlib.util.find_spec(pin.module) for pin in read_pins(requirements))
