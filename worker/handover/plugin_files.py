"""What the plugin's files say: a package manager replaces or deletes them one by one, and tells no running process.

A build's files are in this order (tools/dist.py): the manifest first, which names the version, and worker/version.py
last. An update writes them in that order. So who has read worker/version.py first (PlexSync.py does), and finds the
same version in the manifest once all is imported, has imported nothing in between that is another's. Standard library
only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from worker.base.shortage import shortage
from worker.errors import TaskError
from worker.handover.ended import Ended
from worker.version import VERSION

MISSING_FOR = 10.0
"""Seconds for which files must be missing before they are gone: a package manager deletes, then writes."""
UNCHANGED_FOR = 5.0
"""Seconds for which no file may have changed before another version is there as a whole."""
LOOK_EVERY = 0.5
"""Seconds between two looks of who waits for whole files."""
MANIFEST = "PlexSync.yml"
ENTRY = "PlexSync.py"
_LONGEST_MANIFEST = 1_000_000
_OWN_FOLDERS = frozenset({"data", "live", "__pycache__"})
"""Folders beside the code in which we write ourselves."""


class BeingReplaced(TaskError):
    """Another version's files are being written, so this process may be made of both; the text says what to do."""


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

    def are_whole(self) -> bool:
        """Whether all that this process has imported and will import is of one version."""
        return installed_version(self._folder) == VERSION

    def wait_until_certain(self, sleep: Callable[[float], object] = time.sleep) -> Ended | None:
        """REMOVED or UPDATED as soon as that is certain, None at once where this version's files are there as a whole.

        `sleep` takes seconds.
        """
        verdict = self.verdict()
        while verdict is None and not self.are_whole():
            sleep(LOOK_EVERY)
            verdict = self.verdict()
        return verdict


def refuse_half_replaced(folder: str) -> None:
    """Raises BeingReplaced where the files in `folder` are not, or not all, this version's."""
    if installed_version(folder) != VERSION:
        raise BeingReplaced("PlexSync is being updated. Try again in a minute")


def installed_version(folder: str) -> str | None:
    """The version that the manifest in `folder` names; None where a file is missing or half written.

    Raises OSError where this process may open no more files: that says nothing about the plugin's.
    """
    if not os.path.exists(os.path.join(folder, ENTRY)):
        return None
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8", errors="replace") as file:
            lines = file.read(_LONGEST_MANIFEST).splitlines()
    except OSError as error:
        if shortage(error):
            raise
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
