"""A scene in whose place another one shows in Plex takes it over once that one leaves, and nobody presses a button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import Answer, Waiting
from tests.simulators.http_server import Request, Response
from tests.simulators.plex_items import Item
from tests.support.workbench import Workbench

HD, UHD = "S/film.mp4", "S/film-4k.mp4"
Leave = Callable[[Workbench], object]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Scenes 1 (4K) and 2 (HD) of one item, which shows scene 2, since its first file is the HD one."""
    with Workbench(tmp_path, exclude_tags="Private") as made:
        made.clock.now -= 86_400.0
        for tail in (UHD, HD):
            number = len(made.stash.library.scenes) + 1
            made.stash.add_scene(f"/data/{tail}", title=f"Title {number}", details=f"Text {number}")
        made.clock.now += 86_400.0
        key = made.plex.add_item(made.section, f"/media/{HD}", title="Before", summary="Old")
        made.plex.versions.merge(key, made.plex.add_item(made.section, f"/media/{UHD}"))
        made.keys = {1: key, 2: key}
        made.enqueue(1, 2)
        made.drain()
        assert shown(made) == "Title 2"
        made.clock.now += 60.0
        yield made


def item(bench: Workbench) -> Item:
    return bench.plex.item(bench.keys[1])


def shown(bench: Workbench) -> str:
    return item(bench).title


def deleted(bench: Workbench) -> None:
    bench.stash.library.remove_scene(2)


def without_file(bench: Workbench) -> None:
    bench.stash.library.change_scene(2, files=[])


def excluded(bench: Workbench) -> None:
    bench.stash.save_without_hook(2, tag_ids=[bench.stash.tag_id("Private")])


@pytest.mark.parametrize("leave", [deleted, without_file, excluded])
def test_the_other_one_shows_as_soon_as_the_owner_is_looked_at(bench: Workbench, leave: Leave) -> None:
    leave(bench)
    bench.enqueue(2)
    bench.drain()
    assert shown(bench) == "Title 1"


def test_it_is_left_alone_where_the_owner_stays(bench: Workbench) -> None:
    bench.edit(2, title="Another")
    bench.drain()
    assert shown(bench) == "Another"
    assert bench.stash.count("POST", "/graphql") > 0


def test_two_that_take_no_part_do_not_wake_each_other_for_ever(bench: Workbench) -> None:
    excluded(bench)
    bench.stash.save_without_hook(1, tag_ids=[bench.stash.tag_id("Private")])
    bench.enqueue(1, 2)
    bench.drain()
    assert shown(bench) == "Title 2"


def test_where_nobody_can_follow_nobody_is_asked(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2) as bench:
        bench.enqueue(1, 2)
        bench.drain()
        bench.stash.library.remove_scene(2)
        bench.stash.reset_log()
        bench.enqueue(2)
        bench.drain()
        assert not [request for request in bench.stash.requests if b"MATCHES_REGEX" in request.body]


def test_a_stash_that_does_not_answer_ends_the_job_all_the_same(bench: Workbench) -> None:
    deleted(bench)

    def no_paths(request: Request, answer: Answer, _waiting: Waiting) -> Response:
        return Response(500, b"") if b"MATCHES_REGEX" in request.body else answer()

    bench.stash.inject(no_paths)
    bench.enqueue(2)
    bench.drain()
    assert bench.pending() == []
