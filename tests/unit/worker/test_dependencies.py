"""Bringing the packages in: a real pip, a wheel made here, a private folder, and nothing halfway."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from storage.lock import ProcessLock
from worker.data_folder import DataFolder
from worker.dependencies import ensure_dependencies, install_command, missing_packages

PROJECT = Path(__file__).resolve().parents[3]
NAME = "plexsync-example"
SCRIPT = """
import json, sys
from worker.data_folder import DataFolder
from worker.dependencies import DependencyError, ensure_dependencies
said = []
try:
    ensure_dependencies(DataFolder(sys.argv[1]), sys.argv[2], lambda level, text: said.append([level, text]))
    import plexsync_example
    result = {"version": plexsync_example.VERSION, "from": plexsync_example.__file__}
except DependencyError as error:
    result = {"error": str(error)}
print(json.dumps({**result, "said": said}))
"""


def make_wheel(folder: Path, version: str) -> None:
    """A package of one module, as pip would download it."""
    info = f"plexsync_example-{version}.dist-info"
    files = {
        "plexsync_example.py": f'VERSION = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files) + f"{info}/RECORD,,\n"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"plexsync_example-{version}-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)


class Plugin:
    """A plugin folder that requires the example, a data folder, and where pip may look."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "plug in"
        self.folder.mkdir()
        self.data = DataFolder(str(tmp_path / "my data"))
        self.data.create()
        self.wheels = tmp_path / "wheels"
        self.wheels.mkdir()
        self.environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        self.require("1.2.0")

    @property
    def requirements(self) -> str:
        return str(self.folder / "requirements.txt")

    def require(self, version: str) -> None:
        Path(self.requirements).write_text(f"# a comment\n{NAME}=={version}\n", encoding="utf-8")

    def start(self) -> subprocess.Popen[str]:
        """Start a process that needs the packages."""
        command = [sys.executable, "-c", SCRIPT, self.data.root, str(self.folder)]
        return subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=subprocess.PIPE, text=True)

    def run(self) -> dict[str, Any]:
        """Let such a process end; what it reports."""
        process = self.start()
        output, _ = process.communicate()
        assert process.returncode == 0
        report: dict[str, Any] = json.loads(output)
        return report

    def leftovers(self) -> list[str]:
        """What is in the data folder beside the packages."""
        return sorted(set(os.listdir(self.data.root)) - {"queue", "deps", "install.lock"})


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


def test_missing_packages_are_installed_once_into_the_plugins_own_folder(plugin: Plugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    first = plugin.run()
    assert first["version"] == "1.2.0"
    assert first["from"].startswith(plugin.data.dependencies + os.sep)
    assert [level for level, _ in first["said"]] == ["info", "info"]
    assert NAME in first["said"][0][1]
    assert plugin.leftovers() == []
    plugin.environment["PIP_FIND_LINKS"] = ""
    assert plugin.run() == {**first, "said": []}


def test_a_newer_pin_replaces_what_was_installed(plugin: Plugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    plugin.run()
    make_wheel(plugin.wheels, "1.3.0")
    plugin.require("1.3.0")
    assert plugin.run()["version"] == "1.3.0"
    assert plugin.leftovers() == []


def test_without_a_network_the_error_holds_the_command_that_helps(plugin: Plugin) -> None:
    report = plugin.run()
    assert NAME in report["error"]
    assert not os.path.exists(plugin.data.dependencies)
    assert plugin.leftovers() == []
    make_wheel(plugin.wheels, "1.2.0")
    command = report["error"].partition("then edit any scene: ")[2]
    subprocess.run(shlex.split(command), env=plugin.environment, check=True, capture_output=True)
    assert plugin.run()["version"] == "1.2.0"


@pytest.mark.parametrize("leftover", [True, False], ids=["kill-while-unpacking", "kill-while-downloading"])
def test_a_kill_in_the_middle_leaves_nothing(plugin: Plugin, leftover: bool) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    with socket.create_server(("127.0.0.1", 0)) as slow_network:
        address = f"http://127.0.0.1:{slow_network.getsockname()[1]}/simple"
        working = plugin.environment
        plugin.environment = {**os.environ, "PIP_INDEX_URL": address}
        process = plugin.start()
        connection, _ = slow_network.accept()
        assert ProcessLock(plugin.data.install_lock).is_held_elsewhere()
        (pip,) = psutil.Process(process.pid).children()
        if leftover:
            os.makedirs(f"{plugin.data.dependencies}.{process.pid}.new")
        process.kill()
        process.communicate()
        pip.kill()
        connection.close()
    assert not os.path.exists(plugin.data.dependencies)
    plugin.environment = working
    assert plugin.run()["version"] == "1.2.0"
    assert plugin.leftovers() == []


def test_of_two_that_need_the_packages_one_installs_them(plugin: Plugin) -> None:
    make_wheel(plugin.wheels, "1.2.0")
    processes = [plugin.start() for _ in range(2)]
    reports = [json.loads(process.communicate()[0]) for process in processes]
    assert [report["version"] for report in reports] == ["1.2.0", "1.2.0"]
    assert sorted(len(report["said"]) for report in reports) == [0, 2]


def test_the_command_changes_nothing_but_the_plugins_own_folder(tmp_path: Path) -> None:
    folder = DataFolder(str(tmp_path))
    command = install_command(folder, "requirements.txt")
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-4:] == ["--target", folder.dependencies, "-r", "requirements.txt"]
    assert "--break-system-packages" not in command


# --- what is missing


@pytest.mark.parametrize(
    ("pin", "is_missing"),
    [
        ("pytest==1.0.0", False),
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


def test_an_older_patch_of_the_pinned_minor_version_will_do(tmp_path: Path) -> None:
    major, minor, *_ = pytest.__version__.split(".")
    file = tmp_path / "requirements.txt"
    file.write_text(f"pytest=={major}.{minor}.999\n")
    assert missing_packages(str(file)) == []
    file.write_text(f"pytest=={major}.{int(minor) + 1}.0\n")
    assert missing_packages(str(file)) == ["pytest"]


def test_what_this_project_pins_is_installed_here() -> None:
    assert missing_packages(str(PROJECT / "requirements.txt")) == []


def test_nothing_happens_where_nothing_is_missing(plugin: Plugin) -> None:
    Path(plugin.requirements).write_text("pytest==1.0\n")
    said: list[tuple[str, str]] = []
    ensure_dependencies(plugin.data, str(plugin.folder), lambda level, text: said.append((level, text)))
    assert said == []
    assert os.listdir(plugin.data.root) == ["queue"]
