"""Reading a section's listing, which is no snapshot: it may move, tie, lie or be slow while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from plex.client import BY_TITLE, NEWEST_FIRST, PlexClient
from plex.exceptions import PlexLibraryUnlisted, PlexRequestFailed
from plex.shown import ListedItem, ListingPage

NEWEST_PAGE_SIZE = 50
SWEEP_PAGE_SIZE = 500
SMALLEST_PAGE = 10
"""Items of a page that is made smaller, step by step, because Plex answers too slowly."""
READINGS = (NEWEST_FIRST, NEWEST_FIRST, BY_TITLE, NEWEST_FIRST, BY_TITLE)
"""The orders in which a section is read until one reading, or all together, is complete: ties of one are none of the
other."""
MOST_ITEMS = 1_000_000
"""Items after which a listing that does not say how long it is is taken for one without an end."""


@dataclass(frozen=True)
class Reading:
    """What one reading of a listing showed: how many items, the keys of all of them, and which totals.

    `unreadable`: rows that are no items. Plex counts them, and the listing is complete without them.
    """

    listed: int
    keys: frozenset[int]
    totals: frozenset[int | None]
    requests: int
    unreadable: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether nothing says that an item may have been missed."""
        rows = self.listed + self.unreadable
        return self.listed == len(self.keys) and self.totals in (frozenset({None}), frozenset({rows}))

    @property
    def counted(self) -> int:
        """The most items that Plex said there are, but for rows that are none; 0 where it said nothing."""
        return max((total for total in self.totals if total is not None), default=self.unreadable) - self.unreadable

    def is_complete_with(self, seen: int) -> bool:
        """Whether this and the earlier readings, which showed `seen` items together, are all that Plex counts."""
        return self.totals == frozenset({seen + self.unreadable})


class Lister:
    """Reads listings page by page; remembers how large a page each section answers in time."""

    def __init__(self, client: PlexClient) -> None:
        self._client = client
        self._sizes: dict[int, int] = {}

    def pages(
        self, section_key: int, size: int, order: str = NEWEST_FIRST, *, to_the_end: bool = False
    ) -> Iterator[ListingPage]:
        """A section's pages, up to its total, or (`to_the_end`, or where Plex tells none) to the first empty page.

        Plex may send smaller pages than asked for. Raises PlexError.
        """
        start, limit = 0, 0
        while True:
            page, asked = self._page(section_key, start, size, order)
            yield page
            start += page.rows
            limit = limit or _limit(page)
            is_all = page.total is None and page.rows > asked  # a server that knows no pages
            is_last = page.total is not None and start >= page.total and not to_the_end
            if not page.rows or is_all or is_last or start >= limit:
                return

    def newest_pages(self, section_key: int) -> Iterator[ListingPage]:
        """Small pages from the newest item on, for whoever expects little news. Raises PlexError."""
        return self.pages(section_key, NEWEST_PAGE_SIZE)

    def read(self, section_key: int, number: int, keep: Callable[[tuple[ListedItem, ...]], None]) -> Reading:
        """Read all of a section for the `number`-th time (from 0), giving each page's items to `keep`.

        Raises PlexError; PlexLibraryUnlisted where Plex counts items and lists none.
        """
        listed, unreadable, requests = 0, 0, 0
        keys: set[int] = set()
        totals: set[int | None] = set()
        for page in self.pages(section_key, SWEEP_PAGE_SIZE, READINGS[number], to_the_end=number > 0):
            requests += 1
            listed += len(page.items)
            unreadable += page.unreadable
            totals.add(page.total)
            new_here = {item.rating_key for item in page.items} - keys
            keys |= new_here
            keep(page.items)
            if page.items and not new_here:
                break  # it goes round in circles
        reading = Reading(listed, frozenset(keys), frozenset(totals), requests, unreadable)
        if not keys and totals - {None, 0}:  # taken for the whole, this would drop the library from the index
            raise PlexLibraryUnlisted(f"Plex lists none of {reading.counted} items of section {section_key}")
        return reading

    def _page(self, section_key: int, start: int, size: int, order: str) -> tuple[ListingPage, int]:
        """A page, and how many items it was asked for: fewer once Plex did not send so many in time."""
        asked = min(size, self._sizes.get(section_key, size))
        try:
            return self._client.list_page(section_key, start, asked, order), asked
        except PlexRequestFailed as error:
            if error.status is not None or asked <= SMALLEST_PAGE:  # Plex said so itself, or no page is small enough
                raise
        asked = self._sizes[section_key] = max(SMALLEST_PAGE, asked // 10)
        return self._client.list_page(section_key, start, asked, order), asked


def _limit(first: ListingPage) -> int:
    """Items after which a listing that goes on has no end."""
    return MOST_ITEMS if first.total is None else 2 * first.total + 10 * SWEEP_PAGE_SIZE
