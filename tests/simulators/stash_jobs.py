"""Stash's job queue: one job at a time, in the order in which they came (pkg/job of Stash v0.30)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.simulators.stash_library import StashClock

GRAVEYARD_SIZE = 10


@dataclass
class Job:
    """One job; `progress` is 0..1."""

    id: int
    description: str
    addTime: str  # noqa: N815 - the names of the GraphQL type
    status: str = "READY"
    progress: float = 0.0
    startTime: str | None = None  # noqa: N815
    endTime: str | None = None  # noqa: N815
    error: str | None = None
    subTasks: list[str] | None = None  # noqa: N815
    ended: threading.Event = field(default_factory=threading.Event, repr=False)
    stops: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def report(self, progress: float) -> None:
        """Take a report of progress; what is outside 0..1 is cut to it."""
        self.progress = min(max(progress, 0.0), 1.0)


class JobError(Exception):
    """A job that fails; the message becomes the job's error."""


JobWork = Callable[[Job], None]


class JobQueue:
    """Runs jobs on a thread of its own."""

    def __init__(self, clock: StashClock, log_error: Callable[[str], None]) -> None:
        self._clock = clock
        self._log_error = log_error
        self._queue: list[tuple[Job, JobWork]] = []
        self._graveyard: list[Job] = []
        self._changed = threading.Condition()
        self._last_id = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, description: str, work: JobWork) -> Job:
        """Queue a job. `work` gets the job, appends to `stops` what ends it early, and may raise JobError."""
        with self._changed:
            self._last_id += 1
            job = Job(self._last_id, description, self._clock.text())
            self._queue.append((job, work))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="job queue", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return job

    def waiting(self) -> list[Job]:
        """Return copies of the jobs that run or wait, the first one first."""
        with self._changed:
            return [replace(job) for job, _work in self._queue]

    def find(self, job_id: int) -> Job | None:
        """Return a job that runs, waits or is among the last that ended."""
        with self._changed:
            jobs = [*(job for job, _work in self._queue), *self._graveyard]
        return next((job for job in jobs if job.id == job_id), None)

    def stop_job(self, job_id: int) -> None:
        """Stop a job: one that waits leaves the queue, one that runs is told to stop."""
        with self._changed:
            job = next((job for job, _work in self._queue if job.id == job_id), None)
            if job is None:
                return
            if job.status == "READY":
                job.status = "CANCELLED"
                self._bury(job)
            elif job.status == "RUNNING":
                job.status = "STOPPING"
            stops = tuple(job.stops)
        for stop in stops:
            stop()

    def stop_all(self) -> None:
        """Stop every job."""
        for job in self.waiting():
            self.stop_job(job.id)

    def close(self) -> None:
        """Stop every job, and the thread that runs them."""
        self.stop_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if self._closed:
                        return
                    self._changed.wait()
                job, work = self._queue[0]
                job.status, job.startTime = "RUNNING", self._clock.text()
            try:
                work(job)
            except JobError as error:
                job.status, job.error = "FAILED", str(error)
                self._log_error(f"task failed due to error: {error}")
            with self._changed:
                if job.status == "STOPPING":
                    job.status = "CANCELLED"
                elif job.status != "FAILED":
                    job.status = "FINISHED"
                job.endTime = self._clock.text()
                self._bury(job)

    def _bury(self, job: Job) -> None:
        self._queue = [entry for entry in self._queue if entry[0] is not job]
        self._graveyard = [*self._graveyard, job][-GRAVEYARD_SIZE:]
        job.ended.set()
