"""The tasks that put many scenes into the queue, or none, and process it in the foreground."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from plex.files.index_reader import server_id
from stash.protocol import progress
from sync_queue.enqueue import enqueue_many
from sync_queue.views.account import Standing, account_of
from worker.base.words import counted
from worker.drain.parts import Workplace
from worker.tasks.foreground import ForegroundDrain, drain, mention_left
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

RECENT = timedelta(hours=24)
ACCOUNT_PAGE = 1000
"""Scenes accounted for by one query."""
_IN_WORDS = {
    Standing.CHANGED: "changed in Plex",
    Standing.IN_STEP: "in step already",
    Standing.NOT_IN_PLEX: "not in Plex yet",
    Standing.WAITING: "waiting",
    Standing.GIVEN_UP: "given up",
    Standing.REMOVED: "removed from the queue",
    Standing.UNDONE: "undone before and left alone",
    Standing.NOTHING_TO_SYNC: "with nothing to sync",
}
_ALWAYS_SAID = (Standing.CHANGED, Standing.IN_STEP)


def sync_all(task: Task) -> dict[str, Any]:
    """Enqueue every scene, then drain."""
    return BulkSync(task.workplace).run(task.workplace.stash.scene_ids(), "All scenes", task.request.mode)


def sync_recent(task: Task) -> dict[str, Any]:
    """Enqueue the scenes updated within the last 24 hours, then drain."""
    since = datetime.now(timezone.utc) - RECENT
    pages = ([scene_id for scene_id, _ in page] for page in task.workplace.stash.updated_since(since))
    return BulkSync(task.workplace).run(pages, "Scenes updated in the last 24 hours", task.request.mode)


def process_queue(task: Task) -> dict[str, Any]:
    """Drain what is due."""
    return drain(task)


class BulkSync:
    """Enqueues scenes, drains, and accounts for each of them. `clock`: seconds since the epoch; `wait` sleeps."""

    def __init__(
        self,
        workplace: Workplace,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._workplace = workplace
        self._clock = clock
        self._wait = wait

    def run(self, pages: Iterable[list[int]], what: str, source: str) -> dict[str, Any]:
        """Sync the scenes whose ids `pages` gives; returns the keys of docs/status.md.

        Raises ConfigError, StashUnavailable where that is why jobs wait.
        """
        database = self._workplace.manager.database
        started_at = self._clock()
        found: list[int] = []
        added = 0
        for page in pages:
            found += page
            added += enqueue_many(database, page, source, self._clock())
        others = " (the others waited there already)" if added < len(found) else ""
        logger.info("%s: %d found, %d put in the queue%s", what, len(found), added, others)
        progress(0.0)
        result = ForegroundDrain(self._workplace, clock=self._clock, wait=self._wait).run()
        account = account_of(database, server_id(self._workplace.folder.file_index), _pages(found), started_at)
        logger.info("%s", _account_in_words(account))
        mention_left(result)
        self._workplace.contexts.read_settings()
        counts = {standing.value: count for standing, count in account.items()}
        return {"found": len(found), "enqueued": added, **result, "account": counts}


def _pages(scene_ids: list[int]) -> Iterator[list[int]]:
    remaining = iter(scene_ids)
    while page := list(islice(remaining, ACCOUNT_PAGE)):
        yield page


def _account_in_words(account: Mapping[Standing, int]) -> str:
    parts = [f"{account[each]:,} {words}" for each, words in _IN_WORDS.items() if account[each] or each in _ALWAYS_SAID]
    return f"{counted(sum(account.values()), 'scene')}: {', '.join(parts)}"
