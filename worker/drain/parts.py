"""Puts the parts together, the same for the drainer and for tasks.

All that they will need is imported here, before the first claim: Stash's package manager may replace or delete the
files while they work.
"""

from __future__ import annotations

import subprocess  # noqa: F401 - worker.launcher imports it late, for the hook's sake
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import storage.local_files  # noqa: F401 - storage.json_file imports it late, for those who only read
import sync_queue.creation  # noqa: F401 - sync_queue.database imports it late, where the queue's file is damaged
from stash.client import StashClient
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.generation import Generation
from sync_queue.manager import QueueManager
from sync_queue.views.counts import count_held_up
from worker.circuit_breaker import CircuitBreaker
from worker.clients.context import SyncContexts
from worker.data_folder import DataFolder
from worker.handover.dismissal import Dismissal
from worker.handover.lent_session import LentSession
from worker.handover.plugin_files import PluginFiles, refuse_half_replaced
from worker.launcher import address_of
from worker.outage.gate import Gate
from worker.outage.history import OutageHistory
from worker.reconcile.schedule import ScheduledReconcile
from worker.status.progress import Progress
from worker.status.publisher import Publisher
from worker.trial.leftover import Leftover
from worker.trial.put_back import TrialRecord
from worker.upkeep.catch_up import CatchUp
from worker.upkeep.refusals import RefusalLook
from worker.upkeep.tidying import Tidying
from worker.upkeep.waiting_for_files import WaitingForFiles


@dataclass(frozen=True)
class WorkerParts:
    """What a SyncWorker drains with; `clock` gives seconds since the epoch."""

    manager: QueueManager
    contexts: SyncContexts
    gate: Gate
    clock: Callable[[], float]
    generation: Generation
    leftover: Leftover
    dismissal: Dismissal | None = None
    catch_up: CatchUp | None = None
    reconcile: ScheduledReconcile | None = None
    waiting_for_files: WaitingForFiles | None = None
    tidying: Tidying | None = None
    refusals: RefusalLook | None = None


class Workplace:
    """Everything that work on the queue needs, for one data folder and one Stash.

    `clock` gives seconds since the epoch, to all that it puts together. Without a `plugin_folder` nobody looks whether
    the plugin is still wanted; with one, a task's next request to Plex raises Dismissed where it is not.
    """

    def __init__(
        self,
        folder: DataFolder,
        server_connection: dict[str, Any],
        clock: Callable[[], float] = time.time,
        plugin_folder: str = "",
    ) -> None:
        self.folder = folder
        self.stash = StashClient(server_connection)
        self.contexts = SyncContexts(folder, self.stash, clock=clock, before_plex_request=self._before_plex_request)
        self.manager = QueueManager.open(folder.queue)
        self._clock = clock
        self.plugin_folder = plugin_folder
        self._generation: Generation | None = None
        self._wanted = self._dismissal(foreground=True, known_enabled=True)
        self._session = LentSession(self.stash, clock)
        self._address = address_of(server_connection)
        self.publisher = Publisher(folder, self.manager.database, clock)

    def new_parts(self, *, foreground: bool) -> WorkerParts:
        """What a worker drains with; in the foreground it does only what is due: no catch-up, no comparison, no wait.

        For the holder of the drain lock only: it supersedes whoever held it before, and loads the breaker's state.
        Raises as `supersede`.
        """
        generation = self.supersede()
        self._wanted = None  # a worker looks itself, and ends after the batch in hand
        breaker = CircuitBreaker(store=self._file(self.folder.breaker), clock=self._clock)
        history = OutageHistory(self._file(self.folder.outages), self._clock)
        held_up = partial(count_held_up, self.manager.database)
        gate = Gate(breaker, self._file(self.folder.probe_schedule), held_up, self._clock, history)
        catch_up = CatchUp(self.stash, self.manager.database, self._file(self.folder.catch_up), self._clock)
        reconcile = ScheduledReconcile(self.folder, self.contexts, self.manager.database, self._clock)
        tidying = Tidying(
            self.folder, self.contexts, self.manager.database, self._file(self.folder.tidying), self._clock
        )
        leftover = Leftover(self.contexts, self.trial_record(), gate.is_closed, self._clock)
        dismissal = self._dismissal(foreground=foreground)
        parts = WorkerParts(self.manager, self.contexts, gate, self._clock, generation, leftover, dismissal)
        if foreground:
            return parts
        self.contexts.pictures.fetch_from_now_on()
        return replace(
            parts,
            catch_up=catch_up,
            reconcile=reconcile,
            waiting_for_files=WaitingForFiles(self.manager.database, self._clock),
            tidying=tidying,
            refusals=RefusalLook(self.contexts, self.manager.database, self._clock),
        )

    def supersede(self) -> Generation:
        """Keep whoever held the drain lock before from writing on, and have the data in this version's format.

        For the lock's holder only. Raises BeingReplaced, sqlite3.Error.
        """
        if self.plugin_folder:
            refuse_half_replaced(self.plugin_folder)
        self._generation = Generation.begin(self.manager.database)
        self.publisher.clear()
        return self._generation

    def see_it_through(self) -> Callable[[], object]:
        """Keep no request to Plex back from now on, though the plugin may be disabled: half of the work is worse.

        What it returns raises Dismissed where no more should be begun.
        """
        wanted, self._wanted = self._wanted, None
        return wanted.check if wanted is not None else bool

    def trial_record(self) -> TrialRecord:
        """What *Try Writing to Plex* has to put back. For the holder of the drain lock only."""
        return TrialRecord(self._file(self.folder.write_test), self._clock)

    def publish_status(self, progress: Progress, started_at: float) -> None:
        """Tell other processes what a worker does, if that has changed. `started_at`: seconds since the epoch."""
        relieve_from = self._session.relieve_from()
        self.publisher.publish(progress, started_at, stash=self._address, relieve_from=relieve_from)

    def close(self) -> None:
        """Close what is open."""
        self.contexts.pictures.stop()
        self.contexts.close()
        self.manager.close()

    def _dismissal(self, *, foreground: bool, known_enabled: bool = False) -> Dismissal | None:
        if not self.plugin_folder:
            return None
        # A task has a session of its own age, and whoever pressed its button waits for it.
        relief = None if foreground else ProcessLock(self.folder.standby_lock)
        return Dismissal(PluginFiles(self.plugin_folder), self.stash, relief, known_enabled=known_enabled)

    def _before_plex_request(self) -> None:
        if self._wanted is not None:
            self._wanted.check()
        if self._generation is not None:
            self._generation.check()

    def _file(self, path: str) -> JsonFile:
        return JsonFile(path, self._clock)


@contextmanager
def open_workplace(
    folder: DataFolder, server_connection: dict[str, Any], plugin_folder: str = ""
) -> Iterator[Workplace]:
    """A workplace that is closed at the end of the block; arguments as Workplace's."""
    workplace = Workplace(folder, server_connection, plugin_folder=plugin_folder)
    try:
        yield workplace
    finally:
        workplace.close()
