"""How many jobs are taken at once, and how soon: fewer after an outage, and more where they come in a row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from storage.database import Database
from sync_queue.operations import count_due, first_due_arrival, newest_arrivals
from sync_queue.sources import BULK as BULK_SOURCE
from sync_queue.sources import HOOKS, is_asked_by
from sync_queue.views.counts import count_open
from worker.base.words import duration, local_time
from worker.outage.gate import Gate
from worker.outage.ramp import DURATION, FIRST_RATE

logger = logging.getLogger(__name__)

BURST_GAP = 0.4
"""Seconds between two edits of a burst at most: hooks of Stash run one after the other."""
GAPS_OF_SILENCE = 3
"""A bulk edit is over so many times the time between its last two edits after the last one."""
LONGEST_HOOK = 1.0
"""Seconds between two edits of a bulk edit at most, be it on a NAS. Chosen: three times what was seen there."""
BURST_SIZE = 3
"""Edits in a row that make a burst. Chosen: a person saves two scenes that fast at most."""


class Gathering(NamedTuple):
    """For how many seconds an edit of a burst waits for those that come after it: `shortest` at first, later `growth`
    times as long as the burst went on before it, at most `longest`."""

    shortest: float
    growth: float
    longest: float

    def seconds(self, age: float) -> float:
        """How long an edit waits before which the burst went on for `age` seconds."""
        return min(self.longest, max(self.shortest, self.growth * age))


SAVES = Gathering(0.15, 0.25, 2.0)
"""Where nobody says that it is a bulk edit. A person who saves one scene after the other sees each within half a
second, with the sync: of a hundred at random, up to a second apart, none waits for longer than a quarter of one."""
BULK = Gathering(0.3, 3.0, 10.0)
"""Where Stash says so. Nobody looks for one of hundreds of scenes before they are all saved, and be the hooks 0.03 or
0.3 s apart (a NAS), a hundred become five batches or so, each of which costs Plex two requests beside the edits."""


class Pace:
    """Watches how jobs come and go. `clock` gives seconds since the epoch."""

    def __init__(self, gate: Gate, database: Database, clock: Callable[[], float]) -> None:
        self._gate = gate
        self._database = database
        self._clock = clock
        self._said_of = 0.0
        self._burst_began = 0.0
        self._newest = 0.0

    def seconds_to_gather(self, enough: int) -> float:
        """How much longer the jobs of a burst are left to become a batch; 0.0 where there is none, where it is over, or
        where there are `enough`.

        Jobs that are read together cost Plex one request, not one each. They wait the longer the longer the burst went
        on before them, so that the first ones are seen at once, and many become few batches.
        """
        now, arrivals = self._clock(), newest_arrivals(self._database, BURST_SIZE)
        is_bulk = bool(arrivals) and is_asked_by(arrivals[0][1], BULK_SOURCE)
        # A save amid a bulk edit is no part of it.
        times = [arrived_at for arrived_at, source in arrivals if is_asked_by(source, BULK_SOURCE) == is_bulk]
        silence = _silence(times) if is_bulk else BURST_GAP
        if not self._is_burst(times, now, silence, 1 if is_bulk else BURST_SIZE):
            return 0.0
        first = first_due_arrival(self._database, now)
        if first is None or count_due(self._database, now, enough) == enough:
            return 0.0
        longest = (BULK if is_bulk else SAVES).seconds(first - self._burst_began)
        ends = [first + longest, times[0] + silence]
        if is_bulk and (save := first_due_arrival(self._database, now, HOOKS[0])) is not None:
            ends.append(save + SAVES.shortest)  # nor does it wait for one
        return max(0.0, min(longest, *(end - now for end in ends)))

    def _is_burst(self, times: Sequence[float], now: float, silence: float, size: int) -> bool:
        """Whether the newest edits, the newest first, came in a row; when that began is remembered."""
        in_a_row = list(takewhile(lambda pair: 0.0 <= pair[0] - pair[1] <= silence, pairwise([now, *times])))
        is_burst = len(in_a_row) >= size
        if is_burst:
            oldest = in_a_row[-1][1]
            goes_on = 0.0 <= oldest - self._newest <= silence or self._burst_began <= oldest <= self._newest
            self._burst_began = self._burst_began if goes_on else oldest
            self._newest = times[0]
        return is_burst

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


def _silence(times: Sequence[float]) -> float:
    """Seconds after the newest edit of a bulk edit, after which it is over."""
    gap = times[0] - times[1] if len(times) > 1 else 0.0
    return max(BURST_GAP, GAPS_OF_SILENCE * gap) if gap <= LONGEST_HOOK else BURST_GAP
