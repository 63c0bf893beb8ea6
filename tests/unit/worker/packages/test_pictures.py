"""Pillow's place: fetched beside the work, by a drainer only, kept apart from what is always needed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from pathlib import Path

import psutil
import pytest

from storage.json_file import JsonFile
from tests.support.clock import Clock
from tests.support.needy_plugin import NAME, NeedyPlugin, make_wheel
from tests.world import PROJECT, wait_until
from worker.base.plugin_folder import PLUGIN_FOLDER
from worker.packages.dependencies import LISTS, RETRY_AFTER, Dependencies
from worker.packages.pictures import PicturePackages, Pictures
from worker.packages.requirements import packages_name, read_pins

pytestmark = pytest.mark.slow  # pip runs in most of them


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NeedyPlugin:
    """A plugin that needs the example package for one setting, and nothing always."""
    made = NeedyPlugin(tmp_path)
    for ending in ("txt", "lock"):
        shutil.move(made.folder / f"requirements.{ending}", made.folder / f"requirements-pictures.{ending}")
        (made.folder / f"requirements.{ending}").write_text("# nothing\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
    monkeypatch.setattr(sys, "path", [*sys.path])
    return made


def packages(plugin: NeedyPlugin, clock: Clock | None = None) -> PicturePackages:
    return PicturePackages(plugin.data, str(plugin.folder), clock or Clock())


def folder(plugin: NeedyPlugin) -> str:
    return packages_name(str(plugin.folder / "requirements-pictures.lock"))


def wait_for(found: PicturePackages) -> Pictures:
    wait_until(lambda: found.state() is not Pictures.ARRIVING, "pip to end")
    return found.state()


def test_a_drainer_fetches_it_beside_its_work_and_the_next_one_finds_it(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    found = packages(plugin)
    found.fetch_from_now_on()
    assert found.state() is Pictures.ARRIVING
    assert wait_for(found) is Pictures.READY
    assert os.listdir(plugin.data.dependencies) == [folder(plugin)]
    assert packages(plugin).state() is Pictures.READY


def test_a_task_leaves_it_to_the_drainer(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    assert packages(plugin).state() is Pictures.ARRIVING
    assert not os.path.exists(plugin.data.dependencies)


def test_what_failed_is_told_and_not_tried_again_for_ten_minutes(
    plugin: NeedyPlugin, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    found = packages(plugin, clock)
    found.fetch_from_now_on()
    assert wait_for(found) is Pictures.MISSING
    assert found.problem().startswith(f"{NAME} could not be installed (")
    assert "Covers are sent as they are meanwhile." in found.problem()
    assert "requirements-pictures.lock" in found.problem()
    assert caplog.text.count("could not be installed") == 1
    assert packages(plugin, clock).state() is Pictures.MISSING
    make_wheel(plugin.wheels, "1.2.0")
    assert found.state() is Pictures.MISSING
    clock.now += RETRY_AFTER
    assert wait_for(found) is Pictures.READY
    assert found.problem() == ""


def test_it_does_not_outlive_the_drainer(plugin: NeedyPlugin, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that takes the connection and says nothing
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        found = packages(plugin)
        found.fetch_from_now_on()
        assert found.state() is Pictures.ARRIVING
        wait_until(lambda: bool(children()), "pip to start")
        found.stop()
        assert children() == []
        assert os.listdir(plugin.data.dependencies) == []
        assert (found.problem(), found.state()) == ("", Pictures.ARRIVING)
        assert children() == []


def children() -> list[str]:
    """The pips that this process has started."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += ["pip"] if "--require-hashes" in child.cmdline() else []
    return found


def test_neither_set_of_packages_is_in_the_way_of_the_other(plugin: NeedyPlugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    found = packages(plugin)
    found.fetch_from_now_on()
    wait_for(found)
    needed = packages_name(str(plugin.folder / "requirements.lock"))
    for name in (needed, "cpython-309-0badc0de"):
        os.mkdir(os.path.join(plugin.data.dependencies, name))
    needed_ones = Dependencies(plugin.data, str(plugin.folder), lambda *_: None)

    def both_are_left_alone() -> bool:
        """The packages are there a moment before who installed them lets go of the lock; nothing goes until then."""
        needed_ones.remove_others()
        return sorted(os.listdir(plugin.data.dependencies)) == sorted([needed, folder(plugin)])

    wait_until(both_are_left_alone, "what is of another Python to go")
    assert not JsonFile(plugin.data.install_failure).peek()


def test_it_is_pillow_that_the_plugin_asks_for() -> None:
    assert Path(PLUGIN_FOLDER) == PROJECT
    needed, pictures = (read_pins(str(PROJECT / f"{name}.txt")) for name in LISTS)
    assert [pin.module for pin in pictures] == ["PIL"]
    assert not {pin.name for pin in needed} & {pin.name for pin in pictures}
