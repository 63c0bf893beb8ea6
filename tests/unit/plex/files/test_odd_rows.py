"""Rows of a listing that are no items: left out and told once; the listing is complete without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.files import listing
from plex.files.index import SECONDS_BETWEEN_SWEEPS, FileIndex
from tests.simulators.plex import PlexSimulator
from tests.support.index_examples import FOLDER, found, listings
from tests.support.plex_examples import Clock, client_of

COUNT = 25
ODD_KEYS = [None, "", "x", "-4", "99999999999999999999"]


@pytest.fixture
def index(plex: PlexSimulator, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileIndex]:
    """Of an index whose pages are small; the library has COUNT items."""
    monkeypatch.setattr(listing, "NEWEST_PAGE_SIZE", 4)
    monkeypatch.setattr(listing, "SWEEP_PAGE_SIZE", 10)
    for number in range(COUNT):
        plex.add_item(1, f"{FOLDER}/{number}.mp4", added_at=number)
    opened = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url), clock)
    yield opened
    opened.close()


def key_of(plex: PlexSimulator, number: int) -> int:
    return next(key for key, item in plex.items.items() if item.title == str(number))


def others(*numbers: int) -> list[int]:
    return [number for number in range(COUNT) if number not in numbers]


@pytest.mark.parametrize("odd", ODD_KEYS)
@pytest.mark.parametrize("numbers", [(0,), (24,), (3, 14, 15)])
def test_all_others_are_found_at_no_further_cost(
    plex: PlexSimulator, index: FileIndex, odd: str | None, numbers: tuple[int, ...]
) -> None:
    plex.listing_modes.odd_keys = {key_of(plex, number): odd for number in numbers}
    result = index.refresh()
    assert found(index, *range(COUNT)) == others(*numbers)
    assert (result.unlisted, listings(plex)) == ((), 3)


def test_they_are_told_once_also_after_a_restart(
    plex: PlexSimulator, index: FileIndex, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plex.listing_modes.odd_keys = dict.fromkeys((key_of(plex, 5), key_of(plex, 6)))
    index.refresh()
    clock.now += SECONDS_BETWEEN_SWEEPS
    index.refresh(force=True)
    again = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url), clock)
    clock.now += SECONDS_BETWEEN_SWEEPS
    again.refresh(force=True)
    again.close()
    (told,) = [text for text in caplog.messages if "ratingKey" in text]
    assert "(2 of them)" in told


def test_what_comes_later_costs_no_whole_listing(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    plex.listing_modes.odd_keys = {key_of(plex, 5): None}
    index.refresh()
    clock.now += SECONDS_BETWEEN_SWEEPS
    plex.add_item(1, f"{FOLDER}/new.mp4", added_at=100)
    before = listings(plex)
    index.refresh()
    assert len(index.lookup("new.mp4")) == 1
    assert listings(plex) - before <= 2


def test_one_that_is_repaired_is_found(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    plex.listing_modes.odd_keys = {key_of(plex, 5): None}
    index.refresh()
    plex.listing_modes.odd_keys = {}
    clock.now += SECONDS_BETWEEN_SWEEPS
    index.refresh(force=True)
    assert found(index, *range(COUNT)) == others()
