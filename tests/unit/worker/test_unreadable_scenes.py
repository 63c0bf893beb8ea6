"""A scene that Stash cannot answer for fails alone, by name; the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stash.exceptions import StashQueryFailed
from tests.simulators.stash import graphql_error
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict
from worker.upkeep.catch_up import INTERVAL as CATCH_UP_INTERVAL

BAD = 7
SCENES = tuple(range(1, 61))
OTHERS = tuple(scene_id for scene_id in SCENES if scene_id != BAD)
MOST_REQUESTS = 40
"""Requests to Stash for 60 scenes in two batches, with all that finding one by halves takes."""
Spoil = Callable[[Workbench], None]


def null_for_one(bench: Workbench) -> None:
    bench.stash.break_scene(BAD)


def null_for_all(bench: Workbench) -> None:
    bench.stash.break_scene(BAD)
    bench.stash.library.unresolvable_is_fatal = True


def malformed(bench: Workbench) -> None:
    odd = bench.stash.scene(BAD)
    bench.stash.library.scenes[BAD] = replace(odd, files=(replace(odd.files[0], path=None),))  # type: ignore[arg-type]


def without_id(bench: Workbench) -> None:
    bench.stash.break_scene(BAD, "id")


SPOILED = pytest.mark.parametrize("spoil", [null_for_one, null_for_all, malformed, without_id])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=len(SCENES)) as made:
        yield made


@SPOILED
def test_it_alone_fails_by_name_is_retried_and_buried(bench: Workbench, spoil: Spoil) -> None:
    spoil(bench)
    bench.enqueue(*SCENES)
    bench.run_until(lambda: len(bench.pending()) == 1)
    assert all(bench.shows(scene_id) for scene_id in OTHERS)
    assert bench.stash.count("POST", "/graphql") <= MOST_REQUESTS
    bench.drain()
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.attempts, letter.failure.error_type) == (BAD, 6, "SceneUnreadable")
    assert f"scene {BAD}" in letter.failure.error_text


@SPOILED
def test_alone_in_the_queue_it_ends_as_well(bench: Workbench, spoil: Spoil) -> None:
    spoil(bench)
    bench.enqueue(BAD)
    bench.drain()
    (letter,) = bench.dead_letters()
    assert letter.scene_id == BAD


@SPOILED
def test_a_comparison_names_it(bench: Workbench, spoil: Spoil) -> None:
    spoil(bench)
    context = bench.workplace.contexts.current(0.0)
    results = Comparison(context, bench.database).compare(SCENES[:50])
    (failed,) = [result for result in results if result.verdict is Verdict.FAILED]
    assert failed.scene_id == BAD
    assert f"scene {BAD}" in failed.reason


def test_a_stash_that_answers_for_none_is_no_scenes_fault(bench: Workbench) -> None:
    bench.workplace.contexts.current(0.0)
    bench.stash.inject(graphql_error("database is locked"))
    with pytest.raises(StashQueryFailed, match="database is locked"):
        bench.workplace.stash.scenes(SCENES[:50])
    assert bench.stash.count("POST", "/graphql") <= 5, "found out without asking for each"


def test_two_of_them_and_one_that_is_gone(bench: Workbench) -> None:
    bench.stash.break_scene(3)
    bench.stash.break_scene(4)
    scenes = bench.workplace.stash.scenes([1, 2, 3, 4, 5, 999])
    assert sorted(scenes) == [1, 2, 5]
    assert sorted(scenes.unreadable) == [3, 4]


def test_scenes_of_which_none_can_be_read_are_told_from_a_stash_that_fails(bench: Workbench) -> None:
    bench.stash.break_scene(BAD)
    scenes = bench.workplace.stash.scenes([BAD])
    assert (dict(scenes), sorted(scenes.unreadable)) == ({}, [BAD])


@pytest.mark.parametrize("fields", [("id",), ("id", "id", "id")])
@pytest.mark.parametrize("is_fatal", [False, True])
def test_what_is_missed_is_found_without_those(
    bench: Workbench, fields: tuple[str, ...], is_fatal: bool, caplog: pytest.LogCaptureFixture
) -> None:
    bench.step()  # sets the catch-up's mark
    for scene_id, field in zip((BAD, 8, 60), fields, strict=False):
        bench.stash.break_scene(scene_id, field)
    bench.stash.library.unresolvable_is_fatal = is_fatal
    for scene_id in SCENES:
        bench.stash.save_without_hook(scene_id, details="Unheard of")
    bench.clock.now += CATCH_UP_INTERVAL
    bench.step()
    bench.drain()
    broken = {BAD, 8, 60} if len(fields) > 1 else {BAD}
    assert {scene_id for scene_id in SCENES if not bench.shows(scene_id)} == broken
    assert sum("cannot list the scene" in text for text in caplog.messages) == 1


@pytest.mark.parametrize("scene_ids", [[BAD], list(SCENES)])
def test_with_all_scenes_in_hand_it_is_named_as_well(bench: Workbench, scene_ids: list[int]) -> None:
    bench.stash.break_scene(BAD, "id")
    assert sorted(bench.workplace.stash.scenes(scene_ids).unreadable) == [BAD]


def test_a_locked_database_is_no_scenes_fault_where_all_are_in_hand(bench: Workbench) -> None:
    bench.workplace.contexts.current(0.0)
    bench.stash.inject(graphql_error("database is locked"))
    with pytest.raises(StashQueryFailed, match="database is locked"):
        bench.workplace.stash.scenes(SCENES)
    assert bench.stash.count("POST", "/graphql") <= 7


@pytest.mark.parametrize("field", ["id", "files"])
def test_an_owner_that_cannot_be_read_keeps_its_item_and_no_other_waits(bench: Workbench, field: str) -> None:
    shared = bench.plex.add_item(bench.section, ["/media/m/4k.mkv", "/media/m/hd.mkv"])
    owner = bench.stash.add_scene("/data/m/4k.mkv", title="4K", details="d").id
    other = bench.stash.add_scene("/data/m/hd.mkv", title="HD", details="d").id
    bench.enqueue(owner)
    bench.drain()
    bench.stash.break_scene(owner, field)
    bench.enqueue(owner, other, 1, 2)
    bench.run_until(lambda: bench.pending() == [owner])
    assert all(map(bench.shows, (1, 2)))
    assert bench.plex.item(shared).title == "4K"
