"""One of the live files, and how it comes to be where nobody is at work. Light; see worker/status/live.py."""

from __future__ import annotations

import os
from typing import Any

from storage.database import Database
from storage.json_file import JsonFile, stored_number
from sync_queue.views.counts import newest_failed, newest_waiting
from worker.data_folder import DataFolder
from worker.status.standing import FORMAT, live_status, nobody

AT_LEAST_EVERY = 60.0
"""Seconds after which they are written again, though nothing has changed."""
MOST_IDS = 1000
"""Ids of each kind in the scenes' file."""


class LiveFile:
    """One of them. Where it cannot be written, the page asks `queue_status` instead."""

    def __init__(self, live_folder: str, path: str) -> None:
        self._live_folder = live_folder
        self._file = JsonFile(path)
        self._content: dict[str, Any] = {}
        self._written_at = 0.0
        self._failed = False

    def is_older_than(self, seconds: float, now: float) -> bool:
        """Whether it was written longer ago than so many seconds, `now` in seconds since the epoch."""
        return not 0.0 <= now - self._written_at < seconds

    def write(self, content: dict[str, Any], now: float, believe_until: float | None) -> None:
        """Write what is new, or what was written AT_LEAST_EVERY seconds ago; both times in seconds since the epoch."""
        if content == self._content and believe_until and not self.is_older_than(AT_LEAST_EVERY, now):
            return
        try:
            if not os.path.isdir(self._live_folder):
                os.mkdir(self._live_folder, 0o700)  # not its parent: who removes the plugin does not want it back
            self._file.save(
                {**_own_words_of(content), "written_at": now, "believe_until": believe_until}, durable=False
            )
        except OSError as error:
            if not self._failed:
                import logging  # noqa: PLC0415 - it costs half a bare interpreter start

                message = "%s cannot be written (%s): the page in Stash asks instead"
                logging.getLogger(__name__).debug(message, self._file.path, error)
            self._failed = True
            return
        self._content, self._written_at, self._failed = content, now, False


def _own_words_of(content: dict[str, Any]) -> dict[str, Any]:
    """The content, with "…" for what is not PlexSync's own in its texts: no path, title, name or address is shown."""
    breaker, drainer = content.get("breaker"), content.get("drainer")
    if not (breaker and drainer and (breaker["cause"] or drainer["blocked"])):
        return content
    # It reads all of the code: not for the page's sake, which asks mostly while all is well.
    from worker.base.own_words import own_words  # noqa: PLC0415

    return {
        **content,
        "breaker": {**breaker, "cause": own_words(breaker["cause"])},
        "drainer": {**drainer, "blocked": own_words(drainer["blocked"])},
    }


def live_scenes(database: Database) -> dict[str, Any]:
    """The keys of live/scenes.json, but for `written_at` and `believe_until`."""
    waiting_count, waiting = newest_waiting(database, MOST_IDS)
    failed_count, failed = newest_failed(database, MOST_IDS)
    return {
        "format": FORMAT,
        "waiting_count": waiting_count,
        "failed_count": failed_count,
        "waiting": waiting,
        "failed": failed,
    }


def write_where_needed(folder: DataFolder, database: Database, now: float) -> None:
    """Write that nobody is at work, where the file on disk is missing or no longer to be believed.

    `now`: seconds since the epoch.
    """
    try:
        written = JsonFile(folder.live_status).peek() or {}
    except OSError:  # whose it is may read it, or a file stands where the folder should be
        written = {}
    until = written.get("believe_until", 0.0)
    if until is not None and stored_number(until) < now:
        write_idle(folder, database, now)


def write_idle(folder: DataFolder, database: Database, now: float) -> None:
    """Write how things stand where nobody is at work. `now`: seconds since the epoch."""
    LiveFile(folder.live, folder.live_status).write(live_status(folder, database, now, nobody(folder)), now, None)
