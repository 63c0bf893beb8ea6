"""Process the queue from a shell in a checkout: `python tools/process_queue.py http://localhost:9999`.

For people who debug. PlexSync.py is started as Stash starts it for the task *Process Queue*, so a debugger, a profiler
or a changed line sees what Stash would see. If Stash wants a login, its API key is taken from the environment variable
STASH_API_KEY and goes on through stdin: arguments of a process can be read by everybody on the machine. The data folder
is `data/` in the checkout, or what STASH_PLUGIN_DATA names. Standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PLUGIN_FILE = Path(__file__).resolve().parent.parent / "PlexSync.py"
KEY_VARIABLE = "STASH_API_KEY"
DEFAULT_PORTS = {"http": 80, "https": 443}
LEVELS = {"t": "trace", "d": "debug", "i": "info", "w": "warning", "e": "error"}
"""The characters by which a log line for Stash names its level (stash/protocol.py)."""


class AddressError(Exception):
    """The argument is not the address of a Stash; the text says what is allowed."""


def server_connection(address: str, api_key: str) -> dict[str, Any]:
    """What Stash would pass as `server_connection`, with the API key in place of a session. Raises AddressError."""
    parts = urlsplit(address)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
        raise AddressError(f'"{address}" is not the address of a Stash. Give one such as http://localhost:9999')
    return {
        "Scheme": parts.scheme,
        "Host": parts.hostname,
        "Port": parts.port or DEFAULT_PORTS[parts.scheme],
        "SessionCookie": None,
        "ApiKey": api_key,
    }


def process_queue(connection: dict[str, Any]) -> int:
    """Run the task and show its log; returns the exit code. The result goes to stdout as JSON."""
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    command = [sys.executable, str(PLUGIN_FILE)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, encoding="utf-8") as task:
        assert task.stdin and task.stdout and task.stderr  # noqa: S101 - Popen was asked for pipes
        json.dump({"server_connection": connection, "args": {"mode": "process_queue"}}, task.stdin)
        task.stdin.close()
        for line in task.stderr:
            show(line.rstrip("\n"))
        sys.stdout.write(task.stdout.read())
    return task.returncode


def show(line: str) -> None:
    """Write one line of the log for a person; the log says what the progress bar would show."""
    marker, separator, text = line.partition("\x02")
    level = LEVELS.get(marker.removeprefix("\x01"))
    if not separator:
        sys.stderr.write(f"{line}\n")
    elif level:
        sys.stderr.write(f"{level}: {text}\n")


def main(arguments: list[str]) -> int:
    """Process the queue of the Stash whose address is the one argument; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python tools/process_queue.py ADDRESS_OF_STASH (the API key goes in STASH_API_KEY)\n")
        return 2
    try:
        connection = server_connection(arguments[0], os.environ.get(KEY_VARIABLE, ""))
    except (AddressError, ValueError) as error:  # ValueError: how urllib tells of a port that is none
        sys.stderr.write(f"{error}\n")
        return 2
    return process_queue(connection)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
