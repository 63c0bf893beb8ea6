"""A worker in this process: real SQLite and real HTTP against the simulators, but time passes as the test wants it.

Scene number n (from 1) is /data/scene-n.mp4 in Stash and /media/scene-n.mp4 in Plex.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from storage.database import Database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.enqueue import enqueue
from sync_queue.models import DeadLetter
from sync_queue.views.counts import QueueStats, get_stats
from tests.simulators.faults import Answer, Fault, Waiting
from tests.simulators.http_server import Request, Response
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_items import Item
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_library import Scene
from tests.support.clock import Clock
from tests.support.queue_examples import pending_data
from worker.data_folder import DataFolder
from worker.drain.parts import Workplace
from worker.processor import Ended, SyncWorker, WorkerRules

TOKEN = "plex-token-5f1e"
POLL_INTERVAL = 60.0
"""The longest that there is: what waits by itself makes the worker's steps, not the polling."""
MOST_STEPS = 20_000
"""Steps after which a test is taken for one that never ends."""
IDLE_SECONDS = 300.0
AGE = 86_400.0
"""Seconds for which a scene that a test adds has not been edited."""


class Workbench:
    """Both servers, a queue on disk and a worker on it; `scenes` scenes with details. `settings` are the plugin's."""

    def __init__(
        self,
        folder: Path,
        scenes: int = 0,
        *,
        foreground: bool = False,
        plex_type: type[PlexSimulator] = PlexSimulator,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self.plex = plex_type(token=TOKEN, clock=self.clock)
        self.stash = StashSimulator(clock=self.clock)
        self.folder = DataFolder(str(folder / "data"))
        self._temporary_folder = folder / "temporary"
        self._settings = settings
        self._foreground = foreground
        self.keys: dict[int, int] = {}
        self.section = self.plex.add_section("Movies", locations=["/media"])
        self.stash.library.roots = ["/data"]
        for number in range(1, scenes + 1):
            self.add_scene(title=f"Title {number}", details=f"Summary {number}")

    def __enter__(self) -> Workbench:
        # By this world's clock, what other tests keep in the common folder was left behind long ago.
        self._common_temporary_folder, tempfile.tempdir = tempfile.tempdir, str(self._temporary_folder)
        self._temporary_folder.mkdir(exist_ok=True)
        self.plex.start()
        self.stash.start()
        self.folder.create()
        self.configure()
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.workplace.close()
        self.stash.stop()
        self.plex.stop()
        tempfile.tempdir = self._common_temporary_folder
        assert self.plex.errors == self.stash.errors == []

    # --- the worker

    def open(self) -> None:
        """Start a drainer, as far as a worker goes: all that it knows is read from disk."""
        self.workplace = Workplace(self.folder, self.stash.server_connection(), self.clock)
        self.worker = SyncWorker(
            self.workplace.new_parts(foreground=self._foreground),
            WorkerRules(IDLE_SECONDS, self._foreground),
            wait=self.clock.sleep,
        )
        self.workplace.manager.put_back_unacknowledged()

    def restart(self) -> None:
        """End the drainer without a word, and start another."""
        self.workplace.close()
        self.open()

    def step(self) -> float | Ended:
        """Let the worker do its next thing and wait as long as it wants to; why it ended, if it did."""
        step = self.worker.step()
        if step.ended is not None:
            return step.ended
        self.clock.sleep(step.pause)
        return step.pause

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Let it work until the condition holds."""
        for _ in range(MOST_STEPS):
            if condition():
                return
            ended = self.step()
            assert not isinstance(ended, Ended), f"it ended ({ended}) after {self.clock.elapsed:.0f} seconds"
        raise AssertionError(f"not after {self.clock.elapsed:.0f} seconds: {self.worker.progress}")

    def run_for(self, seconds: float) -> None:
        """Let it work so long; the last pause may take a little longer."""
        end = self.clock.now + seconds
        self.run_until(lambda: self.clock.now >= end)

    def drain(self) -> None:
        """Let it work until no job is open."""
        self.run_until(lambda: self.open_jobs() == 0)

    # --- the world

    def configure(self, **settings: Any) -> None:
        """Replace the plugin's settings; those of the test's start stay unless given."""
        defaults: dict[str, Any] = {"plex_url": self.plex.url, "plex_token": TOKEN, "poll_interval": POLL_INTERVAL}
        # One write at a time, so that a test knows which request meets a fault.
        defaults["parallel_writes"] = 1
        self.stash.configure_plugin("PlexSync", **{**defaults, **self._settings, **settings})

    def add_scene(self, *, in_plex: bool = True, **fields: Any) -> int:
        """Add a scene of long ago, which no catch-up takes for news, and its item unless Plex does not have it."""
        self.clock.now -= AGE
        scene = self.stash.add_scene(f"/data/scene-{len(self.stash.library.scenes) + 1}.mp4", **fields)
        self.clock.now += AGE
        if in_plex:
            self.add_item(scene.id)
        return scene.id

    def add_item(self, scene_id: int) -> None:
        """Let Plex find the scene's file."""
        self.keys[scene_id] = self.plex.add_item(self.section, f"/media/scene-{scene_id}.mp4")

    def enqueue(self, *scene_ids: int, fields: Iterable[str] = ("title",)) -> None:
        """Do as the hook does after these fields of these scenes were saved."""
        for scene_id in scene_ids:
            enqueue(self.database, scene_id, fields, "hook", self.clock.now)

    def edit(self, scene_id: int, **fields: Any) -> None:
        """Save a scene in Stash, and do as its hook does."""
        self.stash.save_without_hook(scene_id, **fields)
        self.enqueue(scene_id, fields=fields)

    # --- looking

    @property
    def database(self) -> Database:
        return self.workplace.manager.database

    def item(self, scene_id: int) -> Item:
        """The scene's item in Plex."""
        return self.plex.item(self.keys[scene_id])

    def scene(self, scene_id: int) -> Scene:
        """The scene in Stash."""
        return self.stash.scene(scene_id)

    def shows(self, scene_id: int) -> bool:
        """Whether Plex shows the scene's title and summary."""
        scene, item = self.stash.scene(scene_id), self.item(scene_id)
        return (item.title, item.summary) == (scene.title, scene.details)

    def stats(self) -> QueueStats:
        """The queue's counts."""
        return get_stats(self.database, self.clock.now)

    def open_jobs(self) -> int:
        """Jobs that are not done."""
        stats = self.stats()
        return stats.pending + stats.in_progress

    def pending(self) -> list[int]:
        """Scenes with a pending job."""
        return sorted(data["scene_id"] for data in pending_data(self.database))

    def retries_counted(self) -> int:
        """The sum of all pending jobs' retry counts."""
        return sum(data["retry_count"] for data in pending_data(self.database))

    def dead_letters(self) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        return DeadLetterQueue(self.database).get_all()


def only_for(keys: Collection[int], fault: Fault) -> Fault:
    """The fault, but only for requests that name one of these items; a request for several is met, too."""
    names = {str(key) for key in keys}

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        asked = set(request.query.get("id", "").split(",")) | set(request.path.rpartition("/")[2].split(","))
        return fault(request, answer, waiting) if asked & names else answer()

    return choose
