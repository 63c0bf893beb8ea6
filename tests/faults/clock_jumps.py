"""The machine's clock is set back or on: in quiet, while jobs wait for a retry, in an outage, and just after one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.paced_world import PacedWorld
from tests.faults.tally import Tally
from tests.simulators.faults import maintenance, status
from worker.status.progress import WaitingFor

HOUR, DAY = 3_600.0, 86_400.0
JUMPS = (-DAY, -HOUR, -90.0, HOUR, DAY)
UNHEARD = 1
"""The scene whose edit after the jump no hook tells of."""


def in_quiet(world: PacedWorld) -> None:
    """Nothing is going on."""


def with_jobs_waiting(world: PacedWorld) -> None:
    """Plex cannot store anything, so every job waits for a retry."""
    failing = world.plex.inject(status(500), method="PUT")
    world.change_all()
    world.work(30.0)
    failing.remove()


def with_one_job_at_the_back(world: PacedWorld) -> None:
    """One job has found Plex down, and the clock jumps before it is tried again."""
    _find_plex_down(world, 1.0)
    world.plex.clear_faults()


def in_an_outage(world: PacedWorld) -> None:
    """Plex has been down for a while; it comes back soon after the jump."""
    _find_plex_down(world, 500.0)


def just_after_an_outage(world: PacedWorld) -> None:
    """Plex is back, and the jobs go out slowly."""
    _find_plex_down(world, 500.0)
    world.plex.clear_faults()
    world.work_until(lambda: world.worker.progress.waiting_for is not WaitingFor.PLEX, 120.0)


def with_a_clock_that_was_wrong_before(world: PacedWorld) -> None:
    """It was a day ahead while all scenes were synced, and is right again."""
    world.clock.now += DAY
    world.change_all()
    world.settle()
    world.clock.now -= DAY


def _find_plex_down(world: PacedWorld, seconds: float) -> None:
    world.plex.inject(maintenance())
    world.change_all()
    world.work(seconds)


MOMENTS: tuple[Callable[[PacedWorld], None], ...] = (
    in_quiet,
    with_jobs_waiting,
    with_one_job_at_the_back,
    in_an_outage,
    just_after_an_outage,
    with_a_clock_that_was_wrong_before,
)


@dataclass(frozen=True)
class JumpCase:
    """A jump by so many seconds, and whether the drainer lives through it or another starts later."""

    moment: Callable[[PacedWorld], None]
    seconds: float
    restarted: bool

    def run(self, folder: Path) -> Tally:
        """Come to the moment, jump, edit one scene with its hook and one without, and look."""
        with PacedWorld(folder) as world:
            self.moment(world)
            world.clock.now += self.seconds
            world.stash.save_without_hook(UNHEARD, **world.new_fields(UNHEARD))
            if self.restarted:
                world.clock.sleep(300.0)
                world.restart()
            world.save(2, **world.new_fields(2))
            world.work(20.0)
            world.plex.clear_faults()
            tally = world.judge()
        words = f"{self.moment.__name__}, {self.seconds:+.0f} s{', restarted' if self.restarted else ''}"
        return tally.about(words)


def jump_cases() -> list[JumpCase]:
    """Every moment with every jump, with and without another drainer."""
    return [
        JumpCase(moment, seconds, restarted) for moment in MOMENTS for seconds in JUMPS for restarted in (False, True)
    ]
