"""One job that makes Plex fail: it ends in the dead letter queue, and the others go through meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from tests.simulators.faults import Answer, Fault, Waiting, cut_off_body, drop, maintenance, status
from tests.simulators.http_server import Request, Response
from tests.support.queue_examples import pending_data
from tests.support.workbench import TOKEN, Workbench, only_for
from worker.circuit_breaker import FAILURE_THRESHOLD, CircuitBreaker, CircuitState
from worker.outage.stored_gate import FIRST_PROBE

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


def test_one_whose_reading_takes_plex_down_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=4) as bench:
        down_until = [0.0]

        def crash(request: Request, answer: Answer, waiting: Waiting) -> Response:
            down_until[0] = bench.clock.now + 30
            return cut_off_body()(request, answer, waiting)

        def down(request: Request, answer: Answer, waiting: Waiting) -> Response:
            is_down = bench.clock.now < down_until[0]
            return maintenance()(request, answer, waiting) if is_down else answer()

        bench.plex.inject(only_for([bench.keys[1]], crash), prefix="/library/metadata")
        bench.plex.inject(down)
        bench.enqueue(1, 2, 3, 4)
        bench.run_until(lambda: all(bench.shows(scene_id) for scene_id in (2, 3, 4)))
        assert bench.clock.elapsed < 1800


def test_a_write_without_effect_that_cannot_be_read_back_turns_in_no_circle(tmp_path: Path) -> None:
    """Five writes fail, and then the shared read does: each is tried on its own, and it is Plex that fails."""
    with Workbench(tmp_path, scenes=10) as bench:
        key = str(bench.keys[1])

        def put(request: Request, answer: Answer, waiting: Waiting) -> Response:
            return Response() if request.query.get("id") == key else status(500)(request, answer, waiting)

        bench.plex.inject(put, method="PUT")
        bench.plex.inject(status(500), method="GET", prefix=f"/library/metadata/{key}")
        bench.enqueue(*range(1, 11))
        bench.step()
        assert (bench.worker.progress.retried, bench.pending()) == (0, list(range(1, 11)))
        assert CircuitBreaker(store=JsonFile(bench.folder.breaker)).stored_state is CircuitState.OPEN


def test_scans_that_plex_refuses_keep_nobody_from_being_written(tmp_path: Path) -> None:
    with Workbench(tmp_path, trigger_plex_scan=True) as bench:
        for number in range(1, 21):
            bench.add_scene(title=f"T{number}", details="x", in_plex=number > 5)
        bench.plex.inject(status(500), prefix=f"/library/sections/{bench.section}/refresh")
        bench.enqueue(*range(1, 21))
        bench.step()
        assert all(bench.shows(scene_id) for scene_id in range(6, 21))
        assert bench.pending() == [1, 2, 3, 4, 5]
        assert {data["last_error_type"] for data in pending_data(bench.database)} == {"PlexNotFound"}


def test_a_withdrawn_token_is_no_jobs_fault(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2) as bench:
        bench.plex.inject(only_for([bench.keys[1]], maintenance()), method="PUT", times=1)
        bench.enqueue(1, 2)
        bench.run_until(lambda: bench.shows(2))  # 2 was written, so that 1 is at fault
        bench.plex.token = "another"
        bench.run_for(3600)
        assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1], 1, [])
        bench.plex.token = TOKEN
        bench.drain()
        assert bench.shows(1)


def test_what_nobody_foresaw_spares_the_rest_of_the_batch_too(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=30) as bench:
        # As no Stash sends it: the job fails in a way that has no name.
        odd = bench.stash.scene(9)
        bench.stash.library.scenes[9] = replace(odd, files=(replace(odd.files[0], path=None),))  # type: ignore[arg-type]
        bench.plex.inject(status(500), prefix="/library/metadata")
        bench.enqueue(*range(1, 31))
        bench.step()
        assert bench.plex.count("GET", "/library/metadata") <= FAILURE_THRESHOLD + 4
        assert bench.retries_counted() <= FAILURE_THRESHOLD + 1
