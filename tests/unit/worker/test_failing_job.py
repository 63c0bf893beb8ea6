"""One job that makes Plex fail: it ends in the dead letter queue, and the others go through meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import Fault, drop, maintenance, status
from tests.unit.worker.workbench import Workbench, only_for
from worker.recovery import FIRST_PROBE

SCENES = tuple(range(1, 13))
BAD = 4
OTHERS = tuple(scene_id for scene_id in SCENES if scene_id != BAD)
FAULTS = pytest.mark.parametrize(
    "fault", [maintenance(), status(500), status(403), drop()], ids=["503", "500", "403", "drops"]
)


@pytest.fixture(params=[1, 4], ids=["one-write", "four-writes"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=len(SCENES), parallel_writes=request.param) as made:
        yield made


@FAULTS
def test_it_is_given_up_after_its_retries_and_all_others_arrive(bench: Workbench, fault: Fault) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], fault), method="PUT")
    bench.enqueue(*SCENES)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in OTHERS)
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.attempts, letter.failure.title) == (BAD, 6, f"Title {BAD}")
    assert letter.failure.path == f"/data/scene-{BAD}.mp4"


@FAULTS
def test_it_does_not_hold_up_the_others(bench: Workbench, fault: Fault) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], fault), method="PUT")
    bench.enqueue(*SCENES)
    bench.run_until(lambda: all(bench.shows(scene_id) for scene_id in OTHERS))
    assert bench.clock.elapsed <= 2 * FIRST_PROBE + len(SCENES) / 5, "one outage at most, and the ramp after it"
    assert bench.dead_letters() == []


@FAULTS
def test_edits_that_come_meanwhile_are_not_held_up_either(bench: Workbench, fault: Fault) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], fault), method="PUT")
    bench.enqueue(BAD)
    late: list[float] = []
    for number, scene_id in enumerate(OTHERS):
        edited_at = 20.0 * number
        bench.run_until(lambda edited_at=edited_at: bench.clock.elapsed >= edited_at)  # type: ignore[misc]
        bench.edit(scene_id, title=f"Edit {number}")
        started = bench.clock.now
        bench.run_until(lambda scene_id=scene_id: bench.shows(scene_id))  # type: ignore[misc]
        late.append(bench.clock.now - started)
    assert max(late) <= 60.0
    assert sorted(late)[len(late) // 2] <= 5.0


@FAULTS
def test_it_goes_through_once_plex_can_bear_it(bench: Workbench, fault: Fault) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], fault), method="PUT", times=3)
    bench.enqueue(*SCENES)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in SCENES)
    assert bench.dead_letters() == []


@FAULTS
def test_alone_in_the_queue_it_ends_too(bench: Workbench, fault: Fault) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], fault), method="PUT")
    bench.enqueue(BAD)
    bench.run_until(lambda: bench.clock.elapsed > 1200 or not bench.open_jobs())
    assert bench.open_jobs() + len(bench.dead_letters()) == 1
    bench.enqueue(*OTHERS)
    bench.run_until(lambda: all(bench.shows(scene_id) for scene_id in OTHERS))


def test_a_read_that_makes_plex_fail_holds_up_nobody_for_long(bench: Workbench) -> None:
    """An item whose reading fails takes the shared request of its batch with it."""
    bench.plex.inject(only_for([bench.keys[BAD]], status(500)), method="GET", prefix="/library/metadata")
    bench.enqueue(*SCENES)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in OTHERS)
    (letter,) = bench.dead_letters()
    assert letter.scene_id == BAD


def test_two_of_them(bench: Workbench) -> None:
    bad = (BAD, 9)
    bench.plex.inject(only_for([bench.keys[scene_id] for scene_id in bad], maintenance()), method="PUT")
    bench.enqueue(*SCENES)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in SCENES if scene_id not in bad)
    assert sorted(letter.scene_id for letter in bench.dead_letters()) == sorted(bad)


def test_a_restart_in_between_changes_nothing(bench: Workbench) -> None:
    bench.plex.inject(only_for([bench.keys[BAD]], maintenance()), method="PUT")
    bench.enqueue(*SCENES)
    for _ in range(500):
        if not bench.open_jobs():
            break
        bench.step()
        bench.restart()
    assert all(bench.shows(scene_id) for scene_id in OTHERS)
    (letter,) = bench.dead_letters()
    assert letter.attempts == 6
