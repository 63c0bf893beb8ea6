"""What a long outage may have left different is compared once, by itself, when nothing else is to be done."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from tests.support.workbench import Workbench
from worker.processor import Ended
from worker.reconcile.files import RunFiles
from worker.reconcile.run import AFTER_OUTAGE, Kind, ReconcileRun
from worker.sync.comparison import Comparison
from worker.tasks.reconcile import ReconcileTask

SCENES = 10
PAGE = 3
HOUR = 3_600.0
BEGIN = "so the scenes updated since then are compared with Plex once"
"""What the log says at the begin of such a run."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Workbench]:
    """Ten scenes that are in step with Plex; pages of three."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("worker.reconcile.run.PAGE_SIZE", PAGE)
    with Workbench(tmp_path, scenes=SCENES) as made:
        made.enqueue(*made.keys)
        made.drain()
        yield made


def edit(bench: Workbench, *scene_ids: int) -> None:
    """Save scenes in Stash and sync them; afterwards Plex loses what was written, as one restored from a backup."""
    for scene_id in scene_ids:
        bench.stash.save_without_hook(scene_id, details=f"Saved after {bench.clock.elapsed:.0f} seconds")
    bench.clock.now += 60.0  # read in the second of the edit, they would be read once more
    bench.enqueue(*scene_ids)
    bench.drain()
    for scene_id in scene_ids:
        bench.plex.edit_as_user(bench.keys[scene_id], lock=False, summary="Lost")


def note_outages(bench: Workbench, *outages: tuple[float, float | None]) -> None:
    """Have these on record, each from and to a time in seconds since the epoch, and a drainer that knows them."""
    records = [{"started_at": start, "ended_at": end, "cause": "refused"} for start, end in outages]
    JsonFile(bench.folder.outages).save({"outages": records})
    bench.restart()


def idle_away(bench: Workbench) -> None:
    """Let the drainer work until it ends for want of work."""
    while bench.step() is not Ended.IDLE:
        pass


def start_anew(bench: Workbench) -> None:
    """End the drainer, locks and all, and start another."""
    bench.worker._reconcile.close()  # type: ignore[union-attr]  # as the system does with the locks of the dead
    bench.restart()


def reports(bench: Workbench) -> list[dict[str, Any]]:
    """What every report says, oldest first."""
    found: list[dict[str, Any]] = [
        json.loads(path.read_text()) for path in sorted(Path(bench.folder.reports).glob("compare-*.json"))
    ]
    return found


def run_until_a_page_is_done(bench: Workbench, name: str = AFTER_OUTAGE) -> None:
    files = RunFiles(bench.folder, name)
    bench.run_until(lambda: (stored := files.load()) is not None and stored[0].position > 0)


def test_a_long_outage_is_looked_after_once(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    edit(bench, 4)
    bench.clock.now += HOUR
    start = bench.clock.now
    bench.clock.now += HOUR
    edit(bench, 5)
    note_outages(bench, (start, start + HOUR + 1.0))
    for _ in range(2):
        idle_away(bench)
        bench.restart()
    assert [(each["scope"], each["since"], each["scenes"]) for each in reports(bench)] == [("outage", start, 1)]
    assert (bench.item(4).summary, bench.shows(5)) == ("Lost", True)
    assert caplog.text.count(BEGIN) == 1


@pytest.mark.parametrize("seconds", [60.0, HOUR, None])
def test_an_hour_or_less_or_an_outage_that_lasts_triggers_nothing(bench: Workbench, seconds: float | None) -> None:
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    edit(bench, 5)
    note_outages(bench, (start, None if seconds is None else start + seconds))
    idle_away(bench)
    assert reports(bench) == []


@pytest.mark.parametrize("start", [-1e11, 9e11])
def test_an_outage_at_no_time_that_was_is_left_alone(bench: Workbench, start: float) -> None:
    note_outages(bench, (start, start + 2 * HOUR))
    idle_away(bench)
    assert reports(bench) == []


def test_a_clock_that_was_set_back_begins_nothing_again(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += 9 * HOUR
    note_outages(bench, (start, start + 2 * HOUR), (start + 3 * HOUR, start + 5 * HOUR))
    idle_away(bench)
    bench.clock.now = start + HOUR
    bench.restart()
    idle_away(bench)
    assert len(reports(bench)) == 1


def test_a_short_outage_afterwards_changes_nothing(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    edit(bench, 5)
    note_outages(bench, (start, start + 2 * HOUR), (start + 2 * HOUR, start + 2 * HOUR + 9.0))
    idle_away(bench)
    assert [each["since"] for each in reports(bench)] == [start]


def test_it_comes_by_itself_at_the_end_of_one(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.edit(5, title="While Plex was down")
    start = bench.clock.now
    bench.run_for(2 * HOUR)
    assert reports(bench) == []
    bench.plex.accept()
    bench.run_until(lambda: bool(reports(bench)))
    assert bench.shows(5)
    assert [(each["since"], each["scenes"], each["in_step"]) for each in reports(bench)] == [(start, 1, 1)]


def test_a_killed_one_carries_on(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    start = bench.clock.now
    bench.clock.now += HOUR
    edit(bench, *bench.keys)
    bench.clock.now += HOUR
    note_outages(bench, (start, start + 2 * HOUR))
    run_until_a_page_is_done(bench)
    start_anew(bench)
    idle_away(bench)
    assert [(each["scenes"], each["differs"]) for each in reports(bench)] == [(SCENES, SCENES)]
    assert all(bench.shows(scene_id) for scene_id in bench.keys)
    assert caplog.text.count(BEGIN) == 1


def test_an_outage_in_the_middle_of_one_is_looked_after_next(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += HOUR
    edit(bench, *range(1, SCENES))
    bench.clock.now += HOUR
    note_outages(bench, (start, start + 2 * HOUR))
    run_until_a_page_is_done(bench)
    bench.worker._reconcile.close()  # type: ignore[union-attr]  # the process is gone
    again = bench.clock.now
    bench.drain()
    bench.clock.now += 2 * HOUR
    edit(bench, SCENES)
    note_outages(bench, (start, start + 2 * HOUR), (again, again + 2 * HOUR))
    idle_away(bench)
    assert [(each["since"], each["scenes"]) for each in reports(bench)] == [(start, SCENES - 1), (again, 1)]
    assert bench.shows(SCENES)


def test_of_several_the_earliest_counts(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += HOUR
    edit(bench, 5)
    bench.clock.now += 4 * HOUR
    note_outages(bench, (start, start + 2 * HOUR), (start + 3 * HOUR, start + 5 * HOUR))
    for _ in range(2):
        idle_away(bench)
        bench.restart()
    assert [each["since"] for each in reports(bench)] == [start]
    assert bench.shows(5)


def test_comparing_the_whole_library_looks_after_it_too(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    edit(bench, 5)
    note_outages(bench, (start, start + 2 * HOUR))
    for _ in range(2):
        idle_away(bench)
        bench.restart()
    assert [each["scope"] for each in reports(bench)] == ["all"]


@pytest.mark.parametrize(("scope", "days"), [("day", 1), ("week", 7)])
def test_it_looks_at_what_reconcile_scope_says(bench: Workbench, scope: str, days: int) -> None:
    bench.configure(reconcile_interval="daily", reconcile_scope=scope)
    bench.clock.now += HOUR
    edit(bench, 4)
    bench.clock.now += days * 24 * HOUR
    edit(bench, 5)
    start_anew(bench)
    idle_away(bench)
    assert [(each["kind"], each["scope"], each["scenes"]) for each in reports(bench)] == [("reconcile", scope, 1)]
    assert (bench.shows(4), bench.shows(5)) == (False, True)
    bench.clock.now += HOUR
    start_anew(bench)
    idle_away(bench)
    assert len(reports(bench)) == 1


def test_a_small_scope_does_not_take_the_place_of_what_a_long_outage_asks_for(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    edit(bench, 5)
    bench.clock.now += 48 * HOUR
    note_outages(bench, (start, start + 50 * HOUR))
    bench.configure(reconcile_interval="daily", reconcile_scope="day")
    for _ in range(3):
        idle_away(bench)
        bench.restart()
    assert [each["scope"] for each in reports(bench)] == ["day", "outage"]
    assert bench.shows(5)


def test_another_scope_ends_a_run_where_it_stands(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    run_until_a_page_is_done(bench, Kind.RECONCILE.value)
    bench.configure(reconcile_interval="daily", reconcile_scope="day")
    bench.clock.now += HOUR
    idle_away(bench)
    assert reports(bench) == []
    start_anew(bench)
    idle_away(bench)
    assert [each["scope"] for each in reports(bench)] == ["day"]


def test_what_was_looked_after_is_not_forgotten_by_a_task(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    note_outages(bench, (start, start + 2 * HOUR))
    idle_away(bench)
    ReconcileTask(bench.workplace, Request({}, {}), lambda: None, bench.clock).run(Kind.RECONCILE)
    bench.restart()
    idle_away(bench)
    assert [each["scope"] for each in reports(bench)] == ["outage", "all"]


def test_while_paused_it_waits(bench: Workbench) -> None:
    start = bench.clock.now
    bench.clock.now += 2 * HOUR
    note_outages(bench, (start, start + 2 * HOUR))
    bench.configure(paused=True)
    idle_away(bench)
    assert reports(bench) == []
    bench.configure()
    bench.restart()
    idle_away(bench)
    assert len(reports(bench)) == 1


def test_without_the_interval_a_run_of_the_whole_library_ends_where_it_stands(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    run_until_a_page_is_done(bench, Kind.RECONCILE.value)
    bench.configure()
    bench.clock.now += HOUR
    idle_away(bench)
    assert reports(bench) == []


def test_it_leaves_alone_what_the_outage_interrupted(bench: Workbench) -> None:
    """The user was told that *Reconcile Library* goes on where it stood."""
    run = ReconcileRun(bench.folder, Kind.RECONCILE, "all", bench.workplace.stash, bench.clock)
    comparison = Comparison(bench.workplace.contexts.current(HOUR), bench.database)
    while not run.position:
        run.step(comparison, bench.database, False)
    start = bench.clock.now
    bench.clock.now += HOUR
    edit(bench, 5)
    bench.clock.now += HOUR
    note_outages(bench, (start, start + 2 * HOUR))
    idle_away(bench)
    assert len(reports(bench)) == 1
    again = ReconcileRun(bench.folder, Kind.RECONCILE, "all", bench.workplace.stash, bench.clock)
    assert (again.is_resumed, again.position) == (True, run.position)
