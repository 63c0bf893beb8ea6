"""How many jobs are taken at once, and how soon: fewer after an outage, and more where they come in a row."""

from __future__ import annotations

import logging
from collections.abc import Callable

from storage.database import Database
from sync_queue.operations import count_open, first_due_arrival, newest_arrivals
from worker.base.words import duration, local_time
from worker.outage.gate import Gate
from worker.outage.ramp import DURATION, FIRST_RATE

logger = logging.getLogger(__name__)

LONGEST_GATHERING = 0.3
"""Seconds for which an edit waits at most for those that come beside it. Chosen: half a second with the sync."""
BURST_GAP = 0.2
"""Seconds between two edits within which a third is expected: the hooks of a bulk edit run one after the other."""


class Pace:
    """Watches how jobs come and go. `clock` gives seconds since the epoch."""

    def __init__(self, gate: Gate, database: Database, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._database = database
        self._clock = clock
        self._said_of = 0.0

    def seconds_to_gather(self, longest: float) -> float:
        """How much longer the jobs of a burst are left to become a batch, `longest` seconds since the first one came.

        Jobs that are read together cost Plex one request, not one each.
        """
        now, arrivals = self._clock(), newest_arrivals(self._database)
        is_burst = len(arrivals) == 2 and arrivals[0] - arrivals[1] <= BURST_GAP and 0 <= now - arrivals[0] <= BURST_GAP
        first = first_due_arrival(self._database, now) if is_burst else None
        return 0.0 if first is None else max(0.0, min(longest, first + longest - now))

    def in_words(self, taken: int, limit: int) -> str:
        """Why only `limit` jobs were taken, "" unless an outage of late is the reason; logged once an outage."""
        ramp = self._gate.ramp
        is_held_back = self._gate.is_closed() and 0.0 <= self._clock() - ramp.began_at < DURATION
        if not is_held_back or taken < limit or count_open(self._database) <= taken:
            return ""
        pace = f"{FIRST_RATE:.0f} jobs a second at first, since Plex was down until {local_time(ramp.began_at)}"
        if self._said_of != ramp.began_at:
            self._said_of = ramp.began_at
            logger.info("Going on slowly: %s; at full speed %s later", pace, duration(DURATION))
        return f", at {pace}"
