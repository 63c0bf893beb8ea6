"""What pip's settings must not spoil: packages in a folder of our own, the locked ones, whole."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.bare_python import bare_python
from tests.support.needy_plugin import NeedyPlugin, make_wheel
from tests.support.small_disk import small_disk
from worker.data_folder import DataFolder

pytestmark = pytest.mark.slow  # pip runs in them

SPOILING = {
    "require-virtualenv": "1",
    "constraint": "{elsewhere}/constraints.txt",
    "requirement": "{elsewhere}/more.txt",
    "prefix": "{elsewhere}/prefix",
    "root": "{elsewhere}/root",
    "target": "{elsewhere}/target",
    "dry-run": "1",
    "quiet": "3",
    "user": "1",
    "no-binary": ":all:",
}
"""Options of pip's, by their names in its files, that a person may well have set for other purposes."""
ONLY_IN_THE_ENVIRONMENT = {
    "platform": "win_amd64",
    "abi": "cp39",
    "implementation": "pp",
    "python-version": "3.9",
    "group": "dev",
}
"""Those that break every other call of pip when they stand in a file of its."""


def variable(option: str) -> str:
    return f"PIP_{option.upper().replace('-', '_')}"


@pytest.fixture
def spoiled(plugin: NeedyPlugin, tmp_path: Path) -> NeedyPlugin:
    """The plugin, the package that it needs, and files that contradict it."""
    make_wheel(plugin.wheels, "1.2.0")
    (tmp_path / "constraints.txt").write_text("plexsync-example==9.9\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("no-such-package==1.0\n", encoding="utf-8")
    return plugin


def in_the_environment(plugin: NeedyPlugin, options: dict[str, str]) -> None:
    values = {variable(option): value.format(elsewhere=plugin.working_folder) for option, value in options.items()}
    plugin.environment = {**plugin.environment, **values}


def in_a_file(plugin: NeedyPlugin, options: dict[str, str], section: str) -> None:
    lines = [f"{option} = {value.format(elsewhere=plugin.working_folder)}" for option, value in options.items()]
    file = plugin.working_folder / "pip.conf"
    file.write_text("\n".join([f"[{section}]", *lines, ""]), encoding="utf-8")
    plugin.environment = {**plugin.environment, "PIP_CONFIG_FILE": str(file)}


@pytest.mark.parametrize("where", ["environment", "global", "install"])
def test_settings_of_pip_send_nothing_elsewhere(spoiled: NeedyPlugin, tmp_path: Path, where: str) -> None:
    if where == "environment":
        in_the_environment(spoiled, SPOILING | ONLY_IN_THE_ENVIRONMENT)
    else:
        in_a_file(spoiled, SPOILING, where)
    # A Python that is no virtual environment to pip, as Stash's seldom is.
    report = spoiled.run_with(bare_python(tmp_path / "bare"))
    assert report.get("error") is None
    assert report["version"] == "1.2.0"
    assert spoiled.whole()
    assert [name for name in ("prefix", "root", "target") if (tmp_path / name).exists()] == []


def test_the_command_for_a_person_holds_out_against_them_as_well(spoiled: NeedyPlugin) -> None:
    index = spoiled.environment["PIP_FIND_LINKS"]
    in_the_environment(spoiled, {**SPOILING, "find-links": ""})
    line = spoiled.run()["error"].partition("if there is one): ")[2]
    in_the_environment(spoiled, {"find-links": index})
    subprocess.run(
        line if os.name == "nt" else shlex.split(line), env=spoiled.environment, check=True, capture_output=True
    )
    assert spoiled.run()["said"] == []


def test_where_pip_crashes_the_reason_is_told(plugin: NeedyPlugin, tmp_path: Path) -> None:
    """A full disk is nothing that pip has words for, where it is met at the last step."""
    comment = f"# {'x' * 200_000}\n"
    make_wheel(plugin.wheels, "1.2.0", comment)
    plugin.require("1.2.0", comment)
    with small_disk(tmp_path / "small") as folder:
        plugin.data = DataFolder(str(folder / "data"))
        plugin.data.create()
        assert os.strerror(errno.ENOSPC) in plugin.run()["error"]


def test_a_disk_that_runs_no_code_is_named_with_the_step(plugin: NeedyPlugin, tmp_path: Path) -> None:
    needs_its_compiled_part = "import no_such_library\n"  # what is compiled does not load from there
    make_wheel(plugin.wheels, "1.2.0", needs_its_compiled_part)
    plugin.require("1.2.0", needs_its_compiled_part)
    with small_disk(tmp_path / "small", "1m", "noexec") as folder:
        plugin.data = DataFolder(str(folder / "data"))
        plugin.data.create()
        error = plugin.run()["error"]
    assert f"{plugin.data.dependencies} is on a disk that is mounted noexec" in error
    assert "STASH_PLUGIN_DATA" in error
