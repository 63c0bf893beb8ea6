"""The outages that were: when, how long, why, and what they held up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from storage.json_file import stored_number
from worker.circuit_breaker import StateStore

KEPT_OUTAGES = 30
"""Outages that are kept, however old (design: at least the last 30)."""
KEPT_SECONDS = 30 * 86400.0
"""For so long after its end each one is kept: what the page's timeline shows."""
MOST_OUTAGES = 1000
"""More are never kept: a server that comes and goes every minute must not fill the file."""


class Outage(NamedTuple):
    """Times in seconds since the epoch; `ended_at` None while it lasts. `jobs_waiting`: when it ended."""

    started_at: float
    cause: str
    ended_at: float | None = None
    jobs_waiting: int = 0
    jobs_done_after: int = 0

    def duration(self, now: float) -> float:
        """Seconds so far, or in all."""
        return max(0.0, (self.ended_at if self.ended_at is not None else now) - self.started_at)


class OutageSummary(NamedTuple):
    """Figures over outages. Seconds; None where there is nothing to tell it by.

    `mttr`: mean time to gate, over those that ended. `mtbf`: mean time from one's end to the next one's start.
    `availability`: share (0..1) of the time since the first one's start, or of the period, in which Plex was well.
    """

    mttr: float | None
    mtbf: float | None
    availability: float | None


class OutageHistory:
    """The outages, oldest first, kept in `store`. Only the worker changes it.

    The last KEPT_OUTAGES at least, and all that ended within KEPT_SECONDS, up to MOST_OUTAGES.
    """

    def __init__(self, store: StateStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        stored = store.load().get("outages")
        self._outages = [outage for outage in map(_outage, stored if isinstance(stored, list) else []) if outage]

    @property
    def outages(self) -> tuple[Outage, ...]:
        """All that are kept, oldest first."""
        return tuple(self._outages)

    @property
    def current(self) -> Outage | None:
        """The one that lasts, or None."""
        return self._outages[-1] if self._outages and self._outages[-1].ended_at is None else None

    def begin(self, cause: str, since: float | None = None) -> None:
        """Plex is gone; an outage that lasts already goes on, with its newest cause.

        `since` is when it went (seconds since the epoch), where that was earlier than now.
        """
        if self.current is None:
            now = self._clock()
            self._outages.append(Outage(now if since is None else min(since, now), cause))
        else:
            self._outages[-1] = self._outages[-1]._replace(cause=cause)
        self._save()

    def end(self, jobs_waiting: int) -> None:
        """Plex is back; without effect where no outage lasts."""
        if self.current is not None:
            ended_at = max(self._clock(), self._outages[-1].started_at)
            self._outages[-1] = self._outages[-1]._replace(ended_at=ended_at, jobs_waiting=jobs_waiting)
            self._save()

    def note_done(self, enqueued_at: Iterable[float]) -> None:
        """Jobs were done that had been enqueued at these times (seconds since the epoch).

        Counted for the last outage until those that waited at its end are through.
        """
        last = self._outages[-1] if self._outages else None
        if last is None or last.ended_at is None:
            return
        ended_at = last.ended_at
        waited = sum(moment <= ended_at for moment in enqueued_at)
        done = min(last.jobs_waiting, last.jobs_done_after + waited)
        if done != last.jobs_done_after:
            self._outages[-1] = last._replace(jobs_done_after=done)
            self._save()

    def _save(self) -> None:
        self._outages = _kept(self._outages, self._clock() - KEPT_SECONDS)
        self._store.save({"outages": [outage._asdict() for outage in self._outages]})


def _kept(outages: Sequence[Outage], since: float) -> list[Outage]:
    """Those that are kept of these, where all that ended after `since` (seconds since the epoch) are."""
    old = [outage for outage in outages[:-KEPT_OUTAGES] if outage.ended_at is None or outage.ended_at >= since]
    return [*old, *outages[-KEPT_OUTAGES:]][-MOST_OUTAGES:]


def summarize(outages: Sequence[Outage], now: float, since: float = 0.0) -> OutageSummary:
    """The figures at `now` over what lasted later than `since` (seconds since the epoch). Before the first outage of
    all nobody knows whether Plex was well."""
    begin = max(since, outages[0].started_at) if outages else now
    outages = [outage for outage in outages if outage.ended_at is None or outage.ended_at >= begin]
    ended = [outage for outage in outages if outage.ended_at is not None]
    gaps = [
        max(0.0, later.started_at - earlier.ended_at)
        for earlier, later in pairwise(outages)
        if earlier.ended_at is not None
    ]
    down = sum(outage.duration(now) - max(0.0, begin - outage.started_at) for outage in outages)
    return OutageSummary(
        mttr=sum(outage.duration(now) for outage in ended) / len(ended) if ended else None,
        mtbf=sum(gaps) / len(gaps) if gaps else None,
        availability=min(1.0, max(0.0, 1.0 - down / (now - begin))) if now > begin else None,
    )


def _outage(stored: Any) -> Outage | None:
    """One stored outage; None where somebody has edited the file into something else."""
    if not isinstance(stored, dict) or not stored_number(stored.get("started_at")):
        return None
    return Outage(
        started_at=stored_number(stored["started_at"]),
        cause=str(stored.get("cause")),
        ended_at=stored_number(stored.get("ended_at")) or None,
        jobs_waiting=int(stored_number(stored.get("jobs_waiting"))),
        jobs_done_after=int(stored_number(stored.get("jobs_done_after"))),
    )
