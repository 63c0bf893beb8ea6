"""Plex's files on our own disk, because Plex cannot be asked for an item by its path.

The index is filled by listing each section, a page at a time, and kept up by looking at the newest items of sections
whose content has changed. It is a copy: whatever is wrong with it, it can be made again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from plex.client import ListedItem, ListingPage, PlexClient, Section
from plex.exceptions import PlexTemporaryError
from plex.index_store import IndexedFile, IndexStore, KnownSection
from plex.items import PlexItem
from plex.libraries import configured_sections, is_configured
from plex.paths import comparable_name

NEWEST_PAGE_SIZE = 50
SWEEP_PAGE_SIZE = 500
SECONDS_BETWEEN_SWEEPS = 600.0
SECONDS_BETWEEN_LOOKS = 600.0
"""How long what was found may go unquestioned: a file that came since may fit as well as the one that is known."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh cost (requests to Plex, but for the one for its identity), and whether it brought a change."""

    requests: int = 0
    changed: bool = False

    def __add__(self, other: RefreshReport) -> RefreshReport:
        return RefreshReport(self.requests + other.requests, self.changed or other.changed)


class FileIndex:
    """Finds Plex items by file name.

    clock: seconds since the epoch.
    libraries: titles of the sections to index, () for all of type movie.
    """

    def __init__(
        self, store: IndexStore, client: PlexClient, clock: Callable[[], float], libraries: Sequence[str]
    ) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._libraries = tuple(libraries)
        self._looked_at: float | None = None

    @classmethod
    def open(
        cls, path: str, client: PlexClient, clock: Callable[[], float] = time.time, libraries: Sequence[str] = ()
    ) -> FileIndex:
        """Open the index's own file, for one process and one thread at a time. Raises as IndexStore.open."""
        return cls(IndexStore.open(path, clock), client, clock, libraries)

    def lookup(self, name: str) -> tuple[IndexedFile, ...]:
        """Every file of this name (or of this path's name), whatever its case or the composition of its Unicode.

        Sections that the settings do not mean any more are passed over, also before the next refresh drops them.
        """
        found = self._store.files_named(comparable_name(name))
        if not self._libraries:
            return found
        sections = self._store.sections().values()
        meant = {section.key for section in sections if is_configured(section.title, self._libraries)}
        return tuple(file for file in found if file.section_key in meant)

    def locations(self) -> tuple[tuple[int, str], ...]:
        """The folders of the sections, as Plex sees them, each with its section's key."""
        sections = self._store.sections().values()
        return tuple((section.key, location) for section in sections for location in section.locations)

    def two_keys(self, besides: Collection[int]) -> tuple[int, ...]:
        """The rating keys of two items that are far from each other, and not among `besides`; fewer if there are."""
        return self._store.outer_keys(besides)

    def refresh(self, force: bool = False) -> RefreshReport:
        """Bring the index up to date with Plex, at the cost of two requests where nothing has changed.

        With `force`, sections are listed as a whole, but each at most once in SECONDS_BETWEEN_SWEEPS; where none is
        due, Plex is not asked at all. Raises PlexLibraryUnknown and what PlexClient raises; what is indexed then stays.
        """
        known_sections = self._store.sections().values()
        if force and known_sections and not any(self._is_sweep_due(known) for known in known_sections):
            return RefreshReport()
        self._looked_at = self._clock()
        changed = self._store.keep_only_server(self._client.confirmed_identifier())
        sections = configured_sections(self._client.sections(), self._libraries)
        changed = self._store.keep_only_sections({section.key for section in sections}) or changed
        report = RefreshReport(requests=1, changed=changed)
        for section in sections:
            report += self._refresh_section(section, force)
        return report

    def is_old(self) -> bool:
        """Whether Plex was last asked for changes longer than SECONDS_BETWEEN_LOOKS ago, with or without success.

        So it is where another server answers by now.
        """
        if self._store.is_of_another_server(self._client.machine_identifier):
            return True
        if self._looked_at is not None and not self._is_long_ago(self._looked_at):
            return False
        return any(self._is_long_ago(known.seen_at) for known in self._store.sections().values())

    def _is_long_ago(self, moment: float) -> bool:
        return abs(self._clock() - moment) >= SECONDS_BETWEEN_LOOKS  # a clock may be set back

    def learn(self, item: PlexItem) -> bool:
        """Take over the files of an item that was just read whole; say whether that changed anything."""
        return self._store.put_items(item.section_key, [ListedItem(item.rating_key, item.files)])

    def forget(self, rating_key: int) -> None:
        """Drop an item that Plex does not have any more."""
        self._store.drop_item(rating_key)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _refresh_section(self, section: Section, force: bool) -> RefreshReport:
        known = self._store.sections().get(section.key)
        if known is None or ((force or known.is_doubtful) and self._is_sweep_due(known)):
            return self._sweep(section)
        if known.content_changed_at != section.content_changed_at:
            return self._read_newest(section, known)
        self._store.put_section(known.seen_again(section, self._clock()))
        return RefreshReport()

    def _read_newest(self, section: Section, known: KnownSection) -> RefreshReport:
        """Read from the newest item on, up to a page that holds nothing new. If the totals agree then, that was all.

        Nothing is written before the end: what an error cuts short is read again by the next refresh.
        """
        news: list[ListedItem] = []
        requests = 0
        for page in self._pages(section.key, NEWEST_PAGE_SIZE):
            requests += 1
            new_here = self._store.unknown_among(section.key, page.items)
            news += new_here
            if not new_here:
                break
        changed = self._store.put_items(section.key, news)
        is_doubtful = self._store.count_items(section.key) != page.total
        report = RefreshReport(requests, changed)
        if is_doubtful and self._is_sweep_due(known):
            return report + self._sweep(section)
        self._store.put_section(replace(known.seen_again(section, self._clock()), is_doubtful=is_doubtful))
        return report

    def _sweep(self, section: Section) -> RefreshReport:
        """List the whole section, and only then put that in the place of what was known of it."""
        started_at = self._clock()
        requests = 0
        self._store.begin_sweep()
        for page in self._pages(section.key, SWEEP_PAGE_SIZE):
            requests += 1
            self._store.stage(page.items)
        changed = self._store.end_sweep(
            KnownSection(
                section.key, section.title, section.locations, section.content_changed_at, started_at, started_at
            )
        )
        log.info('indexed "%s": %d items in Plex', section.title, self._store.count_items(section.key))
        return RefreshReport(requests, changed)

    def _pages(self, section_key: int, size: int) -> Iterator[ListingPage]:
        """A section's items, newest first. The server may send smaller pages than asked for."""
        start = 0
        while True:
            page = self._client.list_page(section_key, start, size)
            yield page
            start += len(page.items)
            if start >= page.total:
                return
            if not page.items:  # taken for the end, this would drop the rest of the library from the index
                raise PlexTemporaryError(
                    f"malformed reply: Plex lists {start} of {page.total} items of section {section_key}"
                )

    def _is_sweep_due(self, known: KnownSection) -> bool:
        return abs(self._clock() - known.swept_at) >= SECONDS_BETWEEN_SWEEPS  # a clock may be set back
