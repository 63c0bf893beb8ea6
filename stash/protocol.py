"""How a `raw` plugin talks to Stash: one JSON object in, one out, log lines and progress on stderr.

On the hook's path: standard library only, and little of it. Source of the format: Stash v0.30, plugin runner.
"""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

LEVELS = {"trace": "t", "debug": "d", "info": "i", "warning": "w", "error": "e"}
"""Level names and the character that Stash reads; a line without one is logged as an error."""
LONGEST_LINE = 8_000
"""Characters of a log line that are sent: one line over 64 KiB makes Stash stop reading stderr for good."""


class ProtocolError(Exception):
    """What came on stdin is not what Stash sends."""


class Request:
    """What Stash asks: `server_connection` (how to reach it) and `args` (hook context, or mode and arguments)."""

    def __init__(self, server_connection: dict[str, Any], args: dict[str, Any]) -> None:
        self.server_connection = server_connection
        self.args = args

    @property
    def hook_context(self) -> dict[str, Any] | None:
        """The hook's context, or None where this is a task or an operation."""
        context = self.args.get("hookContext")
        return context if isinstance(context, dict) else None

    @property
    def mode(self) -> str:
        """The task's mode, "" where none was given."""
        mode = self.args.get("mode")
        return mode if isinstance(mode, str) else ""


def read_request(stream: BinaryIO) -> Request:
    """Read stdin to its end. Raises ProtocolError, which says what is wrong but repeats nothing of the input."""
    try:
        message = json.loads(stream.read().decode("utf-8"))
    except (ValueError, RecursionError):
        raise ProtocolError("stdin is not one JSON object. PlexSync is started by Stash, not by hand") from None
    if not isinstance(message, dict):
        raise ProtocolError("stdin is JSON but not an object. PlexSync is started by Stash, not by hand")
    connection = message.get("server_connection")
    args = message.get("args")
    if args is None:
        args = {}
    if not isinstance(connection, dict) or not isinstance(args, dict):
        raise ProtocolError("stdin lacks server_connection or args. PlexSync is started by Stash, not by hand")
    return Request(connection, args)


def reply(output: Any) -> None:
    """Write the one JSON object that Stash reads from stdout, after a success."""
    _write_reply({"output": output})


def reply_error(text: str) -> None:
    """Write the one JSON object that Stash reads from stdout, after a failure."""
    _write_reply({"error": text})


def log(level: str, message: str) -> None:
    """Log to Stash; each line of the message becomes a log line. `level` is a key of LEVELS."""
    prefix = f"\x01{LEVELS[level]}\x02"
    for line in message.splitlines():
        sys.stderr.write(f"{prefix}{line[:LONGEST_LINE]}\n")
    sys.stderr.flush()


def progress(fraction: float) -> None:
    """Move the task's progress bar; `fraction` is 0..1 (Stash takes anything above 1 for 1)."""
    sys.stderr.write(f"\x01p\x02{min(1.0, max(0.0, fraction)):.4f}\n")
    sys.stderr.flush()


def use_utf8() -> None:
    """Write stdout and stderr as UTF-8 with plain line ends, whatever the system's locale is."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")  # type: ignore[union-attr]


def _write_reply(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
