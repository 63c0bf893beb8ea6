"""Start a drainer where none runs. On the hook's path."""

from __future__ import annotations

import json
import os
import sys
import time

from storage.lock import ProcessLock
from worker.data_folder import DataFolder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DRAINER_ARGUMENT = "--drainer"
STANDBY_ARGUMENT = "--standby"
"""Beside DRAINER_ARGUMENT: of a drainer that waits for the lock of the one that it relieves."""
CREATE_NEW_PROCESS_GROUP = 0x00000200
CREATE_NO_WINDOW = 0x08000000
"""Windows' process creation flags (WinBase.h), by number: `subprocess` has their names on Windows only."""

_THIS_MACHINE = frozenset({"", "0.0.0.0", "::", "[::]", "127.0.0.1", "::1", "[::1]"})  # noqa: S104 - compared only


def isolated(python: str, *arguments: str) -> list[str]:
    """The command line of a Python of ours, which takes no code from where Stash happens to stand.

    `-I` keeps the working directory, PYTHONPATH and the user's own packages off its path (Python, "Command line and
    environment"). Stash appends its plugins folder to PYTHONPATH; where that was set but empty, the empty part before
    the colon means the working directory.
    """
    return [python, "-I", *arguments]


def ensure_drainer(folder: DataFolder, plugin_file: str, server_connection: dict[str, Any]) -> bool:
    """Start a drainer unless one holds the drain lock; returns whether one was started. Raises OSError.

    One that holds it gets a standby where its session at Stash ends, or where Stash has another address now.
    """
    if not ProcessLock(folder.drain_lock).is_held_elsewhere():
        start_drainer(plugin_file, server_connection)
    elif _needs_relief(folder, server_connection) and not ProcessLock(folder.standby_lock).is_held_elsewhere():
        start_drainer(plugin_file, server_connection, STANDBY_ARGUMENT)
    else:
        return False
    return True


def address_of(server_connection: dict[str, Any]) -> str:
    """Where Stash listens, to be compared: every address, and every name of this machine for itself, is one."""
    host = server_connection.get("Host") or ""
    host = "localhost" if host in _THIS_MACHINE else host
    return f"{server_connection.get('Scheme') or 'http'}://{host}:{server_connection.get('Port')}"


def _needs_relief(folder: DataFolder, server_connection: dict[str, Any]) -> bool:
    """Whether the drainer's own words in its status say that it cannot reach Stash for much longer."""
    try:
        with open(folder.status, "rb") as file:
            status = json.loads(file.read())
        relieve_from, stash = status["relieve_from"], status["stash"]
    except (OSError, ValueError, LookupError, TypeError):  # it has only begun
        return False
    has_ended = isinstance(relieve_from, int | float) and relieve_from <= time.time()
    return has_ended or stash != address_of(server_connection)


def start_drainer(plugin_file: str, server_connection: dict[str, Any], *further_arguments: str) -> None:
    """Start `PlexSync.py --drainer` isolated and detached: it outlives us, and Stash does not wait for it.

    The connection goes through its stdin, never through argv or the environment, where others could read the session
    cookie. It inherits no stdout or stderr: Stash reads ours to the end, and would wait for the child to close them.
    """
    import subprocess  # noqa: PLC0415 - costs half a bare interpreter start, and only this path needs it

    child = subprocess.Popen(
        isolated(sys.executable, plugin_file, DRAINER_ARGUMENT, *further_arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=os.path.dirname(plugin_file),
        **detached(),
    )
    assert child.stdin is not None  # noqa: S101 - Popen was asked for a pipe
    child.stdin.write(json.dumps({"server_connection": server_connection, "args": {}}).encode())
    child.stdin.close()
    # Nobody waits for this child; without a return code its object would complain about that when it goes.
    child.returncode = 0


def detached(platform: str = sys.platform) -> dict[str, Any]:
    """The arguments of Popen for a child that outlives us; `platform` as `sys.platform`.

    On Windows it gets a console of its own that is never shown, not none at all (DETACHED_PROCESS): pip, which it may
    start, would open a window where there is no console to inherit.
    """
    if platform == "win32":
        return {"creationflags": CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def without_window(platform: str = sys.platform) -> dict[str, Any]:
    """The arguments of Popen for a child that we wait for, and that shows no console window on Windows."""
    return {"creationflags": CREATE_NO_WINDOW} if platform == "win32" else {}
