"""A lock between processes that the operating system lets go of when its holder dies.

It is SQLite's own file lock on an empty file: the same code on Linux, macOS and Windows, no further import on the
hook's path (the well-known lock packages cost five bare interpreter starts), and unlike `flock` no child inherits it.
A holder keeps an exclusive transaction open that never writes; a look from outside takes a shared lock for a moment,
so that looking never keeps a holder out.
"""

from __future__ import annotations

import os
import sqlite3
import sys

from storage.database import is_busy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY = 0.01
"""Seconds between two attempts to take a lock that is held for a few commits only."""

WAIT_FOR_LOOKS = 1.0
"""Seconds for which `acquire` waits: somebody else's look is over within microseconds."""
SECOND_LOOKS = 0.02 if sys.platform == "win32" else 0.0
"""Seconds for which a look that met a lock is repeated. On Windows SQLite takes its "pending" byte for itself alone,
even to read (winLock in its os_win.c), so that two looks at once see each other; elsewhere looks are shared."""


class ProcessLock:
    """The lock at `path`; its folder must exist. Acquire and release it in one thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def acquire(self) -> bool:
        """Take the lock; False where another process has it."""
        if self.is_held_elsewhere():
            return False
        connection = self._connect(WAIT_FOR_LOOKS)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if is_busy(error):
                return False
            raise
        self._connection = connection
        return True

    def acquire_within(self, patience: float, wait: Callable[[float], object], look_every: float = LOOK_EVERY) -> bool:
        """Take the lock as soon as its holder lets go; False where it was not free in `patience` seconds.

        `wait` sleeps for seconds: `look_every` of them between two attempts.
        """
        for _ in range(int(patience / look_every)):
            if self.acquire():
                return True
            wait(look_every)
        return self.acquire()

    def release(self) -> None:
        """Let go; without effect where the lock is not held here."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def is_held_elsewhere(self) -> bool:
        """Whether another process has the lock. Keeps nobody from taking it."""
        if self._connection is not None:
            return False
        connection = self._connect(SECOND_LOOKS)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if is_busy(error):
                return True
            raise
        except sqlite3.DatabaseError:
            # Noise instead of an empty file. Nobody has the lock, or we had not come as far as reading it.
            os.truncate(self._path, 0)
        finally:
            connection.close()
        return False

    def _connect(self, timeout: float) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=timeout, isolation_level=None)
