"""One field, or the lock of a picture, that Plex does not take keeps nothing else out, whatever was edited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import Answer, Fault, Waiting, hang, status
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import jpeg
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench, only_for

AN_HOUR = 3600.0
MINUTES = 60.0
CODES = pytest.mark.parametrize("code", [400, 403, 500, 503])
FIELDS = pytest.mark.parametrize(
    ("field", "name", "edited"),
    [
        ("title", "title.", {"title": "Newer"}),
        ("summary", "summary.", {"details": "Another summary"}),
        ("date", "originallyAvailableAt.", {"date": "2026-11-26"}),
        ("tags", "genre", {"tag_ids": ["1"]}),
    ],
)


@pytest.fixture(params=[1, 3])
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    """In step. With the smaller one, there is no other item to find out with whether Plex takes edits."""
    with Workbench(tmp_path, scenes=request.param, max_retries=2) as made:
        ask_for_all(made)
        yield made


def ask_for_all(bench: Workbench) -> None:
    bench.clock.now += AN_HOUR
    enqueue_many(bench.database, list(bench.keys), "all", bench.clock.now)
    bench.drain()


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


def refusals(bench: Workbench) -> set[str]:
    key = bench.keys[1]
    return set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


def when_asked_for(name: str, fault: Fault) -> Fault:
    """The fault, but only for edits with a parameter of this name."""

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        is_met = any(each.startswith(name) for each in request.query)
        return fault(request, answer, waiting) if is_met else answer()

    return choose


def edit(bench: Workbench, **fields: Any) -> None:
    """Change one field, the rating and the cover of a scene."""
    bench.clock.now += AN_HOUR
    bench.stash.tag_id("Tag")
    bench.stash.library.change_scene(1, cover=jpeg("another"))
    bench.edit(1, rating100=40, **fields)


@FIELDS
@pytest.mark.parametrize("code", [400, 500])
@pytest.mark.parametrize("is_items_own", [True, False], ids=["of one item", "of all items"])
def test_the_only_text_of_an_edit(
    bench: Workbench,
    field: str,
    name: str,
    edited: dict[str, Any],
    code: int,
    is_items_own: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = when_asked_for(name, status(code))
    injected = bench.plex.inject(only_for([bench.keys[1]], fault) if is_items_own else fault, method="PUT")
    edit(bench, **edited)
    bench.drain()
    item = bench.item(1)
    assert (item.user_rating, item.shown("thumb")) == (4.0, bench.scene(1).cover)
    assert (bench.dead_letters(), outages(bench), refusals(bench)) == ([], 0, {field})
    assert f"{field}: " in caplog.text
    injected.remove()
    bench.run_for(20 * MINUTES)
    bench.drain()
    assert disagreements(bench, bench.keys) == []


@CODES
def test_nor_is_it_a_dead_letter_where_nothing_else_was_edited(bench: Workbench, code: int) -> None:
    injected = bench.plex.inject(when_asked_for("summary.", status(code)), method="PUT")
    bench.edit(1, details="This is refused")
    bench.drain()
    assert (bench.dead_letters(), outages(bench), refusals(bench)) == ([], 0, {"summary"})
    injected.remove()
    bench.run_for(20 * MINUTES)
    bench.drain()
    assert disagreements(bench, bench.keys) == []


def test_one_to_which_plex_says_nothing(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2, max_retries=2, read_timeout=1) as bench:
        ask_for_all(bench)
        injected = bench.plex.inject(when_asked_for("summary.", hang()), method="PUT")
        edit(bench, details="This hangs")
        bench.run_until(lambda: bench.item(1).user_rating == 4.0)
        injected.remove()
        bench.drain()
        assert (bench.dead_letters(), outages(bench)) == ([], 0)
        assert disagreements(bench, bench.keys) == []


@pytest.mark.parametrize("code", [400, 500])
def test_an_item_that_takes_no_edit_at_all_is_a_dead_letter(bench: Workbench, code: int) -> None:
    if len(bench.keys) == 1:
        return
    bench.plex.inject(only_for([bench.keys[1]], status(code)), method="PUT")
    bench.edit(1, details="This is refused")
    bench.edit(2, details="This is not")
    bench.drain()
    assert ([letter.scene_id for letter in bench.dead_letters()], outages(bench)) == ([1], 0)
    assert bench.shows(2)


@pytest.mark.parametrize("code", [400, 500])
@pytest.mark.parametrize("changed", [{"title": "T"}, {"title": "T", "details": "D"}, {"rating100": 40}, {}], ids=str)
@pytest.mark.parametrize("is_items_own", [True, False], ids=["of one item", "of all items"])
def test_the_lock_of_a_picture(
    tmp_path: Path, code: int, changed: dict[str, Any], is_items_own: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with Workbench(tmp_path, scenes=2, max_retries=2, skip_fields="background") as bench:
        fault = when_asked_for("thumb.locked", status(code))
        bench.plex.inject(only_for([bench.keys[1]], fault) if is_items_own else fault, method="PUT")
        bench.stash.library.change_scene(1, cover=jpeg("another"))
        bench.edit(1, **changed)
        bench.drain()
        scene, item = bench.scene(1), bench.item(1)
        assert bench.shows(1)
        assert item.shown("thumb") == scene.cover
        assert item.user_rating == (4.0 if "rating100" in changed else None)
        assert (bench.dead_letters(), outages(bench)) == ([], 0)
        assert "poster: " in caplog.text
        caplog.clear()
        sent = len(item.uploads("thumb"))
        ask_for_all(bench)
        assert len(item.uploads("thumb")) == sent


def test_a_lock_that_is_refused_for_good_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Workbench(tmp_path, scenes=3, skip_fields="background") as bench:
        bench.plex.inject(when_asked_for("thumb.locked", status(400)), method="PUT")
        for scene_id in bench.keys:
            bench.stash.library.change_scene(scene_id, cover=jpeg(f"cover {scene_id}"))
            bench.edit(scene_id, title=f"Newer {scene_id}")
            bench.drain()
        assert sum("poster: " in record.getMessage() for record in caplog.records) == 1
        for scene_id in bench.keys:
            assert bench.shows(scene_id)
            assert bench.item(scene_id).shown("thumb") == bench.scene(scene_id).cover
