"""Listings that move, tie, lie, grow, are slow or lack most: the index is complete, or knows that it is not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plex.exceptions import PlexRequestFailed
from plex.files import listing
from plex.files.index import SECONDS_BETWEEN_SWEEPS, SECONDS_OF_DOUBT, FileIndex
from plex.files.listing import READINGS
from tests.simulators.faults import status
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_listing_modes import (
    absent_total,
    adding,
    growing_total,
    negative_total,
    removing,
    wrong_total,
)
from tests.support.index_examples import FOLDER, add, found, listings
from tests.support.plex_examples import Clock, client_of

COUNT = 26
LISTING = "/library/sections/1/all"


@pytest.fixture
def index(plex: PlexSimulator, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileIndex]:
    monkeypatch.setattr(listing, "NEWEST_PAGE_SIZE", 4)
    monkeypatch.setattr(listing, "SWEEP_PAGE_SIZE", 10)
    opened = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url, read_timeout=0.5), clock)
    yield opened
    opened.close()


def tied(plex: PlexSimulator, *numbers: int) -> None:
    for number in numbers:
        plex.add_item(1, f"{FOLDER}/{number}.mp4", added_at=5)


@pytest.mark.parametrize("seed", range(5))
def test_ties_in_any_order_hide_no_item(plex: PlexSimulator, index: FileIndex, seed: int) -> None:
    tied(plex, *range(COUNT))
    plex.listing_modes.tie_order = random.Random(seed)
    index.refresh()
    assert found(index, *range(COUNT)) == list(range(COUNT))


def test_nor_do_ties_of_title_and_time_together(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    for number in range(COUNT):
        plex.add_item(1, f"{FOLDER}/{number}.mp4", added_at=5, title="scene")
    plex.listing_modes.tie_order = random.Random(3)
    for _ in range(6):
        index.refresh(force=True)
        clock.now += SECONDS_BETWEEN_SWEEPS
    assert found(index, *range(COUNT)) == list(range(COUNT))


@pytest.mark.parametrize("times", [1, 2, 4])
def test_an_item_that_slides_over_a_border_is_found(plex: PlexSimulator, index: FileIndex, times: int) -> None:
    add(plex, *range(COUNT))
    plex.listing_modes.between_pages = removing(plex, times)
    index.refresh()
    left = [int(item.title) for item in plex.items.values()]
    assert set(left) <= set(found(index, *range(COUNT)))


def test_items_that_come_meanwhile_hide_none(plex: PlexSimulator, index: FileIndex) -> None:
    add(plex, *range(COUNT))
    plex.listing_modes.between_pages = adding(plex, 3)
    index.refresh()
    assert found(index, *range(COUNT)) == list(range(COUNT))


@pytest.mark.parametrize(
    "total",
    [negative_total, absent_total, growing_total(), growing_total(1_000), wrong_total(5), wrong_total(-2)],
    ids=["negative", "absent", "growing", "growing fast", "too many", "too few"],
)
@pytest.mark.parametrize("count", [COUNT, 20, 3])
def test_whatever_the_total_says_all_is_found_and_the_end_as_well(
    plex: PlexSimulator, index: FileIndex, total: Callable[[int, int], int | None], count: int
) -> None:
    add(plex, *range(count))
    plex.listing_modes.total_size = total
    index.refresh()
    assert found(index, *range(count)) == list(range(count))
    assert listings(plex) <= len(READINGS) * (count // 10 + 2)


def test_a_listing_without_an_end_is_left(plex: PlexSimulator, index: FileIndex) -> None:
    add(plex, *range(COUNT))
    plex.listing_modes.between_pages = adding(plex)
    plex.listing_modes.total_size = growing_total(100)
    index.refresh()
    assert listings(plex) < 200
    assert found(index, *range(COUNT)) == list(range(COUNT))


def test_what_a_doubtful_listing_does_not_show_stays(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    keys = add(plex, *range(COUNT))
    index.refresh()
    plex.remove_item(keys[3])
    plex.listing_modes.total_size = wrong_total(2)
    clock.now += SECONDS_BETWEEN_SWEEPS
    index.refresh(force=True)
    assert found(index, 3) == [3]
    plex.listing_modes.total_size = None
    clock.now += SECONDS_BETWEEN_SWEEPS
    index.refresh(force=True)
    assert found(index, 3, 4) == [4]


def test_a_listing_that_did_not_move_is_read_once(plex: PlexSimulator, index: FileIndex) -> None:
    add(plex, *range(COUNT))
    assert index.refresh().requests == 1 + 3


def test_a_slow_listing_is_read_in_smaller_pages(
    plex: PlexSimulator, index: FileIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SWEEP_PAGE_SIZE", 100)
    add(plex, *range(COUNT))
    plex.listing_modes.item_seconds = 0.03
    index.refresh()
    assert found(index, *range(COUNT)) == list(range(COUNT))
    slow = listings(plex)
    add(plex, COUNT)
    index.refresh()
    assert found(index, COUNT) == [COUNT]
    assert listings(plex) <= slow + 2


# --- an old server


def test_without_a_sign_of_change_one_newest_page_tells(plex: PlexSimulator, index: FileIndex) -> None:
    plex.listing_modes.content_changed_shown = False
    add(plex, *range(COUNT))
    index.refresh()
    assert index.refresh().requests == 2
    add(plex, COUNT)
    assert index.refresh().changed
    assert found(index, COUNT) == [COUNT]


# --- a server that has just started


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_a_listing_that_lacks_most_is_looked_at_again_before_it_is_believed(
    plex: PlexSimulator, index: FileIndex, clock: Clock, share: float
) -> None:
    add(plex, *range(COUNT))
    index.refresh()
    add(plex, COUNT)
    plex.listing_modes.cold_requests, plex.listing_modes.cold_share = 2, share
    plex.listing_modes.warm_up()
    (doubted,) = index.refresh().unlisted
    assert doubted.is_doubted
    assert found(index, *range(COUNT)) == list(range(COUNT))
    for _ in range(3):
        clock.now += 20
        report = index.refresh()
    assert report.unlisted == index.unlisted == ()
    assert found(index, *range(COUNT + 1)) == list(range(COUNT + 1))


def test_it_is_believed_after_a_minute(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    keys = add(plex, *range(COUNT))
    index.refresh()
    for key in keys[1:]:
        plex.remove_item(key)
    assert index.refresh().unlisted
    clock.now += SECONDS_OF_DOUBT
    assert not index.refresh().unlisted
    assert found(index, *range(COUNT)) == [0]


def test_the_first_listing_of_all_is_doubted_where_it_is_empty(
    plex: PlexSimulator, index: FileIndex, clock: Clock
) -> None:
    assert index.refresh().unlisted
    add(plex, 1)
    clock.now += 14.9  # a look may come a moment early
    assert index.refresh().unlisted == ()
    assert found(index, 1) == [1]


def test_a_doubt_costs_no_flood_of_requests(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    index.refresh()
    plex.reset_log()
    for _ in range(10):
        index.refresh()
    assert listings(plex) == 0


# --- one library of two


def test_one_library_that_cannot_be_listed_is_named_and_the_other_goes_on(
    plex: PlexSimulator, index: FileIndex, clock: Clock
) -> None:
    plex.add_section("Clips", locations=["/media/clips"])
    add(plex, 1)
    plex.inject(status(500), path="/library/sections/2/all")
    report = index.refresh()
    assert [(each.key, each.title) for each in report.unlisted] == [(2, "Clips")]
    assert found(index, 1) == [1]
    plex.reset_log()
    index.refresh()
    assert listings(plex) == 0
    plex.clear_faults()
    add(plex, 2, section=2)
    clock.now += SECONDS_OF_DOUBT
    assert index.refresh().unlisted == ()
    assert found(index, 1, 2) == [1, 2]


def test_listings_that_all_fail_are_the_servers(plex: PlexSimulator, index: FileIndex) -> None:
    plex.add_section("Clips", locations=["/media/clips"])
    plex.inject(status(500), prefix="/library/sections/")
    with pytest.raises(PlexRequestFailed):
        index.refresh()
    assert index.unlisted == ()
