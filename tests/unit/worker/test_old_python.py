"""Too old a Python: it is said by every hook and operation, and the edits wait."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed_plugin import EDIT, IMPORT_LINE, Plugin
from tests.world import PROJECT
from worker.launcher import isolated

PRETEND = """
import sqlite3, json, runpy, sys
sys.version_info = ({version}, 18, "final", 0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs PlexSync.py as a Python that believes to be older; what is the standard library's own is imported before."""
SENTENCE = "Stash runs its plugins with Python {version} ({python}), and PlexSync needs 3.10 or newer. Install one and"


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    plugin = Plugin(tmp_path)
    plugin.drainer.release()  # nobody drains: an old Python must not start to
    return plugin


def run_as(plugin: Plugin, version: str, args: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the plugin with a Python of `version`, "3.9"."""
    code = PRETEND.format(version=version.replace(".", ", "))
    return subprocess.run(
        isolated(sys.executable, "-c", code, str(plugin.folder / "PlexSync.py")),
        input=json.dumps({"server_connection": {"Scheme": "http", "Port": 1}, "args": args}),
        env={**os.environ, "STASH_PLUGIN_DATA": plugin.data.root},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", ["3.7", "3.8", "3.9"])
@pytest.mark.parametrize("fields", [["title"], ["play_count"]])
def test_each_hook_says_so_and_keeps_the_edit(plugin: Plugin, version: str, fields: list[str]) -> None:
    run = run_as(plugin, version, {"hookContext": {**EDIT, "inputFields": fields}})
    assert (run.returncode, json.loads(run.stdout)) == (0, {"output": "ok"})
    (line,) = run.stderr.splitlines()
    assert line.startswith("\x01e\x02" + SENTENCE.format(version=version, python=sys.executable))
    assert line.endswith("Edits wait until then")
    assert [job["scene_id"] for job in plugin.waiting()] == ([7] if fields == ["title"] else [])


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.9"])
@pytest.mark.parametrize("mode", ["queue_status", "save_diagnostics", "health_check", "sync_all", "unknown"])
def test_each_operation_fails_with_it(plugin: Plugin, version: str, mode: str) -> None:
    run = run_as(plugin, version, {"mode": mode})
    assert (run.returncode, run.stderr) == (1, "")
    assert json.loads(run.stdout)["error"].startswith(SENTENCE.format(version=version, python=sys.executable))


def test_where_not_even_the_hook_compiles_it_says_that_nothing_is_queued(plugin: Plugin) -> None:
    run = run_as(plugin, "3.6", {"hookContext": EDIT})
    assert "Edits are not queued before that" in json.loads(run.stdout)["error"]
    assert plugin.waiting() == []


def test_what_runs_before_that_is_said_compiles_on_an_old_python(plugin: Plugin) -> None:
    for name in ("PlexSync.py", "worker/__init__.py", "worker/version.py", "worker/old_python.py"):
        ast.parse((PROJECT / name).read_text(encoding="utf-8"), feature_version=(3, 6))
        assert "__future__" not in (PROJECT / name).read_text(encoding="utf-8")  # its annotations came with 3.7

    plugin.drainer.acquire()
    rooms = {path.parent.name for path in plugin.folder.glob("*/__init__.py")}
    names = IMPORT_LINE.findall(plugin.run_hook(EDIT, "-X", "importtime").stderr)
    ours = [name for name in names if name.partition(".")[0] in rooms]
    assert "worker.hook" in ours
    for name in ours:
        path = PROJECT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))
