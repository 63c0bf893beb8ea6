"""Finds edits whose hook never ran: hooks are hints, Stash is the truth.

A closed browser kills the hooks of a bulk edit, and Auto Tag, a scene merge and a file assignment fire none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timezone

from stash.client import StashClient, parse_time
from sync_queue.database import Database
from sync_queue.operations import enqueue_many
from sync_queue.sync_state import stash_times
from worker.circuit_breaker import StateStore

logger = logging.getLogger(__name__)

INTERVAL = 600.0
"""Seconds between two looks while a drainer lives."""
OVERLAP = 120.0
"""Seconds that a look reaches back behind the last one: two clocks, and edits that were being saved just then."""
SOURCE = "catch-up"


class CatchUp:
    """Looks for scenes that Stash updated since the last look. `clock` gives seconds since the epoch."""

    def __init__(
        self, stash: StashClient, database: Database, store: StateStore, clock: Callable[[], float] = time.time
    ) -> None:
        self._stash = stash
        self._database = database
        self._store = store
        self._clock = clock
        self._next_at = 0.0

    def run_if_due(self) -> int:
        """Enqueue what was missed, if it is time to look; returns how many jobs were added. Raises StashUnavailable."""
        now = self._clock()
        # A clock that was set back must not put the next look off by more than one interval.
        if now < self._next_at <= now + INTERVAL:
            return 0
        self._next_at = now + INTERVAL
        looked_until = self._store.load().get("looked_until")
        added = 0
        if isinstance(looked_until, int | float):
            since = datetime.fromtimestamp(min(looked_until, now) - OVERLAP, timezone.utc)
            added = sum(self._enqueue_missed(page) for page in self._stash.updated_since(since))
            if added:
                logger.info("Catch-up: %d scenes were updated in Stash without reaching the queue", added)
        # The first look only sets its mark: nobody wants a library rewritten because a plugin was installed.
        self._store.save({"looked_until": now})
        return added

    def _enqueue_missed(self, page: Iterable[tuple[int, str]]) -> int:
        updated = dict(page)
        synced = stash_times(self._database, list(updated))
        missed = [scene_id for scene_id, text in updated.items() if _is_newer(text, synced.get(scene_id, ""))]
        return enqueue_many(self._database, missed, SOURCE, self._clock())


def _is_newer(updated_at: str, synced: str) -> bool:
    """Whether a scene changed since it was synced; its time may be written in another time zone now."""
    return not synced or parse_time(updated_at) > parse_time(synced)
