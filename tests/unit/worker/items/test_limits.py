"""What is too much for Plex goes as far as it fits, and is told once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.faults import status
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def large(size: int) -> bytes:
    return b"\xff\xd8\xff".ljust(size, b"x")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("size", [10_480_001, 20 * 1024 * 1024 + 1])
def test_a_cover_that_is_too_large_is_told_once_until_it_changes(
    bench: Workbench, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    bench.stash.library.change_scene(1, cover=large(size))
    sync_all(bench)
    assert bench.shows(1)
    assert len(warnings(caplog)) == 2, "poster and background"
    assert "Choose a smaller one in Stash" in caplog.text
    assert not bench.item(1).locked & {"thumb", "art"}
    caplog.clear()
    assert sync_all(bench) == 0
    bench.edit(1, title="Newer")
    bench.drain()
    assert (warnings(caplog), bench.item(1).upload_count) == ([], 0)
    bench.stash.library.change_scene(1, cover=large(1000))
    sync_all(bench)
    assert bench.item(1).shown("thumb") == large(1000)
    assert warnings(caplog) == []


def test_a_cover_that_plex_answers_with_500_for_its_size_is_not_sent_again(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plex.images.max_bytes = 6_000_000
    bench.stash.library.change_scene(1, cover=large(7_000_000))
    sync_all(bench)
    assert "the cover has 7.0 MB, which Plex does not take" in caplog.text
    assert bench.worker.progress.retried == 0
    bench.plex.reset_log()
    bench.edit(1, title="Newer")
    bench.drain()
    assert bench.plex.count("POST") == 0


UPLOAD: dict[str, Any] = {"method": "POST", "path": r"/library/metadata/\d+/(posters|arts)"}


def test_a_cover_that_a_proxy_finds_too_large_is_told_once_until_it_changes(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    injected = bench.plex.inject(status(413), **UPLOAD)
    bench.edit(1, title="New")
    bench.drain()
    assert (bench.shows(1), bench.plex.count("POST"), bench.worker.progress.retried) == (True, 2, 0)
    assert not bench.item(1).locked & {"thumb", "art"}
    assert ["too much for Plex or a proxy" in each for each in warnings(caplog)] == [True, True]
    caplog.clear()
    for rating in (20, 40):
        bench.edit(1, title=f"Newer {rating}", rating100=rating)
        bench.drain()
    assert (bench.plex.count("POST"), warnings(caplog)) == (2, [])
    assert not bench.item(1).locked & {"thumb", "art"}
    bench.stash.library.change_scene(1, cover=large(1000))
    injected.remove()
    bench.edit(1, title="Newest")
    bench.drain()
    assert bench.item(1).shown("thumb") == large(1000)
    assert {"thumb", "art"} <= bench.item(1).locked


def test_where_the_proxy_takes_more_now_who_asks_gets_the_cover(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    injected = bench.plex.inject(status(413), **UPLOAD)
    sync_all(bench)
    caplog.clear()
    sync_all(bench)
    assert warnings(caplog) == [], "told before"
    injected.remove()
    sync_all(bench)
    assert bench.item(1).upload_count == 2
    assert {"thumb", "art"} <= bench.item(1).locked


def test_it_is_told_once_also_where_something_else_is_tried_again(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plex.inject(status(413), **UPLOAD)
    bench.plex.inject(status(503), times=2, path="/:/rate")
    bench.edit(1, rating100=80)
    bench.drain()
    assert bench.item(1).user_rating == 8.0
    assert bench.plex.count("POST") == 2
    assert sum("too much for Plex" in each for each in warnings(caplog)) == 2


@pytest.mark.parametrize("code", [400, 403, 404, 413, 500, 503])
def test_without_a_picture_no_picture_is_locked(bench: Workbench, code: int) -> None:
    bench.plex.inject(status(code), **UPLOAD)
    bench.edit(1, title="New")
    bench.drain()
    assert (bench.shows(1), bench.dead_letters()) == (True, [])
    assert not bench.item(1).locked & {"thumb", "art"}


@pytest.mark.parametrize("longest", [8192, 4096, 1500])
def test_a_list_that_a_proxy_refuses_goes_as_far_as_it_fits(
    bench: Workbench, caplog: pytest.LogCaptureFixture, longest: int
) -> None:
    names = [f"{'Long name ' * 8}{number:03}" for number in range(120)]
    bench.plex.writes.max_request_line = longest
    bench.stash.save_without_hook(1, tag_ids=[bench.stash.tag_id(name) for name in names])
    sync_all(bench)
    shown = bench.item(1).genres
    assert 0 < len(shown) < 100
    assert set(shown) <= set(names)
    assert bench.shows(1)
    assert bench.dead_letters() == []
    assert "names at most, without" in "".join(warnings(caplog))
    caplog.clear()
    assert (sync_all(bench), warnings(caplog)) == (0, [])
    # What is known of the server spares the second scene the search.
    bench.stash.save_without_hook(2, tag_ids=[bench.stash.tag_id(name) for name in names])
    assert sync_all(bench) <= 2
    assert len(bench.item(2).genres) == len(shown)
    assert "names at most, without" in "".join(warnings(caplog))


@pytest.mark.parametrize("answer", [400, 500])
def test_two_thousand_performers_where_plex_takes_fewer(
    bench: Workbench, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    bench.plex.writes.max_names, bench.plex.writes.max_names_status = 700, answer
    ids = [bench.stash.performer_id(f"P {number}") for number in range(2000)]
    bench.stash.save_without_hook(1, performer_ids=ids)
    sync_all(bench)
    assert len(bench.item(1).roles) == 700
    assert (bench.shows(1), bench.dead_letters()) == (True, [])
    assert "Plex takes 700 names at most, without" in caplog.text
    caplog.clear()
    assert (sync_all(bench), warnings(caplog)) == (0, [])


def test_two_thousand_performers_where_plex_takes_them(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    ids = [bench.stash.performer_id(f"P {number}") for number in range(2000)]
    bench.stash.save_without_hook(1, performer_ids=ids)
    sync_all(bench)
    assert (len(bench.item(1).roles), warnings(caplog)) == (2000, [])
