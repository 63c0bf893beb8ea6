"""A scene's picture as Stash gives it, over real HTTP against a simulated Stash."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from stash.client import SCREENSHOT_BYTES, StashClient
from stash.exceptions import StashSilent, StashUnauthorized, StashUnavailable
from tests.simulators.faults import cut_off_body, drip, hang, status
from tests.simulators.stash import StashSimulator
from tests.support.builders import scene


@pytest.fixture
def stash() -> Iterator[StashSimulator]:
    with StashSimulator() as running:
        yield running


def client(stash: StashSimulator) -> StashClient:
    return StashClient(stash.server_connection(), connect_timeout=2.0, read_timeout=5.0)


def picture(stash: StashSimulator, cover: bytes | None) -> bytes | None:
    stash.add_scene("/library/1.mp4", cover=cover)
    asked = client(stash)
    return asked.screenshot(asked.scenes([1])[1])


@pytest.mark.parametrize("beginning", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\n\0\0\0WEBP"])
def test_pictures_of_the_formats_that_stash_takes(stash: StashSimulator, beginning: bytes) -> None:
    assert picture(stash, beginning + b"picture") == beginning + b"picture"


@pytest.mark.parametrize("cover", [None, b"", b"<html></html>", b"RIFF\n\0\0\0WAVE", b"\0\0\0\x20ftypisom"])
def test_what_is_no_picture(stash: StashSimulator, cover: bytes | None) -> None:
    assert picture(stash, cover) is None


def test_of_a_picture_over_the_largest_size_one_byte_more_is_read(stash: StashSimulator) -> None:
    largest = b"\xff\xd8\xff".ljust(SCREENSHOT_BYTES, b"x")
    assert picture(stash, largest) == largest
    stash.library.change_scene(1, cover=largest + b"xyz")
    image = client(stash).screenshot(client(stash).scenes([1])[1])
    assert image == largest + b"x"


def test_a_scene_without_an_address_of_a_picture(stash: StashSimulator) -> None:
    assert client(stash).screenshot(scene(screenshot="")) is None
    assert stash.count() == 0


@pytest.mark.parametrize("front", ["https://stash.example", "https://stash.example/nas/stash", "", "//other"])
def test_pictures_come_from_stash_itself_whatever_proxy_stands_in_front(stash: StashSimulator, front: str) -> None:
    added = stash.add_scene("/library/1.mp4")
    address = f"{front}/scene/1/screenshot?t=1790000000"
    assert client(stash).screenshot(scene(screenshot=address)) == added.cover
    assert stash.requests[-1].target == "/scene/1/screenshot?t=1790000000"


def test_the_picture_of_a_scene_that_is_gone(stash: StashSimulator) -> None:
    assert client(stash).screenshot(scene(screenshot=f"{stash.url}/scene/9/screenshot")) is None


def test_a_login_page_is_never_taken_for_a_picture() -> None:
    with StashSimulator(password=True) as stash:
        stash.add_scene("/library/1.mp4")
        asked = client(stash)
        found = asked.scenes([1])[1]
        stash.expire_sessions()
        with pytest.raises(StashUnauthorized):
            asked.screenshot(found)


@pytest.mark.parametrize("fault", [status(500), cut_off_body()])
def test_a_picture_that_does_not_come_whole(stash: StashSimulator, fault: Any) -> None:
    stash.add_scene("/library/1.mp4")
    asked = client(stash)
    found = asked.scenes([1])[1]
    stash.inject(fault)
    with pytest.raises(StashUnavailable) as caught:
        asked.screenshot(found)
    assert caught.value.__context__ is None


def test_a_picture_that_drips_is_none(stash: StashSimulator) -> None:
    scene_id = stash.add_scene("/library/1.mp4").id
    steps = itertools.count(0.0, 30.0)
    asked = StashClient(stash.server_connection(), clock=lambda: next(steps))
    scene = client(stash).scenes([scene_id])[scene_id]
    stash.inject(drip(0.0005, "body", endless=True), prefix="/scene")
    with pytest.raises(StashUnavailable, match="was not done"):
        asked.screenshot(scene)


@pytest.mark.parametrize("fault", [hang(), drip(0.05, "body", endless=True)])
def test_a_picture_is_waited_for_as_long_as_it_is_given(stash: StashSimulator, fault: Any) -> None:
    stash.add_scene("/library/1.mp4")
    asked = client(stash)
    found = asked.scenes([1])[1]
    injected = stash.inject(fault, prefix="/scene")
    with pytest.raises(StashSilent, match=r"0\.2 seconds"):
        asked.screenshot(found, 0.2)
    injected.stop()
