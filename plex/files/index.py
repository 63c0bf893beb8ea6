"""Plex's files on our own disk, because Plex cannot be asked for an item by its path.

The index is filled by listing each section, a page at a time, and kept up by looking at the newest items of sections
whose content has changed. It is a copy: whatever is wrong with it, it can be made again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from plex.client import PlexClient
from plex.exceptions import PlexLibraryUnlisted, PlexRequestFailed
from plex.files.index_besides import BesideFiles
from plex.files.index_store import IndexedFile, IndexStore, KnownSection
from plex.files.libraries import configured_sections, is_configured
from plex.files.listing import READINGS, Lister
from plex.files.paths import Parts, split_path
from plex.files.unlisted import UnlistedSection, failed_listing
from plex.items import PlexItem
from plex.shown import ListedItem, Section

SECONDS_BETWEEN_SWEEPS = 600.0
SECONDS_BETWEEN_EAGER_SWEEPS = 10.0
"""Like SECONDS_BETWEEN_DOUBTS, less than the 15 s between looks for missing files: none comes a moment too early."""
EAGER_ITEMS_PER_SECOND = 100.0
"""Items that a sweep may read for each second since the last one, where somebody waits for what it may find."""
SECONDS_BETWEEN_LOOKS = 600.0
"""How long what was found may go unquestioned: a file that came since may fit as well as the one that is known."""
SECONDS_OF_DOUBT = 60.0
"""How long a listing must lack most of what is known before it is believed: Plex may just have started."""
_UNREADABLE = (
    'In "%s", Plex lists items without a ratingKey (%d of them). They are left out, and all others go on. See whether'
    " Optimize Database helps, under Settings > Troubleshooting in Plex"
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshResult:
    """What a refresh cost (requests to Plex, but for the one for its identity), and whether it brought a change.

    unlisted: the sections that could not be listed. moved: keys of those that Plex says have changed.
    """

    requests: int = 0
    changed: bool = False
    unlisted: tuple[UnlistedSection, ...] = ()
    moved: frozenset[int] = field(default=frozenset(), compare=False)

    def __add__(self, other: RefreshResult) -> RefreshResult:
        return RefreshResult(
            self.requests + other.requests,
            self.changed or other.changed,
            self.unlisted + other.unlisted,
            self.moved | other.moved,
        )


class FileIndex:
    """Finds Plex items by the paths of their files.

    clock: seconds since the epoch.
    libraries: titles of the sections to index, () for all of type movie.
    """

    def __init__(
        self, store: IndexStore, client: PlexClient, clock: Callable[[], float], libraries: Sequence[str]
    ) -> None:
        self._store = store
        self._client = client
        self._lister = Lister(client)
        self._clock = clock
        self._libraries = tuple(libraries)
        self._looked_at: float | None = None
        self._unlisted: dict[int, UnlistedSection] = {}
        self._told: set[int] = set()
        self.revision = 0
        """Another number whenever a file may be found that was not found before."""

    @classmethod
    def open(
        cls, path: str, client: PlexClient, clock: Callable[[], float] = time.time, libraries: Sequence[str] = ()
    ) -> FileIndex:
        """Open the index's own file, for one process and one thread at a time. Raises as IndexStore.open."""
        return cls(IndexStore.open(path, clock), client, clock, libraries)

    # --- looking up

    def lookup(self, name: str) -> tuple[IndexedFile, ...]:
        """Files of this name (or of this path's name), whatever its case or the composition of its Unicode."""
        return self.files_ending(split_path(name).tail(1))

    def files_ending(self, tail: Parts) -> tuple[IndexedFile, ...]:
        """Files whose last components are these, at most `plex.files.index_store.MOST_RIVALS` of them."""
        return self._meant(self._store.files_ending(tail))

    def known_names(self, names: Iterable[Parts]) -> set[str]:
        """The keys of those names, each a path of one component, that a file of any section has, but for their case."""
        return self._store.known_names(names)

    def files_at(self, paths: Iterable[Parts]) -> tuple[IndexedFile, ...]:
        """The files at these very paths, but for case and the composition of Unicode."""
        return self._meant(self._store.files_at(paths))

    def at(self, path: str) -> tuple[IndexedFile, ...]:
        """The files whose path is written just so: several where libraries share a folder."""
        return tuple(each for each in self.files_at([split_path(path)]) if each.path == path)

    def _meant(self, found: tuple[IndexedFile, ...]) -> tuple[IndexedFile, ...]:
        """Without those of sections that the settings do not mean any more, also before the next refresh drops them."""
        if not self._libraries or not found:
            return found
        meant = self._meant_sections()
        return tuple(file for file in found if file.section_key in meant)

    def _meant_sections(self) -> set[int]:
        sections = self._store.sections().values()
        return {section.key for section in sections if is_configured(section.title, self._libraries)}

    def files_besides(self, paths: Iterable[str]) -> BesideFiles:
        """All files but those whose path is written as one of `paths`, which are read once."""
        return self._store.files_besides(paths, self._meant_sections())

    def locations(self) -> tuple[tuple[int, str], ...]:
        """The folders of the sections, as Plex sees them, each with its section's key."""
        sections = self._store.sections().values()
        return tuple((section.key, location) for section in sections for location in section.locations)

    def known_among(self, rating_keys: Sequence[int]) -> set[int]:
        """Those of the keys that are items, as far as is known without asking Plex."""
        return self._store.known_keys(rating_keys)

    def two_keys(self, besides: Collection[int]) -> tuple[int, ...]:
        """The rating keys of two items that are far from each other, and not among `besides`; fewer if there are."""
        return self._store.outer_keys(besides)

    @property
    def unlisted(self) -> tuple[UnlistedSection, ...]:
        """The sections that could not be listed at the last look, so that their newest files are not known."""
        return tuple(self._unlisted.values())

    # --- keeping up

    def refresh(self, force: bool = False, eager: bool = False) -> RefreshResult:
        """Bring the index up to date with Plex, at the cost of two requests where nothing has changed.

        With `force`, sections are listed as a whole, but each at most once in SECONDS_BETWEEN_SWEEPS (`eager`: more
        often if they are small); where none is due, Plex is not asked at all. Where some sections cannot be listed,
        the report names them. Raises PlexLibraryUnknown and what PlexClient raises, PlexRequestFailed of a listing only
        where all of them fail; what is indexed then stays.
        """
        known_sections = self._store.sections().values()
        if force and known_sections and not any(self._is_sweep_due(known, eager) for known in known_sections):
            return RefreshResult(unlisted=self.unlisted)
        self._looked_at = self._clock()
        changed = self._store.keep_only_server(self._client.confirmed_identifier())
        sections = configured_sections(self._client.sections(), self._libraries)
        changed = self._keep_only({section.key for section in sections}) or changed
        report = RefreshResult(requests=1, changed=changed)
        for section in sections:
            report += self._refresh_or_note(section, force, eager, is_alone=len(sections) == 1)
        self.revision += report.changed
        failed = [each for each in report.unlisted if not each.is_doubted]
        if failed and len(failed) == len(sections):
            self._unlisted.clear()  # it is the server's fault, and the next look asks again
            raise failed[0].error
        self._tell(report.unlisted)
        return report

    @property
    def server_id(self) -> str:
        """The machineIdentifier of the server that was indexed last, "" for none. Asks nobody."""
        return self._store.server_id()

    def has_looked_within(self, seconds: float) -> bool:
        """Whether Plex was asked for changes, by this object, at most so many seconds ago."""
        return self._looked_at is not None and not self._is_past(self._looked_at, seconds)

    def has_looked_since(self, moment: float) -> bool:
        """Whether Plex was asked for changes, by this object, at `moment` (seconds since the epoch) or later."""
        return self._looked_at is not None and self._looked_at >= moment

    def is_old(self) -> bool:
        """Whether Plex was last asked for changes longer than SECONDS_BETWEEN_LOOKS ago, with or without success.

        So it is where another server answers by now.
        """
        if self._store.is_of_another_server(self._client.machine_identifier):
            return True
        if self.has_looked_within(SECONDS_BETWEEN_LOOKS):
            return False
        return any(self._is_past(known.seen_at, SECONDS_BETWEEN_LOOKS) for known in self._store.sections().values())

    def learn(self, item: PlexItem) -> bool:
        """Take over the files of an item that was just read whole; say whether those are others than were known."""
        listed = ListedItem(item.rating_key, item.files, item.trashed, item.guid)
        changed = self._store.put_items(item.section_key, [listed])
        self.revision += changed
        if changed:
            self._doubt()
        return changed

    def forget(self, rating_key: int) -> None:
        """Drop an item that Plex does not have any more."""
        self._store.drop_item(rating_key)
        self._doubt()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    # --- inside

    def _doubt(self) -> None:
        """What was wrong of one item may be of others, though no section changed: a listing was another server's."""
        for known in self._store.sections().values():
            self._store.put_section(replace(known, is_doubtful=True))

    def _keep_only(self, keys: Collection[int]) -> bool:
        self._unlisted = {key: each for key, each in self._unlisted.items() if key in keys}
        return self._store.keep_only_sections(keys)

    def _tell(self, unlisted: Sequence[UnlistedSection]) -> None:
        """Log which sections cannot be listed, or not be believed yet, each once until it can."""
        for each in unlisted:
            if each.key not in self._told:
                if each.is_doubted:
                    log.log(logging.WARNING if each.is_lacking else logging.INFO, "%s", each.error)
                else:
                    log.warning('The library "%s" cannot be listed: %s', each.title, each.error)
        self._told = {each.key for each in unlisted}

    def _refresh_or_note(self, section: Section, force: bool, eager: bool, *, is_alone: bool) -> RefreshResult:
        """Refresh a section; where that fails, or failed lately, the report says so and the others can go on."""
        earlier = self._unlisted.get(section.key)
        now = self._clock()
        may_rest = earlier is not None and not earlier.is_lacking and (earlier.is_doubted or not is_alone)
        if earlier is not None and may_rest and not self._is_past(earlier.tried_at, earlier.rest):
            return RefreshResult(unlisted=(earlier,))
        try:
            report = self._refresh_section(section, force, eager)
        except (PlexRequestFailed, PlexLibraryUnlisted) as error:
            since = now if earlier is None else earlier.since
            noted = failed_listing(section, error, since, now, self._clock())
            self._unlisted[section.key] = noted
            return RefreshResult(unlisted=(noted,))
        lacking = self._unlisted.get(section.key)
        if lacking is None or not lacking.is_lacking:
            self._unlisted.pop(section.key, None)
            return report
        return report + RefreshResult(unlisted=(lacking,))

    def _refresh_section(self, section: Section, force: bool, eager: bool) -> RefreshResult:
        known = self._store.sections().get(section.key)
        unlisted = self._unlisted.get(section.key)
        if known is None or (unlisted is not None and not unlisted.is_lacking):
            return self._sweep(section, known)
        if (force or known.is_doubtful) and self._is_sweep_due(known, eager):
            return self._sweep(section, known)
        if section.content_changed_at is None or known.content_changed_at != section.content_changed_at:
            return self._read_newest(section, known, eager)
        self._store.put_section(known.seen_again(section, self._clock()))
        return RefreshResult()

    def _read_newest(self, section: Section, known: KnownSection, eager: bool) -> RefreshResult:
        """Read from the newest item on, up to a page that holds nothing new. If the totals agree then, that was all.

        Nothing is written before the end: what an error cuts short is read again by the next refresh.
        """
        news: list[ListedItem] = []
        requests = 0
        total: int | None = None
        for page in self._lister.newest_pages(section.key):
            requests += 1
            total = page.total
            new_here = self._store.unknown_among(section.key, page.items)
            news += new_here
            if not new_here:
                break
        if total is not None:
            self._require_most(section, total)
        changed = self._store.put_items(section.key, news)
        is_doubtful = known.is_doubtful or (
            total is not None and self._store.count_items(section.key) + known.unreadable != total
        )
        moved = frozenset() if section.content_changed_at is None else frozenset({section.key})
        report = RefreshResult(requests, changed, moved=moved)
        if is_doubtful and self._is_sweep_due(known, eager):
            return report + self._sweep(section, known)
        self._store.put_section(replace(known.seen_again(section, self._clock()), is_doubtful=is_doubtful))
        return report

    def _sweep(self, section: Section, known: KnownSection | None) -> RefreshResult:
        """List the whole section, and only then put that in the place of what was known of it.

        A reading in which an item may have slipped through is made again at once; where none is complete, and all
        together are not, what was known stays beside what they showed.
        """
        started_at = self._clock()
        requests, is_doubtful = 0, True
        self._store.begin_sweep()
        for number in range(len(READINGS)):
            reading = self._lister.read(section.key, number, lambda items, of=number: self._store.stage(items, of))  # type: ignore[misc]
            requests += reading.requests
            if reading.is_complete:
                self._store.keep_reading(number)
            if reading.is_complete or reading.is_complete_with(self._store.count_staged()):
                is_doubtful = False
                break
        staged = self._store.count_staged()
        if not is_doubtful and known is not None:
            self._require_most(section, staged)
        self._note_lacking(section, staged, reading.counted if is_doubtful else 0)
        changed = self._store.end_sweep(_as_known(section, started_at, is_doubtful, reading.unreadable))
        if reading.unreadable and (known is None or known.unreadable != reading.unreadable):
            log.warning(_UNREADABLE, section.title, reading.unreadable)
        if known is None:
            self._require_most(section, self._store.count_items(section.key), is_new=True)
        log.info('indexed "%s": %d items in Plex', section.title, self._store.count_items(section.key))
        return RefreshResult(requests, changed, moved=frozenset({section.key} if known is None else ()))

    def _note_lacking(self, section: Section, listed: int, counted: int) -> None:
        """Remember whether Plex counts more items than all readings showed: what is missing may be anywhere in it."""
        earlier = self._unlisted.get(section.key)
        if counted > listed:
            now = self._clock()
            error = PlexLibraryUnlisted(
                f'Plex counts {counted:,} items in "{section.title}" and lists {listed:,} of them. PlexSync keeps'
                " looking for the others. If a proxy in front of Plex caches replies, turn that off"
            )
            since = earlier.since if earlier is not None and earlier.is_lacking else now
            self._unlisted[section.key] = UnlistedSection(
                section.key, section.title, section.locations, error, since, now, is_doubted=True, is_lacking=True
            )
        elif earlier is not None and earlier.is_lacking:
            del self._unlisted[section.key]

    def _require_most(self, section: Section, count: int, *, is_new: bool = False) -> None:
        """Raises PlexLibraryUnlisted where a listing lacks most of what is known, for less than SECONDS_OF_DOUBT.

        One that was empty before may be; one that `is_new` and empty is looked at again.
        """
        known = self._store.count_items(section.key)
        earlier = self._unlisted.get(section.key)
        is_in_doubt = earlier is not None and earlier.is_doubted and not earlier.is_lacking
        if count * 2 >= known and (count or not (is_new or is_in_doubt)):
            return
        if earlier is not None and is_in_doubt and self._is_past(earlier.since, SECONDS_OF_DOUBT):
            return
        shown = f"{count:,} of {known:,} items" if known else "no items"
        raise PlexLibraryUnlisted(
            f'Plex lists {shown} in "{section.title}". It may just have started, so PlexSync looks again for a minute'
        )

    def _is_sweep_due(self, known: KnownSection, eager: bool) -> bool:
        pause = SECONDS_BETWEEN_SWEEPS
        if eager:
            seconds = self._store.count_items(known.key) / EAGER_ITEMS_PER_SECOND
            pause = min(pause, max(SECONDS_BETWEEN_EAGER_SWEEPS, seconds))
        return self._is_past(known.swept_at, pause)

    def _is_past(self, moment: float, seconds: float) -> bool:
        """Whether a moment is so many seconds ago; a clock may be set back."""
        return abs(self._clock() - moment) >= seconds


def _as_known(section: Section, swept_at: float, is_doubtful: bool, unreadable: int) -> KnownSection:
    return KnownSection(
        section.key,
        section.title,
        section.locations,
        section.content_changed_at,
        swept_at,
        seen_at=swept_at,
        is_doubtful=is_doubtful,
        unreadable=unreadable,
    )
