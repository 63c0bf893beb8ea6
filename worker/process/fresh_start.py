"""Runs a task once more in a process of its own, where packages turned out to be damaged. Heavy.

What is half loaded cannot be unloaded: another process fetches the packages anew, loads them, and does what was asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from stash.protocol import Request, log
from worker.data_folder import DataFolder
from worker.errors import TaskError
from worker.launcher import isolated, without_window
from worker.packages.dependencies import Dependencies, DependencyError

ANEW_ARGUMENT = "--anew"
"""Of a process that runs a task for the second time: there is no third."""


def run_anew(
    folder: DataFolder, plugin_file: str, request: Request, since: float, *, quiet: bool
) -> dict[str, Any] | None:
    """The task's result from another process, None where the packages are whole, so that the task failed by itself.

    `since`: when this process began to load them, in seconds since the epoch. Raises TaskError, OSError.
    """
    level = "debug" if quiet else "warning"
    try:
        said = Dependencies(folder, os.path.dirname(plugin_file), lambda _, line: log("debug", line)).note_damage(since)
    except DependencyError as error:
        raise TaskError(str(error)) from error
    if not said:
        return None
    if ANEW_ARGUMENT in sys.argv:
        raise TaskError(said)
    log(level, said)
    return _result(_run(plugin_file, request))


def _run(plugin_file: str, request: Request) -> bytes:
    """What it writes to stdout. The connection goes through stdin, as Stash handed it to us; the log is ours."""
    message = {"server_connection": request.server_connection, "args": request.args}
    ended: subprocess.CompletedProcess[bytes] = subprocess.run(
        isolated(sys.executable, plugin_file, ANEW_ARGUMENT),
        input=json.dumps(message).encode(),
        stdout=subprocess.PIPE,
        check=False,
        **without_window(),
    )
    return ended.stdout


def _result(answer: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(answer)
    except ValueError as error:
        raise TaskError("The task was begun anew, and was ended by something else. Start it again") from error
    if "error" in reply:
        raise TaskError(reply["error"])
    result: dict[str, Any] = reply["output"]
    return result
