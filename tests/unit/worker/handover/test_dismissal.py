"""When a process that works is no longer wanted: what its files say, and what Stash says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stash.client import StashClient
from storage.lock import ProcessLock
from tests.simulators.faults import status
from tests.simulators.stash import StashSimulator
from tests.support.clock import Clock
from worker.handover.dismissal import ASK_EVERY, Dismissal
from worker.handover.ended import Ended
from worker.handover.plugin_files import MISSING_FOR, UNCHANGED_FOR, PluginFiles, installed_version
from worker.version import VERSION

OTHER = f"name: PlexSync\nversion: {VERSION}9 # newer\nexec:\n"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "PlexSync"
    (folder / "worker").mkdir(parents=True)
    (folder / "PlexSync.py").write_text("", encoding="utf-8")
    (folder / "PlexSync.yml").write_text(f"name: PlexSync\nversion: {VERSION}\n", encoding="utf-8")
    return folder


def test_files_as_they_were(plugin: Path) -> None:
    files = PluginFiles(str(plugin), Clock())
    assert files.verdict() is None


@pytest.mark.parametrize("name", ["PlexSync.py", "PlexSync.yml"])
def test_missing_files_are_gone_after_a_second_look(plugin: Path, name: str) -> None:
    clock = Clock()
    files = PluginFiles(str(plugin), clock)
    (plugin / name).unlink()
    assert files.verdict() is None
    clock.sleep(MISSING_FOR - 1)
    assert files.verdict() is None
    clock.sleep(1)
    assert files.verdict() is Ended.REMOVED


def test_files_that_come_back_were_not_gone(plugin: Path) -> None:
    clock = Clock()
    files = PluginFiles(str(plugin), clock)
    content = (plugin / "PlexSync.yml").read_bytes()
    (plugin / "PlexSync.yml").unlink()
    assert files.verdict() is None
    (plugin / "PlexSync.yml").write_bytes(content)
    clock.sleep(MISSING_FOR)
    assert files.verdict() is None
    (plugin / "PlexSync.yml").unlink()
    assert files.verdict() is None


def write_code(plugin: Path) -> None:
    with open(plugin / "worker" / "new.py", "a", encoding="utf-8") as file:
        file.write("a line more\n")


def write_data(plugin: Path) -> None:
    for name in ("data", "live"):
        (plugin / name).mkdir(exist_ok=True)
        write = plugin / name / "state.json"
        write.write_text(write.read_text(encoding="utf-8") + "x" if write.exists() else "x", encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "verdict"), [(write_code, None), (write_data, Ended.UPDATED)], ids=["its code", "our own data"]
)
def test_another_version_counts_once_its_files_are_whole(
    plugin: Path, write: Callable[[Path], None], verdict: Ended | None
) -> None:
    clock = Clock()
    files = PluginFiles(str(plugin), clock)
    (plugin / "PlexSync.yml").write_text(OTHER, encoding="utf-8")
    for _ in range(3):
        write(plugin)
        assert files.verdict() is None
        clock.sleep(UNCHANGED_FOR / 3)
    write(plugin)
    assert files.verdict() is verdict
    clock.sleep(UNCHANGED_FOR)
    assert files.verdict() is Ended.UPDATED


@pytest.mark.parametrize(
    ("text", "version"),
    [("version: 1.2.3\n", "1.2.3"), ('version: "1.2.3" # x\n', "1.2.3"), ("version:\n", None), ("a: b\n", None)],
)
def test_the_version_of_a_manifest(plugin: Path, text: str, version: str | None) -> None:
    (plugin / "PlexSync.yml").write_text(text, encoding="utf-8")
    assert installed_version(str(plugin)) == version


class World:
    """A Stash that has the plugin, and who asks it."""

    def __init__(self, plugin: Path) -> None:
        self.stash = StashSimulator(plugin.parent)
        self.clock = Clock()
        self.relief = ProcessLock(str(plugin / "standby.lock"))
        self.plugin = plugin

    def dismissal(self, relief: ProcessLock | None = None) -> Dismissal:
        client = StashClient(self.stash.server_connection())
        return Dismissal(PluginFiles(str(self.plugin), self.clock), client, relief, self.clock)


@pytest.fixture
def world(plugin: Path) -> World:
    exec_line = f"version: {VERSION}\nexec: [python3, PlexSync.py]\ninterface: raw\n"
    (plugin / "PlexSync.yml").write_text(f"name: PlexSync\n{exec_line}", encoding="utf-8")
    return World(plugin)


def test_stash_is_asked_now_and_then(world: World) -> None:
    with world.stash:
        dismissal = world.dismissal()
        assert dismissal.reason() is None
        assert dismissal.reason() is None
        assert world.stash.count_operations("plugins") == 1
        world.stash.disable_plugin("PlexSync")
        assert dismissal.reason() is None
        world.clock.sleep(ASK_EVERY)
        assert dismissal.reason() is Ended.DISABLED
        world.stash.enable_plugin("PlexSync")
        assert dismissal.reason() is Ended.DISABLED  # who was told to go does not stay


def test_a_batch_asks_at_the_last_moment(world: World) -> None:
    with world.stash:
        dismissal = world.dismissal()
        assert dismissal.reason() is None
        world.stash.disable_plugin("PlexSync")
        world.clock.sleep(1.0)
        assert dismissal.reason(1.0) is Ended.DISABLED


def test_a_plugin_that_stash_does_not_know_is_disabled(world: World) -> None:
    with world.stash:
        dismissal = world.dismissal()
        world.stash.plugins.plugins = ()
        assert dismissal.reason() is Ended.DISABLED


def test_a_stash_that_says_nothing_dismisses_nobody(world: World) -> None:
    with world.stash:
        world.stash.inject(status(500))
        assert world.dismissal().reason() is None
        world.stash.refuse()
        assert world.dismissal().reason() is None
        world.stash.accept()


def test_without_a_session_there_is_nothing_to_stay_for(world: World) -> None:
    with world.stash:
        dismissal = world.dismissal()
        world.stash.password = True
        world.stash.expire_sessions()
        assert dismissal.reason() is Ended.LOGGED_OUT


def test_a_standby_relieves_a_drainer_and_no_task(world: World, plugin: Path) -> None:
    with world.stash:
        drainer, task = world.dismissal(world.relief), world.dismissal()
        assert drainer.reason() is None
        standby = ProcessLock(str(plugin / "standby.lock"))
        assert standby.acquire()
        assert (drainer.reason(), task.reason()) == (Ended.RELIEVED, None)
        standby.release()
