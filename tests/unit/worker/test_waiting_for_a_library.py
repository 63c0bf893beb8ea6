"""Scenes that may be in a library which cannot be listed, or not be believed yet: watched, and woken together."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from re import fullmatch

import pytest

from sync_queue.views.counts import count_waiting_for_scan
from sync_queue.views.job_list import pending_jobs
from sync_queue.waiting.waiting_files import waiting_scenes
from tests.simulators.faults import Answer, Waiting, status
from tests.simulators.http_server import Request, Response
from tests.simulators.plex import PlexSimulator
from tests.support.workbench import Workbench
from worker.tasks.page.job_shapes import JobShapes

PAGE = 10
CHANGE_IS_SEEN = 20.0
"""Seconds (design, Numbers: file new in Plex to its waiting scene written)."""


class StalePagesPlex(PlexSimulator):
    """Behind a proxy that knows a page by its address alone: while `caches`, every page of a listing is the first."""

    caches = True

    def handle(self, request: Request) -> Response:
        if not (self.caches and request.method == "GET" and fullmatch(r"/library/sections/\d+/all", request.path)):
            return super().handle(request)
        self._kept: dict[str, Response] = getattr(self, "_kept", {})
        if request.target not in self._kept:
            self._kept[request.target] = super().handle(request)
        return self._kept[request.target]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Workbench]:
    """A library without any item, and eight scenes that are edited."""
    with Workbench(tmp_path) as made:
        for number in range(1, 9):
            made.add_scene(in_plex=False, title=f"Title {number}", details="d")
        yield made


def all_show(bench: Workbench) -> bool:
    return all(scene_id in bench.keys and bench.shows(scene_id) for scene_id in bench.stash.library.scenes)


@pytest.mark.parametrize("after", [5, 15, 40, 300, 3_000])
def test_what_comes_into_an_empty_library_shows_within_twenty_seconds(empty: Workbench, after: float) -> None:
    empty.enqueue(*empty.stash.library.scenes)
    empty.run_for(after)
    for scene_id in empty.stash.library.scenes:
        empty.add_item(scene_id)
    came_at = empty.clock.elapsed
    empty.run_until(lambda: all_show(empty))
    assert empty.clock.elapsed - came_at <= CHANGE_IS_SEEN
    assert (empty.open_jobs(), empty.dead_letters()) == (0, [])


def test_nobody_else_is_asked_for(empty: Workbench) -> None:
    empty.enqueue(*empty.stash.library.scenes)
    empty.run_for(20)
    assert len(waiting_scenes(empty.database)) == 8
    empty.add_item(3)
    empty.plex.reset_log()
    empty.run_until(lambda: empty.shows(3))
    asked = {request.path for request in empty.plex.requests if request.path.startswith("/library/metadata")}
    assert asked <= {f"/library/metadata/{empty.keys[3]}{end}" for end in ("", "/posters", "/arts")}


def test_a_library_that_is_cold_after_a_restart_holds_up_nobody_longer_than_its_doubt(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=10) as bench:
        bench.enqueue(*bench.keys)
        bench.drain()
        late = [bench.add_scene(title=f"Late {number}", details="d") for number in range(6)]
        bench.plex.listing_modes.cold_requests = 3
        bench.plex.listing_modes.warm_up()
        bench.enqueue(*late)
        began = bench.clock.elapsed
        bench.run_until(lambda: all_show(bench))
        assert bench.clock.elapsed - began <= 3 * 15 + CHANGE_IS_SEEN
        assert bench.retries_counted() == 0


def test_one_library_of_two_that_can_be_listed_again_wakes_them_together(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2) as bench:
        bench.plex.add_section("Clips", locations=["/clips"])
        lost = [bench.add_scene(in_plex=False, title="Lost", details="d") for _ in range(5)]
        bench.plex.inject(status(500), path="/library/sections/2/all")
        bench.enqueue(1, 2, *lost)
        bench.run_for(200)
        bench.plex.clear_faults()
        for scene_id in lost:
            bench.keys[scene_id] = bench.plex.add_item(2, f"/clips/scene-{scene_id}.mp4")
        well_at = bench.clock.elapsed
        bench.run_until(lambda: all_show(bench))
        assert bench.clock.elapsed - well_at <= CHANGE_IS_SEEN


def test_they_are_seen_as_waiting_for_plex_and_cost_nothing(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.add_section("Clips", locations=["/clips"])
        lost = [bench.add_scene(in_plex=False, title="Lost", details="d") for _ in range(60)]
        bench.plex.inject(status(500), path="/library/sections/2/all")
        bench.enqueue(*lost)
        bench.run_for(30)
        assert count_waiting_for_scan(bench.database, bench.clock.now) == len(lost)
        shapes = JobShapes(bench.folder, bench.database, bench.clock.now).shapes(pending_jobs(bench.database))
        assert {shape["state"] for shape in shapes} == {"scan"}
        assert shapes[0]["looked_for"]["paths"]
        bench.plex.reset_log()
        bench.stash.reset_log()
        bench.run_for(500)
        assert len(bench.plex.requests) <= 3 * 500 / 15 + 6
        assert not [each for each in bench.stash.requests if b"findScenes" in each.body]
        assert bench.retries_counted() == 0


def test_what_is_not_in_a_library_that_lists_again_is_not_found_and_no_longer_in_doubt(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.add_section("Clips", locations=["/clips"])
        bench.plex.add_item(2, "/clips/another.mp4")
        lost = bench.add_scene(in_plex=False, title="Lost", details="d")
        bench.plex.inject(status(500), path="/library/sections/2/all")
        bench.enqueue(lost)
        bench.run_for(30)
        assert bench.retries_counted() == 0
        bench.plex.clear_faults()
        bench.run_for(CHANGE_IS_SEEN)
        assert bench.retries_counted() >= 1


def test_one_that_is_slow_to_fail_is_let_be_for_longer(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.add_section("Clips", locations=["/clips"])
        lost = bench.add_scene(in_plex=False, title="Lost", details="d")

        def slow(_request: Request, _answer: Answer, _waiting: Waiting) -> Response:
            bench.clock.now += 30.0
            return Response(500, b"")

        bench.plex.inject(slow, path="/library/sections/2/all")
        bench.enqueue(lost)
        bench.run_for(900)
        assert sum(request.path == "/library/sections/2/all" for request in bench.plex.requests) <= 4


# --- a listing that never comes to its total


@pytest.fixture
def stale(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=25, plex_type=StalePagesPlex) as made:
        made.plex.listings.max_page_size = PAGE
        yield made


def test_who_may_be_among_what_a_listing_does_not_show_waits_uncounted(
    stale: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    stale.enqueue(*stale.keys)
    stale.run_for(600)
    shown = [scene_id for scene_id in stale.keys if stale.shows(scene_id)]
    assert len(shown) >= PAGE
    assert stale.pending() == sorted(set(stale.keys) - set(shown))
    assert (stale.retries_counted(), stale.dead_letters()) == (0, [])
    (told,) = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert 'Plex counts 25 items in "Movies" and lists' in told
    assert "proxy" in told


def test_they_show_as_soon_as_the_listing_is_whole(stale: Workbench) -> None:
    stale.enqueue(*stale.keys)
    stale.run_for(120)
    assert stale.pending()
    stale.plex.caches = False  # type: ignore[attr-defined]
    well_at = stale.clock.elapsed
    stale.run_until(lambda: all_show(stale))
    assert stale.clock.elapsed - well_at <= CHANGE_IS_SEEN
    assert stale.dead_letters() == []


def test_a_restart_forgets_no_doubt(stale: Workbench) -> None:
    stale.enqueue(*stale.keys)
    stale.run_for(120)
    stale.restart()
    stale.run_for(300)
    assert (stale.retries_counted(), stale.dead_letters()) == (0, [])
