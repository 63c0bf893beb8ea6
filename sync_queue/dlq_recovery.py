"""Redriving dead letters: which, why not the others, and back into the queue without loss or doubling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.crash_points import reach
from storage.database import Database
from sync_queue.dlq import DeadLetterQueue, Outline
from sync_queue.enqueue import insert_job
from sync_queue.models import DeadLetter, Job
from sync_queue.operations import pending_scene_ids
from sync_queue.views.job_list import ANY_JOB, JobFilter, failed_ids

OUTAGE_ERRORS = frozenset({"PlexServerDown", "PlexTemporaryError", "PlexAuthError"})
"""Error types that an outage can be the reason of."""
SOURCE = "redrive"
AT_ONCE = 100
"""Letters of one transaction: a commit waits for the disk, and a hook waits for the transaction."""
ALREADY_PENDING = "the scene has a newer job already"


@dataclass(frozen=True)
class Selection:
    """Which dead letters; None = any. Times in seconds since the epoch: failing from `since` on, until `until`.

    `jobs` is what the page selects by: ids, and a text in title or path.
    """

    error_types: frozenset[str] | None = None
    scene_id: int | None = None
    since: float | None = None
    until: float | None = None
    jobs: JobFilter = ANY_JOB

    def holds(self, letter: Outline) -> bool:
        """Whether the letter is selected."""
        return (
            (self.error_types is None or letter.error_type in self.error_types)
            and (self.scene_id is None or letter.scene_id == self.scene_id)
            and (self.since is None or letter.buried_at >= self.since)
            and (self.until is None or letter.first_failed_at <= self.until)
        )


@dataclass(frozen=True)
class Candidates:
    """The selected dead letters, oldest first, and which of them must stay whatever else is found: by id, why."""

    letters: tuple[Outline, ...]
    reasons_to_stay: Mapping[int, str]

    @property
    def free(self) -> tuple[Outline, ...]:
        """The letters that nothing here keeps."""
        return tuple(letter for letter in self.letters if letter.id not in self.reasons_to_stay)


@dataclass(frozen=True)
class RedrivePlan:
    """What would go back into the queue, and what would not and why."""

    redrive: tuple[Outline, ...]
    keep: tuple[tuple[Outline, str], ...]


def _meant(database: Database, selection: Selection) -> list[Outline]:
    """The letters that `jobs` is meant for; all of them are read only where it names none."""
    letters = DeadLetterQueue(database)
    if selection.jobs == ANY_JOB:
        return letters.outlines()
    return letters.outlines(failed_ids(database, selection.jobs))


def redrive_candidates(database: Database, selection: Selection) -> Candidates:
    """The selected dead letters. Changes nothing."""
    letters = tuple(letter for letter in _meant(database, selection) if selection.holds(letter))
    pending = pending_scene_ids(database, [letter.scene_id for letter in letters])
    return Candidates(letters, {letter.id: ALREADY_PENDING for letter in letters if letter.scene_id in pending})


def plan_redrive(candidates: Candidates, objections: Mapping[int, str]) -> RedrivePlan:
    """Decide; pure. `objections`: by letter id, why one should stay. Of a scene only the newest goes."""
    reasons = {**objections, **candidates.reasons_to_stay}
    chosen: dict[int, Outline] = {}
    for letter in candidates.letters:
        if letter.id in reasons:
            continue
        older = chosen.get(letter.scene_id)
        if older is not None:
            reasons[older.id] = "a newer dead letter of the same scene goes"
        chosen[letter.scene_id] = letter
    keep = tuple((letter, reasons[letter.id]) for letter in candidates.letters if letter.id in reasons)
    return RedrivePlan(tuple(chosen.values()), keep)


def redrive(
    database: Database,
    letters: Sequence[Outline | DeadLetter],
    now: float,
    offset: Callable[[int], float] = lambda _: 0.0,
) -> int:
    """Put the letters' jobs back, each with its letter's removal in one transaction; returns how many went.

    Fresh counters, history kept; older letters of the same scene go with it. A letter that somebody else has redriven
    meanwhile, or whose scene has a pending job now, stays out. `now`: seconds since the epoch; `offset`: how many
    seconds after that the n-th job (from 0) falls due.
    """
    redriven = 0
    for start in range(0, len(letters), AT_ONCE):
        with database.transaction():
            ids = [letter.id for letter in letters[start : start + AT_ONCE]]
            for letter in DeadLetterQueue(database).get_by_ids(ids):
                redriven += _redrive_one(database, letter, now, now + offset(redriven))
        reach("redrive:done")
    return redriven


def _redrive_one(database: Database, letter: DeadLetter, now: float, due: float) -> bool:
    """Whether it went back; part of a larger transaction."""
    if pending_scene_ids(database, [letter.scene_id]):
        return False
    if database.execute("DELETE FROM dead_letters WHERE id = ?", (letter.id,)) != 1:
        return False
    database.execute("DELETE FROM dead_letters WHERE scene_id = ? AND id < ?", (letter.scene_id, letter.id))
    reach("redrive:taken")
    insert_job(database, _fresh(letter, due).data(), now)
    return True


def _fresh(letter: DeadLetter, due: float) -> Job:
    return replace(
        letter.job,
        source=SOURCE,
        retry_count=0,
        next_retry_at=due,
        outages_opened=0,
        first_failed_at=letter.first_failed_at,
        previous_attempts=letter.attempts,
    )
