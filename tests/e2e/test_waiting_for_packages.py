"""A drainer without packages is as obedient as any other: while it waits to try again, and while pip fetches them."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import wait_until_logged
from tests.support.bare_python import bare_python, unzip_plugin
from tests.support.buttons import press
from tests.world import PROJECT, World, wait_until
from worker.packages.requirements import read_pins
from worker.status.standing import PACKAGES_MISSING
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
        wait_until(lambda: any("--require-hashes" in child.cmdline() for child in drainer.children()), "pip")
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


def test_how_things_stand_is_told_without_packages_too(tmp_path: Path, python: str) -> None:
    with waiting_world(tmp_path, python, PIP_NO_INDEX="1") as world:
        wait_until_logged(world, "could not be installed")
        world.kill_drainer()
        press(world, "View Queue Status")
        world.kill_drainer()
        said = [line.text for line in world.stash.logs]
        assert any("1 job pending" in text for text in said)
        assert f"Waiting because: {PACKAGES_MISSING}" in said


# --- what the page asks, and whoever needs help


def pretend_installed(python: str) -> None:
    """Let that Python's own folder name all that is needed, and have nothing of it."""
    (site,) = Path(python).parent.parent.glob("[Ll]ib/**/site-packages")
    for name, version in read_pins(str(PROJECT / "requirements.txt")):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


@pytest.mark.parametrize("damage", [lambda _: None, pretend_installed], ids=["missing", "damaged"])
def test_without_packages_the_page_is_quiet_and_the_diagnostics_are_saved(
    tmp_path: Path, damage: Callable[[str], None]
) -> None:
    python = bare_python(tmp_path / "bare")
    damage(python)
    with World(tmp_path, scenes=1, python=python, install=unzip_plugin) as world:
        world.stash.plugins.environment["PIP_NO_INDEX"] = "1"
        for mode in ("settings", "login_start"):
            with pytest.raises(ResolverError, match="could not be installed"):
                world.stash.run_operation("PlexSync", mode=mode, quiet=True)
        assert [line for line in world.stash.logs if line.level not in ("trace", "debug", "error")] == []
        assert len([line for line in world.stash.logs if line.level == "error"]) <= 2, "one failure a question"
        file = Path(world.stash.run_operation("PlexSync", mode="save_diagnostics")["file"])
        assert file.stat().st_size > 0


def test_damaged_packages_that_cannot_be_fetched_are_told_with_the_command(tmp_path: Path) -> None:
    python = bare_python(tmp_path / "bare")
    pretend_installed(python)
    with waiting_world(tmp_path, python, PIP_NO_INDEX="1") as world:
        wait_until_logged(world, "could not be installed")
        assert "are damaged" in world.logged()
        assert "--target" in world.logged()
        wait_until(
            lambda: bool(world.stash.run_operation("PlexSync", mode="queue_status", quiet=True)["drainer"]["blocked"])
        )
        assert (world.open_jobs(), "Traceback" in world.logged()) == (1, False)
