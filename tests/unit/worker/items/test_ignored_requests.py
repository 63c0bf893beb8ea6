"""What Plex takes and does not show is judged by what travelled with it: an edit, a rating and pictures go apart."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_undo
from sync_queue.state.server_knowledge import ServerKnowledge
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import Answer, Fault, Waiting, status
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import jpeg
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS
from tests.simulators.plex_writes import NO_FIELD
from tests.support.agreement import disagreements
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench

HALF_A_MINUTE = 30.0
PUTS = frozenset(TEXT_FIELDS) | frozenset(TAG_FIELDS)
LOCKS = frozenset({"thumb", "art"})
RATING = frozenset({"userRating"})
MANY_TRIES = 50
"""More than chance can use up while Plex ignores everything."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=4, max_retries=MANY_TRIES) as made:
        sync_all(made)
        yield made


def refused(bench: Workbench, scene_id: int = 1) -> set[str]:
    key = bench.keys[scene_id]
    return set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


@pytest.mark.parametrize("beside", ["rating", "cover", "both"])
def test_an_edit_that_plex_ignores_is_tried_again_whatever_else_the_save_holds(bench: Workbench, beside: str) -> None:
    bench.plex.writes.ignored = PUTS
    for scene_id in bench.keys:
        if beside != "rating":
            bench.stash.library.change_scene(scene_id, cover=jpeg("another"))
        bench.edit(scene_id, title=f"Newer {scene_id}", **({} if beside == "cover" else {"rating100": 40}))
    bench.run_for(HALF_A_MINUTE)
    assert bench.pending() == list(bench.keys), "nothing is done before it is there"
    assert refused(bench) == set()
    bench.plex.writes.ignored = NO_FIELD
    bench.drain()
    assert disagreements(bench, bench.keys) == []
    assert outages(bench) == 0


def test_a_first_edit_with_all_that_can_be_saved_is_tried_again_too(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2, max_retries=MANY_TRIES) as bench:
        bench.plex.writes.ignored = PUTS | LOCKS
        for scene_id in bench.keys:
            bench.edit(scene_id, title=f"Newer {scene_id}", rating100=40, tag_ids=[bench.stash.tag_id("x")])
        bench.run_for(HALF_A_MINUTE)
        assert bench.pending() == list(bench.keys)
        bench.plex.writes.ignored = NO_FIELD
        bench.drain()
        assert disagreements(bench, bench.keys) == []
        assert bench.item(1).locked >= LOCKS


def test_a_rating_that_plex_ignores_is_tried_again_beside_an_edit_that_arrived(bench: Workbench) -> None:
    bench.plex.writes.ignored = RATING
    for scene_id in bench.keys:
        bench.edit(scene_id, title=f"Newer {scene_id}", rating100=40)
    bench.run_for(HALF_A_MINUTE)
    assert all(bench.shows(scene_id) for scene_id in bench.keys)
    assert (bench.pending(), refused(bench)) == (list(bench.keys), set())
    bench.plex.writes.ignored = NO_FIELD
    bench.drain()
    assert disagreements(bench, bench.keys) == []
    assert outages(bench) == 0, "Plex takes edits"


@pytest.mark.parametrize(("ignored", "field"), [(PUTS, "title"), (RATING, "rating")], ids=["edit", "rating"])
def test_what_stays_out_is_refused_in_the_end_and_warned_of_once(
    bench: Workbench, ignored: frozenset[str], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.writes.ignored = ignored
    bench.edit(1, title="Newer", rating100=40)
    bench.drain()
    assert (refused(bench), bench.dead_letters(), outages(bench)) == ({field}, [], 0)
    warnings = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert [f"{field}: Plex answered" in text for text in warnings] == [True]


def test_one_field_of_an_edit_that_stays_out_is_not_tried_again_for_its_rating(bench: Workbench) -> None:
    bench.plex.writes.ignored = frozenset({"summary"})
    bench.edit(1, title="Newer", details="Newer", rating100=40)
    bench.drain()
    assert (refused(bench), bench.worker.progress.retried) == ({"summary"}, 0)


def test_an_ignored_edit_says_nothing_about_how_plex_keeps_locks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.writes.ignored = PUTS | LOCKS
        bench.edit(1, rating100=40)
        bench.run_for(HALF_A_MINUTE)
        bench.plex.writes.ignored = NO_FIELD
        bench.drain()
        assert {*LOCKS, "title"} <= bench.item(1).locked
        assert "does not keep" not in caplog.text


@pytest.mark.parametrize("undoes", [False, True])
@pytest.mark.parametrize("code", [400, 500])
def test_finding_out_why_one_field_stays_out_leaves_the_lock_of_another_as_it_was_written(
    tmp_path: Path, code: int, undoes: bool
) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        if undoes:
            sync_all(bench)
        bench.plex.writes.ignored = frozenset({"summary"})
        bench.plex.inject(refusing_alone("summary", code), method="PUT")
        if undoes:
            enqueue_undo(bench.database, [1], bench.clock.now)
        else:
            bench.enqueue(1)
        bench.run_for(HALF_A_MINUTE)
        assert ("title" in bench.item(1).locked) is not undoes
        assert ServerKnowledge(bench.database, bench.plex.machine_identifier).traits() == {}


def refusing_alone(name: str, code: int) -> Fault:
    """Plex takes the field beside a title, and refuses it by itself."""

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        is_alone = name in request.target and "title" not in request.target
        return status(code)(request, answer, waiting) if is_alone else answer()

    return choose
