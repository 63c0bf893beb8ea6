"""A world of real processes to break things in, and the verdict on what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from storage.crash_points import VARIABLE
from tests.faults.tally import Tally
from tests.simulators.pictures import cover
from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import disagreements
from tests.support.before import not_restored, shown_before, type_in_plex, undo_all
from tests.support.watchful_plex import WatchfulPlex
from tests.world import PLEX_ROOT, TOKEN, World, wait_until

NO_DRAINER_ENDS = 600.0
"""Idle seconds after which no drainer of a fault ends by itself: one that is gone was killed."""
LONGEST_DRAIN = 60.0
"""Seconds after which an open job counts as stuck: first retries and probes come within 10."""


class FaultWorld(World):
    """Scenes that are in step with Plex, no drainer, and a mark from which the catch-up looks for missed edits."""

    def __init__(self, folder: Path, scenes: int = 4, **settings: Any) -> None:
        self.watchful = WatchfulPlex(token=TOKEN)
        settings.setdefault("idle_seconds", NO_DRAINER_ENDS)
        super().__init__(folder, scenes, plex=self.watchful, **settings)
        self.edits = 0
        self.rivals: dict[int, int] = {}
        self.performers: list[int] = []
        for scene_id in self.keys:
            type_in_plex(self, scene_id)
        self.before = shown_before(self)

    def __enter__(self) -> FaultWorld:
        super().__enter__()
        for scene_id in self.keys:
            self.stash.library.change_scene(scene_id, title=f"Title {scene_id}", details="As it was.")
        self.stash.run_operation("PlexSync", mode="all")
        self.edit(1, title="So that a drainer has run")
        self.wait_until_drained()
        wait_until(lambda: Path(self.data.catch_up).exists(), "the catch-up's mark")
        self.kill_drainer()
        return self

    # --- what is done in it

    def change(self, scene_id: int) -> float:
        """Save a scene with new text and a new picture; returns the seconds that the save took."""
        return self.edit(scene_id, **self.new_fields(scene_id))

    def change_unheard(self, scene_id: int) -> None:
        """The same, but no hook runs."""
        self.stash.save_without_hook(scene_id, **self.new_fields(scene_id))

    def new_fields(self, scene_id: int) -> dict[str, Any]:
        """Values that no scene had before."""
        self.edits += 1
        number = f"{scene_id}, edit {self.edits}"
        texts = {"title": f"Title {number}", "details": f"Details {number}"}
        # No scene had a rating when it was synced first: the first one overwrites somebody's own.
        return {**texts, "rating100": 10 + self.edits, "cover_image": cover(number)}

    def add_rivals(self, scene_ids: Iterable[int]) -> dict[int, int]:
        """Give scenes no place of their own in Plex, but two that fit equally well; returns the ones to remove again.

        By scene id, the rating key of the second item; the first is the scene's own.
        """
        rivals = {}
        for scene_id in scene_ids:
            name = f"rival-{scene_id}.mp4"
            self.plex.move_file(self.item(scene_id).files[0], f"{PLEX_ROOT}/a/sub/{name}")
            rivals[scene_id] = self.plex.add_item(self.section, f"{PLEX_ROOT}/b/sub/{name}")
            self.stash.library.change_scene(scene_id, files=self.stash.library.make_files([f"/data/sub/{name}"]))
        return rivals

    def press(self, mode: str, **arguments: Any) -> None:
        """Run a mode as an operation, whatever becomes of it."""
        with suppress(ResolverError):
            self.stash.run_operation("PlexSync", mode=mode, **arguments)

    def arm(self, point: str) -> None:
        """Have the processes that start from now on die at a point of storage.crash_points."""
        self.stash.plugins.environment[VARIABLE] = point

    def disarm(self) -> None:
        """Have no process die any more."""
        self.stash.plugins.environment.pop(VARIABLE, None)

    # --- what is seen in it

    def dead_letter_scenes(self) -> list[int]:
        """The scenes of all dead letters, ascending."""
        return sorted(letter.scene_id for letter in self.dead_letters().get_all())

    def somebody_was_killed(self) -> bool:
        """Whether the last process that Stash started was killed, or the drainer is gone."""
        return self.stash.runs[-1].error == "signal: killed" or not self.drainers()

    def wait_for_log(self, text: str) -> None:
        """Wait until the drainer's log file or Stash's log holds a text."""
        wait_until(lambda: text in self.logged(), f'"{text}" in the log')

    def wait_for_the_kill(self, point: str) -> None:
        """Wait until the armed point was reached."""
        wait_until(self.somebody_was_killed, f"{point} to be reached")

    def judge(self, scene_ids: Iterable[int] = (), patience: float = LONGEST_DRAIN) -> Tally:
        """Wait until nothing is going on any more, and count what was spoiled. Without ids: all scenes."""
        ids = tuple(scene_ids or self.keys)
        # A queue that was lost is empty, too, until it is filled again: what counts is what is left in the end.
        _wait_for(lambda: self.open_jobs() == 0 and not disagreements(self, ids), patience)
        stuck = self.open_jobs()
        wrong = disagreements(self, ids)
        lost = len({finding.partition(":")[0] for finding in wrong})
        findings = (*wrong, *(f"written again: {write}" for write in self.watchful.repeated))
        findings += (f"{stuck} jobs are stuck",) if stuck else ()
        return Tally(1, 0 if stuck else lost, stuck, len(self.watchful.repeated), findings)

    def judge_undo(self) -> Tally:
        """Undo every scene, and count those that do not show what they did before the first sync."""
        undo_all(self)
        return self.judge_restored(self.keys)

    def judge_restored(self, scene_ids: Iterable[int]) -> Tally:
        """Count the scenes that do not show what they did before the first sync."""
        wrong = not_restored(self, self.before, scene_ids)
        return Tally(lost=len({finding.partition(":")[0] for finding in wrong}), findings=tuple(wrong))


def _wait_for(condition: Callable[[], bool], patience: float) -> None:
    """Return once the condition holds, or after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
