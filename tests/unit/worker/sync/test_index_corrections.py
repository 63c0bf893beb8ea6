"""Where the index has fallen behind Plex, or Plex contradicts itself: nothing is written to the wrong item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import rewritten
from tests.support.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def add_copies(bench: Workbench) -> tuple[int, list[int]]:
    """A scene whose file Plex has twice, in folders that fit equally well; its id, and the items' keys."""
    scene = bench.stash.add_scene("/data/sub/film.mp4", title="Film", details="d")
    paths = [f"/media/{folder}/sub/film.mp4" for folder in ("one", "two")]
    return scene.id, [bench.plex.add_item(bench.section, path) for path in paths]


def test_a_copy_that_was_deleted_in_plex_is_no_rival_any_more(bench: Workbench) -> None:
    scene_id, (kept, deleted) = add_copies(bench)
    bench.enqueue(scene_id)
    bench.drain()
    assert [letter.failure.error_type for letter in bench.dead_letters()] == ["AmbiguousMatch"]
    bench.plex.remove_item(deleted)
    bench.enqueue(scene_id)
    bench.drain()
    assert bench.plex.item(kept).title == "Film"
    assert bench.dead_letters() == [], "a scene in step needs no review"


def test_a_copy_that_was_moved_to_where_it_does_not_fit_is_no_rival_any_more(bench: Workbench) -> None:
    scene_id, (kept, _) = add_copies(bench)
    bench.enqueue(scene_id)
    bench.drain()
    bench.plex.move_file("/media/two/sub/film.mp4", "/media/two/other/film.mp4")
    bench.enqueue(scene_id)
    bench.drain()
    assert bench.plex.item(kept).title == "Film"


def test_a_copy_is_not_taken_for_a_film_that_plex_lost_and_found_anew(bench: Workbench) -> None:
    scene_id, (lost, copy) = add_copies(bench)
    bench.enqueue(scene_id)
    bench.drain()
    bench.plex.remove_item(lost)
    bench.plex.add_item(bench.section, "/media/one/sub/film.mp4")
    bench.enqueue(scene_id)
    bench.drain()
    assert bench.plex.item(copy).title != "Film", "its rival is back, under another number"
    assert [letter.failure.error_type for letter in bench.dead_letters()] == ["AmbiguousMatch"]


def swap(body: bytes) -> bytes:
    """Items 1 and 2 under each other's keys."""
    other = {b"1": b"2", b"2": b"1"}
    return re.sub(rb'ratingKey="([12])"', lambda found: b'ratingKey="%s"' % other[found[1]], body)


def test_a_plex_that_mixes_items_up_once_gets_no_wrong_title(bench: Workbench) -> None:
    bench.enqueue(1, 2, 3)
    bench.drain()
    bench.plex.inject(rewritten(swap), times=1, prefix="/library/metadata/1,2")
    for scene_id in (1, 2):
        bench.edit(scene_id, title=f"New {scene_id}")
    bench.drain()
    edits = [dict(request.parameters) for request in bench.plex.requests if request.method == "PUT"]
    assert {(edit["id"], edit["title.value"]) for edit in edits if "New" in edit.get("title.value", "")} == {
        ("1", "New 1"),
        ("2", "New 2"),
    }
