"""What a comparison of all scenes says of Plex's side: files that no scene leads to, items that an agent matched."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plex.files.index import SECONDS_BETWEEN_SWEEPS
from stash.protocol import Request
from storage.json_file import JsonFile
from sync_queue.state.pins import Pin, Pins
from tests.simulators.faults import status
from tests.support.workbench import Workbench, only_for
from worker.processor import Ended
from worker.reconcile.run import Kind, ReconcileRun
from worker.sync.comparison import Comparison
from worker.tasks.reconcile import ReconcileTask

FILM = "plex://movie/5d776825880197001ec90e3b"
SCENES = 6


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """Six scenes that are in step; pages of two."""
    monkeypatch.setattr("worker.reconcile.run.PAGE_SIZE", 2)
    with Workbench(tmp_path, scenes=SCENES) as made:
        made.enqueue(*made.keys)
        made.drain()
        yield made


def compare(bench: Workbench, **args: Any) -> dict[str, Any]:
    """The whole report of *Compare*."""
    result = ReconcileTask(bench.workplace, Request({}, args), lambda: None, bench.clock).run(Kind.COMPARE)
    report: dict[str, Any] = json.loads(Path(result["report"]).read_text())
    return report


def unknown(report: dict[str, Any]) -> list[str]:
    return [row["path"] for row in report["unknown"]]


def test_a_library_that_stash_knows_has_none(bench: Workbench) -> None:
    report = compare(bench)
    assert (report["unknown_to_stash"], report["unknown"]) == (0, [])


def test_files_that_belong_to_no_scene_are_listed(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = bench.plex.add_item(bench.section, ("/media/new.mp4", "/media/new-2.mp4"))
    bench.plex.match(key, FILM)
    report = compare(bench)
    row = {"scene_id": None, "title": "", "verdict": "unknown_to_stash", "rating_key": key, "library": "Movies"}
    row |= {"guid": FILM, "trashed": False}
    listed = sorted(report["unknown"], key=lambda each: each["path"])
    assert listed == [{**row, "path": "/media/new-2.mp4"}, {**row, "path": "/media/new.mp4"}]
    assert report["unknown_to_stash"] == 2
    assert "2 files in Plex that Stash does not know" in caplog.text


def test_paths_can_be_hidden(bench: Workbench) -> None:
    bench.configure(obfuscate_paths=True)
    bench.plex.add_item(bench.section, "/media/secret.mp4")
    (path,) = unknown(compare(bench))
    assert "secret" not in path


def test_a_scope_that_does_not_look_at_all_scenes_cannot_tell(bench: Workbench) -> None:
    bench.plex.add_item(bench.section, "/media/new.mp4")
    report = compare(bench, scope="week")
    assert (report["unknown_to_stash"], report["unknown"]) == (None, [])


@pytest.mark.parametrize("settings", [{"only_organized": True}, {"exclude_paths": "/data"}])
def test_a_scene_that_takes_no_part_is_known_all_the_same(bench: Workbench, settings: dict[str, Any]) -> None:
    bench.configure(**settings)
    report = compare(bench)
    assert (report["nothing_to_sync"], report["unknown"]) == (SCENES, [])


def test_equal_rivals_are_told_as_such_and_not_as_unknown(bench: Workbench) -> None:
    scene = bench.stash.add_scene("/data/x/twice.mp4", title="Twice", details="d")
    rivals = ["/media/a/x/twice.mp4", "/media/b/x/twice.mp4"]
    for path in rivals:
        bench.plex.add_item(bench.section, path)
    report = compare(bench)
    assert [(row["scene_id"], row["candidates"]) for row in report["rows"]] == [(scene.id, rivals)]
    assert unknown(report) == []


def test_what_a_scene_is_pinned_to_is_its_own(bench: Workbench) -> None:
    key = bench.plex.add_item(bench.section, "/media/elsewhere.mp4")
    Pins(bench.database, bench.plex.machine_identifier).set(Pin(1, key, ("/media/elsewhere.mp4",)))
    assert unknown(compare(bench)) == []


def test_a_pin_of_a_scene_that_is_gone_keeps_nothing(bench: Workbench) -> None:
    bench.stash.library.remove_scene(1)
    assert unknown(compare(bench)) == ["/media/scene-1.mp4"]


def test_a_scene_for_which_plex_fails_is_known(bench: Workbench) -> None:
    bench.plex.inject(only_for([bench.keys[3]], status(500)), prefix="/library/metadata/")
    report = compare(bench)
    assert (report["failed"], report["unknown"]) == (1, [])


def test_a_scene_that_stash_cannot_answer_for_is_known_by_what_was_kept(bench: Workbench) -> None:
    bench.stash.break_scene(3)
    report = compare(bench)
    assert (report["failed"], report["unknown"]) == (1, [])


def test_a_run_that_is_carried_on_knows_what_it_had_found(bench: Workbench) -> None:
    bench.plex.add_item(bench.section, "/media/new.mp4")
    run = ReconcileRun(bench.folder, Kind.COMPARE, "all", bench.workplace.stash, bench.clock)
    context = bench.workplace.contexts.current(60.0)
    while run.position < SCENES / 2:
        run.step(Comparison(context, bench.database), bench.database, obfuscate_paths=False)
    assert unknown(compare(bench)) == ["/media/new.mp4"]


def test_a_scene_that_is_made_while_a_run_rests_is_no_stranger(bench: Workbench) -> None:
    run = ReconcileRun(bench.folder, Kind.COMPARE, "all", bench.workplace.stash, bench.clock)
    context = bench.workplace.contexts.current(60.0)
    while run.position < SCENES / 2:
        run.step(Comparison(context, bench.database), bench.database, obfuscate_paths=False)
    made = bench.add_scene(title="New", details="d")
    report = compare(bench)
    assert (report["scenes"], report["unknown"]) == (SCENES + 1, [])
    assert [row["scene_id"] for row in report["rows"]] == [made, made]


def test_a_run_of_an_earlier_version_is_begun_anew(bench: Workbench) -> None:
    run = ReconcileRun(bench.folder, Kind.COMPARE, "all", bench.workplace.stash, bench.clock)
    context = bench.workplace.contexts.current(60.0)
    while run.position < SCENES / 2:
        run.step(Comparison(context, bench.database), bench.database, obfuscate_paths=False)
    state = JsonFile(str(Path(bench.folder.reports, "unfinished-compare.json")))
    state.save({name: value for name, value in state.load().items() if name != "paths_bytes"})
    assert (unknown(compare(bench)), run.is_resumed) == ([], False)


def test_what_has_changed_in_plex_without_a_sign_is_listed_as_it_is(bench: Workbench) -> None:
    key = bench.plex.add_item(bench.section, "/media/new.mp4")
    bench.workplace.contexts.current(60.0).index.refresh()
    bench.clock.now += SECONDS_BETWEEN_SWEEPS
    bench.plex.match(key, FILM)
    assert [row["guid"] for row in compare(bench)["unknown"]] == [FILM]


def test_the_unknown_cost_no_request_of_their_own(bench: Workbench) -> None:
    bench.plex.reset_log()
    compare(bench)
    before = bench.plex.count()
    for number in range(300):
        bench.plex.add_item(bench.section, f"/media/new-{number}.mp4")
    bench.plex.reset_log()
    assert compare(bench)["unknown_to_stash"] == 300
    assert bench.plex.count() - before <= 10  # pages of a listing, of 50 and of 500 items


def test_the_run_that_comes_by_itself_lists_them_too(bench: Workbench) -> None:
    bench.configure(reconcile_interval="daily")
    bench.plex.add_item(bench.section, "/media/new.mp4")
    bench.restart()
    while bench.step() is not Ended.IDLE:
        pass
    (report,) = (json.loads(path.read_text()) for path in Path(bench.folder.reports).glob("compare-*.json"))
    assert unknown(report) == ["/media/new.mp4"]


def test_items_that_an_agent_has_matched_are_counted_and_listed(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for scene_id in (2, 4):
        bench.plex.match(bench.keys[scene_id], FILM)
    bench.stash.save_without_hook(4, title="New")
    report = compare(bench)
    rows = [(row["scene_id"], row["verdict"], row["field"], row["guid"]) for row in report["rows"]]
    assert rows == [(4, "differs", "title", FILM), (2, "in_step", "", FILM)]
    assert (report["agent_matched"], report["listed"], report["row_count"]) == (2, 2, 2)
    assert "2 scenes that an agent in Plex has matched to a film" in caplog.text


def test_where_an_agent_matches_everything_the_report_stays_small(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.reconcile.run.MOST_IN_STEP", 2)
    for key in bench.keys.values():
        bench.plex.match(key, FILM)
    report = compare(bench)
    assert (report["agent_matched"], report["listed"], len(report["rows"])) == (SCENES, 2, 2)


def test_locks_and_refusals_are_counted(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.item(2).locked = frozenset()
    report = compare(bench)
    assert {(row["scene_id"], row["lock_only"], row["refused"]) for row in report["rows"]} == {(2, True, False)}
    assert (report["lock_only"], report["refused"]) == (1, 0)
    assert "1 scene with a field that is equal but not locked" in caplog.text


def test_files_of_a_scene_that_stash_cannot_answer_for_are_said_to_be_among_them(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.add_item(bench.section, "/media/new.mp4")
    compare(bench)
    assert "may be among those" not in caplog.text
    scene_id = bench.add_scene(title="Never synced")
    bench.stash.break_scene(scene_id)
    report = compare(bench)
    assert (report["failed"], report["unknown_to_stash"]) == (1, 2)
    assert "Files of scenes that could not be compared may be among those that Stash does not know" in caplog.text
