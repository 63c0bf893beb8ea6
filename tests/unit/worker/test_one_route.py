"""Ratings and pictures go by requests of their own: where only those fail, it is the field that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many, enqueue_undo
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import Answer, Fault, Waiting, drop, hang, status
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import jpeg
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench

AN_HOUR = 3600.0
MINUTES = 60.0
RATE: dict[str, Any] = {"method": "PUT", "path": "/:/rate"}
UPLOAD: dict[str, Any] = {"method": "POST", "path": r"/library/metadata/\d+/(posters|arts)"}
ROUTES = pytest.mark.parametrize(("route", "field"), [(RATE, "rating"), (UPLOAD, "poster")], ids=["rate", "upload"])
FAULTS = pytest.mark.parametrize(
    "fault", [*map(status, (400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 520)), drop()]
)


@pytest.fixture(params=[1, 3])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    """With the smaller one, there is no other item to find out with whether Plex takes edits."""
    with Workbench(tmp_path, scenes=request.param, max_retries=2) as made:
        for scene_id in made.keys:
            made.stash.save_without_hook(scene_id, rating100=80)
        yield made


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


def tries_of(bench: Workbench, route: dict[str, Any]) -> list[Request]:
    found = [each for each in bench.plex.requests if re.fullmatch(route["path"], each.path)]
    return [each for each in found if each.method == route["method"]]


def ask_for_all(bench: Workbench) -> None:
    bench.clock.now += AN_HOUR
    enqueue_many(bench.database, list(bench.keys), "all", bench.clock.now)
    bench.drain()


def change(bench: Workbench) -> None:
    """Change nothing but the rating and the cover of a scene."""
    bench.clock.now += AN_HOUR
    bench.stash.library.change_scene(1, cover=jpeg("another"))
    bench.edit(1, rating100=40)


@ROUTES
@FAULTS
def test_a_first_sync_is_done_but_for_the_field(
    bench: Workbench, route: dict[str, Any], field: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    injected = bench.plex.inject(fault, **route)
    bench.enqueue(*bench.keys)
    bench.drain()
    assert all(bench.shows(scene_id) for scene_id in bench.keys)
    assert (bench.dead_letters(), outages(bench)) == ([], 0)
    assert f"{field}: " in caplog.text
    injected.remove()
    ask_for_all(bench)
    assert disagreements(bench, bench.keys) == []


@ROUTES
@FAULTS
def test_so_is_an_edit_of_nothing_else(bench: Workbench, route: dict[str, Any], field: str, fault: Fault) -> None:
    ask_for_all(bench)
    injected = bench.plex.inject(fault, **route)
    change(bench)
    bench.drain()
    assert (bench.dead_letters(), outages(bench)) == ([], 0)
    injected.remove()
    ask_for_all(bench)
    assert disagreements(bench, bench.keys) == []


@pytest.mark.slow
@ROUTES
def test_silence_is_such_a_failure_too(tmp_path: Path, route: dict[str, Any], field: str) -> None:
    with Workbench(tmp_path, scenes=1, max_retries=1, read_timeout=1) as bench:
        bench.stash.save_without_hook(1, rating100=80)
        injected = bench.plex.inject(hang(), **route)
        bench.enqueue(1)
        bench.drain()
        assert (bench.shows(1), bench.dead_letters(), outages(bench)) == (True, [], 0)
        injected.remove()
        ask_for_all(bench)
        assert disagreements(bench, bench.keys) == []


@pytest.mark.parametrize("route", [RATE, UPLOAD], ids=["rate", "upload"])
def test_one_silence_is_enough_for_a_batch(tmp_path: Path, route: dict[str, Any]) -> None:
    with Workbench(tmp_path, scenes=6, read_timeout=1) as bench:
        for scene_id in bench.keys:
            bench.stash.save_without_hook(scene_id, rating100=80)
        injected = bench.plex.inject(hang(), **route)
        bench.enqueue(*bench.keys)
        bench.run_until(lambda: bench.retries_counted() == len(bench.keys))
        assert all(bench.shows(scene_id) for scene_id in bench.keys)
        assert len(tries_of(bench, route)) == 1
        injected.remove()
        ask_for_all(bench)
        assert disagreements(bench, bench.keys) == []


def test_what_may_be_gone_at_the_next_try_is_tried_again(bench: Workbench) -> None:
    bench.plex.inject(status(503), times=1, **RATE)
    bench.plex.inject(status(403), times=1, **UPLOAD)
    bench.enqueue(*bench.keys)
    bench.drain()
    assert disagreements(bench, bench.keys) == []


@ROUTES
@pytest.mark.parametrize(("max_retries", "tries"), [(1, 13), (20, 21)])
def test_it_is_tried_for_half_an_hour_or_as_often_as_the_setting_says_and_then_by_who_asks(
    tmp_path: Path, route: dict[str, Any], field: str, max_retries: int, tries: int
) -> None:
    skipped = "background,rating" if field == "poster" else "poster,background"
    with Workbench(tmp_path, scenes=1, max_retries=max_retries, skip_fields=skipped) as bench:
        bench.stash.save_without_hook(1, rating100=80)
        injected = bench.plex.inject(status(503), **route)
        bench.enqueue(1)
        bench.drain()
        assert len(tries_of(bench, route)) == tries
        assert (bench.shows(1), bench.dead_letters(), outages(bench)) == (True, [], 0)
        injected.remove()
        ask_for_all(bench)
        assert len(tries_of(bench, route)) == tries + 1


def test_what_is_refused_for_good_is_named_and_tried_by_who_asks(bench: Workbench) -> None:
    bench.plex.inject(status(400), **RATE)
    bench.enqueue(1)
    bench.drain()
    assert bench.plex.count("PUT", "/:/rate") == 1
    key = bench.keys[1]
    assert set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused) == {"rating"}
    bench.enqueue(1)
    bench.drain()
    assert bench.plex.count("PUT", "/:/rate") == 1
    ask_for_all(bench)
    assert bench.plex.count("PUT", "/:/rate") > 1


@pytest.mark.parametrize("code", [403, 500, 503, 520])
def test_where_no_write_passes_it_is_the_servers(bench: Workbench, code: int) -> None:
    ask_for_all(bench)
    bench.plex.writes.failing_status = code
    injected = bench.plex.inject(status(code), method="POST")
    change(bench)
    bench.run_for(30 * MINUTES)
    assert (bench.pending(), bench.retries_counted(), bench.dead_letters()) == ([1], 0, [])
    bench.plex.writes.failing_status = None
    injected.remove()
    bench.drain()
    assert disagreements(bench, bench.keys) == []
    assert outages(bench) == 1


def test_an_undo_keeps_the_old_value_that_it_could_not_bring_back(bench: Workbench) -> None:
    bench.plex.edit_as_user(bench.keys[1], lock=False, user_rating=4.0)
    ask_for_all(bench)
    injected = bench.plex.inject(status(503), **RATE)
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()
    assert (bench.item(1).title, bench.dead_letters(), outages(bench)) == ("scene-1", [], 0)
    injected.remove()
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()
    assert bench.item(1).user_rating == 4.0


# --- edits that Plex does not take, where there is no other item to ask with


@pytest.mark.parametrize("code", [400, 403, 500, 503])
def test_one_text_that_plex_does_not_take_keeps_no_other_out(bench: Workbench, code: int) -> None:
    refused = "This is refused"

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        text = request.query.get("summary.value", "")
        return status(code)(request, answer, waiting) if text == refused else answer()

    bench.plex.inject(choose, method="PUT")
    bench.edit(1, title="Newer", details=refused)
    bench.drain()
    assert (bench.item(1).title, bench.dead_letters(), outages(bench)) == ("Newer", [], 0)


@pytest.mark.parametrize("fault", [drop(), hang()], ids=["dropped", "silent"])
def test_one_text_to_which_plex_says_nothing_keeps_no_other_out(tmp_path: Path, fault: Fault) -> None:
    with Workbench(tmp_path, scenes=2, max_retries=2, read_timeout=1, skip_fields="poster,background") as bench:
        bench.enqueue(2)
        bench.drain()

        def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
            return fault(request, answer, waiting) if "summary.value" in request.query else answer()

        injected = bench.plex.inject(choose, method="PUT")
        bench.edit(1, title="Newer", details="This hangs", date="2026-11-26")
        bench.drain()
        item = bench.item(1)
        assert (item.title, item.originally_available_at) == ("Newer", "2026-11-26")
        assert (bench.dead_letters(), outages(bench)) == ([], 0)
        injected.remove()
        ask_for_all(bench)
        assert bench.item(1).summary == "This hangs"
