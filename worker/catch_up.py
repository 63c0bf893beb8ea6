"""Finds edits whose hook never ran: hooks are hints, Stash is the truth.

A closed browser kills the hooks of a bulk edit, and Auto Tag, a scene merge and a file assignment fire none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

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
        marks = self._store.load()
        looked_until = self._since(marks)
        added = 0
        if looked_until is not None:
            since = datetime.fromtimestamp(min(looked_until, now) - OVERLAP, timezone.utc)
            added = sum(self._enqueue_missed(page) for page in self._stash.updated_since(since))
            if added:
                logger.info("Catch-up: %d scenes were updated in Stash without reaching the queue", added)
        # The first look only sets its mark: nobody wants a library rewritten because a plugin was installed.
        drained_at = marks.get("drained_at", now)
        self._store.save({"looked_until": now, "drained_at": drained_at, "database": self._database.identity()})
        return added

    def note_drained(self) -> None:
        """The queue is empty: whatever becomes of its file, edits up to now are in Plex."""
        marks = self._store.load()
        if marks:
            self._store.save({**marks, "drained_at": self._clock()})

    def _since(self, marks: Mapping[str, Any]) -> float | None:
        """Until when all edits are known to have reached the queue, or None before the first look.

        A queue whose file was lost and made anew knows nothing: then until when they are known to have reached Plex.
        """
        is_same_file = marks.get("database") == self._database.identity()
        mark = marks.get("looked_until" if is_same_file else "drained_at")
        return float(mark) if isinstance(mark, int | float) else None

    def _enqueue_missed(self, page: Iterable[tuple[int, str]]) -> int:
        updated = dict(page)
        synced = stash_times(self._database, list(updated))
        missed = [scene_id for scene_id, text in updated.items() if _is_newer(text, synced.get(scene_id, ""))]
        return enqueue_many(self._database, missed, SOURCE, self._clock())


def _is_newer(updated_at: str, synced: str) -> bool:
    """Whether a scene changed since it was synced; its time may be written in another time zone now."""
    return not synced or parse_time(updated_at) > parse_time(synced)
