"""How many jobs are taken at once, and how soon: fewer after an outage, and more where they come in a row."""

from __future__ import annotations

import logging
from collections.abc import Callable

from storage.database import Database
from sync_queue.counts import count_open
from sync_queue.operations import first_due_arrival, newest_arrivals
from worker.base.words import duration, local_time
from worker.outage.gate import Gate
from worker.outage.ramp import DURATION, FIRST_RATE

logger = logging.getLogger(__name__)

SHORTEST_GATHERING = 0.3
"""Seconds for which an edit of a burst waits at most for those that come beside it, while the burst is young. Chosen:
half a second with the sync."""
LONGEST_GATHERING = 2.0
"""Seconds for which it waits at most later on: nobody looks for one of hundreds of scenes before they are all saved."""
BURST_GAP = 0.4
"""Seconds between two edits of a burst at most: the hooks of a bulk edit run one after the other, be it on a NAS."""
BURST_SIZE = 3
"""Edits in a row that make a burst. Chosen: a person saves two scenes that fast at most."""


class Pace:
    """Watches how jobs come and go. `clock` gives seconds since the epoch."""

    def __init__(self, gate: Gate, database: Database, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._database = database
        self._clock = clock
        self._said_of = 0.0
        self._burst_began: float | None = None

    def seconds_to_gather(self) -> float:
        """How much longer the jobs of a burst are left to become a batch; 0.0 where there is none, or where it is over.

        Jobs that are read together cost Plex one request, not one each. They wait as long as the burst went on before
        them, so that the first ones are seen at once, and many become few batches.
        """
        now, arrivals = self._clock(), newest_arrivals(self._database, BURST_SIZE)
        gaps = [later - earlier for later, earlier in zip([now, *arrivals], arrivals, strict=False)]
        if len(arrivals) < BURST_SIZE or not all(0.0 <= gap <= BURST_GAP for gap in gaps):
            self._burst_began = None
            return 0.0
        began = self._burst_began = arrivals[-1] if self._burst_began is None else self._burst_began
        first = first_due_arrival(self._database, now)
        if first is None:
            return 0.0
        longest = min(LONGEST_GATHERING, max(SHORTEST_GATHERING, first - began))
        return max(0.0, min(longest, first + longest - now, arrivals[0] + BURST_GAP - now))

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
