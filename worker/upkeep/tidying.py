"""Once a day, while nothing is due: files past their time go, and what is known of scenes, items and servers no more.

docs/architecture.md, *Nothing grows for ever*, has every rule with its time.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator

from plex.client import MAX_ITEMS_PER_REQUEST
from plex.exceptions import PlexError
from stash.client import StashClient
from stash.exceptions import StashUnavailable
from storage.database import Database
from storage.json_file import stored_number
from sync_queue.state import gone
from validation.errors import ConfigError
from worker.base.words import counted
from worker.circuit_breaker import StateStore
from worker.clients.context import SyncContext, SyncContexts, read_items
from worker.data_folder import DataFolder
from worker.upkeep.tidy_files import DAY, HOUR, tidy_files

logger = logging.getLogger(__name__)

INTERVAL = DAY
RETRY_AFTER = HOUR
"""Seconds until it is tried again where Stash or Plex did not answer, or settings are wrong."""
SETTINGS_AGE = 60.0
"""Seconds for which settings are taken for current."""
BELIEVED_AFTER = 30 * DAY
"""Seconds for which a scene or an item is missing before that is believed: a listing may be empty by mistake, a disk
not mounted, a backup not yet restored."""
SERVER_KEPT = 365 * DAY
"""Seconds for which what is known of another Plex server stays."""
KEPT_NAMES = dict(zip(gone.NAME_TABLES, (10_000, 100_000), strict=True))
"""Spellings of names, and photos of people, that stay; one that is dropped is learned, or sent, again."""
PAGE_SIZE = 1000
PAGES_GIVEN_BACK = 256
"""Unused pages of the queue's file that are given back to the disk at once: one megabyte."""
_NO_LIMIT = sys.maxsize


class Tidying:
    """For the holder of the drain lock only. `store` keeps when it was last done; `clock`: seconds since the epoch."""

    def __init__(
        self,
        folder: DataFolder,
        contexts: SyncContexts,
        database: Database,
        store: StateStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._contexts = contexts
        self._database = database
        self._store = store
        self._clock = clock
        self._tidied_at = stored_number(store.load().get("tidied_at"))
        self._tried_at: float | None = None
        self._run: Iterator[None] | None = None

    def step_if_due(self) -> bool:
        """Do the next page if it is time; whether there was something to do.

        What keeps it from going on is logged, and it begins anew RETRY_AFTER later.
        """
        if self._run is None and not self._is_due():
            return False
        try:
            self._run = self._run or self._tidy()
            next(self._run)
            return True
        except StopIteration:
            self._note_done()
        except (ConfigError, PlexError, StashUnavailable, OSError, sqlite3.OperationalError) as error:
            logger.info("Tidying up is put off: %s", error)
        self._run = None
        return False

    def _note_done(self) -> None:
        self._tidied_at = self._clock()
        self._store.save({"tidied_at": self._tidied_at})

    def _is_due(self) -> bool:
        now = self._clock()
        if not self._tidied_at:  # the first day of all: nothing is old
            self._note_done()
        # A clock that was set back must not put it off.
        was_tried = self._tried_at is not None and 0.0 <= now - self._tried_at < RETRY_AFTER
        if was_tried or 0.0 <= now - self._tidied_at < INTERVAL:
            return False
        self._tried_at = now
        return True

    def _tidy(self) -> Iterator[None]:
        """Everything, a page between two yields. Raises ConfigError, PlexError, StashUnavailable, OSError."""
        tidy_files(self._folder, self._clock())
        for table, kept in KEPT_NAMES.items():
            gone.keep_newest(self._database, table, kept)
        yield
        yield from self._tidy_scenes(self._context().stash)
        yield from self._tidy_items()
        while gone.give_back_room(self._database, PAGES_GIVEN_BACK):
            yield

    def _context(self) -> SyncContext:
        return self._contexts.current(SETTINGS_AGE)

    def _tidy_scenes(self, stash: StashClient) -> Iterator[None]:
        now, after = self._clock(), 0
        while True:
            page = stash.scene_ids_after(after, PAGE_SIZE)
            until = _NO_LIMIT if page.is_last else page.ids[-1]
            known = gone.known_scenes(self._database, after, until)
            # One that Stash cannot list is there, and may be any of those around its place.
            there = {*page.ids, *(each for each in known if any(gap.may_hide(each) for gap in page.gaps))}
            gone.note(self._database, gone.SCENES, sorted(there), set(known) - there, now)
            yield
            if page.is_last:
                break
            after = until
        _log_forgotten(gone.forget_scenes(self._database, now - BELIEVED_AFTER), "scene", "Stash")

    def _tidy_items(self) -> Iterator[None]:
        now, after = self._clock(), 0
        server_id = self._context().plex.machine_identifier
        gone.note_servers(self._database, [server_id], now)
        for other in gone.forget_servers(self._database, now - SERVER_KEPT):
            logger.info("All that was known of the Plex server %s is deleted: it was not used for a year", other)
        while keys := gone.known_items(self._database, server_id, after, PAGE_SIZE):
            there = self._context().index.known_among(keys)
            gone.note(self._database, server_id, there, set(keys) - there, now)
            yield
            after = keys[-1]
        forgettable = gone.forgettable_items(self._database, server_id, now - BELIEVED_AFTER)
        yield from self._forget_items(server_id, forgettable)

    def _forget_items(self, server_id: str, keys: list[int]) -> Iterator[None]:
        """Drop those of the items that Plex, asked for each, does not have: the index may know some libraries only."""
        forgotten = 0
        for start in range(0, len(keys), MAX_ITEMS_PER_REQUEST):
            asked = keys[start : start + MAX_ITEMS_PER_REQUEST]
            plex = self._context().plex
            if plex.machine_identifier != server_id:
                return
            there = read_items(plex, asked)
            forgotten += gone.forget_items(self._database, server_id, [key for key in asked if key not in there])
            yield
        _log_forgotten(forgotten, "item", "Plex")


def _log_forgotten(forgotten: int, noun: str, server: str) -> None:
    if forgotten:
        days = int(BELIEVED_AFTER / DAY)
        what = counted(forgotten, noun)
        them = "it" if forgotten == 1 else "them"
        logger.info("What was known of %s is deleted: %s has not had %s for %d days", what, server, them, days)
