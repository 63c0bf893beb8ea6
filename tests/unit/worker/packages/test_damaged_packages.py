"""Packages that are there by name and lack something are fetched anew, once, and never in a circle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from tests.support.needy_plugin import NAME, NeedyPlugin, make_wheel
from worker.packages.damage_mark import DamageMark
from worker.packages.dependencies import RETRY_AFTER
from worker.packages.requirements import packages_name


def remove(module: Path) -> None:
    module.unlink()


def empty(module: Path) -> None:
    module.write_bytes(b"")


def change(module: Path) -> None:
    module.write_bytes(module.read_bytes() + b"# a bad disk\n")


def make_a_folder(module: Path) -> None:
    module.unlink()
    module.mkdir()


DAMAGES = (remove, empty, change, make_a_folder)
slow = pytest.mark.slow  # pip runs


@pytest.fixture
def installed(plugin: NeedyPlugin) -> NeedyPlugin:
    make_wheel(plugin.wheels, "1.2.0")
    assert plugin.run()["version"] == "1.2.0"
    return plugin


def module_of(plugin: NeedyPlugin) -> Path:
    return Path(plugin.packages, "plexsync_example.py")


def age_of_the_mark(plugin: NeedyPlugin, seconds: float) -> None:
    """Let the last time that damaged packages were fetched anew be longer ago."""
    file = JsonFile(plugin.data.damaged_packages)
    file.save({name: fetched_at - seconds for name, fetched_at in file.load().items()})


@slow
def test_whole_packages_are_left_alone(installed: NeedyPlugin) -> None:
    assert installed.run("look") == {"damage": "", "said": []}
    assert installed.run("ask")["said"] == []


@slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_ones_are_fetched_anew_by_the_next_process(
    installed: NeedyPlugin, damage: Callable[[Path], None]
) -> None:
    damage(module_of(installed))
    assert "plexsync_example.py is not as plexsync-example 1.2.0 brings it" in installed.run("look")["damage"]
    after = installed.run("ask")
    assert after["version"] == "1.2.0"
    assert NAME in after["said"][0][1]
    assert installed.run("look")["damage"] == ""
    assert installed.run("ask")["said"] == []
    assert installed.whole()


@slow
def test_a_package_that_does_not_load_is_damaged_whatever_it_says_of_itself(installed: NeedyPlugin) -> None:
    module_of(installed).write_text("import no_such_library\n", encoding="utf-8")
    record = Path(installed.packages, "plexsync_example-1.2.0.dist-info", "RECORD")
    record.write_text("plexsync_example.py,,\n../../bin/example,sha256=AA,1\nold.pyc,,\n", encoding="utf-8")
    assert "No module named 'no_such_library'" in installed.run("look")["damage"]


@slow
def test_what_is_damaged_again_at_once_waits_as_after_any_failure(installed: NeedyPlugin) -> None:
    remove(module_of(installed))
    installed.run("look")
    installed.run("ask")
    remove(module_of(installed))
    said = installed.run("look")["damage"]
    assert "damaged again" in said
    assert "--require-hashes" in said
    assert installed.run("ask") == {"error": said, "said": []}
    assert installed.run("insist")["version"] == "1.2.0", "a person may try at once"


@slow
def test_what_is_damaged_much_later_is_damaged_for_the_first_time(installed: NeedyPlugin) -> None:
    remove(module_of(installed))
    installed.run("look")
    installed.run("ask")
    age_of_the_mark(installed, RETRY_AFTER)
    remove(module_of(installed))
    assert "They are fetched anew" in installed.run("look")["damage"]
    assert installed.run("ask")["version"] == "1.2.0"


@slow
def test_a_folder_that_nobody_can_fetch_anew_says_how_to_do_it_by_hand(installed: NeedyPlugin) -> None:
    remove(module_of(installed))
    installed.run("look")
    shutil.rmtree(installed.wheels)
    assert "--target" in installed.run("ask")["error"]


def test_the_mark_is_of_its_own_packages(plugin: NeedyPlugin) -> None:
    file = JsonFile(plugin.data.damaged_packages)
    mark, other = DamageMark(file, packages_name(plugin.lock)), DamageMark(file, "pictures")
    assert not mark.is_noted()
    mark.note()
    assert mark.is_noted()
    assert not other.is_noted()
    other.note_fetched(5.0)
    assert other.fetched_at() == 0.0, "nobody said that they were damaged"
    mark.note_fetched(5.0)
    assert (mark.is_noted(), mark.fetched_at()) == (False, 5.0)
    mark.forget()
    assert json.loads(Path(file.path).read_text(encoding="utf-8")) == {}
    Path(file.path).write_text("[", encoding="utf-8")
    assert not mark.is_noted()
