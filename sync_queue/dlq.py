"""Dead letters: jobs that were given up, kept with all that a person needs to decide what to do.

*Dead letter* is the word of code, log and JSON; what people press and read says *failed job*. They are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.crash_points import reach
from storage.database import IN_LIST, Database, as_list
from sync_queue.models import DeadLetter, Failure, Job
from sync_queue.operations import fail_job
from sync_queue.state.discarded import delete_letters
from sync_queue.views.counts import count_dead_letters, dead_letters_by_type

if TYPE_CHECKING:  # it loads persist-queue, which the light operations have no use for
    from sync_queue.manager import AckQueue

SECONDS_PER_DAY = 86_400
_COLUMNS = "id, scene_id, title, path, error_type, error_text, candidates, attempts, first_failed_at, buried_at, job"


class Outline(NamedTuple):
    """A dead letter without its job and its texts: what decides about it. Times in seconds since the epoch."""

    id: int
    scene_id: int
    title: str
    error_type: str
    first_failed_at: float
    buried_at: float


class DeadLetterQueue:
    """The dead letters of one database; `now` arguments are seconds since the epoch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def bury(self, queue: AckQueue, job: Job, failure: Failure, now: float) -> None:
        """End the job and keep it as its scene's one dead letter, in one transaction (or in the caller's).

        An older dead letter of the scene goes into it: its attempts and first failure are kept. Raises JobNotClaimed.
        """
        with self._database.transaction():
            fail_job(queue, job)
            reach("bury:failed")
            job = self._with_history(job)
            self.resolve(job.scene_id)
            self.add(job, failure, now)

    def add(self, job: Job, failure: Failure, now: float) -> int:
        """Keep a dead letter; returns its id."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                f"INSERT INTO dead_letters ({_COLUMNS}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.scene_id,
                    failure.title,
                    failure.path,
                    failure.error_type,
                    failure.error_text,
                    json.dumps(failure.candidates),
                    job.previous_attempts + job.retry_count + 1,
                    job.first_failed_at or now,
                    now,
                    json.dumps(job.data()),
                ),
            )
            return int(cursor.lastrowid or 0)

    def get_recent(self, limit: int = 10) -> list[DeadLetter]:
        """The newest `limit` entries, newest first."""
        rows = self._database.all(f"SELECT {_COLUMNS} FROM dead_letters ORDER BY id DESC LIMIT ?", (limit,))
        return [_dead_letter(row) for row in rows]

    def get_all(self) -> list[DeadLetter]:
        """Every entry, oldest first."""
        rows = self._database.all(f"SELECT {_COLUMNS} FROM dead_letters ORDER BY id")
        return [_dead_letter(row) for row in rows]

    def outlines(self, ids: Sequence[int] | None = None) -> list[Outline]:
        """Every entry, or these, oldest first; one that is gone is absent."""
        where, values = ("1", ()) if ids is None else (f"id {IN_LIST}", (as_list(ids),))
        columns = ", ".join(Outline._fields)
        rows = self._database.all(f"SELECT {columns} FROM dead_letters WHERE {where} ORDER BY id", values)
        return list(map(Outline._make, rows))

    def get_by_id(self, entry_id: int) -> DeadLetter | None:
        """One entry, or None."""
        row = self._database.one(f"SELECT {_COLUMNS} FROM dead_letters WHERE id = ?", (entry_id,))
        return None if row is None else _dead_letter(row)

    def of_scenes(self, scene_ids: Sequence[int], error_type: str) -> list[DeadLetter]:
        """The entries of these scenes that failed so, oldest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM dead_letters WHERE scene_id {IN_LIST} AND error_type = ? ORDER BY id",
            (as_list(scene_ids), error_type),
        )
        return [_dead_letter(row) for row in rows]

    def of_type(self, error_type: str) -> list[DeadLetter]:
        """The entries that failed so, oldest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM dead_letters WHERE error_type = ? ORDER BY id", (error_type,)
        )
        return [_dead_letter(row) for row in rows]

    def get_by_ids(self, ids: Sequence[int]) -> list[DeadLetter]:
        """These entries, oldest first; one that is gone is absent."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM dead_letters WHERE id {IN_LIST} ORDER BY id", (as_list(ids),)
        )
        return [_dead_letter(row) for row in rows]

    def get_count(self) -> int:
        """How many entries there are."""
        return count_dead_letters(self._database)

    def count_since(self, moment: float) -> int:
        """How many jobs were buried since `moment` (seconds since the epoch)."""
        row = self._database.one("SELECT COUNT(*) FROM dead_letters WHERE buried_at >= ?", (moment,))
        return int(row[0]) if row else 0

    def buried_times(self, scene_ids: Sequence[int]) -> dict[int, float]:
        """When a job of each scene was last buried (seconds since the epoch); a scene without an entry is absent."""
        rows = self._database.all(
            f"SELECT scene_id, MAX(buried_at) FROM dead_letters WHERE scene_id {IN_LIST} GROUP BY scene_id",
            (as_list(scene_ids),),
        )
        return dict(rows)

    def get_error_summary(self) -> dict[str, int]:
        """Entries per error type."""
        return dead_letters_by_type(self._database)

    def delete(self, letters: Iterable[DeadLetter]) -> int:
        """Delete exactly these entries; returns how many there still were."""
        return delete_letters(self._database, f"id {IN_LIST}", (as_list(each.id for each in letters),))

    def get_older_than(self, days: float, now: float) -> list[DeadLetter]:
        """The entries buried more than `days` days before `now` (seconds since the epoch), oldest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM dead_letters WHERE buried_at < ? ORDER BY id", (now - days * SECONDS_PER_DAY,)
        )
        return [_dead_letter(row) for row in rows]

    def delete_older_than(self, days: float, now: float, kept_type: str = "") -> int:
        """Delete entries buried more than `days` days before `now`, but for those of `kept_type`; returns how many.

        Nobody took their scenes out of the queue: time alone has them go, and they may be synced again by themselves.
        """
        values = (now - days * SECONDS_PER_DAY, kept_type)
        return self._database.execute("DELETE FROM dead_letters WHERE buried_at < ? AND error_type <> ?", values)

    def resolve(self, scene_id: int) -> None:
        """Delete a scene's entries: it is in step now, or a newer entry says why not."""
        self._database.execute("DELETE FROM dead_letters WHERE scene_id = ?", (scene_id,))

    def _with_history(self, job: Job) -> Job:
        row = self._database.one(
            "SELECT SUM(attempts), MIN(first_failed_at) FROM dead_letters WHERE scene_id = ?", (job.scene_id,)
        )
        if row is None or row[0] is None:
            return job
        return replace(job, previous_attempts=job.previous_attempts + row[0], first_failed_at=row[1])


def _dead_letter(row: tuple[Any, ...]) -> DeadLetter:
    entry_id, scene_id, title, path, error_type, error_text, candidates, attempts, first_failed, buried, job = row
    failure = Failure(error_type, error_text, title, path, tuple(json.loads(candidates)))
    return DeadLetter(entry_id, scene_id, failure, attempts, first_failed, buried, Job.from_row(0, job))
