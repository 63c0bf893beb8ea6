"""Puts the scenes of a rename, or of a removal, into the queue, a page at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from stash.client import CARRIED, Carrying
from storage.database import Database
from sync_queue.fan_out import FanOut, expand, synced_scenes_after
from validation.config import PlexSyncConfig
from validation.fields import concerns_plex
from validation.in_force import inputs_used, uses_parents_of_tags
from worker.base.words import counted
from worker.clients.context import SyncContext

logger = logging.getLogger(__name__)

RENAME_PAGE = 1000
"""Scenes of a rename that are enqueued at once."""
REMOVAL_PAGE = 50
"""Scenes that are compared at once where it may concern all: one batch, so that an edit waits for no more than that."""


class Expansion:
    """Expands what `sync_queue.fan_out` holds. `clock` gives seconds since the epoch."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._told: set[str] = set()

    def next_page(self, fan_out: FanOut, context: SyncContext) -> None:
        """Enqueue one page of scenes, or nothing where no setting uses what changed. Raises StashUnavailable."""
        config = context.config
        done = done_to(fan_out)
        if not _is_of_use(fan_out, inputs_used(config)):
            expand(self._database, fan_out, (), is_last=True, now=self._clock())
            self._say_once(f"A {done} {fan_out.kind} changes nothing in Plex: no setting uses that")
        elif concerns_all(fan_out, config):
            page = synced_scenes_after(self._database, context.index.server_id, fan_out.after_scene, REMOVAL_PAGE)
            expand(self._database, fan_out, page, len(page) < REMOVAL_PAGE, self._clock())
            logger.debug("A %s was %s: %s to compare", fan_out.kind, done, counted(len(page), "scene"))
        else:
            carrying = context.stash.scene_ids_after(fan_out.after_scene, RENAME_PAGE, _carrying(fan_out, config))
            expand(self._database, fan_out, carrying.ids, carrying.is_last, self._clock())
            logger.info("A %s was %s: %d of its scenes put in the queue", fan_out.kind, done, len(carrying.ids))

    def _say_once(self, text: str) -> None:
        logger.log(logging.DEBUG if text in self._told else logging.INFO, "%s", text)
        self._told.add(text)


def concerns_all(fan_out: FanOut, config: PlexSyncConfig) -> bool:
    """Whether nobody can say which scenes it concerns, so that all that were synced are compared.

    Of a tag's children, Stash's hook does not say which it has lost.
    """
    return fan_out.is_removal or (fan_out.kind == "tag" and uses_parents_of_tags(config))


def done_to(fan_out: FanOut) -> str:
    """What was done to a performer, studio, tag or group, in a word."""
    if fan_out.is_removal:
        return "removed"
    return "renamed" if "name" in fan_out.fields else "edited"


def _carrying(fan_out: FanOut, config: PlexSyncConfig) -> Carrying:
    shows_parent = fan_out.kind == "studio" and "parent_studio" in config.collections_from
    by_performers = fan_out.kind == "tag" and config.performer_tags
    return Carrying(fan_out.kind, fan_out.entity_id, int(shows_parent), by_performers)


def _is_of_use(fan_out: FanOut, used: Collection[str]) -> bool:
    changed = tuple(f"{field}:{fan_out.kind}" for field in fan_out.fields)
    return fan_out.kind in CARRIED and concerns_plex(changed, used)
