"""A scene that Stash cannot even list is left out of whatever goes by lists of ids, by its place; the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_fan_out, enqueue_removal
from sync_queue.state.sync_state import SyncState
from tests.support.workbench import Workbench
from worker.reconcile.run import Kind, ReconcileRun
from worker.sync.comparison import Comparison
from worker.tasks.bulk_sync import BulkSync
from worker.upkeep.tidy_files import DAY
from worker.upkeep.tidying import BELIEVED_AFTER, Tidying

BAD = 7
SCENES = tuple(range(1, 21))
OTHERS = [scene_id for scene_id in SCENES if scene_id != BAD]
Act = Callable[[Workbench], object]


@pytest.fixture(params=[False, True], ids=["null", "fatal"])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        for number in SCENES:
            made.add_scene(title=f"Title {number}", details="d", tags=("Child",))
        made.stash.break_scene(BAD, "id")
        made.stash.library.unresolvable_is_fatal = request.param
        yield made


def sync_all(bench: Workbench) -> None:
    ids = bench.workplace.stash.scene_ids()
    result = BulkSync(bench.workplace, clock=bench.clock, wait=bench.clock.sleep).run(ids, "All scenes", "all")
    assert result["found"] == len(OTHERS)


def reconcile(bench: Workbench) -> None:
    run = ReconcileRun(bench.folder, Kind.RECONCILE, "all", bench.workplace.stash, bench.clock)
    context = bench.workplace.contexts.current(0.0)
    while not run.is_done:
        run.step(Comparison(context, bench.database), bench.database, obfuscate_paths=False)
    assert run.total == len(OTHERS)
    bench.drain()


def rename(bench: Workbench) -> None:
    tag = bench.stash.library.tags.find_or_add("Child")
    enqueue_fan_out(bench.database, "tag", tag, "hook", bench.clock.now)
    bench.drain()


@pytest.mark.parametrize("act", [sync_all, reconcile, rename])
def test_all_others_arrive_and_its_place_is_told_once(
    bench: Workbench, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    act(bench)
    assert [scene_id for scene_id in SCENES if bench.shows(scene_id)] == OTHERS
    act(bench)
    (warning,) = [text for text in caplog.messages if "cannot list" in text]
    assert "between scene 6 and scene 8 (file is not a video file)" in warning


@pytest.mark.parametrize(("broken", "place"), [(1, "before scene 2"), (20, "after scene 19")])
def test_one_at_an_end_is_told_by_its_one_neighbour(
    bench: Workbench, broken: int, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench.stash.repair_scene(BAD)
    bench.stash.break_scene(broken, "id")
    sync_all(bench)
    assert sum(map(bench.shows, SCENES)) == len(OTHERS)
    assert place in next(text for text in caplog.messages if "cannot list" in text)


@pytest.mark.parametrize("page_size", [3, 6, 7, 20])
def test_pages_of_any_size_skip_it_alone(bench: Workbench, page_size: int) -> None:
    pages = list(bench.workplace.stash.scene_ids(page_size))
    assert [scene_id for page in pages for scene_id in page] == OTHERS


def test_what_is_known_of_it_is_not_forgotten(bench: Workbench) -> None:
    bench.stash.repair_scene(BAD)
    bench.enqueue(*SCENES)
    bench.drain()
    bench.stash.break_scene(BAD, "id")
    bench.stash.library.remove_scene(12)
    store = JsonFile(bench.folder.tidying, bench.clock)
    for _ in range(int(BELIEVED_AFTER / DAY) + 3):
        tidying = Tidying(bench.folder, bench.workplace.contexts, bench.database, store, bench.clock)
        while tidying.step_if_due():
            pass
        bench.clock.now += DAY
    assert sorted(SyncState(bench.database, "").scenes(SCENES)) == [each for each in SCENES if each != 12]


def test_a_removal_reaches_the_scenes_that_it_spoils_not(bench: Workbench) -> None:
    bench.stash.repair_scene(BAD)
    bench.enqueue(*SCENES)
    bench.drain()
    bench.stash.break_scene(BAD, "id")
    tags = bench.stash.library.tags
    bench.stash.library.destroy(tags, tags.find_or_add("Child"))
    enqueue_removal(bench.database, "tag", "hook", bench.clock.now)
    bench.run_until(lambda: bench.pending() == [BAD])
    assert [scene_id for scene_id in SCENES if not bench.item(scene_id).genres] == OTHERS
