"""A world in which processes are killed while 30 scenes change, and the judge of what came of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue
from tests.simulators.pictures import cover
from tests.simulators.plex_edits import EditMode
from tests.support.agreement import disagreements, job_rows
from tests.support.before import not_restored, shown_before, type_in_plex, undo_all
from tests.support.watchful_plex import WatchfulPlex
from tests.world import TOKEN, World, wait_until

SCENES = 30
NO_DRAINER_ENDS = 600.0
PROCESS_QUEUE = "Process Queue"


class KillWorld(World):
    """A world with 30 scenes that change again and again."""

    def __init__(self, folder: Path, mode: EditMode, seed: int) -> None:
        self.watchful = WatchfulPlex(token=TOKEN, edit_mode=mode)
        super().__init__(folder, SCENES, idle_seconds=NO_DRAINER_ENDS, plex=self.watchful)
        self.random = random.Random(seed)
        self.edits = 0
        self.kills = 0
        self.covers: dict[int, int] = dict.fromkeys(range(1, SCENES + 1), 1)
        for scene_id in self.covers:
            self.stash.library.change_scene(scene_id, date="2024-01-01")  # with a title alone it would not be synced
            type_in_plex(self, scene_id)
        self.before = shown_before(self)

    def __enter__(self) -> KillWorld:
        super().__enter__()
        return self

    def change_all(self) -> None:
        """Edit every scene in some of its fields, and enqueue it as its hook would."""
        database = open_queue_database(self.data.queue)
        with database.transaction():
            for scene_id in range(1, SCENES + 1):
                fields = self._some_change(scene_id)
                self.stash.save_without_hook(scene_id, **fields)
                enqueue(database, scene_id, fields, "hook", time.time())
        database.close()

    def _some_change(self, scene_id: int) -> dict[str, object]:
        self.edits += 1
        stash, number = self.stash, self.edits
        fields: dict[str, object] = {"title": f"Title {number}"}
        if self.random.random() < 0.5:
            fields["details"] = self.random.choice(["", f"Summary {number}"])
            fields["rating100"] = self.random.randrange(1, 101)
        if self.random.random() < 0.5:
            names = self.random.sample("ABCDEFGH", self.random.randrange(5))
            fields["tag_ids"] = [stash.tag_id(f"Tag {name}") for name in names]
            fields["performer_ids"] = [stash.performer_id(f"Performer {name}") for name in names[:2]]
        if self.random.random() < 0.2:
            fields["studio_id"] = stash.studio_id(self.random.choice(["One", "Two"]))
        if self.random.random() < 0.1:
            fields["cover_image"] = cover(f"{scene_id} {number}")
            self.covers[scene_id] += 1
        return fields

    def wake_by_hook(self) -> None:
        """A user saves a scene: the hook is the next invocation."""
        self.edit(self.random.randrange(1, SCENES + 1), date=f"2024-01-{self.random.randrange(1, 29):02d}")

    def wake_by_task(self) -> None:
        """A user presses a button: the task is the next invocation."""
        self.stash.run_operation("PlexSync", mode="process_queue")

    def assert_nothing_lost_stuck_or_repeated(self) -> None:
        """Wait until the queue is empty, and look at everything that a kill could have spoiled."""
        self.wait_until_drained()
        found = disagreements(self, range(1, SCENES + 1))
        assert not found, "\n".join(found)
        assert self.watchful.repeated == []
        assert self.dead_letters().get_count() == 0
        assert {row["retry_count"] for row in job_rows(self)} == {0}
        for scene_id, covers in self.covers.items():
            item = self.item(scene_id)
            assert len(item.uploads("thumb")) <= covers
            assert len(item.uploads("art")) <= covers

    def assert_undo_brings_back_everything(self) -> None:
        """End with an undo of every scene: each shows what it did before the first write."""
        undo_all(self)
        found = not_restored(self, self.before)
        assert not found, "\n".join(found)

    def kill_drainer_after(self, seconds: float) -> None:
        """Wait, then SIGKILL the drainer; counts if there was one."""
        time.sleep(seconds)
        self.kills += self.kill_drainer()

    def kill_task_after(self, seconds: float) -> None:
        """Press the button of Process Queue, wait, and stop its job, which is a SIGKILL; counts if it was at work."""
        job = self.stash.run_task("PlexSync", PROCESS_QUEUE)
        wait_until(lambda: bool(self.stash.plugins.pids()) or job.ended.is_set(), "the task to start")
        time.sleep(seconds)
        self.stash.jobs.stop_job(job.id)
        assert job.ended.wait(60.0)
        self.kills += self.stash.runs[-1].killed


def seconds_of(act: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.monotonic()
    act()
    return time.monotonic() - started
