"""Scenes whose files differ in case, or in the form of an accent, only: each shows in its own item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync_queue.state.sync_state import SyncState
from sync_queue.waiting.waiting_files import waiting_scenes
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict

PAIRS = [("S/Clip.mp4", "S/clip.mp4"), ("S/Caf\u00e9.mp4", "S/Cafe\u0301.mp4"), ("s/a.mp4", "S/a.mp4")]
"""Files of two scenes; to Plex, the second of each is the one that it has."""
LOOK = 20


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        yield made


@pytest.fixture(params=PAIRS, ids=["case", "accent", "folder"])
def alike(bench: Workbench, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Scenes 1 and 2, and in Plex the item of scene 2 only."""
    first, second = request.param
    add(bench, first), add(bench, second)
    bench.keys[2] = bench.plex.add_item(bench.section, f"/media/{second}", title="Before", summary="Old")
    return first, second


def add(bench: Workbench, tail: str, **fields: Any) -> int:
    bench.clock.now -= 86_400.0
    number = len(bench.stash.library.scenes) + 1
    texts = {"title": f"Title {number}", "details": f"Text {number}", **fields}
    scene = bench.stash.add_scene(f"/data/{tail}", **texts)
    bench.clock.now += 86_400.0
    return scene.id


def scan(bench: Workbench, scene_id: int, tail: str) -> None:
    bench.keys[scene_id] = bench.plex.add_item(bench.section, f"/media/{tail}", title="Bare")


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_item_is_that_of_the_scene_with_exactly_its_file(
    bench: Workbench, alike: tuple[str, str], order: tuple[int, int]
) -> None:
    for scene_id in order:
        bench.enqueue(scene_id)
        bench.run_for(5)
    assert bench.shows(2)
    assert bench.dead_letters() == []
    assert [each.scene_id for each in waiting_scenes(bench.database)] == [1]


def test_the_other_one_shows_as_soon_as_plex_has_its_file(bench: Workbench, alike: tuple[str, str]) -> None:
    bench.enqueue(1, 2)
    bench.run_for(60)
    scan(bench, 1, alike[0])
    came_at = bench.clock.elapsed
    bench.run_until(lambda: bench.shows(1))
    assert bench.clock.elapsed - came_at <= LOOK
    assert bench.shows(2)
    assert bench.dead_letters() == []


def test_a_scene_that_does_not_show_in_plex_yet_keeps_its_item_all_the_same(bench: Workbench) -> None:
    add(bench, "S/Clip.mp4"), add(bench, "S/clip.mp4", title="", details="")
    bench.keys[2] = bench.plex.add_item(bench.section, "/media/S/clip.mp4", title="Before", summary="Old")
    bench.enqueue(1)
    bench.run_for(60)
    assert (bench.item(2).title, bench.item(2).summary) == ("Before", "Old")
    bench.edit(2, title="Typed", details="d")
    bench.run_for(5)
    assert bench.shows(2)


def test_one_that_owned_it_gives_it_up(bench: Workbench, alike: tuple[str, str]) -> None:
    """It was synced while Stash did not have the other one."""
    second = bench.stash.library.scenes.pop(2)
    bench.enqueue(1)
    bench.drain()
    assert bench.item(2).title == "Title 1"
    bench.stash.library.scenes[2] = second
    bench.enqueue(2)
    bench.drain()
    assert bench.shows(2)
    context = bench.workplace.contexts.current(0.0)
    assert [each.verdict for each in Comparison(context, bench.database).compare([1, 2])] == [
        Verdict.NOT_IN_PLEX,
        Verdict.IN_STEP,
    ]


def test_where_no_name_is_exact_they_are_the_same_still(bench: Workbench) -> None:
    add(bench, "S/CLIP.mp4")
    bench.keys[1] = bench.plex.add_item(bench.section, "/media/S/clip.mp4")
    bench.enqueue(1)
    bench.drain()
    assert bench.shows(1)


def test_a_version_with_another_name_is_not_outdone(bench: Workbench) -> None:
    """Both files of the item have a scene: that one is written exactly makes the other no stranger."""
    add(bench, "S/FILM.mp4"), add(bench, "S/film-4k.mp4")
    bench.keys[1] = bench.plex.add_item(bench.section, "/media/S/film.mp4")
    bench.keys[1] = bench.plex.versions.merge(bench.keys[1], bench.plex.add_item(bench.section, "/media/S/film-4k.mp4"))
    bench.enqueue(1, 2)
    bench.drain()
    assert bench.shows(1)
    assert bench.dead_letters() == []


def test_waiting_for_a_file_with_its_very_name_costs_no_tries(bench: Workbench, alike: tuple[str, str]) -> None:
    bench.enqueue(1, 2)
    bench.run_for(60)
    before = bench.retries_counted()
    for number in range(20):
        bench.plex.add_item(bench.section, f"/media/T/{number}.mp4")
        bench.run_for(20)
    assert bench.retries_counted() - before < 12, "its own timer, at random, and not each of the 20 changes"


def test_a_rival_that_was_given_up_comes_back_once_the_owner_leaves(bench: Workbench) -> None:
    """Neither name is that of Plex, so one of the two shows there until its file is somewhere else."""
    add(bench, "S/CLIP.mp4"), add(bench, "S/Clip.mp4")
    bench.keys[2] = bench.plex.add_item(bench.section, "/media/S/clip.mp4")
    bench.enqueue(1, 2)
    bench.run_for(5)
    assert [letter.scene_id for letter in bench.dead_letters()] == [2]
    scan(bench, 1, "S/moved.mp4")
    (file,) = bench.scene(1).files
    bench.stash.library.scenes[1] = replace(bench.scene(1), files=(replace(file, path="/data/S/moved.mp4"),))
    bench.enqueue(1)
    bench.run_for(5)
    assert bench.shows(1)
    assert bench.shows(2)
    assert bench.dead_letters() == []
    owners = SyncState(bench.database, bench.plex.machine_identifier).items(list(bench.keys.values()))
    assert {key: owners[bench.keys[key]].scene_id for key in (1, 2)} == {1: 1, 2: 2}
