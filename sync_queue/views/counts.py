"""How much there is of what, for whoever only looks. Light: it makes no job and no dead letter of a row."""

from __future__ import annotations

from typing import NamedTuple

from storage.database import Database
from sync_queue.schema import CLAIMED, PENDING

NOT_FOUND = "PlexNotFound"
"""The error type of a job whose scene Plex does not have."""
UNLISTED = "PlexLibraryUnlisted"
"""That of one whose scene may be in a library which Plex cannot list, or which is not believed yet."""
WAITING_FOR_PLEX = (NOT_FOUND, UNLISTED)


class QueueStats(NamedTuple):
    """Counts of jobs; `next_due_at` (seconds since the epoch) is when the earliest waiting job falls due, or None."""

    pending: int
    waiting_for_retry: int
    in_progress: int
    next_due_at: float | None


def get_stats(database: Database, now: float) -> QueueStats:
    """Count the jobs as they stand at `now` (seconds since the epoch). Writes nothing."""
    waiting = database.one(f"SELECT COUNT(*), MIN(due) FROM ack_queue_default WHERE {PENDING} AND due > ?", (now,))
    waiting_count, next_due = waiting if waiting else (0, None)
    return QueueStats(
        pending=count_jobs(database, PENDING),
        waiting_for_retry=waiting_count,
        in_progress=count_jobs(database, CLAIMED),
        next_due_at=next_due,
    )


def count_waiting_for_scan(database: Database, now: float) -> int:
    """How many pending jobs are not due yet at `now` (seconds since the epoch) as Plex does not have their file, or
    cannot be asked for it."""
    row = database.one(
        f"SELECT COUNT(*) FROM ack_queue_default WHERE {PENDING} AND due > ?"
        f" AND json_extract(CAST(data AS TEXT), '$.last_error_type') IN {WAITING_FOR_PLEX}",
        (now,),
    )
    return int(row[0]) if row else 0


def newest_waiting(database: Database, limit: int) -> tuple[int, list[int]]:
    """How many scenes have a pending job, and the ids of the newest `limit` of them."""
    condition = f"{PENDING} AND scene_id IS NOT NULL"
    rows = database.all(f"SELECT scene_id FROM ack_queue_default WHERE {condition} ORDER BY _id DESC LIMIT ?", (limit,))
    return count_jobs(database, condition), [scene_id for (scene_id,) in rows]


def newest_failed(database: Database, limit: int) -> tuple[int, list[int]]:
    """How many dead letters there are, and the scenes of the newest `limit` of them."""
    rows = database.all("SELECT scene_id FROM dead_letters ORDER BY id DESC LIMIT ?", (limit,))
    return count_dead_letters(database), list(dict.fromkeys(scene_id for (scene_id,) in rows))


def count_open(database: Database) -> int:
    """How many jobs are pending or in progress: the part of get_stats that is cheap enough to ask all the time."""
    return count_jobs(database, PENDING) + count_jobs(database, CLAIMED)


def count_held_up(database: Database) -> int:
    """How many jobs an outage of Plex holds up: the open ones, but those that wait for it to have their file anyway."""
    rows = database.one(
        f"SELECT COUNT(*) FROM ack_queue_default WHERE {PENDING}"
        f" AND json_extract(CAST(data AS TEXT), '$.last_error_type') IN {WAITING_FOR_PLEX}"
    )
    return count_open(database) - (int(rows[0]) if rows else 0)


def count_jobs(database: Database, condition: str) -> int:
    """How many rows meet a condition that one of the partial indexes is made for; a scan of the table costs more."""
    row = database.one(f"SELECT COUNT(*) FROM ack_queue_default WHERE {condition}")
    return int(row[0]) if row else 0


def count_dead_letters(database: Database) -> int:
    """How many dead letters there are."""
    row = database.one("SELECT COUNT(*) FROM dead_letters")
    return int(row[0]) if row else 0


def dead_letters_by_type(database: Database) -> dict[str, int]:
    """Dead letters per error type."""
    return dict(database.all("SELECT error_type, COUNT(*) FROM dead_letters GROUP BY error_type"))


def synced_since(database: Database, moment: float) -> int:
    """How many scenes were brought in step since `moment` (seconds since the epoch)."""
    row = database.one("SELECT COUNT(*) FROM scene_state WHERE synced_at >= ?", (moment,))
    return int(row[0]) if row else 0


def last_synced_at(database: Database) -> float | None:
    """When a scene was last brought in step (seconds since the epoch), or None."""
    row = database.one("SELECT MAX(synced_at) FROM scene_state")
    return None if row is None else row[0]
