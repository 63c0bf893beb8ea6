"""Puts the scenes of a rename, or of a removal, into the queue, a page at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from stash.client import CARRIED, StashClient
from storage.database import Database
from sync_queue.fan_out import FanOut, expand, synced_scenes_after
from validation.config import PlexSyncConfig
from validation.fields import concerns_plex
from validation.in_force import inputs_used
from worker.base.words import counted

logger = logging.getLogger(__name__)

RENAME_PAGE = 1000
"""Scenes of a rename that are enqueued at once."""
REMOVAL_PAGE = 50
"""Scenes that are compared at once after a removal: one batch, so that an edit waits for no more than that."""


class Expansion:
    """Expands what `sync_queue.fan_out` holds. `clock` gives seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def next_page(self, fan_out: FanOut, stash: StashClient, config: PlexSyncConfig) -> None:
        """Enqueue one page of scenes, or nothing where no setting uses what changed. Raises StashUnavailable."""
        if not _is_of_use(fan_out, inputs_used(config)):
            expand(self._database, fan_out, (), is_last=True, now=self._clock())
        elif fan_out.is_removal:
            page = synced_scenes_after(self._database, fan_out.after_scene, REMOVAL_PAGE)
            expand(self._database, fan_out, page, len(page) < REMOVAL_PAGE, self._clock())
            logger.debug("A %s was removed: %s to compare", fan_out.kind, counted(len(page), "scene"))
        else:
            page = stash.scene_ids_after(fan_out.after_scene, RENAME_PAGE, (fan_out.kind, fan_out.entity_id))
            expand(self._database, fan_out, page, len(page) < RENAME_PAGE, self._clock())
            logger.info("A %s was renamed: %d of its scenes put in the queue", fan_out.kind, len(page))


def _is_of_use(fan_out: FanOut, used: Collection[str]) -> bool:
    changed = tuple(f"{field}:{fan_out.kind}" for field in fan_out.fields)
    return fan_out.kind in CARRIED and concerns_plex(changed, used)
