"""Which items a listing shows and in which order: filters, sorting, pages, and what can be filtered by.

There is no filter by file path, as in Plex; a parameter that is no known filter has no effect.

How the ways in which a Plex makes listings hard are switched on, all of them at run time, and together:

    plex.listing_modes...                   pages that shift, ties in free order, slow pages, wrong totals, empty
                                            listings after a start: see `plex_listing_modes`
    plex.versions...                        merged versions, stacked parts, new and reused rating keys, trash,
                                            a restored backup: see `plex_versions`
    plex.machine_identifier = "..."         another server behind the same address
    plex.inject(status(498), path=SECTIONS_AND_LISTINGS, times=3)      any status; see `faults`
    plex.inject(status(500), path=section_listing(2))                  one library of several; or hang(), slow(8)
    plex.inject(drip(0.05, "all", endless=True), method="PUT")         a reply one byte after the other
    plex.inject(tiny_elements(), path=section_listing(1))              62 MB of tiny XML elements
    plex.idle_seconds = 20                  connections that Plex closes while nothing is asked
    plex.refreshing_reads()                 the reads of items without skipRefresh=1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.simulators.http_server import Request
from tests.simulators.plex_edits import TAG_FIELDS
from tests.simulators.plex_items import TYPE_NUMBERS, Item, Section
from tests.simulators.plex_library import PlexLibrary
from tests.simulators.plex_listing_modes import ListingModes
from tests.simulators.plex_xml import Element

Test = Callable[[Item], bool]
SortValue = tuple[str | float, int]

SORT_VALUES: dict[str, Callable[[Item], str | float]] = {
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
    "originallyAvailableAt": lambda item: item.originally_available_at,
    "userRating": lambda item: item.user_rating or 0.0,
    "titleSort": lambda item: (item.title_sort or item.title).casefold(),
    "title": lambda item: item.title.casefold(),
    "id": lambda item: item.rating_key,
}
DEFAULT_SORT = "titleSort"
TEXT_FILTERS: dict[str, Callable[[Item], str]] = {"title": lambda item: item.title, "studio": lambda item: item.studio}
TIME_FILTERS: dict[str, Callable[[Item], int]] = {
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
}
OPERATORS = {
    "string": {"=": "contains", "!=": "does not contain", "==": "is"},
    "tag": {"=": "is", "!=": "is not"},
    "date": {"<<=": "is before", ">>=": "is after"},
    "integer": {"=": "is", "!=": "is not"},
}
FIELD_TYPES = dict.fromkeys(TEXT_FILTERS, "string") | dict.fromkeys(TAG_FIELDS, "tag") | {"addedAt": "date"}


@dataclass(frozen=True)
class Page:
    """A part of a longer list; `paged` says whether the request asked for a part, `total` is None where unsaid."""

    items: Sequence[Item]
    start: int
    total: int | None
    paged: bool


class Listings:
    """Answers listings; the order of the last one is kept until its section changes.

    Args:
        default_page_size: how many items a request gets that names no size; None for all.
        max_page_size: how many items a request gets at most.
        modes: how sections' listings misbehave.
    """

    def __init__(
        self, library: PlexLibrary, default_page_size: int | None, max_page_size: int, modes: ListingModes | None = None
    ) -> None:
        self.default_page_size = default_page_size
        self.max_page_size = max_page_size
        self.modes = modes or ListingModes()
        self._library = library
        self._kept: dict[tuple[object, ...], Sequence[Item]] = {}

    def section_page(self, section: Section, request: Request) -> Page:
        """Return the page of a section that a request asks for.

        Raises:
            ValueError: for a bad number.
            RequestError: 400 where a size is required and missing.
        """
        self.modes.demand_size(_paging(request, "Size"))
        items = self.modes.shown(section.key, self._in_order(section, request))
        page = self.page(items, request)
        page = replace(page, total=self.modes.total(len(items), page.start))
        self.modes.after_page(section.key, page.start)
        return page

    def _in_order(self, section: Section, request: Request) -> Sequence[Item]:
        parameters = tuple(pair for pair in request.parameters if not pair[0].startswith("X-Plex-"))
        wanted = (section.key, section.uuid, section.version, parameters)
        if wanted not in self._kept or self.modes.tie_order is not None:
            self._kept = {wanted: self._select(section, parameters)}
        return self._kept[wanted]

    def page(self, items: Sequence[Item], request: Request) -> Page:
        """Cut out the page that X-Plex-Container-Start and -Size ask for, by header or query."""
        start_text, size_text = (_paging(request, name) for name in ("Start", "Size"))
        start = int(start_text or 0)
        size = min(int(size_text or self.default_page_size or len(items)), self.max_page_size)
        paged = bool(start_text or size_text) or size < len(items)
        return Page(items[start : start + size], start, len(items), paged)

    def _select(self, section: Section, parameters: Sequence[tuple[str, str]]) -> Sequence[Item]:
        query = {key.removeprefix(f"{section.type}."): value for key, value in parameters}
        items = list(section.items.values())
        number = int(query.get("type", TYPE_NUMBERS[section.type]))
        tests: list[Test] = [lambda item: TYPE_NUMBERS[item.type] == number]
        tests.extend(self._tests(query))
        items = [item for item in items if all(test(item) for test in tests)]
        if self.modes.tie_order is not None:
            self.modes.tie_order.shuffle(items)
        for sort in reversed(query.get("sort", DEFAULT_SORT).split(",")):
            name, _, direction = sort.rpartition(".")[2].partition(":")
            value_of = SORT_VALUES.get(name, SORT_VALUES[DEFAULT_SORT])
            ordering = value_of if self.modes.tie_order is not None else _sort_key(value_of)
            items.sort(key=ordering, reverse=direction == "desc")
        limit = query.get("limit")
        return items[: int(limit)] if limit else items

    def _tests(self, query: Mapping[str, str]) -> list[Test]:
        tests: list[Test] = []
        for key, value in query.items():
            name = key.rstrip("=!<>")
            operator = key[len(name) :]
            if name in TEXT_FILTERS:
                tests.append(_text_test(TEXT_FILTERS[name], operator, value))
            elif name in TIME_FILTERS and operator in (">>", "<<"):
                tests.append(_time_test(TIME_FILTERS[name], operator, int(value)))
            elif name in TAG_FIELDS and operator in ("", "!"):
                tests.append(self._tag_test(name, operator, value))
        return tests

    def _tag_test(self, kind: str, operator: str, value: str) -> Test:
        wanted = set(value.split(","))

        def test(item: Item) -> bool:
            names: Sequence[str] = getattr(item, TAG_FIELDS[kind])
            found = any(name in wanted or str(self._library.tag_id(kind, name)) in wanted for name in names)
            return found != (operator == "!")

        return test


def _paging(request: Request, name: str) -> str:
    name = f"X-Plex-Container-{name}"
    return request.query.get(name) or request.header(name)


def _sort_key(value_of: Callable[[Item], str | float]) -> Callable[[Item], SortValue]:
    return lambda item: (value_of(item), item.rating_key)


def _text_test(value_of: Callable[[Item], str], operator: str, value: str) -> Test:
    wanted = value.casefold()
    if operator == "=":
        return lambda item: value_of(item).casefold() == wanted
    if operator == "!":
        return lambda item: wanted not in value_of(item).casefold()
    return lambda item: wanted in value_of(item).casefold()


def _time_test(value_of: Callable[[Item], int], operator: str, seconds: int) -> Test:
    if operator == ">>":
        return lambda item: value_of(item) > seconds
    return lambda item: value_of(item) < seconds


def choices(library: PlexLibrary, section: Section, kind: str) -> list[Element]:
    """Return the genres, actors … of a section as the choices of a filter."""
    names = sorted({name for item in section.items.values() for name in getattr(item, TAG_FIELDS[kind])})
    address = f"/library/sections/{section.key}/all?{kind}="
    numbered = [(str(library.tag_id(kind, name)), name) for name in names]
    return [Element("Directory", key=key, title=name, fastKey=address + key, type=kind) for key, name in numbered]


def filter_description(section: Section) -> Element:
    """Return the Meta element: by what a listing can be sorted and filtered."""
    root = f"/library/sections/{section.key}"
    prefix = "" if section.type == "movie" else f"{section.type}."
    kind = Element("Type", key=f"{root}/all?type={TYPE_NUMBERS[section.type]}", type=section.type, title=section.title)
    for name in TAG_FIELDS:
        kind.add(Element("Filter", filter=name, filterType="string", key=f"{root}/{name}", title=name, type="filter"))
    for name in SORT_VALUES:
        kind.add(Element("Sort", key=name, descKey=f"{name}:desc", defaultDirection="desc", title=name))
    for name, field_type in FIELD_TYPES.items():
        kind.add(Element("Field", key=prefix + name, title=name, type=field_type))
    meta = Element("Meta").add(kind)
    for field_type, operators in OPERATORS.items():
        described = [Element("Operator", key=key, title=title) for key, title in operators.items()]
        meta.add(Element("FieldType", type=field_type).add(*described))
    return meta
