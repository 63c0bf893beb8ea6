"""Draining while somebody watches: the same worker in the foreground, or the progress of whoever has the lock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from stash.protocol import progress
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.dlq import DeadLetterQueue
from sync_queue.operations import has_work_at
from sync_queue.views.counts import count_open, synced_since
from worker.base.words import counted
from worker.drain.parts import Workplace
from worker.handover.carry_over import carry_over
from worker.handover.ended import DISMISSED, Ended
from worker.processor import SyncWorker, WorkerRules
from worker.status.progress import Progress
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

PROGRESS_ITEMS = 5
PROGRESS_SECONDS = 10.0
"""Progress is reported every 5 jobs or 10 seconds, whichever comes first."""
LOOK_SECONDS = 0.5
"""Seconds between two looks at the worker, or at the drainer that is followed."""
HOW_TO_STOP = (
    "Stop ends this task only, and the drainer goes on. Turn on Pause under Settings > Plugins > PlexSync to hold it, "
    "or press Clear Pending Queue to drop what waits."
)


def drain(task: Task) -> dict[str, Any]:
    """Process the queue in the foreground, or follow the drainer that does; returns what came of it.

    Raises ConfigError, StashUnavailable where that is why jobs wait.
    """
    result = ForegroundDrain(task.workplace).run()
    logger.info("%s in step with Plex, %d given up", counted(result["in_step"], "scene"), result["buried"])
    mention_left(result)
    task.workplace.contexts.read_settings()
    return result


def mention_left(result: dict[str, Any]) -> None:
    """Say how many jobs still wait, and why."""
    if result["waiting"]:
        because = f" ({result['reason']})" if result["reason"] else ""
        logger.info("%s left%s. What waits goes on by itself.", counted(result["waiting"], "job"), because)


class ForegroundDrain:
    """One run of a task that processes the queue. It never waits for an outage or a retry; the drainer does that."""

    def __init__(
        self,
        workplace: Workplace,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._workplace = workplace
        self._folder = workplace.folder
        self._clock = clock
        self._wait = wait
        self._started_at = clock()
        self._total = self._open_jobs()
        self._reported_left = self._total
        self._reached = 0.0
        self._reported_at = self._started_at

    def run(self) -> dict[str, Any]:
        """Drain, or follow; returns what was done and what waits, as one JSON object.

        Raises what the worker failed with, be it a disk that is full.
        """
        lock = ProcessLock(self._folder.drain_lock)
        while True:
            if lock.acquire():
                try:
                    worker = self._drain()
                finally:
                    lock.release()
                if worker.ended in DISMISSED:
                    return self._finish(worker.ended.value)
                if worker.ended is not Ended.IDLE or not self._has_work():
                    return self._finish(worker.progress.waiting_reason)
            elif self._follow():
                return self._finish(self._drainer_status().get("blocked", ""))

    def _drain(self) -> SyncWorker:
        worker = SyncWorker(self._workplace.new_parts(foreground=True), WorkerRules(0.0, foreground=True))
        self._workplace.manager.put_back_unacknowledged()
        worker.start()
        while worker.ended is None:
            worker.join(LOOK_SECONDS)
            self._workplace.publisher.publish_live(worker.progress, self._started_at)
            self._show_progress(worker.progress)
            worker.stop_if_dismissed()
        if worker.ended is Ended.REPLACED:
            carry_over(self._folder, self._workplace.plugin_folder, self._workplace.manager.database)
        elif worker.ended is not Ended.SUPERSEDED:  # or the status would be another one's
            self._workplace.publisher.end()
        if worker.failure is not None:
            raise worker.failure
        return worker

    def _follow(self) -> bool:
        """Watch the drainer; True once nothing is due or it cannot go on, False where it has gone and jobs are due."""
        activity = self._drainer_status().get("activity")
        logger.info("A drainer is at work already%s. This task follows it.", f" ({activity})" if activity else "")
        logger.info("%s", HOW_TO_STOP)
        lock = ProcessLock(self._folder.drain_lock)
        while lock.is_held_elsewhere():
            self._show_progress()
            if not self._has_work() or self._drainer_status().get("waiting_for"):
                return True
            self._wait(LOOK_SECONDS)
        return not self._has_work()

    def _finish(self, reason: str) -> dict[str, Any]:
        """What came of it, no matter which process did it; what waits is left to a drainer."""
        database = self._workplace.manager.database
        progress(1.0)
        return {
            "in_step": synced_since(database, self._started_at),
            "buried": DeadLetterQueue(database).count_since(self._started_at),
            "waiting": self._open_jobs(),
            "reason": reason,
            "seconds": round(self._clock() - self._started_at, 1),
        }

    def _show_progress(self, worker: Progress | None = None) -> None:
        """Move the progress bar, and say the same in the log.

        What `worker` has in hand is written, but still counted as open.
        Jobs that end between the two looks count as open, and new ones may come: the bar waits then, and never falls.
        """
        left = self._open_jobs()
        left -= worker.in_hand if worker else 0
        now = self._clock()
        self._total = max(self._total, left)
        if abs(self._reported_left - left) < PROGRESS_ITEMS and abs(now - self._reported_at) < PROGRESS_SECONDS:
            return
        self._reported_left, self._reported_at = left, now
        self._reached = max(self._reached, (self._total - left) / self._total if self._total else 1.0)
        progress(self._reached)
        logger.info("%s", _progress_in_words(self._total, left, now - self._started_at))

    def _open_jobs(self) -> int:
        return count_open(self._workplace.manager.database)

    def _has_work(self) -> bool:
        return has_work_at(self._workplace.manager.database, self._clock())

    def _drainer_status(self) -> dict[str, Any]:
        return JsonFile(self._folder.status).peek() or {}


def _progress_in_words(total: int, left: int, seconds: float) -> str:
    done = total - left
    share = done / total if total else 1.0
    rate = done / seconds if seconds > 0 else 0.0
    return f"Progress: {done}/{total} ({share:.0%}), {left} remaining, {rate:.1f} items/sec"
