"""A page without the rows that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stash.exceptions import StashQueryFailed
from stash.pages import MOST_UNREADABLE, page_without


class Listing:
    """Rows 0, 1, 2 …, some of which spoil each page that they are on."""

    def __init__(self, length: int, broken: set[int]) -> None:
        self.asked = 0
        self._length = length
        self._broken = broken

    def ask(self, number: int, size: int) -> list[int]:
        self.asked += 1
        rows = list(range(self._length))[(number - 1) * size : number * size]
        if self._broken & set(rows):
            raise StashQueryFailed("no")
        return rows


@given(
    length=st.integers(0, 120),
    broken=st.sets(st.integers(0, 120), max_size=MOST_UNREADABLE),
    number=st.integers(1, 4),
    size=st.integers(1, 60),
)
def test_all_others_come_in_their_places(length: int, broken: set[int], number: int, size: int) -> None:
    first, last = (number - 1) * size, number * size - 1
    there = range(length)[first : last + 1]
    listing = Listing(length, broken)
    if {first, last} <= broken & set(there):
        with pytest.raises(StashQueryFailed):
            page_without(listing.ask, number, size)
        assert listing.asked <= 3
        return
    rows = page_without(listing.ask, number, size)
    assert [None if isinstance(row, StashQueryFailed) else row for row in rows] == [
        None if place in broken else place for place in there
    ]


def test_one_costs_a_request_for_each_halving_or_so() -> None:
    listing = Listing(1000, {617})
    assert len(page_without(listing.ask, 1, 1000)) == 1000
    assert listing.asked <= 25


def test_too_many_are_stashs_own_failure() -> None:
    with pytest.raises(StashQueryFailed):
        page_without(Listing(50, set(range(MOST_UNREADABLE + 1))).ask, 1, 50)
