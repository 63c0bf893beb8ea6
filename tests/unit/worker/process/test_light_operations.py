"""What the page asks often takes no longer than it must: its processes import no more than the answer needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed_plugin import IMPORT_LINE
from tests.world import install_plugin
from worker.data_folder import DataFolder
from worker.launcher import isolated
from worker.tasks.registry import MODES

PACKAGES = {"plexapi", "pydantic", "requests", "urllib3", "persistqueue", "stashapi", "PIL"}
SILENT = {*PACKAGES, "logging", "subprocess", "threading", "tempfile", "asyncio", "socket", "ssl"}
"""What none of them needs where it is quiet: together as much as two bare interpreters."""
LIGHTEST = {*SILENT, "dataclasses", "inspect", "ast", "urllib", "hashlib", "random", "pathlib", "shutil"}
"""What those need least that the page asks most."""
MOST_ASKED = {"queue_status", "jobs", "recent_syncs", "history", "outage_report", "scene_status", "pins"}
ARGUMENTS: dict[str, dict[str, Any]] = {"scene_status": {"scene_id": 1}, "report": {"name": "compare-20261126-120000"}}


class Asker:
    """An installed plugin, whose operations are asked as the page does."""

    def __init__(self, folder: Path) -> None:
        self._entry = str(install_plugin(folder / "plugins") / "PlexSync.py")
        self.data = DataFolder(str(folder / "data"))

    def ask(self, mode: str, *options: str) -> subprocess.CompletedProcess[str]:
        args = {"mode": mode, "quiet": True, **ARGUMENTS.get(mode, {})}
        return subprocess.run(
            isolated(sys.executable, *options, self._entry),
            input=json.dumps({"server_connection": {"Scheme": "http", "Port": 1}, "args": args}),
            env={**os.environ, "STASH_PLUGIN_DATA": self.data.root},
            capture_output=True,
            text=True,
            check=False,
        )

    def imported_by(self, mode: str) -> set[str]:
        """The top-level modules that the operation imports."""
        run = self.ask(mode, "-X", "importtime")
        found = IMPORT_LINE.findall(run.stderr)
        assert "worker.process.task_runner" in found
        return {name.partition(".")[0] for name in found}


@pytest.fixture
def asker(tmp_path: Path) -> Asker:
    made = Asker(tmp_path)
    made.data.create()
    Path(made.data.known_settings).touch()  # else each operation starts a drainer to read them
    made.ask("queue_status")  # the first one makes the queue and writes the live file
    return made


@pytest.mark.parametrize("mode", sorted(mode for mode, action in MODES.items() if action.is_silent))
def test_what_is_silent_imports_no_log_and_no_package(asker: Asker, mode: str) -> None:
    bare = subprocess.run(
        isolated(sys.executable, "-X", "importtime", "-c", "pass"), capture_output=True, text=True, check=True
    )
    own = {name.partition(".")[0] for name in IMPORT_LINE.findall(bare.stderr)}  # a virtual environment's own
    needless = LIGHTEST if mode in MOST_ASKED else SILENT
    assert asker.imported_by(mode) & (needless - own) == set()


def test_what_the_page_asks_most_is_silent() -> None:
    asked = {"queue_status", "jobs", "recent_syncs", "scene_status", "history"}
    assert {mode for mode in asked if not MODES[mode].is_silent} == set()


def test_an_error_that_nobody_foresaw_is_logged_all_the_same(asker: Asker) -> None:
    Path(asker.data.known_settings).write_text('{"token_ends_at": 900000000000}', encoding="utf-8")  # no such year
    run = asker.ask("queue_status")
    assert (run.returncode, "failed, unforeseen" in json.loads(run.stdout)["error"]) == (1, True)
    assert run.stderr.startswith("\x01e\x02Task queue_status failed\n\x01e\x02Traceback")


def test_nor_is_it_silent_about_a_damaged_queue(asker: Asker) -> None:
    Path(asker.data.queue, "plexsync.db").write_bytes(b"noise" * 2000)
    runs = [asker.ask("queue_status") for _ in range(2)]
    assert [(run.returncode, "set aside" in run.stderr) for run in runs] == [(0, True), (0, False)]
