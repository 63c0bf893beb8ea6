"""Copies in Plex's trash: what is there wins, and a moved file whose old item is still listed is no ambiguity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        made.plex.add_section("Disk 2", locations=["/mnt/2"])
        yield made


def moved(bench: Workbench, scene_id: int) -> int:
    """The scene's file lies on the other disk now; the item under its old key is listed still."""
    return bench.plex.add_item(2, f"/mnt/2/scene-{scene_id}.mp4")


def written(bench: Workbench, key: int, scene_id: int) -> bool:
    return bench.plex.item(key).summary == bench.stash.scene(scene_id).details


def test_a_moved_file_whose_old_item_is_in_the_trash(bench: Workbench) -> None:
    bench.enqueue(1)
    bench.drain()
    new = moved(bench, 1)
    bench.plex.versions.trash(bench.keys[1])
    bench.edit(1, details="After the move")
    bench.clock.sleep(600)
    bench.drain()
    assert written(bench, new, 1)
    assert not written(bench, bench.keys[1], 1)
    assert bench.dead_letters() == []


def test_one_that_only_a_look_at_the_disk_tells(bench: Workbench) -> None:
    """Its trash bin is not marked: Plex says so only where it is asked to check the files."""
    new = moved(bench, 1)
    bench.plex.versions.missing.add("/media/scene-1.mp4")
    bench.enqueue(1)
    bench.drain()
    assert written(bench, new, 1)
    assert bench.dead_letters() == []
    checks = [request for request in bench.plex.requests if request.query.get("checkFiles")]
    assert len(checks) == 1


def test_two_that_are_there_are_ambiguous_still(bench: Workbench) -> None:
    moved(bench, 1)
    bench.enqueue(1)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert letter.failure.error_type == "AmbiguousMatch"
    assert len(letter.failure.candidates) == 2


def test_two_in_the_trash_are_ambiguous_still(bench: Workbench) -> None:
    bench.plex.versions.trash(moved(bench, 1))
    bench.plex.versions.trash(bench.keys[1])
    bench.enqueue(1)
    bench.drain()
    assert [letter.failure.error_type for letter in bench.dead_letters()] == ["AmbiguousMatch"]


def test_a_copy_that_comes_back_is_a_rival_again(bench: Workbench) -> None:
    moved(bench, 1)
    bench.plex.versions.trash(bench.keys[1])
    bench.enqueue(1)
    bench.drain()
    assert bench.dead_letters() == []
    bench.plex.versions.bring_back(bench.keys[1])
    bench.clock.sleep(600)
    bench.edit(1, details="Which one?")
    bench.drain()
    assert [letter.failure.error_type for letter in bench.dead_letters()] in ([], ["AmbiguousMatch"])


def test_a_file_in_the_trash_without_a_rival_is_written_as_ever(bench: Workbench) -> None:
    """A drive that is not mounted comes back."""
    bench.plex.versions.trash(bench.keys[1])
    bench.enqueue(1)
    bench.drain()
    assert bench.shows(1)


def test_of_one_name_in_two_cases_the_one_that_is_there_wins(bench: Workbench) -> None:
    there = bench.plex.add_item(bench.section, "/media/Scene-1.MP4")
    bench.plex.versions.trash(bench.keys[1])
    bench.enqueue(1)
    bench.drain()
    assert written(bench, there, 1)


def test_a_version_in_the_trash_does_not_stand_for_its_item(bench: Workbench) -> None:
    """The item has the file on disk 1 and another one; only the former is gone."""
    bench.plex.versions.merge(bench.keys[1], bench.plex.add_item(bench.section, "/media/other.mp4"))
    new = moved(bench, 1)
    bench.plex.versions.trash(bench.keys[1], "/media/scene-1.mp4")
    bench.enqueue(1)
    bench.drain()
    assert written(bench, new, 1)
    assert bench.dead_letters() == []
