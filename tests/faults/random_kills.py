"""SIGKILL at random moments, of the drainer and of *Process Queue*, counted instead of asserted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.tally import Tally
from tests.simulators.plex_edits import EditMode
from tests.support.agreement import disagreements
from tests.support.before import not_restored, undo_all
from tests.support.kill_world import SCENES, KillWorld, seconds_of

LONGEST_START = 0.4
"""Seconds, about, from a drainer's or a task's start to its first job."""


class CountedKills(KillWorld):
    """A world of kills that notes in `tally` what each did."""

    def __init__(self, folder: Path, mode: EditMode, seed: int) -> None:
        super().__init__(folder, mode, seed)
        self.tally = Tally()

    def __enter__(self) -> CountedKills:
        super().__enter__()
        return self

    def judge(self) -> None:
        """Wait until nothing is going on any more, and count what the last kill spoiled."""
        try:
            self.wait_until_drained()
        except AssertionError as error:
            self.tally += Tally(stuck=self.open_jobs(), findings=(str(error),))
            return
        wrong = disagreements(self, range(1, SCENES + 1))
        given_up = self.dead_letters().get_count()
        again = self.watchful.repeated
        self.tally += Tally(0, _scenes(wrong), given_up, len(again), tuple(wrong + again))
        again.clear()

    def judge_undo(self) -> None:
        """Undo every scene, and count those that do not show what they did before the first sync."""
        undo_all(self)
        wrong = not_restored(self, self.before)
        self.tally += Tally(lost=_scenes(wrong), findings=tuple(wrong))


def _scenes(disagreements: list[str]) -> int:
    return len({each.partition(":")[0] for each in disagreements})


def kill_in_mid_drain(world: CountedKills, longest: float) -> None:
    """The drainer, which lives already when the edits come."""
    world.kill_drainer_after(world.random.uniform(0.0, longest))
    world.wake_by_hook()


def kill_after_start(world: CountedKills, longest: float) -> None:
    """A drainer that has just been started."""
    world.kill_drainer()
    world.wake_by_hook()
    world.kill_drainer_after(world.random.uniform(0.0, longest + LONGEST_START))
    world.wake_by_task()


def kill_the_task(world: CountedKills, longest: float) -> None:
    """*Process Queue*, by Stash's own button for that."""
    world.kill_drainer()
    world.kill_task_after(world.random.uniform(0.0, longest + LONGEST_START))
    world.wake_by_hook()


Way = Callable[[CountedKills, float], None]
WAYS: tuple[Way, ...] = (kill_in_mid_drain, kill_after_start, kill_the_task)


@dataclass(frozen=True)
class Course:
    """So many kills of one kind, each at a moment that `seed` chooses."""

    way: Way
    mode: EditMode
    seed: int
    kills: int

    def run(self, folder: Path) -> Tally:
        """Change all scenes, kill, wake whoever is next, and look, again and again."""
        with CountedKills(folder, self.mode, self.seed) as world:
            world.change_all()
            world.wake_by_hook()
            world.judge()
            world.change_all()
            longest = seconds_of(world.wait_until_drained)
            while world.kills < self.kills and world.tally.is_clean:
                world.change_all()
                self.way(world, longest)
                world.judge()
            world.judge_undo()
            return world.tally + Tally(tried=world.kills)


def courses(kills: int, modes: tuple[EditMode, ...] = ("replace", "add")) -> list[Course]:
    """Every way in every mode of Plex, together about `kills` kills."""
    each = -(-kills // (len(WAYS) * len(modes)))
    return [
        Course(way, mode, 100 * number + position, each)
        for number, mode in enumerate(modes)
        for position, way in enumerate(WAYS)
    ]
