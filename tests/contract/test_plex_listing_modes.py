"""Listings that misbehave, one mode after the other and together, asked with python-plexapi and over bare HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from plexapi.server import PlexServer

from tests.simulators.faults import section_listing, status
from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_listing_modes import (
    ListingModes,
    absent_total,
    adding,
    growing_total,
    negative_total,
    removing,
    wrong_total,
)

LISTING = "/library/sections/1/all?type=1"


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    simulator = PlexSimulator(clock=lambda: 1_700_000_000)
    with simulator:
        simulator.add_section("Movies")
        for number in range(20):
            simulator.add_item(1, f"/media/{number:02d}.mp4", genres="ABCDE", collections=["C", "D"])
        yield simulator
    assert simulator.errors == []


@pytest.fixture
def modes(plex: PlexSimulator) -> ListingModes:
    return plex.listing_modes


def ask(plex: PlexSimulator, path: str, start: int = 0, size: int | None = 5) -> requests.Response:
    headers = {"X-Plex-Token": DEFAULT_TOKEN}
    if size is not None:
        headers |= {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
    return requests.get(plex.url + path, headers=headers, timeout=10)


def page(plex: PlexSimulator, start: int = 0, size: int | None = 5, path: str = LISTING) -> ElementTree.Element:
    return ElementTree.fromstring(ask(plex, path, start, size).text)  # noqa: S314 - our own reply


def keys(plex: PlexSimulator, path: str = LISTING) -> list[int]:
    """Page through the listing once, five items at a time."""
    return [int(video.attrib["ratingKey"]) for start in range(0, 20, 5) for video in page(plex, start, path=path)]


def test_an_item_that_goes_between_pages_hides_another(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.between_pages = removing(plex, times=1)
    assert keys(plex) == [1, 2, 3, 4, 5, *range(7, 21)]


def test_an_item_that_comes_between_pages_shows_another_twice(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.between_pages = adding(plex, times=1)
    assert keys(plex)[4:7] == [5, 5, 6]


def test_ties_come_in_another_order_on_each_request(plex: PlexSimulator, modes: ListingModes) -> None:
    by_age = LISTING + "&sort=addedAt:desc"
    assert keys(plex, by_age) == keys(plex, by_age)
    modes.tie_order = random.Random(7)
    seen = keys(plex, by_age)
    assert len(seen) == 20
    assert len(set(seen)) < 20
    modes.tie_order = random.Random(7)
    assert keys(plex, by_age) == seen


def test_slow_pages_are_faster_where_they_are_smaller(plex: PlexSimulator, modes: ListingModes) -> None:
    waits: list[float] = []
    modes.sleep, modes.page_seconds, modes.item_seconds = waits.append, 1.0, 0.5
    page(plex, size=4)
    page(plex, size=20)
    ask(plex, "/library/sections")
    assert waits == [3.0, 11.0]


def test_a_total_that_is_not_right(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.total_size = negative_total
    assert page(plex).get("totalSize") == "-1"
    modes.total_size = absent_total
    assert page(plex).get("totalSize") is None
    modes.total_size = wrong_total(-3)
    assert page(plex).get("totalSize") == "17"
    modes.total_size = growing_total(10)
    assert [page(plex, start).get("totalSize") for start in (0, 5, 10)] == ["30", "40", "50"]


def test_listings_after_a_start_lack_items(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.cold_requests, modes.cold_share = 2, 0.1
    modes.warm_up()
    assert [len(page(plex, size=50)) for _ in range(3)] == [2, 2, 20]
    plex.refuse()
    modes.cold_share = 0.0
    plex.accept()
    assert [page(plex).get("totalSize") for _ in range(3)] == ["0", "0", "20"]


def test_only_some_libraries_start_cold(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.cold_requests, modes.cold_sections = 1, frozenset({2})
    modes.warm_up()
    plex.add_item(plex.add_section("Others"), "/others/a.mp4")
    assert [len(page(plex, path=f"/library/sections/{key}/all")) for key in (1, 2, 2)] == [5, 0, 1]


def test_one_library_of_two_fails(plex: PlexSimulator) -> None:
    plex.add_section("Others")
    plex.inject(status(500), path=section_listing(2))
    assert [ask(plex, f"/library/sections/{key}/all").status_code for key in (1, 2)] == [200, 500]


def test_an_old_server_does_not_say_when_contents_changed(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.content_changed_shown = False
    for path in ("/library/sections", "/library/sections/1"):
        (section,) = ElementTree.fromstring(ask(plex, path).text)  # noqa: S314 - our own reply
        assert "contentChangedAt" not in section.attrib
        assert "scannedAt" in section.attrib
    assert PlexServer(plex.url, DEFAULT_TOKEN).library.section("Movies").totalSize == 20


def test_a_listing_that_needs_a_size(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.size_required = True
    assert ask(plex, LISTING, size=None).status_code == 400
    assert ask(plex, LISTING).status_code == 200


def test_collections_in_listings(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.collections_listed = True
    video: Any = page(plex)[0]
    assert [tag.get("tag") for tag in video.iter("Collection")] == ["C", "D"]
    assert [tag.get("tag") for tag in video.iter("Genre")] == ["A", "B", "C"]


def test_modes_combine_and_plexapi_still_reads(plex: PlexSimulator, modes: ListingModes) -> None:
    modes.between_pages, modes.tie_order, modes.size_required = removing(plex, 1), random.Random(1), True
    modes.collections_listed, modes.content_changed_shown = True, False
    listed = PlexServer(plex.url, DEFAULT_TOKEN).library.section("Movies").all(container_size=5)
    assert len(listed) == 19


@pytest.mark.parametrize(("odd", "shown"), [(None, None), ("x", "x")])
def test_rows_with_odd_keys(plex: PlexSimulator, odd: str | None, shown: str | None) -> None:
    key = plex.add_item(1, "/media/odd.mp4")
    plex.listing_modes.odd_keys = {key: odd}
    rows = ElementTree.fromstring(ask(plex, LISTING, size=50).content)  # noqa: S314 - our own simulator's
    assert [row.get("ratingKey") for row in rows if row.get("title") == "odd"] == [shown]
