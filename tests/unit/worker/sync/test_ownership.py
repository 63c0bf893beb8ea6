"""One item, several scenes: who shows there, what the others are told, and what becomes of old values."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plex.exceptions import AmbiguousMatch, PlexNotFound
from stash.protocol import Request
from sync_queue.enqueue import enqueue_undo
from sync_queue.state.pins import Pins
from sync_queue.state.sync_state import SyncState
from tests.simulators.pictures import jpeg
from tests.simulators.plex_items import Item
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict
from worker.sync.ownership import pin_scene, unpin_scene
from worker.tasks.undo import UndoTask

HD, UHD = "S/film.mp4", "S/film-4k.mp4"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        yield made


def add(bench: Workbench, tail: str, root: str = "/data", **fields: Any) -> int:
    """A scene of long ago."""
    bench.clock.now -= 86_400.0
    number = len(bench.stash.library.scenes) + 1
    scene = bench.stash.add_scene(
        f"{root}/{tail}", **{"title": f"Title {number}", "details": f"Text {number}", **fields}
    )
    bench.clock.now += 86_400.0
    return scene.id


def sync(bench: Workbench, *scene_ids: int) -> None:
    """Let time pass, and sync these scenes, or all of them."""
    bench.clock.now += 60.0
    bench.enqueue(*(scene_ids or bench.stash.library.scenes))
    bench.drain()


def undo(bench: Workbench, scene_id: int) -> None:
    enqueue_undo(bench.database, [scene_id], bench.clock.now)
    bench.drain()


def compare(bench: Workbench, *scene_ids: int) -> list[Verdict]:
    context = bench.workplace.contexts.current(0.0)
    return [each.verdict for each in Comparison(context, bench.database).compare(scene_ids)]


def writes(bench: Workbench) -> int:
    return sum(request.method in ("PUT", "POST") for request in bench.plex.requests)


def shown(item: Item) -> tuple[str, str]:
    return item.title, item.summary


@pytest.fixture
def two_versions(bench: Workbench) -> Item:
    """Scenes 1 (4K) and 2 (HD) of one item, whose first file is the HD one."""
    add(bench, UHD), add(bench, HD)
    key = bench.plex.add_item(bench.section, f"/media/{HD}", title="Before", summary="Old")
    bench.plex.versions.merge(key, bench.plex.add_item(bench.section, f"/media/{UHD}"))
    return bench.plex.item(key)


def test_the_scene_of_the_first_file_shows_and_a_second_run_writes_nothing(
    bench: Workbench, two_versions: Item
) -> None:
    sync(bench)
    assert shown(two_versions) == ("Title 2", "Text 2")
    bench.plex.reset_log()
    sync(bench)
    assert writes(bench) == 0
    assert compare(bench, 1, 2) == [Verdict.IN_STEP, Verdict.IN_STEP]
    assert bench.dead_letters() == []


def test_who_is_alone_in_its_run_yields_as_well(bench: Workbench, two_versions: Item) -> None:
    sync(bench, 1)
    assert shown(two_versions) == ("Before", "Old")
    sync(bench, 2)
    assert shown(two_versions) == ("Title 2", "Text 2")


def test_the_other_scene_is_told_once(bench: Workbench, two_versions: Item, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        sync(bench)
        bench.restart()
    assert caplog.text.count("Plex shows scene 2 in this place") == 1


def test_ratings_of_both_upload_one_poster(bench: Workbench, two_versions: Item) -> None:
    bench.stash.library.change_scene(1, cover=jpeg("1"))
    bench.stash.library.change_scene(2, cover=jpeg("2"))
    for click in range(6):
        bench.edit(1 + click % 2, rating100=10 * click + 10)
        sync(bench, 1 + click % 2)
    assert len(two_versions.uploads("thumb")) == 1
    assert two_versions.user_rating == 6.0


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_an_undo_of_both_restores_the_item(bench: Workbench, two_versions: Item, order: tuple[int, int]) -> None:
    sync(bench)
    for scene_id in order:
        undo(bench, scene_id)
    assert shown(two_versions) == ("Before", "Old")
    sync(bench)


def test_an_undo_of_the_other_scene_touches_nothing(bench: Workbench, two_versions: Item) -> None:
    sync(bench)
    bench.plex.reset_log()
    undo(bench, 1)
    assert (writes(bench), shown(two_versions)) == (0, ("Title 2", "Text 2"))


@pytest.mark.parametrize("how", ["deleted", "lost its file"])
def test_the_other_scene_takes_over_and_the_old_values_stay(bench: Workbench, two_versions: Item, how: str) -> None:
    bench.stash.library.change_scene(1, cover=jpeg("1"))
    sync(bench)
    if how == "deleted":
        bench.stash.library.remove_scene(2)
    else:
        bench.stash.library.change_scene(2, files=[])
    assert compare(bench, 1) == [Verdict.DIFFERS]
    sync(bench, 1)
    assert shown(two_versions) == ("Title 1", "Text 1")
    assert two_versions.shown("thumb") == bench.stash.scene(1).cover
    undo(bench, 2)
    assert shown(two_versions) == ("Title 1", "Text 1")
    undo(bench, 1)
    assert shown(two_versions) == ("Before", "Old")


def test_a_scene_that_says_nothing_takes_no_part(bench: Workbench, two_versions: Item) -> None:
    bench.stash.library.change_scene(2, title="", details="")
    sync(bench, 1)
    assert shown(two_versions) == ("Title 1", "Text 1")
    bench.edit(2, title="Late", details="Late")
    sync(bench)
    assert shown(two_versions) == ("Title 1", "Text 1")


def test_its_other_items_are_written_as_ever(bench: Workbench, two_versions: Item) -> None:
    trailer = bench.stash.add_scene("/data/S/trailer.mp4")
    bench.stash.assign_file(1, trailer.files[0].id)
    key = bench.plex.add_item(bench.section, "/media/S/trailer.mp4")
    sync(bench)
    assert shown(bench.plex.item(key)) == ("Title 1", "Text 1")
    assert shown(two_versions) == ("Title 2", "Text 2")


# --- equal tails


@pytest.fixture
def two_disks(bench: Workbench) -> Item:
    """Scenes 1 and 2 in the same place on two disks, of which Plex has one."""
    bench.stash.library.roots = ["/mnt/1", "/mnt/2"]
    add(bench, "S/c.mp4", "/mnt/1"), add(bench, "S/c.mp4", "/mnt/2")
    return bench.plex.item(bench.plex.add_item(bench.section, "/media/S/c.mp4", title="Before", summary="Old"))


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2,)])
def test_equal_tails_are_ambiguous_and_the_owner_is_named(
    bench: Workbench, two_disks: Item, order: tuple[int, ...]
) -> None:
    for scene_id in order:
        sync(bench, scene_id)
    sync(bench)
    assert shown(two_disks) == ("Title 1", "Text 1")
    (letter,) = bench.dead_letters()
    assert (letter.scene_id, letter.failure.error_type) == (2, AmbiguousMatch.__name__)
    assert letter.failure.candidates == ("/mnt/1/S/c.mp4",)
    assert "scene 1" in letter.failure.error_text
    assert compare(bench, 1, 2) == [Verdict.IN_STEP, Verdict.AMBIGUOUS]


def test_names_that_differ_in_case_are_no_two_items(bench: Workbench) -> None:
    add(bench, "S/Film.mp4"), add(bench, "S/film.mp4")
    item = bench.plex.item(bench.plex.add_item(bench.section, "/media/S/Film.mp4"))
    sync(bench, 1)
    sync(bench, 2)
    assert shown(item) == ("Title 1", "Text 1")
    assert [letter.scene_id for letter in bench.dead_letters()] == [2]


# --- pins


def pin(bench: Workbench, scene_id: int, item: Item) -> None:
    pin_scene(bench.workplace.contexts.current(60.0).plex, bench.database, scene_id, item.rating_key)


def test_what_is_unpinned_stays_until_it_leads_there_no_more(bench: Workbench, two_versions: Item) -> None:
    pin(bench, 1, two_versions)
    sync(bench)
    plex = bench.workplace.contexts.current(60.0).plex
    assert unpin_scene(plex, bench.database, 1, two_versions.rating_key) == 1
    sync(bench)
    assert shown(two_versions) == ("Title 1", "Text 1")


def test_an_item_that_is_not_there_cannot_be_pinned(bench: Workbench) -> None:
    with pytest.raises(PlexNotFound, match="no item 999"):
        pin_scene(bench.workplace.contexts.current(60.0).plex, bench.database, 1, 999)


def test_a_pinned_scene_shows_there(bench: Workbench, two_versions: Item) -> None:
    sync(bench)
    pin(bench, 1, two_versions)
    sync(bench)
    assert shown(two_versions) == ("Title 1", "Text 1")
    bench.plex.reset_log()
    sync(bench)
    assert writes(bench) == 0
    undo(bench, 1)
    assert shown(two_versions) == ("Before", "Old")


@pytest.mark.parametrize("knows", [False, True])
def test_an_undo_of_who_showed_there_before_says_who_does_now(
    bench: Workbench, two_versions: Item, caplog: pytest.LogCaptureFixture, knows: bool
) -> None:
    sync(bench, 2)
    pin(bench, 1, two_versions)
    sync(bench, 1)
    if knows:
        sync(bench, 2)
    before = bench.plex.snapshot()
    planned = UndoTask(bench.workplace, Request({}, {"scene_id": 2}), dict, bench.clock).undo_scene()
    assert "Plex shows scene 1 in " in planned["unchanged"]["2"]
    caplog.clear()
    caplog.set_level(logging.INFO)
    undo(bench, 2)
    assert "Plex shows scene 1 in " in caplog.text
    assert "nothing was ever written" not in caplog.text
    assert bench.plex.snapshot() == before


def test_the_pinned_scene_need_not_be_in_the_batch(bench: Workbench, two_versions: Item) -> None:
    pin(bench, 1, two_versions)
    sync(bench, 2)
    assert shown(two_versions) == ("Before", "Old")
    bench.stash.library.remove_scene(1)
    sync(bench, 2)
    assert shown(two_versions) == ("Title 2", "Text 2")


def test_a_pin_chooses_among_equal_rivals_whatever_the_path_map_says(bench: Workbench) -> None:
    scene_id = add(bench, "S/c.mp4")
    keys = [bench.plex.add_item(bench.section, f"/media/{disk}/S/c.mp4") for disk in "ab"]
    sync(bench)
    assert len(bench.dead_letters()) == 1
    pin(bench, scene_id, bench.plex.item(keys[1]))
    sync(bench)
    assert bench.dead_letters() == []
    assert [bench.plex.item(key).title for key in keys] == ["c", "Title 1"]


def test_a_pin_follows_its_file_to_another_key(bench: Workbench, two_versions: Item) -> None:
    pin(bench, 1, two_versions)
    sync(bench)
    key = bench.plex.versions.rescan(two_versions.rating_key)
    sync(bench)
    assert shown(bench.plex.item(key)) == ("Title 1", "Text 1")
    assert [each.rating_key for each in Pins(bench.database, bench.plex.machine_identifier).all()] == [key]


# --- what it costs


def test_where_nobody_can_rival_nobody_is_asked(bench: Workbench) -> None:
    for number in range(5):
        tail = f"S/{number}.mp4"
        add(bench, tail)
        bench.plex.add_item(bench.section, f"/media/{tail}")
    bench.stash.reset_log()
    sync(bench)
    sync(bench)
    assert not [request for request in bench.stash.requests if b"MATCHES_REGEX" in request.body]


def test_an_owner_asks_nobody_again(bench: Workbench, two_versions: Item) -> None:
    sync(bench, 2)
    bench.stash.reset_log()
    bench.plex.reset_log()
    sync(bench, 2)
    assert not [request for request in bench.stash.requests if b"MATCHES_REGEX" in request.body]
    assert len(bench.plex.requests) == 1


def test_the_state_says_whose_an_item_is(bench: Workbench, two_versions: Item) -> None:
    sync(bench)
    state = SyncState(bench.database, bench.plex.machine_identifier).items([two_versions.rating_key])
    assert state[two_versions.rating_key].scene_id == 2
    assert set(state[two_versions.rating_key].files) == set(two_versions.files)


def test_rivals_of_a_whole_batch_are_asked_for_at_once(bench: Workbench) -> None:
    bench.stash.library.roots = ["/mnt/1", "/mnt/2"]
    items = []
    for number in range(30):
        tail = f"S/{number}.mp4"
        add(bench, tail, "/mnt/1"), add(bench, tail, "/mnt/2")
        items.append(bench.plex.item(bench.plex.add_item(bench.section, f"/media/{tail}")))
    bench.stash.reset_log()
    sync(bench)
    assert [item.title for item in items] == [f"Title {2 * number + 1}" for number in range(30)]
    assert sorted(letter.scene_id for letter in bench.dead_letters()) == list(range(2, 61, 2))
    assert sum(b"MATCHES_REGEX" in request.body for request in bench.stash.requests) <= 2  # batches
    bench.plex.reset_log()
    sync(bench)
    assert writes(bench) == 0


def test_of_three_versions_the_next_one_takes_over(bench: Workbench) -> None:
    for name in "abc":
        add(bench, f"S/{name}.mp4")
    key = bench.plex.add_item(bench.section, "/media/S/c.mp4", title="Before", summary="Old")
    bench.plex.versions.merge(key, *(bench.plex.add_item(bench.section, f"/media/S/{name}.mp4") for name in "ab"))
    item = bench.plex.item(key)
    sync(bench)
    assert item.title == "Title 3"
    bench.stash.library.remove_scene(3)
    sync(bench)
    assert item.title == "Title 1"
    undo(bench, 1)
    assert shown(item) == ("Before", "Old")


def test_nobody_takes_the_place_of_a_scene_that_was_undone(bench: Workbench, two_versions: Item) -> None:
    sync(bench)
    undo(bench, 2)
    sync(bench, 1)
    assert shown(two_versions) == ("Before", "Old")


def test_nobody_takes_the_place_of_a_scene_that_stash_cannot_answer_for(bench: Workbench, two_versions: Item) -> None:
    sync(bench)
    bench.stash.break_scene(2)
    sync(bench, 1)
    assert shown(two_versions) == ("Title 2", "Text 2")
