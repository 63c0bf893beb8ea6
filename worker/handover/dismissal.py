"""Is the plugin still wanted? Stash tells nobody that it was disabled, removed or replaced: whoever works has to look.

A process of a plugin that is disabled or removed lives on, and the package manager replaces the files under it
(Stash v0.30: its package manager and plugin cache tell no running process).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from stash.exceptions import StashUnauthorized, StashUnavailable
from storage.lock import ProcessLock
from worker.errors import TaskError
from worker.handover.ended import Ended
from worker.handover.plugin_files import PluginFiles

logger = logging.getLogger(__name__)

ASK_EVERY = 5.0
"""Seconds between two questions to Stash; each also renews the session that Stash lent us."""


class Asked(Protocol):
    """Whoever asks Stash: a StashClient, or a PlainStash where the packages are not there yet."""

    def is_plugin_enabled(self) -> bool:
        """Raises StashUnavailable, StashUnauthorized where Stash wants a login."""


class Dismissed(TaskError):
    """Whoever waits, or asks Plex, has to end, for `reason`."""

    def __init__(self, reason: Ended) -> None:
        super().__init__(f"Stopped, since {reason.value}")
        self.reason = reason


class Dismissal:
    """Tells a worker that it has to end, and why. Safe to ask from several threads.

    `relief`: the lock of a drainer that stands by to take over, None for who is not to be relieved. `known_enabled`:
    Stash has only just started this process. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        files: PluginFiles,
        stash: Asked,
        relief: ProcessLock | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        known_enabled: bool = False,
    ) -> None:
        self._files = files
        self._stash = stash
        self._relief = relief
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_at = clock() if known_enabled else None
        self._reason: Ended | None = None

    def reason(self, max_age: float = ASK_EVERY) -> Ended | None:
        """Why to end, or None; what Stash says may be `max_age` seconds old. Raises OSError, sqlite3.Error."""
        with self._lock:
            if self._reason is None:
                self._reason = self._files.verdict() or self._answer_of_stash(max_age) or self._relieved()
            return self._reason

    def check(self) -> None:
        """Raises Dismissed where there is a reason to end, else as `reason`."""
        reason = self.reason()
        if reason is not None:
            raise Dismissed(reason)

    def _answer_of_stash(self, max_age: float) -> Ended | None:
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < max_age:
            return None
        self._asked_at = now
        try:
            return None if self._stash.is_plugin_enabled() else Ended.DISABLED
        except StashUnauthorized as error:
            logger.warning("%s (the jobs wait)", error)
            return Ended.LOGGED_OUT
        except StashUnavailable as error:
            logger.debug("Whether the plugin is enabled is not known: %s", error)
            return None

    def _relieved(self) -> Ended | None:
        is_relieved = self._relief is not None and self._relief.is_held_elsewhere()
        return Ended.RELIEVED if is_relieved else None
