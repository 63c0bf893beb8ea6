"""Tries by itself what Plex refused: it may have been a bad hour, or another version of Plex takes it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from storage.database import Database
from sync_queue.enqueue import enqueue_many
from sync_queue.operations import pending_scene_ids
from sync_queue.sources import REFUSED
from sync_queue.state.discarded import left_alone
from sync_queue.state.refusals import has_refusals, is_try_near, take_due
from validation.errors import ConfigError
from worker.backoff import REFUSED_WAITS, refused_delay
from worker.base.words import counted
from worker.clients.context import SyncContext, SyncContexts

logger = logging.getLogger(__name__)

INTERVAL = 300.0
"""Seconds between two looks while a drainer lives."""
SETTINGS_AGE = 60.0
"""Seconds for which settings are taken for current."""


class RefusalLook:
    """Enqueues the scenes of which Plex refused a field. `clock` gives seconds since the epoch."""

    def __init__(self, contexts: SyncContexts, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._contexts = contexts
        self._database = database
        self._clock = clock
        self._looked_at: float | None = None

    def look_if_due(self) -> int:
        """Enqueue what is to be tried once more, if it is time to look; returns how many jobs were added."""
        now = self._clock()
        # A clock that was set back must not put the next look off.
        if self._looked_at is not None and 0.0 <= now - self._looked_at < INTERVAL:
            return 0
        self._looked_at = now
        if not has_refusals(self._database):
            return 0
        try:
            context = self._contexts.current(SETTINGS_AGE)
            added = 0 if context.config.paused else self._enqueue(context, now)
        except (ConfigError, PlexError, StashUnavailable) as error:
            logger.debug("What Plex refused is not tried now: %s", error)
            return 0
        if added:
            logger.debug("%s of which Plex refused a field: trying once more", counted(added, "scene"))
        return added

    def keeps_alive(self) -> bool:
        """Whether a drainer should live on for the next try: for the first ones, not for those that are a day apart."""
        now, longest = self._clock(), max(REFUSED_WAITS)
        return is_try_near(self._database, len(REFUSED_WAITS) - 1, now - 2 * INTERVAL, now + longest)

    def _enqueue(self, context: SyncContext, now: float) -> int:
        server_id, version = context.plex.machine_identifier, context.plex.version
        with self._database.transaction():
            scene_ids = take_due(self._database, server_id, version, now, refused_delay, max(REFUSED_WAITS))
            # A job that waits tries it, too; to fold this in would only forget its own tries.
            waiting = pending_scene_ids(self._database, scene_ids)
            wanted = set(scene_ids) - waiting - left_alone(self._database, scene_ids)
            return enqueue_many(self._database, sorted(wanted), REFUSED, now)
