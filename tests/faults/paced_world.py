"""Both servers and a worker in this process, where time passes only when told, and a verdict on what a fault did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stash.protocol import Request
from storage.lock import ProcessLock
from sync_queue.enqueue import enqueue_many
from sync_queue.state.sync_state import SyncState
from tests.faults.strict_plex import StrictPlex
from tests.faults.tally import Tally
from tests.simulators.pictures import cover
from tests.simulators.stash_library import Scene
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench
from worker.hook import handle_hook
from worker.processor import Ended
from worker.tasks.redrive import RedriveTask
from worker.upkeep.catch_up import INTERVAL

NO_PLUGIN = "no drainer is ever started"
LONGEST_SETTLE = 1_200.0
"""Seconds after which a job that is still open counts as stuck: the longest wait for a retry is 600."""
NEXT_START = 10.0
"""Seconds from a worker's end to the start of the next one."""
MOST_STEPS = 5_000
"""Steps of the worker after which it is taken for one that turns in circles."""


class PacedWorld(Workbench):
    """Scenes that are in step with Plex, a mark from which the catch-up looks, and a drain lock that is ours."""

    plex: StrictPlex

    def __init__(self, folder: Path, scenes: int = 4, **settings: Any) -> None:
        settings.setdefault("poll_interval", 5.0)
        super().__init__(folder, scenes, plex_type=StrictPlex, **settings)
        self._lock = ProcessLock(self.folder.drain_lock)
        self.edits = 0

    def __enter__(self) -> PacedWorld:
        super().__enter__()
        # Whoever sees it held starts no drainer.
        assert self._lock.acquire()
        self.enqueue(*self.keys)
        self.drain()
        self.clock.now += INTERVAL
        return self

    def __exit__(self, *error: Any) -> None:
        self._lock.release()
        super().__exit__(*error)

    # --- what users and servers do

    def scene(self, scene_id: int) -> Scene:
        """The scene in Stash."""
        return self.stash.scene(scene_id)

    def save(self, scene_id: int, **fields: Any) -> None:
        """Save a scene in Stash, and run its hook."""
        self.stash.save_without_hook(scene_id, **fields)
        self.run_hook(scene_id, "Scene.Update.Post", list(fields))

    def run_hook(self, row_id: int, trigger: str, fields: list[str]) -> None:
        """What Stash starts after something was saved."""
        context = {"id": row_id, "type": trigger, "inputFields": fields}
        handle_hook(self.folder, NO_PLUGIN, Request(self.stash.server_connection(), {"hookContext": context}))

    def new_fields(self, scene_id: int) -> dict[str, Any]:
        """Values that no scene had before."""
        self.edits += 1
        number = f"{scene_id}, edit {self.edits}"
        tags = [self.stash.tag_id(f"Tag {each}") for each in (self.edits, self.edits % 3)]
        rating = self.edits % 100 + 1
        values = {"title": f"T {number}", "details": number, "rating100": rating, "tag_ids": tags}
        return {**values, "cover_image": cover(number)}

    def change_all(self) -> None:
        """Save every scene with new values, each with its hook."""
        for scene_id in self.keys:
            self.save(scene_id, **self.new_fields(scene_id))

    # --- what processes do

    def crash(self) -> None:
        """The drainer dies without a word, and another begins."""
        self.workplace.contexts.close()
        self.workplace.manager.database.connection.close()
        self.open()

    def work(self, seconds: float) -> None:
        """Let the worker work so long, and start another where it ends."""
        self.work_until(lambda: False, seconds)

    def work_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """The same, but no longer than until the condition holds."""
        end = self.clock.now + seconds
        for _ in range(MOST_STEPS):
            if self.clock.now >= end or condition():
                return
            self._step_on(end)
        raise AssertionError(f"still at it after {MOST_STEPS} steps: {self.worker.progress}")

    def _step_on(self, end: float) -> None:
        """One step; a worker that has ended is followed by the next."""
        ended = self.step()
        if not isinstance(ended, Ended):
            return
        # A task that found nothing to do leaves nothing that another one could do before the end.
        is_over = self._foreground and ended is Ended.IDLE
        self.clock.sleep(max(NEXT_START, end - self.clock.now) if is_over else NEXT_START)
        self.restart()

    def retry_failed(self, **args: Any) -> dict[str, Any]:
        """Press *Retry Failed Jobs*."""
        request = Request(self.stash.server_connection(), {"mode": "retry_failed", **args})
        return RedriveTask(self.workplace, request, self.clock).retry_selected()

    # --- what is seen

    def settle(self) -> None:
        """Let time pass until the catch-up has looked and no job is open, or until that is given up."""
        self.work(INTERVAL + 1)
        self.work_until(lambda: self.open_jobs() == 0, LONGEST_SETTLE)

    def refused_scenes(self) -> list[int]:
        """Scenes that are done but for what Plex refused: *Compare* lists that, and *Sync All* tries it again."""
        items = SyncState(self.database, self.plex.machine_identifier).items(list(self.keys.values()))
        return [scene_id for scene_id, key in self.keys.items() if items[key].refused]

    def judge(self) -> Tally:
        """Once everything is well: let the world settle, have what was given up or refused tried again, and look."""
        self.settle()
        letters = self.dead_letters()
        unexplained = [letter.scene_id for letter in letters if not letter.failure.error_text]
        if letters:
            self.retry_failed()
            self.settle()
        refused = self.refused_scenes()
        if refused:
            enqueue_many(self.database, self.keys, "all", self.clock())
            self.settle()
        stuck = self.open_jobs() + len(self.dead_letters())
        wrong = disagreements(self, self.keys)
        findings = [*wrong, *(f"written again: {write}" for write in self.plex.repeated)]
        findings += [f"given up without a reason: {unexplained}"] if unexplained else []
        findings += [f"{stuck} jobs are stuck: {self.worker.progress}"] if stuck else []
        lost = len({finding.partition(":")[0] for finding in wrong})
        given_up = len(letters) + len(refused)
        return Tally(1, 0 if stuck else lost, stuck, len(self.plex.repeated), tuple(findings), given_up)
