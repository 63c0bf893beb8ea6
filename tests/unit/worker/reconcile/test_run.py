"""Comparing a library page by page: scopes, killed runs that carry on, the task, and the run that comes by itself."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from tests.simulators.faults import maintenance
from tests.support.workbench import Workbench
from worker.errors import ArgumentError, TaskError
from worker.processor import Ended
from worker.reconcile.files import RunFiles
from worker.reconcile.run import LONGEST_LIFE, Kind, ReconcileRun
from worker.reconcile.schedule import LOOK_INTERVAL, run_lock
from worker.sync.comparison import Comparison
from worker.tasks.reconcile import ReconcileTask

SCENES = 10
PAGE = 3
HOUR = 3_600.0
DAY = 86_400.0


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """Ten scenes, of which Plex shows none as it should; pages of three."""
    monkeypatch.setattr("worker.reconcile.run.PAGE_SIZE", PAGE)
    with Workbench(tmp_path, scenes=SCENES) as made:
        yield made


def new_run(bench: Workbench, kind: Kind = Kind.RECONCILE, scope: str = "all") -> ReconcileRun:
    return ReconcileRun(bench.folder, kind, scope, bench.workplace.stash, bench.clock)


def step(bench: Workbench, run: ReconcileRun) -> int:
    context = bench.workplace.contexts.current(max_age=HOUR)
    return run.step(Comparison(context, bench.database), bench.database, obfuscate_paths=False)


def finish(bench: Workbench, run: ReconcileRun) -> dict[str, Any]:
    return run.finish(bench.workplace.contexts.current(max_age=HOUR).index, obfuscate_paths=False)


def complete(bench: Workbench, run: ReconcileRun) -> dict[str, Any]:
    """Run it to its end; returns the whole report."""
    while not run.is_done:
        step(bench, run)
    report: dict[str, Any] = json.loads(Path(finish(bench, run)["report"]).read_text())
    return report


def sync_all(bench: Workbench) -> None:
    bench.enqueue(*bench.keys)
    bench.drain()


def reports(bench: Workbench) -> list[str]:
    if not os.path.exists(bench.folder.reports):
        return []
    return sorted(name for name in os.listdir(bench.folder.reports) if name.endswith(".html"))


# --- what a run does


def test_a_report_counts_scenes_and_fields(bench: Workbench) -> None:
    sync_all(bench)
    bench.stash.save_without_hook(1, title="New", details="New")
    bench.stash.save_without_hook(2, title="New")
    bench.add_scene(in_plex=False, title="Not in Plex", details="d")
    bench.add_scene(title="scene-12")
    report = complete(bench, new_run(bench, Kind.COMPARE))
    counts = {"scenes": 12, "in_step": 8, "differs": 2, "not_in_plex": 1, "nothing_to_sync": 1, "row_count": 4}
    assert {name: report[name] for name in counts} == counts
    assert report["fields"] == {"title": 2, "summary": 1}
    assert [row["scene_id"] for row in report["rows"]] == [1, 1, 2, 11]


def test_comparing_leaves_the_queue_alone(bench: Workbench) -> None:
    assert complete(bench, new_run(bench, Kind.COMPARE))["differs"] == SCENES
    assert bench.pending() == []


def test_reconciling_enqueues_what_differs(bench: Workbench) -> None:
    bench.enqueue(1, 2)
    bench.drain()
    bench.add_scene(in_plex=False, title="Not in Plex", details="d")
    assert complete(bench, new_run(bench))["enqueued"] == SCENES - 2
    assert bench.pending() == list(range(3, SCENES + 1))
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in bench.keys)
    assert complete(bench, new_run(bench))["differs"] == 0


def test_an_empty_library_has_a_report(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        assert complete(bench, new_run(bench))["scenes"] == 0


def test_the_log_says_it_in_short(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    complete(bench, new_run(bench))
    assert "10 scenes compared with Plex: 0 in step, 10 differ" in caplog.text
    assert "They differ in: title 10, summary 10" in caplog.text
    assert "10 scenes were put in the queue" in caplog.text
    assert reports(bench)[0] in caplog.text


def test_one_of_each_is_said_in_the_singular(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    sync_all(bench)
    bench.stash.save_without_hook(4, title="New")
    caplog.set_level(logging.INFO)
    bench.clock.sleep(7 * DAY)
    bench.stash.save_without_hook(4, title="Newer")
    complete(bench, new_run(bench, scope="day"))
    assert "1 scene compared with Plex: 0 in step, 1 differs, 0 not in Plex" in caplog.text
    assert "It differs in: title 1" in caplog.text
    assert "1 scene was put in the queue. It reaches Plex by itself" in caplog.text


def test_scenes_that_wait_already_are_said_to_wait(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.enqueue(*range(1, SCENES - 1))
    result = new_run(bench)
    while not result.is_done:
        step(bench, result)
    page = Path(finish(bench, result)["page"]).read_text()
    words = "2 scenes were put in the queue, the other 8 wait there already"
    assert f"{words}. They reach Plex by themselves" in caplog.text
    assert f"{words}." in page
    sync_all(bench)
    complete(bench, new_run(bench))
    assert "Nothing had to be put in the queue" in caplog.text


# --- scopes


def test_scopes_by_age(bench: Workbench) -> None:
    bench.clock.now += HOUR  # the scenes are a day and an hour old
    bench.stash.save_without_hook(4, title="New")
    found = {scope: complete(bench, new_run(bench, Kind.COMPARE, scope))["scenes"] for scope in ("day", "week", "all")}
    assert found == {"day": 1, "week": SCENES, "all": SCENES}
    bench.clock.now += 7 * DAY
    assert complete(bench, new_run(bench, Kind.COMPARE, "week"))["scenes"] == 1


def test_scope_of_the_last_outage(bench: Workbench) -> None:
    start = bench.clock.now
    outages = [
        {"started_at": start - DAY, "cause": "older", "ended_at": start - HOUR},
        {"started_at": start, "cause": ""},
    ]
    JsonFile(bench.folder.outages).save({"outages": outages})
    bench.clock.now += HOUR
    bench.stash.save_without_hook(5, title="While Plex was down")
    report = complete(bench, new_run(bench, Kind.COMPARE, "outage"))
    assert (report["since"], [row["scene_id"] for row in report["rows"]]) == (start, [5, 5])


def test_without_an_outage_there_is_no_such_scope(bench: Workbench) -> None:
    with pytest.raises(ArgumentError, match="no outage is on record"):
        new_run(bench, Kind.COMPARE, "outage")


# --- killed runs


def steps_needed(bench: Workbench) -> int:
    run, steps = new_run(bench, Kind.COMPARE), 0
    while not run.is_done:
        step(bench, run)
        steps += 1
    return steps


def test_a_run_killed_at_any_page_ends_as_if_it_had_not_been(bench: Workbench) -> None:
    whole = complete(bench, new_run(bench, Kind.COMPARE))
    for killed_after in range(steps_needed(bench) + 1):
        first = new_run(bench, Kind.COMPARE)
        complete(bench, first)
        run = new_run(bench, Kind.COMPARE)
        for _ in range(killed_after):
            step(bench, run)
        bench.clock.now += 60.0
        again = new_run(bench, Kind.COMPARE)
        assert again.position == run.position
        report = complete(bench, again)
        assert {name: report[name] for name in whole if "_at" not in name} == {
            name: whole[name] for name in whole if "_at" not in name
        }


@pytest.mark.parametrize("page", range(4))
def test_a_page_cut_off_before_it_was_saved_is_done_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    run = new_run(bench)
    while run.total < SCENES or run.position < PAGE * page:
        step(bench, run)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(RunFiles, "save", _kill)
        while True:
            step(bench, run)
    report = complete(bench, new_run(bench))
    assert [row["scene_id"] for row in report["rows"]] == [each for each in bench.keys for _ in ("title", "summary")]
    assert (report["differs"], report["fields"]) == (SCENES, {"title": SCENES, "summary": SCENES})
    assert bench.pending() == list(bench.keys)


def _kill(*_arguments: object) -> None:
    raise Killed


def test_what_was_asked_of_plex_is_not_asked_again(bench: Workbench) -> None:
    run = new_run(bench)
    while run.position < 2 * PAGE:
        step(bench, run)
    bench.stash.reset_log()
    again = new_run(bench)
    assert (again.is_resumed, again.position, again.total) == (True, 2 * PAGE, SCENES)
    complete(bench, again)
    assert bench.stash.count_operations("findScenes") == 3  # the two pages that were left, and what was made since


def interrupted(bench: Workbench) -> None:
    run = new_run(bench, Kind.COMPARE)
    while run.position < PAGE:
        step(bench, run)


@pytest.mark.parametrize("seconds", [LONGEST_LIFE + 1.0, -HOUR])
def test_an_old_run_or_one_from_the_future_is_begun_anew(bench: Workbench, seconds: float) -> None:
    interrupted(bench)
    bench.clock.now += seconds
    assert not new_run(bench, Kind.COMPARE).is_resumed


def test_another_scope_or_kind_is_another_run(bench: Workbench) -> None:
    interrupted(bench)
    assert not new_run(bench, Kind.RECONCILE).is_resumed
    assert not new_run(bench, Kind.COMPARE, "week").is_resumed
    assert new_run(bench, Kind.COMPARE).is_resumed


@pytest.mark.parametrize("name", ["json", "scenes.json", "rows.jsonl", "paths.jsonl"])
@pytest.mark.parametrize("content", [None, "", "{}", '{"scene_ids": 7, "started_at": "x", "colour": "red"}'])
def test_a_damaged_run_is_begun_anew(bench: Workbench, name: str, content: str | None) -> None:
    interrupted(bench)
    file = Path(bench.folder.reports, f"unfinished-compare.{name}")
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    run = new_run(bench, Kind.COMPARE)
    assert not run.is_resumed
    assert complete(bench, run)["differs"] == SCENES


def test_a_finished_run_leaves_nothing_but_its_report(bench: Workbench) -> None:
    result = complete(bench, new_run(bench))
    assert result["differs"] == SCENES
    assert len(os.listdir(bench.folder.reports)) == 2


# --- the task


def task(bench: Workbench, **args: Any) -> ReconcileTask:
    return ReconcileTask(bench.workplace, Request({}, args), lambda: None, bench.clock)


def test_the_task_names_its_files(bench: Workbench) -> None:
    result = task(bench).run(Kind.COMPARE)
    assert os.path.dirname(result["report"]) == os.path.dirname(result["page"]) == bench.folder.reports
    assert (result["differs"], result["resumed"]) == (SCENES, False)


def test_the_task_leaves_the_file_index_alone(bench: Workbench) -> None:
    task(bench).run(Kind.COMPARE)
    assert not os.path.exists(bench.folder.file_index)


def test_an_unknown_scope_is_refused(bench: Workbench) -> None:
    with pytest.raises(ArgumentError, match='scope is "month", but must be one of all, day, week, outage'):
        task(bench, scope="month").run(Kind.COMPARE)


def test_an_outage_interrupts_and_the_next_one_carries_on(bench: Workbench) -> None:
    interrupted(bench)
    fault = bench.plex.inject(maintenance(), prefix="/library/metadata/")
    with pytest.raises(TaskError, match=r"3 of 10 scenes compared\. Started again within a day"):
        task(bench).run(Kind.COMPARE)
    fault.remove()
    result = task(bench).run(Kind.COMPARE)
    assert (result["resumed"], result["differs"]) == (True, SCENES)


def test_two_runs_of_a_kind_do_not_meet(bench: Workbench) -> None:
    lock = run_lock(bench.folder, Kind.COMPARE)
    assert lock.acquire()
    with pytest.raises(TaskError, match="under way already"):
        task(bench).run(Kind.COMPARE)
    lock.release()
    assert task(bench).run(Kind.COMPARE)["differs"] == SCENES


# --- by itself


def idle_away(bench: Workbench) -> None:
    """Let the drainer work until it ends for want of work."""
    while bench.step() is not Ended.IDLE:
        pass


def test_by_itself_it_never_runs_unless_asked_to(bench: Workbench) -> None:
    idle_away(bench)
    assert reports(bench) == []


def test_a_due_one_runs_while_a_drainer_lives(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    idle_away(bench)
    assert len(reports(bench)) == 1
    assert all(bench.shows(scene_id) for scene_id in bench.keys)


@pytest.mark.parametrize(("interval", "seconds"), [("hourly", HOUR), ("daily", DAY), ("weekly", 7 * DAY)])
def test_the_next_one_comes_an_interval_later(bench: Workbench, interval: str, seconds: float) -> None:
    bench.configure(reconcile_interval=interval)
    idle_away(bench)
    ended_at = JsonFile(bench.folder.reconcile).load()["reconciled_at"]
    for moment, count in ((ended_at + seconds - HOUR / 2, 1), (ended_at + seconds, 2)):
        bench.clock.now = moment
        bench.restart()
        idle_away(bench)
        assert len(reports(bench)) == count


def test_edits_come_first(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    run_page = RunFiles(bench.folder, Kind.RECONCILE.value)
    bench.run_until(lambda: run_page.load() is not None)
    bench.edit(SCENES, title="Just saved")
    bench.step()
    assert bench.item(SCENES).title == "Just saved"
    assert run_page.load() is not None


def test_a_drainer_that_dies_leaves_it_to_the_next(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    files = RunFiles(bench.folder, Kind.RECONCILE.value)
    bench.run_until(lambda: (stored := files.load()) is not None and stored[0].position > 0)
    bench.worker._reconcile.close()  # type: ignore[union-attr]  # as the system does with the locks of the dead
    bench.restart()
    idle_away(bench)
    report = json.loads(next(Path(bench.folder.reports).glob("*.json")).read_text())
    assert (report["scenes"], len(reports(bench))) == (SCENES, 1)


def test_while_paused_nothing_is_compared(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily", paused=True)
    bench.plex.reset_log()
    idle_away(bench)
    assert (reports(bench), bench.plex.count()) == ([], 0)


def test_an_outage_puts_it_off(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    bench.configure(reconcile_interval="daily")
    bench.plex.refuse()
    bench.run_for(LOOK_INTERVAL)
    assert "Reconcile put off" in caplog.text
    bench.plex.accept()
    idle_away(bench)
    assert len(reports(bench)) == 1


def test_one_by_hand_counts_for_the_schedule(bench: Workbench) -> None:
    sync_all(bench)
    bench.configure(reconcile_interval="daily")
    task(bench).run(Kind.RECONCILE)
    bench.clock.now += HOUR
    idle_away(bench)
    assert len(reports(bench)) == 1
