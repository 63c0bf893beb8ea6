"""The live files: how things stand, for Stash to serve to its page without starting a process of ours.

Written by who has the drain lock, and by `queue_status` where nobody has it; never by a hook. No path, no title, no
secret is in them. See docs/operations.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import worker.base.own_words  # noqa: F401 - worker.status.live_file imports it late, and the files may be gone by then
from storage.database import Database
from sync_queue.views.counts import count_open
from worker.data_folder import DataFolder
from worker.status.live_file import AT_LEAST_EVERY, LiveFile, live_scenes
from worker.status.progress import Doing, Progress
from worker.status.standing import Drain, DrainerState, live_status, nobody

EVERY = 1.0
"""Seconds between two writings at least."""
LOOK_EVERY = 10.0
"""Seconds between two looks at what no commit tells of: a job that falls due, a minute that is over."""
SCENES_EVERY = 10.0
"""Seconds between two writings of the scenes' file at least."""
BELIEVE_FOR = 90.0
"""Seconds for which a file may be believed without being written again."""


class LiveFiles:
    """Both files, for one process that works on the queue. `clock` gives seconds since the epoch."""

    def __init__(self, folder: DataFolder, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._database = database
        self._clock = clock
        self._status = LiveFile(folder.live, folder.live_status)
        self._scenes = LiveFile(folder.live, folder.live_scenes)
        self._seen: tuple[Any, ...] = ()
        self._looked_at = 0.0
        self._scenes_seen: tuple[Any, ...] = ()
        self._drain_started_at = 0.0
        self._handled_before = 0

    def publish(self, progress: Progress, started_at: float) -> None:
        """Write what has changed, if it is time to. `started_at`: of this process, in seconds since the epoch."""
        now = self._clock()
        if 0.0 <= now - self._looked_at < EVERY:
            return
        seen = (self._commits(), progress.doing, progress.shown_reason, progress.handled)
        if seen == self._seen and 0.0 <= now - self._looked_at < LOOK_EVERY:
            return
        self._seen, self._looked_at = seen, now
        drainer = DrainerState(True, started_at, progress.doing.value, progress.shown_reason, self.drain(progress))
        self._status.write(live_status(self._folder, self._database, now, drainer), now, now + BELIEVE_FOR)
        self._publish_scenes(now, now + BELIEVE_FOR)

    def drain(self, progress: Progress) -> Drain | None:
        """The drain that is running, None while nothing is sent."""
        if progress.doing is not Doing.SYNCING:
            self._drain_started_at = 0.0
            return None
        if not self._drain_started_at:
            self._drain_started_at, self._handled_before = self._clock(), progress.handled
        done = progress.handled - self._handled_before
        return Drain(self._drain_started_at, done, done + count_open(self._database))

    def end(self) -> None:
        """Nobody works on the queue from now on: what is written holds until somebody writes again."""
        now = self._clock()
        self._status.write(live_status(self._folder, self._database, now, nobody(self._folder)), now, None)
        self._scenes_seen = ()
        self._publish_scenes(now, None)

    def _publish_scenes(self, now: float, believe_until: float | None) -> None:
        seen = self._commits()
        is_due = self._scenes.is_older_than(SCENES_EVERY, now) and seen != self._scenes_seen
        if believe_until is None or is_due or self._scenes.is_older_than(AT_LEAST_EVERY, now):
            self._scenes_seen = seen
            self._scenes.write(live_scenes(self._database), now, believe_until)

    def _commits(self) -> tuple[int, int]:
        """Something else after each commit, be it ours or another connection's."""
        return self._database.change_counter(), self._database.connection.total_changes
