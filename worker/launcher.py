"""Start a drainer where none runs. On the hook's path."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
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
LOOK = "look"
"""Key of a message to a drainer: Stash is to be asked for an edit that could not be queued."""
CREATE_NEW_PROCESS_GROUP = 0x00000200
CREATE_NO_WINDOW = 0x08000000
"""Windows' process creation flags (WinBase.h), by number: `subprocess` has their names on Windows only."""

_CONFIG = "#"
_LOGIN = ("Name", "Value", "MaxAge")
"""What of Stash's cookie is needed to log in with it."""
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

    One that holds it is handed the session that Stash lent to us: before the look at the lock, since it lets go of the
    lock before its last look into the pipe. It gets a standby where its own session at Stash ends, or where another
    Stash asks, or the same one from another address.
    """
    _hand_session_over(folder, server_connection)
    if not ProcessLock(folder.drain_lock).is_held_elsewhere():
        start_drainer(plugin_file, server_connection)
        return True
    if _needs_relief(folder, server_connection) and not ProcessLock(folder.standby_lock).is_held_elsewhere():
        start_drainer(plugin_file, server_connection, STANDBY_ARGUMENT)
        return True
    return False


def _hand_session_over(folder: DataFolder, server_connection: dict[str, Any]) -> None:
    """Give the drainer a fresh session through its pipe (worker/handover/session_pipe.py), if it reads from one."""
    cookie = server_connection.get("SessionCookie")
    if cookie:
        _hand_over(folder, {key: cookie.get(key) for key in _LOGIN})


def ask_for_a_look(folder: DataFolder) -> bool:
    """Have Stash asked for an edit that could not be queued; whether the next edit at the latest brings that about.

    A pipe takes this where the disk takes nothing. A drainer that has yet to start asks without being told.
    """
    if _hand_over(folder, {LOOK: True}):
        return True
    try:
        return not ProcessLock(folder.drain_lock).is_held_elsewhere()
    except (OSError, sqlite3.Error):  # no drainer stays where its folder is gone
        return True


def _hand_over(folder: DataFolder, message: dict[str, Any]) -> bool:
    """Give a living drainer one message through its pipe; whether it was taken."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(folder.session_pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Whatever else may have that name, no secret goes into a file. Up to PIPE_BUF bytes (512 at least, 4,096 on
        # Linux) go whole or not at all (POSIX, write()).
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        return is_pipe and os.write(descriptor, json.dumps(message).encode() + b"\n") > 0
    except OSError:  # it is full of fresh ones, or the drainer goes at this moment
        return False
    finally:
        os.close(descriptor)


def address_of(server_connection: dict[str, Any]) -> str:
    """Which Stash it is, to be compared: where it listens, and a checksum of its config folder.

    Every address, and every name of this machine for itself, is one: so two Stashes in containers have the same.
    """
    import zlib  # noqa: PLC0415 - only needed beside a living drainer

    host = server_connection.get("Host") or ""
    host = "localhost" if host in _THIS_MACHINE else host
    address = f"{server_connection.get('Scheme') or 'http'}://{host}:{server_connection.get('Port')}"
    config = str(server_connection.get("Dir") or "").encode("utf-8", "surrogatepass")
    return f"{address}{_CONFIG}{zlib.crc32(config):08x}"


def without_config(stash: str) -> str:
    """Of what `address_of` returns, the address alone."""
    return stash.partition(_CONFIG)[0]


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
