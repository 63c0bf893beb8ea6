"""What a killed *Try Writing to Plex* left in an item is put back first of all, or as soon as Plex answers."""

from __future__ import annotations

import logging
from collections.abc import Callable

from plex.client import PlexClient
from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from validation.errors import ConfigError
from worker.clients.context import SyncContexts
from worker.trial.put_back import TrialRecord, put_back_kept

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds between two tries: twice as many each time, as for probes of a Plex that is down (docs/architecture.md)."""
DAY = 86_400.0


class Leftover:
    """Puts back what is left. The record is read once: only who holds the drain lock writes it.

    `may_ask` says whether Plex is believed to be well; `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        contexts: SyncContexts,
        record: TrialRecord,
        may_ask: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self._contexts = contexts
        self._record = record
        self._may_ask = may_ask
        self._clock = clock
        record.drop_old()
        self._began_at = record.began_at()
        self._pause = FIRST_PAUSE
        self._next_at = 0.0
        self._is_said = False

    def put_back_if_due(self) -> None:
        """Put back what is left, if there is anything and it is time to try."""
        now = self._clock()
        if not self._began_at or now < self._next_at <= now + LONGEST_PAUSE or not self._may_ask():
            return
        self._next_at, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE)
        try:
            context = self._contexts.current(0.0)
            if not context.config.paused:
                self._put_back(context.plex)
        except (StashUnavailable, ConfigError) as error:
            logger.debug("Test values stay in Plex for now: %s", error)
        except PlexError as error:
            level = logging.DEBUG if self._is_said else logging.WARNING
            logger.log(level, "Test values stay in Plex until it answers: %s", error)
            self._is_said = True

    def _put_back(self, plex: PlexClient) -> None:
        if self._record.kept(plex.machine_identifier) is None:  # what is left is another server's
            self._began_at = 0.0
            return
        differing = put_back_kept(plex, self._record)
        if differing:
            logger.error("Plex does not let the test values of %s be taken back", ", ".join(differing))
        else:
            logger.info("The test of writing to Plex was cut short. Everything is put back")
            self._began_at = 0.0

    def keeps_alive(self) -> bool:
        """Whether a drainer should live on for it: for a day."""
        return bool(self._began_at) and abs(self._clock() - self._began_at) < DAY
