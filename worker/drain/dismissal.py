"""Is the plugin still wanted? Stash tells nobody that it was disabled, removed or replaced: whoever works has to look.

A process of a plugin that is disabled or removed lives on, and the package manager replaces the files under it
(Stash v0.30: its package manager and plugin cache tell no running process).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from stash.client import StashClient
from stash.exceptions import StashUnauthorized, StashUnavailable
from storage.lock import ProcessLock
from worker.drain.ended import Ended
from worker.version import VERSION

logger = logging.getLogger(__name__)

ASK_EVERY = 5.0
"""Seconds between two questions to Stash; each also renews the session that Stash lent us."""
MISSING_FOR = 10.0
"""Seconds for which files must be missing before they are gone: a package manager deletes, then writes."""
UNCHANGED_FOR = 5.0
"""Seconds for which no file may have changed before another version is there as a whole."""
MANIFEST = "PlexSync.yml"
ENTRY = "PlexSync.py"
_LONGEST_MANIFEST = 1_000_000
_OWN_FOLDERS = frozenset({"data", "live", "__pycache__"})
"""Folders beside the code in which we write ourselves."""


class PluginFiles:
    """What the files in the plugin's `folder` say. `clock` gives seconds that only grow."""

    def __init__(self, folder: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._missing_since: float | None = None
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._unchanged_since = 0.0

    def verdict(self) -> Ended | None:
        """REMOVED, UPDATED, or None while neither is certain."""
        version, now = installed_version(self._folder), self._clock()
        if version == VERSION:
            self._missing_since, self._seen = None, ()
            return None
        if version is None:
            self._seen = ()
            self._missing_since = now if self._missing_since is None else self._missing_since
            return Ended.REMOVED if now - self._missing_since >= MISSING_FOR else None
        self._missing_since = None
        seen = _inventory(self._folder)
        if seen != self._seen:
            self._seen, self._unchanged_since = seen, now
        return Ended.UPDATED if now - self._unchanged_since >= UNCHANGED_FOR else None


class Dismissal:
    """Tells a worker that it has to end, and why. Safe to ask from several threads.

    `relief`: the lock of a drainer that stands by to take over, None for who is not to be relieved. `clock` gives
    seconds that only grow.
    """

    def __init__(
        self,
        files: PluginFiles,
        stash: StashClient,
        relief: ProcessLock | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._stash = stash
        self._relief = relief
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._reason: Ended | None = None

    def reason(self, max_age: float = ASK_EVERY) -> Ended | None:
        """Why to end, or None; what Stash says may be `max_age` seconds old. Raises OSError, sqlite3.Error."""
        with self._lock:
            if self._reason is None:
                self._reason = self._files.verdict() or self._answer_of_stash(max_age) or self._relieved()
            return self._reason

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


def installed_version(folder: str) -> str | None:
    """The version that the manifest in `folder` names; None where a file is missing or half written."""
    if not os.path.exists(os.path.join(folder, ENTRY)):
        return None
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8", errors="replace") as file:
            lines = file.read(_LONGEST_MANIFEST).splitlines()
    except OSError:
        return None
    values = [line.partition(":")[2] for line in lines if line.startswith("version:")]
    return values[0].partition("#")[0].strip().strip("\"'") or None if values else None


def _inventory(folder: str) -> tuple[tuple[str, int, int], ...]:
    """Every file of the plugin's own with its time of change (nanoseconds) and size (bytes), sorted."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _OWN_FOLDERS]
        for name in names:
            path = os.path.join(place, name)
            try:
                about = os.stat(path)
            except OSError:  # it goes at this moment, which the next look sees
                continue
            found.append((path, about.st_mtime_ns, about.st_size))
    return tuple(sorted(found))
