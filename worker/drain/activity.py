"""Keeps what a batch did for people to see: the syncs that wrote or warned, and the counts of the day."""

from __future__ import annotations

from collections.abc import Iterable

from storage.database import Database
from sync_queue.state.activity import Sync, note_day, note_syncs
from worker.sync.outcome import Outcome


def note_activity(database: Database, outcomes: Iterable[Outcome], buried: int, now: float) -> None:
    """Remember these outcomes, of which so many more were given up; in the transaction that settles them.

    `now`: seconds since the epoch.
    """
    seen = list(outcomes)
    syncs = [_sync(each, now) for each in seen if each.changes or (each.error is None and each.warnings)]
    note_syncs(database, syncs)
    note_day(database, sum(each.error is None for each in seen), buried, now)


def _sync(outcome: Outcome, now: float) -> Sync:
    return Sync(
        scene_id=outcome.job.scene_id,
        title=outcome.title,
        synced_at=now,
        milliseconds=max(0, round((now - outcome.begun_at) * 1000)) if outcome.begun_at else 0,
        changes=outcome.changes,
        warnings=outcome.warnings,
    )
