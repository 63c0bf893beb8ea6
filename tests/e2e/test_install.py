"""Installed as a user does: the zip in an empty plugins folder, a Python without packages, an edit that arrives."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.support.bare_python import bare_python, unzip_plugin
from tests.world import PROJECT, World, wait_until
from worker.packages.requirements import packages_name
from worker.status.standing import PACKAGES_MISSING

pytestmark = [pytest.mark.network, pytest.mark.xdist_group("install")]

LOCK = str(PROJECT / "requirements.lock")
INSTALLATION = 180.0
"""Seconds that the packages may take to arrive."""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every wheel that the plugin needs."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--require-hashes"]
    subprocess.run([*command, "-d", str(folder), "-r", LOCK], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with pip and nothing else."""
    return bare_python(tmp_path_factory.mktemp("bare") / "python")


def fresh_world(tmp_path: Path, python: str, offline: Path | None = None) -> World:
    """A Stash in which the plugin was just unpacked; with `offline`, pip sees that folder of wheels only."""
    world = World(tmp_path, scenes=3, python=python, install=unzip_plugin)
    world.stash.plugins.environment["PLEXSYNC_INSTALL_RETRY_SECONDS"] = "3"
    if offline is not None:
        offline.mkdir(exist_ok=True)
        world.stash.plugins.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(offline)}
    return world


def logged_lines(world: World, text: str) -> int:
    """How many lines of the drainer's log hold a text."""
    log = Path(world.data.log)
    return sum(text in line for line in log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def packages(world: World) -> list[str]:
    """The folders of packages, unfinished ones too."""
    return os.listdir(world.data.dependencies) if os.path.isdir(world.data.dependencies) else []


def packages_are_said_to_be_missing(world: World) -> bool:
    """Whether the page in Stash is told so; it asks without packages, too."""
    drainer = world.stash.run_operation("PlexSync", mode="queue_status", quiet=True)["drainer"]
    return (drainer["doing"], drainer["blocked"]) == ("packages", PACKAGES_MISSING)


@pytest.mark.parametrize("with_pip", [True, False], ids=["pip", "no-pip"])
def test_the_first_edit_arrives_on_a_bare_python(tmp_path: Path, with_pip: bool) -> None:
    with fresh_world(tmp_path, bare_python(tmp_path / "bare", with_pip=with_pip)) as world:
        saved = world.edit(1, title="From a zip", details="d")
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1])
        assert saved < 5.0
        assert packages(world) == [packages_name(LOCK)]
        assert [run.error for run in world.stash.runs] == [None]
        world.edit(1, title="And the next")
        assert "The packages are installed" in [line.text for line in world.stash.logs]
        assert [line.text for line in world.stash.logs if line.level == "error"] == []


def test_without_a_network_edits_wait_and_go_out_by_themselves(tmp_path: Path, python: str, wheels: Path) -> None:
    reachable = tmp_path / "index"
    with fresh_world(tmp_path, python, reachable) as world:
        world.stash.plugins.environment["PLEXSYNC_INSTALL_RETRY_SECONDS"] = "600"
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "could not be installed")
        wait_until(lambda: packages_are_said_to_be_missing(world), "the drainer to say what it waits for")
        world.kill_drainer()
        assert packages_are_said_to_be_missing(world)
        for scene_id in (1, 2, 3, 1, 2, 3):
            world.edit(scene_id, title="Waits, too", details="d")
            world.kill_drainer()
        assert logged_lines(world, "Installing") == 1
        assert world.queue().pending == 3
        world.stash.plugins.environment["PLEXSYNC_INSTALL_RETRY_SECONDS"] = "3"
        world.edit(1, title="Waits for the network", details="d")
        os.rename(reachable, tmp_path / "empty")
        os.symlink(wheels, reachable, target_is_directory=True)
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1, 2, 3])
        assert not packages_are_said_to_be_missing(world)


def test_a_task_says_what_to_do_and_tries_again_at_once(tmp_path: Path, python: str, wheels: Path) -> None:
    reachable = tmp_path / "index"
    with fresh_world(tmp_path, python, reachable) as world:
        world.stash.plugins.environment["PLEXSYNC_INSTALL_RETRY_SECONDS"] = "600"
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "could not be installed")
        world.stash.run_task("PlexSync", "Process Queue").ended.wait(INSTALLATION)
        assert "--target" in (world.stash.runs[-1].error or "")
        os.rename(reachable, tmp_path / "empty")
        os.symlink(wheels, reachable, target_is_directory=True)
        world.stash.run_task("PlexSync", "Process Queue").ended.wait(INSTALLATION)
        assert world.stash.runs[-1].error is None
        wait_until_in_step(world, [1])


def test_a_drainer_and_a_task_at_once_install_once(tmp_path: Path, python: str, wheels: Path) -> None:
    with fresh_world(tmp_path, python, wheels) as world:
        task = threading.Thread(target=lambda: world.stash.run_task("PlexSync", "View Queue Status").ended.wait())
        task.start()
        world.edit(1, title="At the same time", details="d")
        task.join(INSTALLATION)
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1])
        world.edit(1, title="So that Stash's log has all lines")
        said = [line.text for line in world.stash.logs]
        assert said.count("The packages are installed") == 1
        assert {run.error for run in world.stash.runs} == {None}
        assert packages(world) == [packages_name(LOCK)]


def test_killed_drainers_leave_nothing_that_looks_complete(tmp_path: Path, python: str, wheels: Path) -> None:
    moments = random.Random(5)
    with fresh_world(tmp_path, python, wheels) as world:
        for number in range(6):
            world.edit(1, title=f"Edit {number}", details="d")
            wait_until(lambda: bool(world.drainers()) or world.open_jobs() == 0, "a drainer")
            time.sleep(moments.uniform(0.2, 4.0))
            world.kill_drainer()
        world.edit(1, title="The last one", details="d")
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1])
        assert packages(world) == [packages_name(LOCK)]


def test_other_pins_and_another_python_bring_their_own_packages(tmp_path: Path, python: str, wheels: Path) -> None:
    with fresh_world(tmp_path, python, wheels) as world:
        older = Path(world.data.dependencies, "cpython-309-0badc0de", "pydantic")
        older.mkdir(parents=True)
        older.joinpath("__init__.py").write_text("raise ImportError('for another Python')", encoding="utf-8")
        world.edit(1, title="After an upgrade", details="d")
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1])
        assert packages(world) == [packages_name(LOCK)]


def folder_of(world: World) -> Path:
    """The folder of packages."""
    return Path(world.data.dependencies, packages_name(LOCK))


def test_damaged_packages_heal_by_themselves(tmp_path: Path, python: str, wheels: Path) -> None:
    with fresh_world(tmp_path, python, wheels) as world:
        world.edit(1, title="First", details="d")
        world.wait_until_drained(INSTALLATION)
        wait_until(lambda: not world.drainers(), "the drainer to end")
        shutil.rmtree(folder_of(world) / "urllib3")
        world.edit(2, title="With half of the packages", details="d")
        world.wait_until_drained(INSTALLATION)
        wait_until_in_step(world, [1, 2])
        wait_until(lambda: not world.drainers(), "the drainer to end")
        (folder_of(world) / "requests" / "sessions.py").write_bytes(b"")
        world.stash.run_task("PlexSync", "Test Plex Connection").ended.wait(INSTALLATION)
        assert world.stash.runs[-1].error is None
        assert "Traceback" not in world.logged()
