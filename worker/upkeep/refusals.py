"""Tries now and then what Plex refused: it may have been a bad hour, or another version of Plex takes it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from storage.database import Database
from sync_queue.enqueue import enqueue_many
from sync_queue.state.sync_state import has_refusals, refused_scenes
from validation.errors import ConfigError
from worker.base.words import counted
from worker.clients.context import SyncContexts

logger = logging.getLogger(__name__)

INTERVAL = 3600.0
"""Seconds between two looks while a drainer lives; none is kept alive for it."""
PATIENCE = 86_400.0
"""Seconds after which the same version of Plex is asked once more."""
SETTINGS_AGE = 60.0
"""Seconds for which settings are taken for current."""
SOURCE = "refused"


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
            plex = self._contexts.current(SETTINGS_AGE).plex
            scene_ids = refused_scenes(self._database, plex.machine_identifier, now - PATIENCE, plex.version)
        except (ConfigError, PlexError, StashUnavailable) as error:
            logger.debug("What Plex refused is not tried now: %s", error)
            return 0
        added = enqueue_many(self._database, scene_ids, SOURCE, now)
        if added:
            logger.info("%s of which Plex refused a field: trying once more", counted(added, "scene"))
        return added
