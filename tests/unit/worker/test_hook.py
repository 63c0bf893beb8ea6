"""The hook's path: what it does, what it leaves alone, and that it imports nothing that a save would wait for."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sync_queue.database import open_queue_database
from sync_queue.relay import post_lines
from sync_queue.schema import FORMAT
from tests.support.installed_plugin import EDIT, IMPORT_LINE, Plugin
from worker.version import VERSION

HEAVY = {
    "typing", "dataclasses", "logging", "persistqueue", "requests", "pydantic", "subprocess", "plexapi", "stashapi",
    "validation", "asyncio", "urllib", "pathlib", "tempfile", "shutil", "inspect", "random", "argparse", "socket",
}  # fmt: skip
"""Top-level modules that cost a bare interpreter start between them, or several."""


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


def test_an_edit_is_one_durable_row(plugin: Plugin) -> None:
    run = plugin.run_hook(EDIT)
    assert (run.returncode, json.loads(run.stdout), run.stderr) == (0, {"output": "ok"}, "")
    (job,) = plugin.waiting()
    assert (job["scene_id"], job["data"]) == (7, {"fields": ["title"], "source": "hook"})


def test_a_rename_is_one_durable_row(plugin: Plugin) -> None:
    run = plugin.run_hook({**EDIT, "type": "Tag.Update.Post", "inputFields": ["id", "name"]})
    assert (run.returncode, run.stderr) == (0, "")
    (job,) = plugin.waiting()
    assert job["fan_out"] == "tag:7"


@pytest.mark.parametrize("context", [{}, {**EDIT, "inputFields": ["id", "play_count"]}, {**EDIT, "inputFields": None}])
def test_what_does_not_concern_plex_leaves_nothing(plugin: Plugin, context: dict[str, Any]) -> None:
    run = plugin.run_hook(context)
    assert (run.returncode, json.loads(run.stdout), run.stderr) == (0, {"output": "ok"}, "")
    assert plugin.waiting() == []


def test_the_drainers_news_are_passed_on_once(plugin: Plugin) -> None:
    database = open_queue_database(plugin.data.queue)
    post_lines(database, [("warning", "Plex is down")])
    database.close()
    assert [plugin.run_hook(EDIT).stderr for _ in range(2)] == ["\x01w\x02Plex is down\n", ""]


@pytest.mark.parametrize("fields", [["title"], ["play_count"]])
def test_nothing_heavy_is_imported(plugin: Plugin, fields: list[str]) -> None:
    run = plugin.run_hook({**EDIT, "inputFields": fields}, "-X", "importtime")
    assert run.returncode == 0
    imported = set(IMPORT_LINE.findall(run.stderr))
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "pass"], capture_output=True, text=True, check=True
    )
    ours = imported - set(IMPORT_LINE.findall(bare.stderr))
    assert "stash.protocol" in ours
    assert {name for name in ours if name.partition(".")[0] in HEAVY} == set()


def test_the_version_is_read_before_all_else_of_ours(plugin: Plugin) -> None:
    """An update writes it last: see worker/handover/plugin_files.py."""
    run = plugin.run_hook(EDIT, "-X", "importtime")
    rooms = {path.parent.name for path in plugin.folder.glob("*/__init__.py")}
    ours = [name for name in IMPORT_LINE.findall(run.stderr) if name.partition(".")[0] in rooms]
    assert ours[:2] == ["worker", "worker.version"]


def set_format(plugin: Plugin, number: int) -> None:
    with closing(sqlite3.connect(Path(plugin.data.queue, "plexsync.db"))) as connection:
        connection.execute(f"PRAGMA user_version = {number}")


def test_the_data_of_a_newer_version_are_left_alone_and_that_is_said(plugin: Plugin) -> None:
    open_queue_database(plugin.data.queue).close()
    set_format(plugin, FORMAT + 1)
    run = plugin.run_hook(EDIT)
    assert run.returncode == 1
    assert "A newer PlexSync wrote" in json.loads(run.stdout)["error"]
    assert "Scene 7 is saved in Stash, but is not in PlexSync's queue" in run.stderr
    set_format(plugin, FORMAT)
    assert plugin.waiting() == []


def test_a_hook_that_an_update_has_overtaken_still_inserts(plugin: Plugin) -> None:
    open_queue_database(plugin.data.queue).close()
    set_format(plugin, FORMAT + 1)
    manifest = plugin.folder / "PlexSync.yml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(VERSION, "99.0.0"), encoding="utf-8")
    assert plugin.run_hook(EDIT).returncode == 0
    set_format(plugin, FORMAT)
    assert [job["scene_id"] for job in plugin.waiting()] == [7]


def test_a_hook_whose_files_are_being_replaced_says_so(plugin: Plugin) -> None:
    (plugin.folder / "worker" / "version.py").unlink()
    run = plugin.run_hook(EDIT)
    assert (run.returncode, run.stderr) == (1, "")
    assert json.loads(run.stdout)["error"].startswith("PlexSync is being updated.")
