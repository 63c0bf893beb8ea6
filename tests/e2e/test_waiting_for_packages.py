"""A drainer without packages is as obedient as any other: while it waits to try again, and while pip fetches them."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.agreement import wait_until_logged
from tests.support.bare_python import bare_python, unzip_plugin
from tests.world import World, wait_until
from worker.version import VERSION

pytestmark = pytest.mark.slow

OBEDIENT = 25.0
"""Seconds for a drainer to end, with twice the time that two looks at missing files take."""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with pip and nothing else."""
    return bare_python(tmp_path_factory.mktemp("bare") / "python")


@contextmanager
def waiting_world(tmp_path: Path, python: str, **pip: str) -> Iterator[World]:
    """A Stash in which an edit waits for packages that pip, with this environment, does not get."""
    with World(tmp_path, scenes=2, python=python, install=unzip_plugin) as world:
        world.stash.plugins.environment |= pip
        world.edit(1, title="Waits", details="d")
        yield world


@contextmanager
def silent_index() -> Iterator[str]:
    """The address of an index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def disable(world: World) -> None:
    world.stash.disable_plugin("PlexSync")


def uninstall(world: World) -> None:
    (world.plugin_folder / "PlexSync.yml").unlink()
    shutil.rmtree(world.plugin_folder / "worker")
    (world.plugin_folder / "PlexSync.py").unlink()


def update(world: World) -> None:
    for name in ("PlexSync.yml", "worker/version.py"):
        file = world.plugin_folder / name
        file.write_text(file.read_text(encoding="utf-8").replace(VERSION, "99.0.0"), encoding="utf-8")


def set_a_password(world: World) -> None:
    world.stash.password = True
    world.stash.expire_sessions()


@pytest.mark.parametrize("dismiss", [disable, uninstall, set_a_password])
def test_it_leaves_while_it_waits_to_try_again(tmp_path: Path, python: str, dismiss: Callable[[World], None]) -> None:
    with waiting_world(tmp_path, python, PIP_NO_INDEX="1") as world:
        wait_until_logged(world, "could not be installed")
        dismiss(world)
        wait_until(lambda: not world.drainers(), "the drainer to end", OBEDIENT)
        assert world.open_jobs() == 1
        assert "Traceback" not in world.logged()


def test_another_versions_drainer_takes_over(tmp_path: Path, python: str) -> None:
    with waiting_world(tmp_path, python, PIP_NO_INDEX="1") as world:
        wait_until_logged(world, "could not be installed")
        old = {process.pid for process in world.drainers()}
        update(world)
        wait_until(
            lambda: {process.pid for process in world.drainers()}.isdisjoint(old), "the old one to end", OBEDIENT
        )
        wait_until(lambda: len(world.drainers()) == 1, "the new one")


def test_it_leaves_while_pip_is_at_work_and_takes_pip_along(tmp_path: Path, python: str) -> None:
    with silent_index() as address, waiting_world(tmp_path, python, PIP_INDEX_URL=address) as world:
        wait_until_logged(world, "Installing")
        (drainer,) = world.drainers()
        wait_until(lambda: any("pip" in child.cmdline() for child in drainer.children()), "pip")
        (pip,) = drainer.children()
        disable(world)
        wait_until(lambda: not world.drainers(), "the drainer to end", OBEDIENT)
        assert not psutil.pid_exists(pip.pid)
        assert list(Path(world.data.dependencies).iterdir()) == []
        assert not Path(world.data.install_failure).exists(), "that is no failure"


def test_a_session_that_is_handed_over_is_used(tmp_path: Path, python: str) -> None:
    with waiting_world(tmp_path, python, PIP_NO_INDEX="1") as world:
        wait_until_logged(world, "could not be installed")
        old = {process.pid for process in world.drainers()}
        set_a_password(world)
        world.edit(2, title="Brings a session", details="d")
        world.stash.reset_log()
        wait_until(lambda: world.stash.count_operations("plugins") > 1, "the next questions to Stash")
        assert {process.pid for process in world.drainers()} == old
