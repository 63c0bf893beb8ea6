"""No process of ours runs code from where Stash happens to stand, from PYTHONPATH or from a user's own packages."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.agreement import wait_until_in_step
from tests.support.bare_python import bare_python
from tests.support.needy_plugin import NeedyPlugin, make_wheel
from tests.support.traps import Traps
from tests.world import World
from worker.launcher import isolated
from worker.packages.requirements import packages_folder

BASE = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
"""Outside of a virtual environment, where a user's own packages are on the path of a Python that is not isolated."""

PLACES = pytest.mark.parametrize("place", ["working directory", "empty PYTHONPATH", "PYTHONPATH"])


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path / "traps")


def python_path(traps: Traps, place: str) -> str | None:
    return {"working directory": None, "empty PYTHONPATH": "", "PYTHONPATH": str(traps.folder)}[place]


def trapped_world(folder: Path, traps: Traps, place: str) -> World:
    """A world whose Stash stands in the traps, and whose plugin has its packages in its own folder."""
    world = World(folder, scenes=2, python=BASE)
    world.stash.plugins.folder = str(traps.folder)
    world.stash.plugins.environment |= traps.environment(python_path(traps, place))
    packages = packages_folder(world.data.dependencies, str(world.plugin_folder / "requirements.lock"))
    os.makedirs(world.data.dependencies, mode=0o700)
    os.symlink(sysconfig.get_path("purelib"), packages, target_is_directory=True)
    return world


def test_a_python_that_is_not_isolated_goes_into_them(traps: Traps) -> None:
    """Or the other tests would prove nothing."""
    for place in ("empty PYTHONPATH", "PYTHONPATH", "working directory"):
        present = python_path(traps, place)
        # As Stash appends its plugins folder.
        path = {} if present is None else {"PYTHONPATH": present + os.pathsep + "/plugins"}
        environment = {**os.environ, **traps.environment(None), **path}
        before = len(traps.sprung())
        subprocess.run(
            [BASE, str(Path(__file__).parent / "__init__.py")], cwd=traps.folder, env=environment, check=False
        )
        subprocess.run([BASE, "-c", "import json"], cwd=traps.folder, env=environment, check=False)
        assert traps.sprung()[before:], place


@PLACES
def test_hook_drainer_task_and_operation_do_not(tmp_path: Path, traps: Traps, place: str) -> None:
    with trapped_world(tmp_path / "world", traps, place) as world:
        world.edit(1, title="By a hook and its drainer", details="d")
        world.wait_until_drained()
        wait_until_in_step(world, [1])
        world.kill_drainer()
        for task in ("Test Plex Connection", "Sync All Scenes", "View Queue Status", "Compare with Plex (report only)"):
            world.stash.run_task("PlexSync", task).ended.wait()
        world.stash.run_operation("PlexSync", mode="queue_status")
        assert {run.error for run in world.stash.runs} == {None}
    assert traps.sprung() == []


@PLACES
@pytest.mark.parametrize("with_pip", [True, False], ids=["pip", "no-pip"])
def test_fetching_the_packages_does_not(tmp_path: Path, traps: Traps, place: str, with_pip: bool) -> None:
    """pip, a temporary environment for it where there is none, and the first import of what was fetched."""
    plugin = NeedyPlugin(tmp_path)
    make_wheel(plugin.wheels, "1.2.0")
    present = python_path(traps, place)
    plugin.environment |= traps.environment(None if present is None else present + os.pathsep + str(tmp_path))
    plugin.working_folder = traps.folder
    report = plugin.run_with(BASE if with_pip else bare_python(tmp_path / "bare", with_pip=False))
    assert report["version"] == "1.2.0"
    assert traps.sprung() == []


def test_an_isolated_python_has_its_own_packages_and_no_other_folder() -> None:
    script = "import sys, sysconfig; print(sys.flags.isolated, '' in sys.path, *sys.path, sep='\\n')"
    result = subprocess.run(isolated(sys.executable, "-c", script), capture_output=True, text=True, check=True)
    isolated_flag, has_working_folder, *path = result.stdout.splitlines()
    assert (isolated_flag, has_working_folder) == ("1", "False")
    assert sysconfig.get_path("purelib") in path
