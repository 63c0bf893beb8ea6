"""Posters and backgrounds: uploaded when the bytes changed, and at no other time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import drop, status
from tests.simulators.pictures import jpeg
from tests.simulators.plex_items import Item
from tests.support.workbench import Workbench

AN_HOUR = 3600.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def uploads(item: Item) -> tuple[int, int]:
    return len(item.uploads("thumb")), len(item.uploads("art"))


def sync(bench: Workbench, scene_id: int = 1) -> None:
    """Let an hour pass, so that Stash's time says something, and sync the scene."""
    bench.clock.now += AN_HOUR
    bench.enqueue(scene_id)
    bench.drain()


def change_picture(bench: Workbench, data: bytes) -> None:
    bench.stash.library.change_scene(1, cover=data)


def test_poster_and_background_are_the_scenes_picture(bench: Workbench) -> None:
    sync(bench)
    item = bench.item(1)
    assert item.shown("thumb") == item.shown("art") == bench.stash.scene(1).cover
    assert {"thumb", "art"} <= item.locked


def test_a_picture_that_has_not_changed_is_not_uploaded_again(bench: Workbench) -> None:
    sync(bench)
    bench.edit(1, title="Another title")
    sync(bench)
    bench.restart()
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)


def test_an_unchanged_scene_does_not_even_ask_for_its_picture(bench: Workbench) -> None:
    sync(bench)
    bench.stash.reset_log()
    sync(bench)
    assert not [request for request in bench.stash.requests if "screenshot" in request.path]


def test_a_new_picture_is_uploaded_once(bench: Workbench) -> None:
    sync(bench)
    change_picture(bench, jpeg("another"))
    sync(bench)
    sync(bench)
    assert uploads(bench.item(1)) == (2, 2)
    assert bench.item(1).shown("thumb") == jpeg("another")


def test_a_picture_that_plex_shows_still_is_not_uploaded_again_after_another_one_failed(bench: Workbench) -> None:
    first = bench.stash.scene(1).cover
    assert first is not None
    sync(bench)
    fault = bench.plex.inject(status(400), method="POST")
    change_picture(bench, jpeg("another"))
    bench.clock.now += AN_HOUR
    bench.enqueue(1)
    bench.step()
    fault.remove()
    change_picture(bench, first)
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)
    assert bench.item(1).shown("thumb") == first


@pytest.mark.parametrize(
    ("skipped", "expected"), [("poster", (0, 1)), ("background", (1, 0)), ("poster, background", (0, 0))]
)
def test_either_may_be_left_alone(bench: Workbench, skipped: str, expected: tuple[int, int]) -> None:
    bench.configure(skip_fields=skipped)
    sync(bench)
    assert uploads(bench.item(1)) == expected


def test_a_picture_that_somebody_chose_in_plex_may_be_kept(bench: Workbench) -> None:
    bench.configure(preserve_plex_edits=True)
    bench.plex.upload(bench.keys[1], "thumb", jpeg("by hand"))
    sync(bench)
    assert bench.item(1).shown("thumb") == jpeg("by hand")
    assert bench.item(1).shown("art") == bench.stash.scene(1).cover


@pytest.mark.parametrize("picture", [None, b"<html>login</html>", b""])
def test_what_is_no_picture_is_not_uploaded(bench: Workbench, picture: bytes | None) -> None:
    bench.stash.library.change_scene(1, cover=picture)
    sync(bench)
    assert uploads(bench.item(1)) == (0, 0)
    assert bench.shows(1)
    assert bench.dead_letters() == []


def test_a_failed_upload_fails_nothing_else_and_is_tried_again(bench: Workbench) -> None:
    fault = bench.plex.inject(status(400), method="POST")
    bench.enqueue(1)
    bench.step()
    assert bench.shows(1)
    assert bench.pending() == [1]
    fault.remove()
    bench.drain()
    assert uploads(bench.item(1)) == (1, 1)


def test_an_upload_that_fails_for_ever_is_a_warning_in_the_end(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.plex.inject(status(400), method="POST")
    bench.enqueue(1)
    bench.drain()
    assert bench.shows(1)
    assert bench.dead_letters() == []
    assert "poster" in caplog.text


def test_a_scene_whose_picture_failed_gets_it_with_the_next_sync(bench: Workbench) -> None:
    fault = bench.plex.inject(status(400), method="POST")
    sync(bench)
    fault.remove()
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)


def test_an_upload_whose_reply_was_lost_is_not_repeated(bench: Workbench) -> None:
    bench.plex.inject(drop(applied=True), method="POST", times=1)
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)


def test_a_stash_that_gives_no_picture_now_gives_it_later(bench: Workbench) -> None:
    fault = bench.stash.inject(status(500), prefix="/scene/")
    bench.enqueue(1)
    bench.step()
    assert bench.shows(1)
    fault.remove()
    bench.drain()
    assert uploads(bench.item(1)) == (1, 1)


def test_what_plex_took_and_does_not_show_is_not_told_as_shown(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.writes.ignored = frozenset({"thumb"})
    sync(bench)
    assert any("does not list it" in text for text in caplog.messages)
    shown = [text for text in caplog.messages if "Plex now shows" in text]
    assert shown
    assert not [text for text in shown if "poster" in text]
    assert any("background" in text for text in shown)
    bench.plex.writes.ignored = frozenset()
    caplog.clear()
    sync(bench)
    assert any("Plex now shows poster" in text for text in caplog.messages)
