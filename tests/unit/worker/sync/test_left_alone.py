"""What is an edit and what is left alone on purpose; what an emptied field and an undone scene become."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import enqueue, enqueue_undo
from tests.support.filled_settings import shown
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict

AN_HOUR = 3600.0


@pytest.fixture
def bench(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Workbench]:
    caplog.set_level(logging.INFO)
    with Workbench(tmp_path, scenes=1) as made:
        yield made


def verdict(bench: Workbench, scene_id: int) -> Verdict:
    context = bench.workplace.contexts.current(max_age=0.0)
    return Comparison(context, bench.database, bench.clock).compare([scene_id])[0].verdict


def test_a_title_alone_is_an_edit(bench: Workbench) -> None:
    plain = bench.add_scene()
    bench.edit(plain, title="Typed by hand")
    bench.drain()
    assert bench.item(plain).title == "Typed by hand"


@pytest.mark.parametrize("title", ["Scene-2", "scéne-2", "scene -2", "Scene-2.mp4", "scene-2.MP4"])
def test_so_is_the_files_name_set_right(bench: Workbench, title: str) -> None:
    plain = bench.add_scene()
    bench.edit(plain, title=title)
    bench.drain()
    assert bench.item(plain).title == title


@pytest.mark.parametrize("title", ["scene-2", "scene-2.mp4", " scene-2 "])
def test_the_files_name_is_none_and_that_is_said_once(
    bench: Workbench, caplog: pytest.LogCaptureFixture, title: str
) -> None:
    plain = bench.add_scene()
    bench.edit(plain, title=title)
    bench.drain()
    sync_all(bench)
    assert bench.item(plain).edit_count == 0
    said = [text for text in caplog.messages if "left alone" in text]
    assert len(said) == 1
    assert "its title is only the name of its file" in said[0]


def test_a_cover_alone_is_an_edit_where_a_person_set_it(bench: Workbench) -> None:
    plain = bench.add_scene()
    sync_all(bench)
    assert bench.item(plain).upload_count == 0, "Stash makes a cover of every file"
    enqueue(bench.database, plain, ["cover_image"], "hook", bench.clock.now)
    bench.drain()
    assert bench.item(plain).shown("thumb") == bench.scene(plain).cover


def test_many_that_are_left_alone_are_one_line(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        bench.add_scene()
    sync_all(bench)
    sync_all(bench)
    said = [text for text in caplog.messages if "left alone" in text]
    assert said == ["20 scenes left alone, Stash says nothing of it yet that Plex could show"]


@pytest.mark.parametrize(
    ("fields", "emptied", "attribute"),
    [({"title": "Ours"}, {"title": ""}, "title"), ({"rating100": 80}, {"rating100": None}, "user_rating")],
)
@pytest.mark.parametrize("before", [True, False])
def test_an_emptied_title_or_rating_gives_way_to_what_was_there(
    bench: Workbench, fields: dict[str, Any], emptied: dict[str, Any], attribute: str, before: bool
) -> None:
    bare = bench.add_scene(details="d")
    if before:
        bench.plex.edit_as_user(bench.keys[bare], lock=False, title="Before", user_rating=4.0)
    was = getattr(bench.item(bare), attribute)
    bench.edit(bare, **fields)
    bench.drain()
    assert getattr(bench.item(bare), attribute) != was
    bench.edit(bare, **emptied)
    bench.drain()
    assert getattr(bench.item(bare), attribute) == was
    assert "title" not in bench.item(bare).locked
    edits = bench.item(bare).edit_count
    sync_all(bench)
    assert bench.item(bare).edit_count == edits


def test_one_that_was_changed_in_plex_since_stays(bench: Workbench) -> None:
    bench.edit(1, title="Ours", rating100=80)
    bench.drain()
    bench.plex.edit_as_user(bench.keys[1], title="Theirs", user_rating=2.0)
    bench.edit(1, title="", rating100=None)
    bench.drain()
    assert (bench.item(1).title, bench.item(1).user_rating) == ("Theirs", 2.0)


SAID: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a code": {"code": "AB-1"},
    "the file's name": {"title": "scene-2"},
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize("settings", [{"title_from_filename": True, "content_rating": "XXX"}, {"code_as": "tagline"}])
def test_what_a_setting_took_in_is_as_before_once_the_setting_is_gone(
    bench: Workbench, said: dict[str, Any], settings: dict[str, Any]
) -> None:
    plain = bench.add_scene(**said)
    before = {"genres": ("Drama",), "summary": "Before", "studio": "Before", "roles": ("Ann",)}
    bench.plex.edit_as_user(bench.keys[plain], lock=False, **before, content_rating="R")
    was = shown(bench.item(plain))
    bench.configure(**settings)
    sync_all(bench)
    bench.configure()
    sync_all(bench)
    assert shown(bench.item(plain)) == was
    assert sync_all(bench) == 0
    assert verdict(bench, plain) is not Verdict.DIFFERS


def test_a_cover_alone_brings_nothing_but_itself(bench: Workbench) -> None:
    plain = bench.add_scene()
    bench.plex.edit_as_user(bench.keys[plain], lock=False, genres=("Drama",), summary="Theirs")
    was = shown(bench.item(plain))
    enqueue(bench.database, plain, ["cover_image"], "hook", bench.clock.now)
    bench.drain()
    assert bench.item(plain).shown("thumb") == bench.scene(plain).cover
    assert shown(bench.item(plain)) == was


def test_emptied_of_all_a_scene_gives_back_what_was_there(bench: Workbench) -> None:
    plain = bench.add_scene()
    bench.plex.edit_as_user(bench.keys[plain], lock=False, genres=("Drama",), summary="Before", studio="Theirs")
    was = shown(bench.item(plain))
    bench.edit(plain, title="Title", details="Summary")
    bench.drain()
    bench.plex.edit_as_user(bench.keys[plain], studio="Typed")
    bench.edit(plain, title="", details="")
    bench.drain()
    assert shown(bench.item(plain)) == {**was, "studio": "Typed", "locked": {"studio"}}


class TestUndone:
    @pytest.fixture
    def undone(self, bench: Workbench) -> Workbench:
        bench.clock.now += AN_HOUR
        bench.enqueue(1)
        bench.drain()
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        return bench

    @pytest.mark.parametrize("source", ["all", "recent", "catch-up", "reconcile", "reconcile_now", "rename", "removal"])
    def test_what_is_about_the_whole_library_leaves_it_alone_and_says_so(
        self, undone: Workbench, caplog: pytest.LogCaptureFixture, source: str
    ) -> None:
        sync_all(undone, source)
        assert undone.item(1).title == "scene-1"
        assert verdict(undone, 1) is Verdict.UNDONE
        assert "left alone, undone" in caplog.text

    def test_an_edit_in_stash_ends_that(self, undone: Workbench) -> None:
        undone.clock.now += AN_HOUR
        undone.edit(1, details="Newer")
        undone.drain()
        assert undone.shows(1)
        assert verdict(undone, 1) is Verdict.IN_STEP

    def test_so_does_an_edit_whose_hook_was_lost(self, undone: Workbench) -> None:
        undone.clock.now += AN_HOUR
        undone.stash.save_without_hook(1, details="Newer")
        sync_all(undone, "catch-up")
        assert undone.shows(1)

    @pytest.mark.parametrize("source", ["sync_scene", "redrive"])
    def test_so_does_a_sync_by_hand(self, undone: Workbench, source: str) -> None:
        sync_all(undone, source)
        assert undone.shows(1)
        sync_all(undone)
        assert verdict(undone, 1) is Verdict.IN_STEP
