"""Puts the parts together, the same for the drainer and for tasks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stash.client import StashClient
from storage.json_file import JsonFile
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats
from worker.catch_up import CatchUp
from worker.circuit_breaker import CircuitBreaker
from worker.data_folder import DataFolder
from worker.outages import OutageHistory
from worker.processor import SyncWorker, WorkerRules
from worker.recovery import Recovery
from worker.sessions import Sessions


class Workplace:
    """Everything that work on the queue needs, for one data folder and one Stash."""

    def __init__(self, folder: DataFolder, server_connection: dict[str, Any]) -> None:
        self.folder = folder
        self.stash = StashClient(server_connection)
        self.sessions = Sessions(folder, self.stash)
        self.manager = QueueManager(folder.queue)
        self._status = JsonFile(folder.status)
        self._published: dict[str, Any] = {}

    def new_worker(self, *, idle_seconds: float, foreground: bool) -> SyncWorker:
        """A worker over these parts. Loads the breaker's state, so: for the holder of the drain lock only."""
        self.clear_status()
        breaker = CircuitBreaker(store=JsonFile(self.folder.breaker))
        history = OutageHistory(JsonFile(self.folder.outages))
        recovery = Recovery(breaker, JsonFile(self.folder.recovery), self._pending, history=history)
        catch_up = None if foreground else CatchUp(self.stash, self.manager.database, JsonFile(self.folder.catch_up))
        return SyncWorker(
            self.manager,
            self.sessions,
            recovery,
            WorkerRules(idle_seconds, foreground),
            catch_up=catch_up,
        )

    def publish_status(self, worker: SyncWorker, started_at: float) -> None:
        """Tell other processes what the worker does, if that has changed. `started_at`: seconds since the epoch."""
        progress = worker.progress
        status = {
            "pid": os.getpid(),
            "started_at": started_at,
            "activity": progress.activity,
            "blocked": progress.blocked,
            "done": progress.done,
            "changed": progress.changed,
            "retried": progress.retried,
            "buried": progress.buried,
            "dropped": progress.dropped,
        }
        if status != self._published:
            self._status.save(status)
            self._published = status

    def clear_status(self) -> None:
        """Say that nobody drains."""
        self._published = {}
        self._status.save({})

    def close(self) -> None:
        """Close what is open."""
        self.sessions.close()
        self.manager.close()

    def _pending(self) -> int:
        stats = get_stats(self.manager.database, 0.0)
        return stats.pending + stats.in_progress


@contextmanager
def open_workplace(folder: DataFolder, server_connection: dict[str, Any]) -> Iterator[Workplace]:
    """A workplace that is closed at the end of the block."""
    workplace = Workplace(folder, server_connection)
    try:
        yield workplace
    finally:
        workplace.close()
