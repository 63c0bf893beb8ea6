"""What one task costs: started as Stash starts it, with its processor time and memory taken when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from tests.world import World

KIBIBYTE = 1024


@dataclass(frozen=True)
class TaskCost:
    """One run. Times in seconds, `peak` (the most memory that was resident) in bytes."""

    seconds: float
    processor: float
    peak: int
    plex_requests: int
    stash_requests: int
    result: dict[str, Any]


def run_task(world: World, **args: Any) -> TaskCost:
    """Run a task to its end. Raises AssertionError where it fails. Only where os.wait4 is (not on Windows)."""
    world.plex.reset_log()
    world.stash.reset_log()
    stdin = json.dumps({"server_connection": world.stash.server_connection(), "args": args}).encode()
    command = [sys.executable, str(world.plugin_folder / "PlexSync.py")]
    environment = {**os.environ, **world.stash.plugins.environment}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env=environment)
        assert process.stdin
        with process.stdin:
            process.stdin.write(stdin)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        reply = json.load(stdout)
    assert process.returncode == 0 and not reply.get("error"), reply
    return TaskCost(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * KIBIBYTE,
        world.plex.count(),
        world.stash.count(),
        reply["output"],
    )
