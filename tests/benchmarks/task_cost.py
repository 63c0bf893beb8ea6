"""What one task costs: started as Stash starts it, with its processor time and memory taken when it ends."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import psutil

from tests.benchmarks.peak_memory import peak_bytes
from tests.world import World
from worker.launcher import isolated

LOOK = 0.02
"""Seconds between two looks at the process's memory."""


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
    command = isolated(sys.executable, str(world.plugin_folder / "PlexSync.py"))
    environment = {**os.environ, **world.stash.plugins.environment}
    started = time.perf_counter()
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, stderr=stderr, env=environment)
        assert process.stdin
        with process.stdin:
            process.stdin.write(stdin)
        peak, status, usage = _watched(process.pid)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        reply = json.load(stdout)
    assert process.returncode == 0 and not reply.get("error"), reply
    return TaskCost(
        seconds,
        usage.ru_utime + usage.ru_stime,
        peak,
        world.plex.count(),
        world.stash.count(),
        reply["output"],
    )


def _watched(pid: int) -> tuple[int, int, resource.struct_rusage]:
    """Peak memory in bytes, exit status and usage of a child, once it has ended.

    Its own ru_maxrss would not do: a child starts with that of its parent, which holds the simulators.
    """
    watched = psutil.Process(pid)
    peak = 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return peak, status, usage
        with contextlib.suppress(OSError, AssertionError):  # it ended just now, and has no memory any more
            peak = max(peak, peak_bytes(watched))
        time.sleep(LOOK)
