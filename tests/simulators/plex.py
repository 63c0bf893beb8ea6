"""A Plex Media Server to test against: real HTTP, a library in memory, and every way of going wrong.

It answers what unmodified python-plexapi 4.18 asks, in XML or (with `Accept: application/json`) in JSON:

    with PlexSimulator(token="secret", edit_mode="add") as plex:
        movies = plex.add_section("Movies", locations=["/media/movies"])
        key = plex.add_item(movies, "/media/movies/a.mp4", title="A", genres=["Drama"])
        ...
        assert plex.item(key).locked == {"title"}
        plex.inject(maintenance(), times=3)

State and what may happen to it: `plex_library`. Files and rating keys that change: `plex_versions`. Listings, and a
summary of how to switch on what real servers do to those who read them: `plex_listing`. Faults: `faults`. Sockets
and the record of requests: `http_server`.

Its modes are arguments of the constructor and attributes that may be changed while it runs; they combine:

- `dialect=Dialect("add", tag_names="first_spelling", removal_ignores_case=True)`; while it runs
  `plex.change_dialect(ratings="half_stars")` or `plex.edit_mode = "add"`: how lists, names, case, ratings, blanks,
  `year`, `titleSort` and known images are understood (`plex_dialect`; `EVERY_DIALECT` for parametrized tests).
  `plex.shown_as("genres", names)` tells the form in which this server shows a value.
- `plex.writes.ignored = EVERY_FIELD` (or some fields), `.ignored_requests = 3`, `.ignored_values`, `.ignored_locks`:
  answered 200, but nothing arrives (`plex_writes`).
- `plex.writes.refused = frozenset({"collection"})`, `.refused_items`, `.refused_status`, `.max_names`,
  `.max_names_status`, `.max_request_line`: the whole request is refused.
- `plex.writes.failing_status = 500`: every PUT, POST and DELETE, while reads work; None once it is well again.
- `plex.images.max_bytes`, `.lag_seconds`, `.lag_requests`: the size of pictures, and lists of them that lag
  (`plex_images`). `plex.upload_counts()`, `plex.selection_counts()`, and each item's own counts.
- `plex.agent = film_agent`; `plex.refresh_everything()`, `plex.refresh(key)` and PUT .../refresh bring its values to
  all that is not locked; `plex.refresh_requests` is the record (`plex_agent`).
- `plex.guest_token = "another"`: a token that reads, sees no paths and may not write.
- PUT .../all without `id` edits every item of its type in the section.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterable

from tests.simulators import plex_views as views
from tests.simulators.faults import Fault, FaultyServer, rewritten
from tests.simulators.http_server import Request, Response
from tests.simulators.plex_agent import Agent
from tests.simulators.plex_dialect import Dialect
from tests.simulators.plex_edits import TAG_FIELDS, EditMode, parse_edit
from tests.simulators.plex_images import ImageRules
from tests.simulators.plex_items import TYPE_NUMBERS, ImageKind, Item, RequestError, Section
from tests.simulators.plex_library import Mangle, PlexLibrary
from tests.simulators.plex_listing import Listings, Page, choices, filter_description
from tests.simulators.plex_listing_modes import ListingModes
from tests.simulators.plex_versions import Versions
from tests.simulators.plex_writes import WriteFaults
from tests.simulators.plex_xml import Element

MACHINE_IDENTIFIER = "0123456789abcdef0123456789abcdef01234567"
VERSION = "1.41.3.9314-a0bfb8370"
DEFAULT_TOKEN = "plex-token"
MAX_PAGE_SIZE = 1_000
COLLECTION_TYPE = "18"
HTML = "text/html"
IMAGE_KINDS: dict[str, ImageKind] = {"poster": "thumb", "posters": "thumb", "art": "art", "arts": "art"}
IMAGE_TYPES = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"), (b"GIF8", "image/gif"))
LISTING = re.compile(r"/library/sections/\d+/all/?")
METADATA = re.compile(r"/library/metadata/\d+(?:,\d+)*/?")
RATING_KEY = re.compile(rb"""(ratingKey"?[=:] ?")(\d+)""")

Answer = Element | Response | None


def wrong_ids(shift: int = 1) -> Fault:
    """Answer with other rating keys than those of the items: each one larger by `shift`."""
    return rewritten(lambda body: RATING_KEY.sub(lambda match: match[1] + b"%d" % (int(match[2]) + shift), body))


class PlexSimulator(PlexLibrary, FaultyServer):
    """The server; see the module's docstring and those of its bases for what each argument does.

    Args:
        token: what X-Plex-Token must hold; assign another to revoke it.
        latency: seconds by which every reply is late.
        port: TCP port, 0 for any free one.
        default_page_size: how many items a request gets that names no size; None for all.
        max_page_size: how many items a request gets at most.
        machine_identifier: assign another for another server behind the same address.
        listing_modes: how listings misbehave, to be changed at run time as an attribute.
        guest_token: a token that is not the owner's: it may read, but sees neither the libraries' folders nor the
            files' paths, and whatever it writes is answered 403, a scan or refresh too; None for no such token.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        edit_mode: EditMode = "replace",
        latency: float = 0.0,
        port: int = 0,
        *,
        mangle: Mangle | None = None,
        content_changed_moves_with_edits: bool = False,
        default_page_size: int | None = None,
        max_page_size: int = MAX_PAGE_SIZE,
        machine_identifier: str = MACHINE_IDENTIFIER,
        listing_modes: ListingModes | None = None,
        clock: Callable[[], float] = time.time,
        tls: ssl.SSLContext | None = None,
        guest_token: str | None = None,
        dialect: Dialect | None = None,
        writes: WriteFaults | None = None,
        images: ImageRules | None = None,
        agent: Agent | None = None,
    ) -> None:
        PlexLibrary.__init__(
            self,
            edit_mode,
            mangle,
            content_changed_moves_with_edits,
            clock,
            dialect=dialect,
            writes=writes,
            images=images,
            agent=agent,
        )
        FaultyServer.__init__(self, port, tls, latency)
        self.token = token
        self.guest_token = guest_token
        self.machine_identifier = machine_identifier
        self.version = VERSION
        self.listing_modes = listing_modes or ListingModes()
        self.listings = Listings(self, default_page_size, max_page_size, self.listing_modes)
        self.versions = Versions(self)

    # --- what a test may ask of the record

    def tokens_in_urls(self) -> tuple[str, ...]:
        """Return the recorded addresses that carry a token: they would end up in logs."""
        targets = (request.target for request in self.requests)
        return tuple(target for target in targets if "x-plex-token" in target.lower() or self.token in target)

    def client_identifiers(self) -> frozenset[str]:
        """Return every X-Plex-Client-Identifier that was sent: each is a device of its own to Plex."""
        return frozenset(request.header("X-Plex-Client-Identifier") for request in self.requests) - {""}

    def refreshing_reads(self) -> tuple[str, ...]:
        """Return the recorded reads of items without skipRefresh=1: Plex analyses their files before it answers."""
        reads = (request for request in self.requests if request.method == "GET" and METADATA.fullmatch(request.path))
        return tuple(request.target for request in reads if request.query.get("skipRefresh") != "1")

    # --- requests

    def accept(self) -> None:
        """Accept connections, as a server that has just started."""
        self.listing_modes.warm_up()
        super().accept()

    def handle(self, request: Request) -> Response:
        """Answer one request as Plex does."""
        try:
            with self.lock:
                answer = self._route(request)
                response = _rendered(answer, request)
            if isinstance(answer, Element) and LISTING.fullmatch(request.path):
                self.listing_modes.wait(int(answer.attributes["size"]))
            return response
        except RequestError as error:
            return _error(error.status, str(error))
        except (KeyError, ValueError) as error:
            return _error(400, f"bad or missing parameter: {error}")

    def _route(self, request: Request) -> Answer:
        path = request.path.rstrip("/") or "/"
        self.writes.check_line(request)
        if path == "/identity":
            return views.identity(self.machine_identifier, self.version)
        token = request.header("X-Plex-Token") or request.query.get("X-Plex-Token")
        if token == self.token:
            return self._answer(request, path)
        if token is None or token != self.guest_token:
            raise RequestError(401, "Unauthorized")
        if request.method != "GET" or path.endswith("/refresh"):
            raise RequestError(403, "Forbidden")
        answer = self._answer(request, path)
        return views.without_folders(answer) if isinstance(answer, Element) else answer

    def _answer(self, request: Request, path: str) -> Answer:
        self.writes.check_method(request)
        for method, pattern, answer in ROUTES:
            if method == request.method and (match := pattern.fullmatch(path)):
                return answer(self, request, *match.groups())
        raise RequestError(404, f"nothing at {request.method} {path}")

    def _section(self, key: str) -> Section:
        section = self.sections.get(int(key))
        if section is None:
            raise RequestError(404, f"no section {key}")
        return section

    def _item(self, key: str) -> Item:
        item = self.items.get(int(key))
        if item is None:
            raise RequestError(404, f"no item {key}")
        return item

    def _root(self, _request: Request) -> Answer:
        return views.server_root(self.machine_identifier, self.version)

    def _library(self, _request: Request) -> Answer:
        return views.library_root()

    def _sections(self, _request: Request) -> Answer:
        return self._described_sections(self.sections.values())

    def _one_section(self, _request: Request, key: str) -> Answer:
        return self._described_sections([self._section(key)])

    def _described_sections(self, sections: Iterable[Section]) -> Answer:
        return views.section_list(sections, content_changed=self.listing_modes.content_changed_shown)

    def _listing(self, request: Request, key: str) -> Answer:
        section = self._section(key)
        if request.query.get("type") == COLLECTION_TYPE:
            return self._collections(request, key)
        page = self.listings.section_page(section, request)
        reply = views.item_page(self, page, full=False, collections=self.listing_modes.collections_listed)
        self.listing_modes.spoil(reply.children)
        # The container's section is that of the address, also where the page is empty.
        reply.attributes["librarySectionID"] = section.key
        return _described(reply, section, request)

    def _collections(self, request: Request, key: str) -> Answer:
        section = self._section(key)
        reply = views.container(0, librarySectionID=section.key)
        for choice in choices(self, section, "collection"):
            identity = f"{key}{int(str(choice.attributes['key'])):08d}"
            reply.add(
                Element(
                    "Directory",
                    json_name="Metadata",
                    type="collection",
                    subtype=section.type,
                    ratingKey=identity,
                    key=f"/library/collections/{identity}/children",
                    title=choice.attributes["title"],
                )
            )
        reply.attributes["size"] = reply.attributes["totalSize"] = len(reply.children)
        return _described(reply, section, request)

    def _choices(self, _request: Request, key: str, kind: str) -> Answer:
        found = choices(self, self._section(key), kind)
        return views.container(len(found)).add(*found)

    def _scan(self, request: Request, key: str) -> Answer:
        self.scan(self._section(key).key, request.query.get("path", ""))
        return None

    def _edit_in_section(self, request: Request, key: str) -> Answer:
        section = self._section(key)
        named = request.query.get("id")
        keys = tuple(int(each) for each in named.split(",")) if named is not None else self._all_keys(section, request)
        self.apply(parse_edit(keys, request.parameters), section.key)
        return None

    def _all_keys(self, section: Section, request: Request) -> tuple[int, ...]:
        """Every item of the section: whom an edit that names none is for."""
        number = int(request.query.get("type", TYPE_NUMBERS[section.type]))
        return tuple(key for key, item in section.items.items() if TYPE_NUMBERS[item.type] == number)

    def _edit_items(self, request: Request, keys: str) -> Answer:
        self.apply(parse_edit(tuple(int(key) for key in keys.split(",")), request.parameters), None)
        return None

    def _metadata(self, request: Request, keys: str) -> Answer:
        items = [self.items[int(key)] for key in keys.split(",") if int(key) in self.items]
        if not items:
            raise RequestError(404, f"no item {keys}")
        reply = views.item_page(self, self.listings.page(items, request), full=True)
        if request.query.get("checkFiles") == "1":
            self.versions.mark_files(reply)
        return reply

    def _merge(self, request: Request, key: str) -> Answer:
        self.versions.merge(self._item(key).rating_key, *(int(each) for each in request.query["ids"].split(",")))
        return None

    def _split(self, _request: Request, key: str) -> Answer:
        self.versions.split(self._item(key).rating_key)
        return None

    def _empty_trash(self, _request: Request, key: str) -> Answer:
        self.versions.empty_trash(self._section(key).key)
        return None

    def _refresh_item(self, _request: Request, key: str) -> Answer:
        self.refresh(int(key))
        return None

    def _images(self, _request: Request, key: str, name: str) -> Answer:
        return views.image_list(self, self._item(key), IMAGE_KINDS[name])

    def _upload(self, request: Request, key: str, name: str) -> Answer:
        if not request.body:
            raise RequestError(400, "an upload needs the image's bytes: the simulator fetches no addresses")
        self.upload(int(key), IMAGE_KINDS[name], request.body)
        return None

    def _select(self, request: Request, key: str, name: str) -> Answer:
        kind = IMAGE_KINDS[name]
        self.select_image(int(key), kind, request.query["url"])
        item = self._item(key)
        return Response(body=(item.thumb if kind == "thumb" else item.art).encode(), content_type="text/plain")

    def _unselect(self, _request: Request, key: str, kind: str) -> Answer:
        self.select_image(int(key), "thumb" if kind == "thumb" else "art", None)
        return None

    def _shown_image(self, _request: Request, key: str, kind: str) -> Answer:
        return _image(self._item(key).shown("thumb" if kind == "thumb" else "art"))

    def _image_file(self, request: Request, key: str) -> Answer:
        found = (pictures.named(request.query["url"]) for pictures in self._item(key).pictures.values())
        return _image(next((image.data for image in found if image is not None), b""))

    def _rate(self, request: Request) -> Answer:
        if request.query["identifier"] != views.IDENTIFIER:
            raise RequestError(400, f"the identifier must be {views.IDENTIFIER}")
        self.rate(int(request.query["key"]), float(request.query["rating"]))
        return None

    def _search(self, request: Request) -> Answer:
        wanted = request.query["query"].casefold()
        limit = int(request.query.get("limit", 10))
        found = [item for item in self.items.values() if wanted in item.title.casefold()][:limit]
        page = views.item_page(self, Page(found, 0, len(found), False), full=False)
        hub = Element("Hub", type="movie", hubIdentifier="movie", title="Movies", size=len(found), more=False)
        return views.container(1).add(hub.add(*page.children))


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Answer]], ...] = tuple(
    (method, re.compile(pattern), answer)
    for method, pattern, answer in (
        ("PUT", r"/library/sections/(\d+)/all", PlexSimulator._edit_in_section),
        ("GET", r"/library/metadata/(\d+(?:,\d+)*)", PlexSimulator._metadata),
        ("GET", r"/library/sections", PlexSimulator._sections),
        ("GET", r"/library/sections/(\d+)/all", PlexSimulator._listing),
        ("PUT", r"/:/rate", PlexSimulator._rate),
        ("POST", r"/library/metadata/(\d+)/(posters|arts)", PlexSimulator._upload),
        ("GET", r"/library/metadata/(\d+)/(thumb|art)(?:/\d+)?", PlexSimulator._shown_image),
        ("GET", r"/library/sections/(\d+)/refresh", PlexSimulator._scan),
        ("GET", r"/", PlexSimulator._root),
        ("GET", r"/library", PlexSimulator._library),
        ("GET", r"/library/sections/(\d+)", PlexSimulator._one_section),
        ("GET", r"/library/sections/(\d+)/collections", PlexSimulator._collections),
        ("GET", rf"/library/sections/(\d+)/({'|'.join(TAG_FIELDS)})", PlexSimulator._choices),
        ("PUT", r"/library/metadata/(\d+(?:,\d+)*)", PlexSimulator._edit_items),
        ("PUT", r"/library/metadata/(\d+)/refresh", PlexSimulator._refresh_item),
        ("GET", r"/library/metadata/(\d+)/(posters|arts)", PlexSimulator._images),
        ("PUT", r"/library/metadata/(\d+)/(poster|art)", PlexSimulator._select),
        ("DELETE", r"/library/metadata/(\d+)/(thumb|art)", PlexSimulator._unselect),
        ("GET", r"/library/metadata/(\d+)/file", PlexSimulator._image_file),
        ("PUT", r"/library/metadata/(\d+)/merge", PlexSimulator._merge),
        ("PUT", r"/library/metadata/(\d+)/split", PlexSimulator._split),
        ("PUT", r"/library/sections/(\d+)/emptyTrash", PlexSimulator._empty_trash),
        ("GET", r"/hubs/search", PlexSimulator._search),
    )
)


def _described(reply: Element, section: Section, request: Request) -> Element:
    return reply.add(filter_description(section)) if request.query.get("includeMeta") == "1" else reply


def _rendered(answer: Answer, request: Request) -> Response:
    if answer is None:
        return Response()
    if isinstance(answer, Response):
        return answer
    if "application/json" in request.header("Accept"):
        return Response(body=answer.json(), content_type="application/json")
    return Response(body=answer.xml(), content_type="text/xml;charset=utf-8")


def _image(data: bytes) -> Response:
    if not data:
        raise RequestError(404, "no such image")
    kind = next((kind for magic, kind in IMAGE_TYPES if data.startswith(magic)), "application/octet-stream")
    return Response(body=data, content_type=kind)


def _error(status: int, reason: str) -> Response:
    body = f"<html><head><title>{status}</title></head><body><h1>{status} {reason}</h1></body></html>"
    return Response(status, body.encode(), HTML)
