"""How the listings of a simulated Plex misbehave: `plex.listing_modes`, every attribute to be changed at run time.

modes = plex.listing_modes
modes.between_pages = removing(plex)                 # the first item goes after each page: the rest moves up
modes.tie_order = random.Random(7)                   # equal addedAt come in another order each time
modes.page_seconds = 8.0; modes.item_seconds = 0.01  # slow pages; smaller ones are faster
modes.total_size = growing_total()                   # or negative_total, absent_total, wrong_total(5)
modes.cold_requests = 3; modes.cold_share = 0.1      # after each (re)start 3 listings show a tenth of the items
modes.content_changed_shown = False                  # an old server's /library/sections
modes.size_required = True                           # 400 without X-Plex-Container-Size
modes.odd_keys = {5: None, 6: "x"}                   # rows of items 5 and 6 without a ratingKey, or with none
modes.collections_listed = True                      # listings carry Collection, as real ones do
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.simulators.plex_items import Item, RequestError
from tests.simulators.plex_library import PlexLibrary
from tests.simulators.plex_xml import Element

TotalSize = Callable[[int, int], "int | None"]
BetweenPages = Callable[[int, int], None]


@dataclass
class ListingModes:
    """Every way in which listings differ from the tidy ones; the defaults are tidy.

    Attributes:
        between_pages: called with the section's key and the page's start after each page of a listing was cut;
            it may add and remove items. See `adding` and `removing`.
        tie_order: orders equal sort values anew on each request; None keeps them in the order of their keys.
        page_seconds, item_seconds: by how many seconds each page is late, and each item of the page beside that.
        total_size: makes totalSize of the right one and the page's start; None leaves the attribute out.
        cold_requests: how many listings after a (re)start lack most items; see also `warm_up`.
        cold_share: the share of the items (0..1) that those listings show; 0 for none.
        cold_sections: the libraries that it befalls; empty for all.
        content_changed_shown: whether /library/sections tells contentChangedAt.
        odd_keys: by rating key, what a listing shows in its place; None to leave it out.
        size_required: whether a listing without the Container-Size header is answered 400.
        collections_listed: whether listed items carry their collections; genres and roles stay cut to a few.
        sleep: how the server waits, in seconds.
    """

    between_pages: BetweenPages | None = None
    tie_order: random.Random | None = None
    page_seconds: float = 0.0
    item_seconds: float = 0.0
    total_size: TotalSize | None = None
    cold_requests: int = 0
    cold_share: float = 0.0
    cold_sections: frozenset[int] = frozenset()
    content_changed_shown: bool = True
    size_required: bool = False
    collections_listed: bool = False
    odd_keys: dict[int, str | None] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    _served: int = field(default=0, init=False)

    def warm_up(self) -> None:
        """Start counting the cold listings anew, as every (re)start does."""
        self._served = 0

    def demand_size(self, size: str) -> None:
        """Raise RequestError (400) where a request has to name a size and does not."""
        if self.size_required and not size:
            raise RequestError(400, "X-Plex-Container-Size is missing")

    def shown(self, section_key: int, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items that a listing knows of, fewer after a start."""
        if self.cold_sections and section_key not in self.cold_sections:
            return items
        self._served += 1
        return items if self._served > self.cold_requests else items[: int(len(items) * self.cold_share)]

    def total(self, right: int, start: int) -> int | None:
        """Return the totalSize of a page, None to leave it out."""
        return right if self.total_size is None else self.total_size(right, start)

    def spoil(self, rows: Iterable[Element]) -> None:
        """Give rows of a listing their odd keys."""
        for row in rows:
            key = int(row.attributes["ratingKey"])
            odd = self.odd_keys.get(key, str(key))
            if odd is None:
                del row.attributes["ratingKey"]
            else:
                row.attributes["ratingKey"] = odd

    def after_page(self, section_key: int, start: int) -> None:
        """Let happen what happens between two pages."""
        if self.between_pages is not None:
            self.between_pages(section_key, start)

    def wait(self, item_count: int) -> None:
        """Be as late as a page of so many items is."""
        seconds = self.page_seconds + self.item_seconds * item_count
        if seconds > 0:
            self.sleep(seconds)


def removing(library: PlexLibrary, times: int | None = None) -> BetweenPages:
    """Remove the first item of the library after each page, so that one item slips past the next page."""
    left = _countdown(times)

    def remove(section_key: int, _start: int) -> None:
        items = library.sections[section_key].items
        if items and left():
            library.remove_item(next(iter(items)))

    return remove


def adding(library: PlexLibrary, times: int | None = None) -> BetweenPages:
    """Add an item after each page, newest and first by title, so that one item is listed twice."""
    left = _countdown(times)

    def add(section_key: int, start: int) -> None:
        if left():
            number = len(library.sections[section_key].items)
            library.add_item(section_key, f"/shifted/{start}-{number}.mp4", title=f"!{number}")

    return add


def _countdown(times: int | None) -> Callable[[], bool]:
    used = 0

    def left() -> bool:
        nonlocal used
        used += 1
        return times is None or used <= times

    return left


def negative_total(_right: int, _start: int) -> int:
    """Say -1, whatever there is."""
    return -1


def absent_total(_right: int, _start: int) -> None:
    """Leave totalSize out."""


def growing_total(step: int = 10) -> TotalSize:
    """Say more on every page than on the one before, for ever."""
    pages = 0

    def grow(right: int, _start: int) -> int:
        nonlocal pages
        pages += 1
        return right + pages * step

    return grow


def wrong_total(by: int) -> TotalSize:
    """Say so many more (or fewer) than there are."""
    return lambda right, _start: right + by
