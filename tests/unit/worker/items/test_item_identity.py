"""Plex gives keys to other files, and files other keys: nothing of one film gets into another, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from sync_queue.enqueue import enqueue_undo
from sync_queue.state.gone import known_items
from tests.simulators.faults import Waiting
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import jpeg
from tests.simulators.plex_items import Item
from tests.support.queue_examples import pending_data
from tests.support.workbench import Workbench

A_WHILE = 900.0
"""Seconds after which the index is looked at again."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        for number in (1, 2, 3):
            scene_id = made.add_scene(title=f"Title {number}", details=f"Text {number}", cover=jpeg(str(number)))
            made.plex.edit_as_user(made.keys[scene_id], lock=False, summary=f"Old {number}", genres=[f"Genre {number}"])
        yield made


def sync(bench: Workbench, *scene_ids: int) -> None:
    bench.clock.now += A_WHILE
    bench.enqueue(*(scene_ids or bench.keys))
    bench.drain()


def undo(bench: Workbench, *scene_ids: int) -> None:
    enqueue_undo(bench.database, scene_ids or list(bench.keys), bench.clock.now)
    bench.drain()


def items(bench: Workbench) -> dict[int, Item]:
    """By the number of the scene whose file they have, whatever their keys are."""
    found = {}
    for key in list(bench.plex.items):
        item = bench.plex.item(key)
        for file in item.files:
            found[int(file.rpartition("-")[2].partition(".")[0])] = item
    return found


def assert_in_step(bench: Workbench, *numbers: int) -> None:
    found = items(bench)
    for number in numbers or bench.keys:
        item = found[number]
        assert (item.title, item.summary) == (f"Title {number}", f"Text {number}")
        assert item.shown("thumb") == bench.stash.scene(number).cover


def uploads(bench: Workbench) -> dict[int, int]:
    return {number: len(item.uploads("thumb")) for number, item in items(bench).items()}


def summaries(bench: Workbench) -> dict[int, str]:
    return {number: item.summary for number, item in sorted(items(bench).items())}


OLD = {1: "Old 1", 2: "Old 2", 3: "Old 3"}


def test_swapped_keys_are_two_other_items(bench: Workbench) -> None:
    sync(bench)
    bench.plex.versions.swap(bench.keys[1], bench.keys[2])
    undo(bench)
    assert summaries(bench) == OLD


def test_swapped_and_synced_they_can_still_be_undone(bench: Workbench) -> None:
    sync(bench)
    before = uploads(bench)
    bench.plex.versions.swap(bench.keys[1], bench.keys[2])
    bench.edit(1, rating100=50)
    sync(bench)
    assert_in_step(bench)
    assert uploads(bench) == before
    undo(bench)
    assert summaries(bench) == OLD


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_swapped_and_one_of_them_synced_both_can_be_undone_one_by_one(bench: Workbench, order: tuple[int, int]) -> None:
    sync(bench)
    bench.plex.versions.swap(bench.keys[1], bench.keys[2])
    bench.edit(1, title="Title 1", details="Text 1", rating100=50)
    sync(bench, 1)
    kept = known_items(bench.database, bench.plex.machine_identifier, 0, 10)
    assert set(bench.keys.values()) < set(kept)  # and one of them is parked, where the daily tidying finds it
    for number in order:
        undo(bench, number)
    assert summaries(bench) == {**OLD, 3: "Text 3"}


def test_swapped_they_can_be_undone_one_by_one(bench: Workbench) -> None:
    sync(bench)
    bench.plex.versions.swap(bench.keys[1], bench.keys[2])
    for number in bench.keys:
        undo(bench, number)
    assert summaries(bench) == OLD


@pytest.mark.parametrize("with_values", [False, True])
def test_a_rescanned_file_gets_its_values_and_its_picture(bench: Workbench, with_values: bool) -> None:
    sync(bench)
    bench.plex.versions.rescan(bench.keys[1], with_values=with_values)
    sync(bench)
    assert_in_step(bench)
    assert uploads(bench) == {1: 1, 2: 1, 3: 1}
    undo(bench)
    assert summaries(bench) == ({**OLD, 1: "Old 1"} if with_values else {**OLD, 1: ""})


def test_a_key_given_to_another_film_is_not_undone_into_it(bench: Workbench) -> None:
    """Restored from a backup of before scene 1's file was there, Plex gives its key to a film that nobody synced."""
    versions = bench.plex.versions
    backup = versions.backup()
    key = bench.plex.add_item(bench.section, "/media/scene-4.mp4", summary="Old 4")
    bench.add_scene(in_plex=False, title="Title 4", details="Text 4", cover=jpeg("4"))
    bench.keys[4] = key
    sync(bench)
    versions.restore(backup)
    stranger = bench.plex.add_item(bench.section, "/media/else.mp4", summary="Somebody else's")
    assert stranger == key
    undo(bench)
    assert bench.plex.item(stranger).summary == "Somebody else's"
    assert bench.plex.item(bench.keys[1]).summary == "Old 1"


def test_a_key_given_to_another_scenes_film_is_written_with_its_own(bench: Workbench) -> None:
    versions = bench.plex.versions
    backup = versions.backup()
    bench.add_scene(title="Title 4", details="Text 4", cover=jpeg("4"))
    sync(bench)
    versions.restore(backup)
    bench.add_scene(in_plex=False, title="Title 5", details="Text 5", cover=jpeg("5"))
    key = bench.plex.add_item(bench.section, "/media/scene-5.mp4", summary="Old 5")
    assert key == bench.keys.pop(4)
    bench.keys[5] = key
    sync(bench)
    assert_in_step(bench, 5)
    undo(bench)
    assert summaries(bench) == {**OLD, 5: "Old 5"}


def test_a_restored_backup_gets_its_values_and_its_pictures_again(bench: Workbench) -> None:
    backup = bench.plex.versions.backup()
    sync(bench)
    bench.plex.versions.restore(backup)
    sync(bench)
    assert_in_step(bench)
    undo(bench)
    assert summaries(bench) == OLD


def test_a_renamed_file_is_the_same_item(bench: Workbench) -> None:
    sync(bench)
    item = bench.item(1)
    rename(bench, item, "/media/renamed-1.mp4", "/data/renamed-1.mp4")
    undo(bench, 1)
    assert summaries(bench)[1] == "Old 1"


def test_a_renamed_file_keeps_its_picture(bench: Workbench) -> None:
    sync(bench)
    rename(bench, bench.item(1), "/media/renamed-1.mp4", "/data/renamed-1.mp4")
    sync(bench)
    assert uploads(bench) == {1: 1, 2: 1, 3: 1}
    undo(bench, 1)
    assert summaries(bench)[1] == "Old 1"


def rename(bench: Workbench, item: Item, in_plex: str, in_stash: str) -> None:
    library = bench.plex
    with library.lock:
        for file in item.files:
            library._keys_by_file[file].remove(item.rating_key)
        library.items[item.rating_key].files = (in_plex,)
        library._keys_by_file.setdefault(in_plex, []).append(item.rating_key)
        library._content_changed(library.sections[bench.section])
    (video,) = bench.stash.scene(1).files
    bench.stash.library.change_scene(1, files=[replace(video, path=in_stash)])


def test_merged_versions_keep_what_was_there_before(bench: Workbench) -> None:
    sync(bench)
    bench.plex.versions.merge(bench.keys[1], bench.keys[2])
    sync(bench)
    assert bench.item(1).summary == "Text 1"
    undo(bench)
    assert bench.item(1).summary == "Old 1"


def test_stacked_and_split_again_each_scene_has_its_own(bench: Workbench) -> None:
    versions = bench.plex.versions
    versions.merge(bench.keys[1], bench.keys[2])
    versions.stack(bench.keys[1])
    sync(bench)
    assert bench.item(1).summary == "Text 1"
    bench.plex.items[bench.keys[1]].part_counts = (1, 1)
    versions.split(bench.keys[1])
    sync(bench)
    assert_in_step(bench)


@pytest.mark.parametrize("with_values", [True, False])
@pytest.mark.parametrize("keeps_key", [True, False])
@pytest.mark.parametrize("order", [[1, 2], [2, 1], [0]], ids=str)
def test_what_was_there_before_belongs_to_each_item_of_a_split(
    bench: Workbench, order: list[int], keeps_key: bool, with_values: bool
) -> None:
    versions = bench.plex.versions
    versions.merge(bench.keys[1], bench.keys[2])
    sync(bench)
    versions.split(bench.keys[1], with_values=with_values, keeps_key=keeps_key)
    for number in order:
        sync(bench, *([number] if number else bench.keys))
    assert_in_step(bench)
    undo(bench)
    bare = {1: OLD[1] if with_values or keeps_key else "", 2: OLD[1] if with_values else ""}
    assert summaries(bench) == {**OLD, **bare}
    assert set(items(bench)[2].genres) == ({"Genre 1"} if with_values else set())


def test_an_item_of_another_library_that_has_the_file_too_keeps_its_own(bench: Workbench) -> None:
    other = bench.plex.add_section("Others", locations=["/media"])
    bench.plex.versions.merge(bench.keys[1], bench.keys[2])
    sync(bench)
    key = bench.plex.add_item(other, "/media/scene-2.mp4", summary="Text 1", title="Title 1")
    sync(bench, 2)
    undo(bench, 2)
    assert (bench.plex.item(key).summary, bench.plex.item(key).title) == ("Text 1", "Title 1")


def test_another_server_behind_the_address_is_another_server(bench: Workbench) -> None:
    sync(bench)
    bench.plex.machine_identifier = "f" * 40
    for number, key in bench.keys.items():
        bench.plex.edit_as_user(key, lock=False, summary=f"There {number}")
    undo(bench)
    assert summaries(bench) == {1: "There 1", 2: "There 2", 3: "There 3"}
    sync(bench)
    assert_in_step(bench)
    undo(bench)
    assert summaries(bench) == {1: "There 1", 2: "There 2", 3: "There 3"}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_plex_does_to_keys_every_film_ends_as_its_scene_says(bench: Workbench, seed: int) -> None:
    chance = random.Random(seed)
    versions = bench.plex.versions

    def happens(keys: list[int]) -> None:
        what = chance.randrange(3)
        if what == 0:
            versions.swap(*chance.sample(keys, 2))
        else:
            versions.rescan(chance.choice(keys), with_values=what == 1)

    sync(bench)
    for _ in range(5):
        happens(sorted(bench.plex.items))
        sync(bench)
        assert_in_step(bench)
        assert set(uploads(bench).values()) == {1}


# --- between the write and the look at what it did


ITEMS = r"/library/metadata/[0-9,]+"
EDITS = r"/library/sections/\d+/all"


def meanwhile(bench: Workbench, act: Callable[[], object], *, method: str, path: str) -> None:
    """Do something in Plex once, right behind its next answer to such a request."""

    def answer_and_act(_: Request, answer: Callable[[], Response], __: Waiting) -> Response:
        reply = answer()
        act()
        return reply

    bench.plex.inject(answer_and_act, method=method, path=path, times=1)


@pytest.mark.parametrize("with_values", [False, True])
@pytest.mark.parametrize(("method", "path"), [("GET", ITEMS), ("PUT", EDITS)])
def test_a_file_under_a_new_key_is_looked_up_again(bench: Workbench, method: str, path: str, with_values: bool) -> None:
    sync(bench)

    def rescan() -> None:
        bench.plex.versions.rescan(bench.keys[1], with_values=with_values)

    bench.edit(1, title="Title 1", details="Seen", rating100=70)
    meanwhile(bench, rescan, method=method, path=path)
    bench.drain()
    item = items(bench)[1]
    assert (item.title, item.summary, item.user_rating) == ("Title 1", "Seen", 7.0)
    assert item.shown("thumb") == bench.stash.scene(1).cover
    assert bench.dead_letters() == []


def test_a_key_that_means_another_film_meanwhile_takes_nothing_from_the_look(bench: Workbench) -> None:
    sync(bench)
    bench.edit(1, title="Title 1", details="Seen")
    swap = partial(bench.plex.versions.swap, bench.keys[1], bench.keys[2])
    meanwhile(bench, swap, method="PUT", path=EDITS)
    bench.drain()
    assert summaries(bench) == {1: "Seen", 2: "Text 2", 3: "Text 3"}
    undo(bench)
    assert summaries(bench) == OLD


@pytest.mark.parametrize(("method", "path"), [("PUT", EDITS), ("GET", ITEMS)])
def test_a_film_that_took_what_was_meant_for_another_is_written_as_its_own_scene_says(
    bench: Workbench, method: str, path: str
) -> None:
    bench.stash.save_without_hook(2, rating100=40)
    sync(bench)
    bench.stash.library.change_scene(1, cover=jpeg("another"))
    bench.edit(1, title="Title 1", details="Seen", rating100=70)
    swap = partial(bench.plex.versions.swap, bench.keys[1], bench.keys[2])
    meanwhile(bench, swap, method=method, path=path)
    bench.drain()
    assert summaries(bench) == {1: "Seen", 2: "Text 2", 3: "Text 3"}
    found = items(bench)
    assert {number: item.user_rating for number, item in found.items()} == {1: 7.0, 2: 4.0, 3: None}
    assert {number: item.shown("thumb") for number, item in found.items()} == {
        number: bench.stash.scene(number).cover for number in found
    }


def test_an_item_that_is_gone_for_good_is_not_done(bench: Workbench) -> None:
    sync(bench)
    bench.edit(1, title="Title 1", details="Seen")
    meanwhile(bench, partial(bench.plex.remove_item, bench.keys[1]), method="PUT", path=EDITS)
    bench.step()
    assert bench.pending() == [1]


def test_an_item_that_moves_again_and_again_is_not_done_before_it_shows(bench: Workbench) -> None:
    def rescan() -> None:
        bench.plex.versions.rescan(items(bench)[1].rating_key)

    for _ in range(6):
        meanwhile(bench, rescan, method="PUT", path=EDITS)
    bench.enqueue(1)
    bench.step()
    (waiting,) = pending_data(bench.database)
    assert (waiting["scene_id"], waiting["last_error_type"]) == (1, "PlexNotFound")
    bench.drain()
    assert_in_step(bench, 1)


@pytest.mark.parametrize("with_values", [False, True])
@pytest.mark.parametrize("kind", ["posters", "arts"])
def test_a_picture_sent_to_an_item_that_goes_away_is_sent_again(bench: Workbench, kind: str, with_values: bool) -> None:
    rescan = partial(bench.plex.versions.rescan, bench.keys[1], with_values=with_values)
    meanwhile(bench, rescan, method="POST", path=rf"/library/metadata/\d+/{kind}")
    sync(bench, 1)
    assert_in_step(bench, 1)


def test_another_server_that_comes_up_after_an_outage_is_another_server(bench: Workbench) -> None:
    sync(bench)
    bench.plex.refuse()
    bench.edit(1, title="Title 1", details="Seen")
    bench.step()
    bench.plex.machine_identifier = "e" * 40
    for number, key in bench.keys.items():
        bench.plex.edit_as_user(key, lock=False, summary=f"There {number}")
    bench.plex.accept()
    bench.drain()
    assert summaries(bench) == {1: "Seen", 2: "There 2", 3: "There 3"}
    undo(bench)
    assert summaries(bench) == {1: "There 1", 2: "There 2", 3: "There 3"}
