"""An installed plugin whose processes tests start by themselves, without a Stash."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from tests.support.queue_examples import pending_data
from tests.world import install_plugin
from worker.data_folder import DataFolder
from worker.launcher import isolated

EDIT = {"id": 7, "type": "Scene.Update.Post", "input": None, "inputFields": ["id", "title"]}
IMPORT_LINE = re.compile(r"import time:\s+\d+ \|\s+\d+ \|\s*(\S+)")


class Plugin:
    """An installed plugin, for which a drainer seems to run while `drainer` holds the lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = install_plugin(folder / "plugins")
        self.data = DataFolder(str(folder / "data"))
        self.data.create()
        self.drainer = ProcessLock(self.data.drain_lock)
        assert self.drainer.acquire()

    def run_hook(self, context: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
        message = {"server_connection": {"Scheme": "http", "Port": 1}, "args": {"hookContext": context}}
        return subprocess.run(
            isolated(sys.executable, *options, str(self.folder / "PlexSync.py")),
            input=json.dumps(message),
            env={**os.environ, "STASH_PLUGIN_DATA": self.data.root},
            capture_output=True,
            text=True,
            check=False,
        )

    def waiting(self) -> list[dict[str, Any]]:
        database = open_queue_database(self.data.queue)
        try:
            return pending_data(database)
        finally:
            database.close()
