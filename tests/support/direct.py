"""PlexSync.py started by hand, with any bytes on its stdin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.world import World
from worker.launcher import isolated

PATIENCE = 60.0


@dataclass(frozen=True)
class DirectRun:
    """How a run ended; `reply` is the one JSON value that stood on stdout."""

    exit_code: int
    reply: Any
    stderr: str


def run_plugin(world: World, stdin: bytes, **environment: str) -> DirectRun:
    """Run the world's plugin once. Fails where stdout holds anything beside one JSON value on one line."""
    done = subprocess.run(
        isolated(sys.executable, str(world.plugin_folder / "PlexSync.py")),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "PLEXSYNC_IDLE_SECONDS": "0.5", **environment},
        check=False,
    )
    assert done.stdout.count(b"\n") == 1, done.stdout
    return DirectRun(done.returncode, json.loads(done.stdout), done.stderr.decode())


def request(world: World, **args: Any) -> bytes:
    """What Stash would send for a task or an operation with these arguments."""
    connection = world.stash.server_connection()
    return json.dumps({"server_connection": connection, "args": args}).encode()
