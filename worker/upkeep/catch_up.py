"""Finds edits whose hook never ran: hooks are hints, Stash is the truth.

A closed browser kills the hooks of a bulk edit, and Auto Tag, a scene merge and a file assignment fire none.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from stash.client import StashClient, parse_time
from stash.exceptions import StashUnavailable
from storage.crash_points import reach
from storage.database import Database
from storage.json_file import stored_number
from sync_queue.creation import renew_identity
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue_many
from sync_queue.operations import pending_scene_ids
from sync_queue.state.discarded import discarded_times
from sync_queue.state.sync_state import stash_times
from sync_queue.views.counts import last_synced_at
from worker.base.words import counted
from worker.circuit_breaker import StateStore

logger = logging.getLogger(__name__)

INTERVAL = 600.0
"""Seconds between two looks while a drainer lives."""
OVERLAP = 120.0
"""Seconds that a look reaches back behind the last one: two clocks, and edits that were being saved just then."""
LOOK_BACK = 86_400.0
"""Seconds that a look reaches back where the clock was set back meanwhile: nobody knows when that was."""
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
        self._asked_at: int | None = None

    def ask(self) -> None:
        """A hook could not queue its edit: look at once, and with each new job until a look succeeds."""
        self._asked_at = self._database.change_counter()
        self._next_at = 0.0
        # A line for Stash's log would go through the queue, which takes nothing now.
        logger.debug("An edit could not be queued. Stash is asked for it")

    def look(self) -> None:
        """Run if it is time to; where Stash cannot be asked, the next time will do.

        Raises sqlite3.Error, OSError, but where it was asked for because the queue cannot be written.
        """
        asked_at = self._asked_at
        if asked_at is not None and asked_at != self._database.change_counter():
            self._next_at = 0.0
        try:
            self.run_if_due()
        except StashUnavailable as error:
            logger.debug("Catch-up put off: %s", error)
        except (sqlite3.OperationalError, OSError) as error:
            if asked_at is None:
                raise
            self._asked_at = self._database.change_counter()
            logger.debug("Catch-up put off until a job comes: %s", error)

    def run_if_due(self) -> int:
        """Enqueue what was missed, if it is time to look; returns how many jobs were added. Raises StashUnavailable."""
        now = self._clock()
        # A clock that was set back must not put the next look off by more than one interval.
        if now < self._next_at <= now + INTERVAL:
            return 0
        self._next_at = now + INTERVAL
        marks = self._store.load()
        known_until = self._known_until(marks, now)
        added = 0
        if known_until is not None:
            since = datetime.fromtimestamp(max(0.0, known_until - OVERLAP), timezone.utc)
            added = sum(self._enqueue_missed(page) for page in self._stash.updated_since(since))
            if added:
                logger.info("Catch-up: %s that Stash updated lately to compare once more", counted(added, "scene"))
        # The first look only sets its mark: nobody wants a library rewritten because a plugin was installed.
        drained_at = marks.get("drained_at", now)
        reach("catch_up:enqueued")
        # A new one each time, so that a file from a backup is not taken for the one that this mark is about.
        self._store.save({"looked_until": now, "drained_at": drained_at, "database": renew_identity(self._database)})
        reach("catch_up:marked")
        self._asked_at = None
        return added

    def note_drained(self) -> None:
        """The queue is empty: whatever becomes of its file, edits up to now are in Plex."""
        marks = self._store.load()
        if marks:
            self._store.save({**marks, "drained_at": self._clock()})

    def _known_until(self, marks: Mapping[str, Any], now: float) -> float | None:
        """Until when no edit can have been missed (seconds since the epoch), or None before the first look.

        A queue whose file was lost and made anew knows nothing: then until when edits are known to have reached Plex.
        One from a backup knows what was synced before, and that comes first.
        """
        known_until = stored_number(marks.get("looked_until"))
        if not known_until:
            # Scenes were synced, so it is the mark that was lost. The drainer had looked within INTERVAL then.
            synced_at = last_synced_at(self._database)
            return None if synced_at is None else min(synced_at, now) - INTERVAL
        if marks.get("database") != self._database.identity():
            logger.warning(
                "The queue was lost and begun anew, or is one from a backup. Asking Stash for what may have been in it"
            )
            synced_at = last_synced_at(self._database) or known_until
            known_until = min(known_until, stored_number(marks.get("drained_at")) or known_until, synced_at)
        return known_until if known_until <= now else now - LOOK_BACK

    def _enqueue_missed(self, page: Iterable[tuple[int, str]]) -> int:
        updated = dict(page)
        synced = stash_times(self._database, list(updated))
        given_up = DeadLetterQueue(self._database).buried_times(list(updated))
        discarded = discarded_times(self._database, updated)
        # A job that waits will see the edit; to fold it in once more would only forget its tries.
        waiting = pending_scene_ids(self._database, list(updated))
        missed = [
            scene_id
            for scene_id, text in updated.items()
            if scene_id not in waiting
            and _differs(text, synced.get(scene_id, ""))
            and parse_time(text).timestamp() > max(given_up.get(scene_id, 0.0), discarded.get(scene_id, 0.0))
        ]
        return enqueue_many(self._database, missed, SOURCE, self._clock())


def _differs(updated_at: str, synced: str) -> bool:
    """Whether a scene changed since it was synced: its time may be written in another zone now, or be an earlier one
    where the clock was set back."""
    return not synced or parse_time(updated_at) != parse_time(synced)
