"""Sessions at Stash that hooks hand to a living drainer: through a named pipe, so that none is ever in a file.

A session may end before its time without anybody's being told: a person sets a password. Each hook, task and page load
brings a fresh one. A pipe's bytes are in the system's memory only, and go with its reader (pipe(7)). Where there are
no named pipes (Windows, some file systems), what waits goes out with the next hook, task or page load.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

from worker.launcher import LOOK

_CHUNK_BYTES = 65_536  # all that a pipe holds on Linux (pipe(7))


class SessionPipe:
    """The reading end, made at `path`. For the holder of the drain lock, for as long as it has the lock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._newest: dict[str, Any] | None = None
        self._is_look_wanted = False
        self._descriptor = _opened(path)

    def newest(self) -> dict[str, Any] | None:
        """The newest session's cookie that was handed over, as Stash gives it to a plugin; None for none.

        To be called now and then, or the pipe fills up and the next ones are lost.
        """
        content = b""
        if self._descriptor is not None:
            with contextlib.suppress(BlockingIOError):
                while chunk := os.read(self._descriptor, _CHUNK_BYTES):
                    content += chunk
        for line in content.splitlines():
            # Half a line, where the pipe was full or a session is longer than what a system writes in one piece.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                cookie = json.loads(line)
                self._is_look_wanted = self._is_look_wanted or LOOK in cookie
                self._newest = cookie if cookie["Value"] else self._newest
        return self._newest

    def take_look(self) -> bool:
        """Whether a hook could not queue its edit since the last call; known once `newest` was called."""
        wanted, self._is_look_wanted = self._is_look_wanted, False
        return wanted

    def close(self) -> None:
        """Nobody is to hand anything over any more."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):  # or it is our successor's
                os.unlink(self._path)
        os.close(self._descriptor)
        self._descriptor = None


def _opened(path: str) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # of a drainer that was killed
        os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:  # a file system without pipes
        return None
