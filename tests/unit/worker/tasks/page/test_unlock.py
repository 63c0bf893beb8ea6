"""Taking back the locks that PlexSync set: ours and no others, first told, and again after an outage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from tests.simulators.faults import status
from tests.simulators.plex_agent import film_agent
from tests.support.workbench import Workbench
from worker.errors import TaskError
from worker.processor import Ended
from worker.tasks.page.unlock import unlock
from worker.tasks.task import Task
from worker.upkeep.catch_up import CatchUp

PICTURES = {"poster": 2, "background": 2}
OURS = {"title": 2, "summary": 2, **PICTURES}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Two scenes in step. Their titles and summaries are locked, one item's tagline by a person."""
    with Workbench(tmp_path, scenes=2) as made:
        made.plex.edit_as_user(made.keys[2], tagline="By hand")
        made.enqueue(1, 2)
        made.drain()
        yield made


def run(bench: Workbench, **args: Any) -> dict[str, Any]:
    workplace = bench.workplace
    return unlock(Task(bench.folder, Request({}, args), bench.database, lambda: None, lambda: workplace))


def test_it_only_tells_unless_told_otherwise(bench: Workbench) -> None:
    before = bench.plex.snapshot()
    assert run(bench) == {"format": 1, "dry_run": True, "items": 2, "fields": OURS, "unlocked": 0}
    assert bench.plex.snapshot() == before


def test_an_agent_fills_what_is_unlocked_and_nothing_else(bench: Workbench) -> None:
    assert run(bench, dry_run=False)["unlocked"] == 2
    assert [set(bench.item(scene_id).locked) for scene_id in (1, 2)] == [set(), {"tagline"}]
    assert run(bench)["items"] == 0
    bench.plex.agent = film_agent
    bench.plex.refresh_everything()
    assert bench.item(1).title == f"The Film {bench.keys[1]}"
    assert bench.item(2).tagline == "By hand"


@pytest.mark.parametrize("refreshes", [False, True])
def test_nothing_locks_them_again_by_itself_until_an_edit(bench: Workbench, refreshes: bool) -> None:
    """Both were edited just before, so that a look for missed edits would compare them once more."""
    bench.clock.now = time.time()
    for scene_id in (1, 2):
        bench.edit(scene_id, details="Edited within the second in which it is read")
    bench.drain()
    bench.configure(refresh_instead=refreshes)
    assert run(bench, dry_run=False)["unlocked"] == 2
    bench.clock.now += 30.0
    bench.restart()
    while bench.step() is not Ended.IDLE:
        pass
    assert run(bench)["items"] == 0
    bench.edit(1, details="Edited again")
    bench.drain()
    assert run(bench)["items"] == (0 if refreshes else 1)


def test_an_edit_whose_hook_was_lost_is_found_though(bench: Workbench) -> None:
    bench.clock.now = time.time() - 200.0
    bench.edit(1, details="In step")
    bench.clock.now += 5.0  # read in a later second than it was saved
    bench.drain()
    catch_up(bench)
    bench.clock.now += 60.0
    bench.stash.save_without_hook(1, title="No hook told of this")
    bench.clock.now = time.time()
    assert run(bench, dry_run=False)["unlocked"] == 2
    bench.clock.now += 60.0
    assert catch_up(bench) == 1
    assert bench.pending() == [1]


def catch_up(bench: Workbench) -> int:
    """What a drainer that begins now finds by asking Stash."""
    store = JsonFile(bench.folder.catch_up, bench.clock)
    return CatchUp(bench.workplace.stash, bench.database, store, bench.clock).run_if_due()


def test_what_was_locked_before_us_stays_locked(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1, skip_fields="poster, background") as bench:
        bench.plex.edit_as_user(bench.keys[1], title="By hand")
        bench.enqueue(1)
        bench.drain()
        assert run(bench, dry_run=False)["fields"] == {"summary": 1}
        assert bench.item(1).locked == {"title"}


def test_an_outage_in_the_middle_says_how_far_it_came_and_the_next_try_ends_it(bench: Workbench) -> None:
    bench.plex.inject(status(503), method="PUT", times=None)
    with pytest.raises(TaskError, match="0 of 2 items were unlocked"):
        run(bench, dry_run="false")
    bench.plex.clear_faults()
    assert run(bench, dry_run="false")["unlocked"] == 2


def test_a_key_that_means_another_film_by_now_is_let_be(bench: Workbench) -> None:
    bench.item(1).files = ("/media/other.mp4",)
    locked = bench.item(1).locked
    assert run(bench, dry_run=False)["items"] == 1
    assert bench.item(1).locked == locked


def test_paused_it_tells_but_writes_nothing(bench: Workbench) -> None:
    bench.configure(paused=True)
    assert run(bench)["items"] == 2
    with pytest.raises(TaskError, match="paused is set"):
        run(bench, dry_run=False)
