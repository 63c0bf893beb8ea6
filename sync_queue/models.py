"""What the queue remembers: jobs and dead letters. A job is frozen; changing it makes a new one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sync_queue.enqueue import METADATA, new_job_data, serialize

KEPT_TRIES = 20
"""Tries of a job of which it is kept how they failed."""


class Try(NamedTuple):
    """How a job failed, `at` in seconds since the epoch."""

    at: float
    error_type: str
    error_text: str


@dataclass(frozen=True)
class Job:
    """One scene that Plex may show wrongly; times in seconds since the epoch, 0.0 = at once or never.

    `tries`: the last KEPT_TRIES, oldest first. `title`, `path`: as the last try found them.
    `put_off_for`: why it waits though nothing was counted, in words; empty where it waits for another try of its own.
    `outages_opened`: how often its failure opened the breaker. `previous_attempts`: those before it was redriven.
    """

    row_id: int
    scene_id: int
    fields: tuple[str, ...]
    source: str
    enqueued_at: float
    retry_count: int = 0
    next_retry_at: float = 0.0
    last_error_type: str | None = None
    first_failed_at: float = 0.0
    outages_opened: int = 0
    previous_attempts: int = 0
    update_type: str = METADATA
    title: str = ""
    path: str = ""
    tries: tuple[Try, ...] = ()
    put_off_for: str = ""

    @classmethod
    def from_row(cls, row_id: int, data: bytes | str) -> Job:
        """Read a stored row; keys that older versions did not write have their defaults."""
        stored: dict[str, Any] = json.loads(data)
        return cls(
            row_id=row_id,
            scene_id=int(stored["scene_id"]),
            fields=tuple(stored["data"]["fields"]),
            source=stored["data"]["source"],
            enqueued_at=stored["enqueued_at"],
            retry_count=stored["retry_count"],
            next_retry_at=stored["next_retry_at"],
            last_error_type=stored["last_error_type"],
            first_failed_at=stored.get("first_failed_at", 0.0),
            outages_opened=stored.get("outages_opened", 0),
            previous_attempts=stored.get("previous_attempts", 0),
            update_type=stored["update_type"],
            title=stored.get("title", ""),
            path=stored.get("path", ""),
            tries=tuple(Try(*each) for each in stored.get("tries", ())),
            put_off_for=stored.get("put_off_for", ""),
        )

    def data(self) -> dict[str, Any]:
        """The stored shape (JSON)."""
        return {
            **new_job_data(self.scene_id, self.fields, self.source, self.enqueued_at),
            "update_type": self.update_type,
            "retry_count": self.retry_count,
            "next_retry_at": self.next_retry_at,
            "last_error_type": self.last_error_type,
            "first_failed_at": self.first_failed_at,
            "outages_opened": self.outages_opened,
            "previous_attempts": self.previous_attempts,
            "title": self.title,
            "path": self.path,
            "tries": [list(each) for each in self.tries],
            "put_off_for": self.put_off_for,
        }

    def serialized(self) -> bytes:
        """The stored bytes."""
        return serialize(self.data())

    def tried(self, failure: Failure, now: float) -> Job:
        """The job with one more try in its list, and with the title and path that it found, if any."""
        tries = (*self.tries, Try(now, failure.error_type, failure.error_text))[-KEPT_TRIES:]
        return replace(self._named(failure), tries=tries, put_off_for="")

    def retried(self, error_type: str, *, now: float, delay: float) -> Job:
        """The job after one more counted failure, due again `delay` seconds from `now`."""
        return replace(
            self,
            retry_count=self.retry_count + 1,
            next_retry_at=now + delay,
            last_error_type=error_type,
            first_failed_at=self.first_failed_at or now,
        )

    def put_off(self, failure: Failure, *, now: float, delay: float) -> Job:
        """The job after a failure that is not its own: due again `delay` seconds from `now`, nothing counted."""
        return replace(
            self._named(failure),
            next_retry_at=now + delay,
            last_error_type=failure.error_type,
            put_off_for=failure.error_text,
        )

    def sent_to_the_back(self, error_type: str, *, now: float) -> Job:
        """The job after it opened the breaker: due, but behind all that never failed; no retry is counted."""
        return replace(self, next_retry_at=now, last_error_type=error_type, outages_opened=self.outages_opened + 1)

    def _named(self, failure: Failure) -> Job:
        """The job with the title and path that the last try found, if any."""
        return replace(self, title=failure.title or self.title, path=failure.path or self.path)


@dataclass(frozen=True)
class Failure:
    """Why a job was buried, in terms that a person can act on."""

    error_type: str
    error_text: str
    title: str = ""
    path: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeadLetter:
    """A buried job: times in seconds since the epoch."""

    id: int
    scene_id: int
    failure: Failure
    attempts: int
    first_failed_at: float
    buried_at: float
    job: Job
