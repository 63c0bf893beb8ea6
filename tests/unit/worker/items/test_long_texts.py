"""A text that is too long for Plex, or for a proxy before it, goes as far as it fits, and that is said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from stash.protocol import Request as Call
from sync_queue.enqueue import enqueue_many
from tests.simulators.faults import Answer, Fault, Waiting, drop, status
from tests.simulators.http_server import Request, Response
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, SceneComparison, Verdict
from worker.tasks.undo import UndoTask

TEXT = "夜の長い物語。" * 400


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2, skip_fields="poster,background") as made:
        yield made


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def over(address: int, fault: Fault) -> Fault:
    """The fault, where the address is longer than so many bytes."""

    def choose(request: Request, answer: Answer, waiting: Waiting) -> Response:
        return fault(request, answer, waiting) if len(request.target) > address else answer()

    return choose


def compare(bench: Workbench, scene_id: int = 1) -> SceneComparison:
    (found,) = Comparison(bench.workplace.contexts.current(max_age=0.0), bench.database).compare([scene_id])
    return found


@pytest.mark.parametrize("text", [TEXT, "A long story. " * 3_000, "é" * 10_000], ids=["Japanese", "English", "accents"])
def test_a_text_that_passes_is_shown_as_a_whole(bench: Workbench, caplog: pytest.LogCaptureFixture, text: str) -> None:
    bench.edit(1, details=text)
    bench.drain()
    assert (bench.item(1).summary, warnings(caplog)) == (text.strip(), [])
    assert compare(bench).verdict is Verdict.IN_STEP


@pytest.mark.parametrize(
    ("code", "address"),
    [(400, 20_000), (400, 8_192), *((code, size) for code in (413, 414, 431) for size in (20_000, 8_192, 1_500))],
)
def test_one_that_does_not_goes_as_far_as_it_fits_which_is_said_once(
    bench: Workbench, caplog: pytest.LogCaptureFixture, address: int, code: int
) -> None:
    bench.plex.inject(over(address, status(code)), method="PUT")
    bench.edit(1, title="New", details=TEXT)
    bench.drain()
    shown = bench.item(1).summary
    assert TEXT.startswith(shown)
    assert address - 800 < len(quote(shown, safe="")) < address
    assert (bench.item(1).title, bench.dead_letters(), bench.worker.progress.retried) == ("New", [], 0)
    assert [f"cut to {len(shown):,} of {len(TEXT):,} characters" in each for each in warnings(caplog)] == [True]
    caplog.clear()
    bench.plex.reset_log()
    bench.edit(1, rating100=80)
    bench.drain()
    assert (warnings(caplog), bench.item(1).summary) == ([], shown)
    found = compare(bench)
    assert (found.verdict, found.differences) == (Verdict.IN_STEP, ())
    assert found.reason.startswith(f"summary: cut to {len(shown):,} of {len(TEXT):,} characters")


def test_so_does_one_that_a_proxy_hangs_up_on(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    bench.plex.inject(over(8_192, drop()), method="PUT")
    bench.edit(1, title="New", details=TEXT)
    bench.drain()
    shown = bench.item(1).summary
    assert 7_000 < len(quote(shown, safe="")) < 8_192
    assert (bench.item(1).title, bench.dead_letters(), bench.worker.progress.retried) == ("New", [], 0)
    assert ["summary: cut to" in each for each in warnings(caplog)] == [True]


def test_what_is_known_of_the_server_spares_the_next_scene_the_search(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plex.writes.max_request_line = 8_192
    bench.edit(1, details=TEXT)
    bench.drain()
    bench.plex.reset_log()
    caplog.clear()
    bench.edit(2, details=TEXT)
    bench.drain()
    assert bench.item(2).summary == bench.item(1).summary
    assert bench.plex.count("PUT") <= 2
    assert ["of 2,800 characters" in each for each in warnings(caplog)] == [True]


def test_a_text_that_was_cut_is_ours_all_the_same(bench: Workbench) -> None:
    bench.plex.edit_as_user(bench.keys[1], lock=False, summary="Before")
    bench.plex.writes.max_request_line = 8_192
    bench.edit(1, details=TEXT)
    bench.drain()

    def drain() -> dict[str, int]:
        bench.drain()
        return {"waiting": 0}

    UndoTask(bench.workplace, Call({}, {"scene_id": 1, "dry_run": False}), drain, bench.clock).undo_scene()
    assert bench.item(1).summary == "Before"


def test_one_that_fits_again_is_shown_as_a_whole(bench: Workbench) -> None:
    bench.plex.writes.max_request_line = 8_192
    bench.edit(1, details=TEXT)
    bench.drain()
    bench.edit(1, details=TEXT[:500])
    bench.drain()
    assert bench.item(1).summary == TEXT[:500]
    assert compare(bench).reason == ""


@pytest.mark.parametrize("address", [6_000, 7_000, 8_192, 8_200, 9_000])
@pytest.mark.parametrize("code", [400, 414])
def test_a_long_list_beside_a_long_text_is_cut_once(
    bench: Workbench, caplog: pytest.LogCaptureFixture, address: int, code: int
) -> None:
    bench.plex.inject(over(address, status(code)), method="PUT")
    tags = [bench.stash.tag_id(f"タグ番号{number:03d}長い名前") for number in range(150)]
    bench.edit(1, title="New", details=TEXT, tag_ids=tags)
    bench.drain()
    shown = bench.item(1).genres
    assert len(shown) > 50
    caplog.clear()
    bench.plex.reset_log()
    for _ in range(3):
        enqueue_many(bench.database, [1], "all", bench.clock.now)
        bench.drain()
    assert bench.plex.count(method="PUT") == 0
    assert (bench.item(1).genres, warnings(caplog)) == (shown, [])
