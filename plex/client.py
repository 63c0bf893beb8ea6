"""What PlexSync asks of Plex, one method for each kind of request. python-plexapi connects and queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element, ParseError

from plexapi.server import PlexServer
from pydantic import SecretStr

from plex.device_identity import DeviceIdentity
from plex.editing.writer import edit_path
from plex.exceptions import (
    PlexAuthError,
    PlexNotFound,
    PlexPermanentError,
    PlexTemporaryError,
    no_scenes_fault,
)
from plex.items import PlexItem, parse_item
from plex.reply import TooManyElements, parse, read_children
from plex.session import PlexSession
from plex.shown import (
    PICTURE_FOLDERS,
    ListingPage,
    PlexPicture,
    Section,
    parse_listed_item,
    parse_listing_total,
    parse_section,
)
from plex.trial_item import TrialItem, parse_trial_item
from storage.crash_points import reach

MAX_ITEMS_PER_REQUEST = 50
MAX_RATING = 10.0
_NOT_THE_OWNERS = (
    "Plex shows this token no folder of any library, so it is not the owner's. "
    "Set plex_token under Settings > Plugins > PlexSync to the owner's"
)
_PICTURE_BYTES = 20 * 1024 * 1024
"""A large picture, in bytes: for as long as this one takes, each may."""
CHECK_FILES = "&checkFiles=1"
SKIP_REFRESH = "?skipRefresh=1"
"""Without it Plex refreshes local media and analyses the files of an item before it answers a read of it."""
NEWEST_FIRST, BY_TITLE = "addedAt:desc", "titleSort"
"""Orders of a listing."""
NO_RATING = -1  # python-plexapi 4.18, mixins/rating.py

Parsed = TypeVar("Parsed")


class _Server(PlexServer):  # type: ignore[misc] # plexapi's types are incomplete and therefore not followed
    def url(self, key: str, *_: object, **__: object) -> str:
        """An address on the server; plexapi would add a token to it where the user's plexapi settings say so."""
        return f"{self._baseurl}{key}"

    def query(self, key: str, method: Callable[..., Any] | None = None, **options: Any) -> Element | None:
        """As plexapi's, but what comes is read in bounded memory. Raises PlexError, ParseError, TooManyElements."""
        send = method or self._session.get
        options.setdefault("timeout", self._timeout)
        return parse(send(self.url(key), **options).content)


class PlexClient:
    """A Plex server. Connects at the first request; every method raises only PlexError, each at its first failure.

    url: without a trailing slash. connect_timeout, read_timeout: seconds. clock: seconds, for deadlines.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        identity: DeviceIdentity,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        verify_tls: bool = True,
        clock: Callable[[], float] = time.monotonic,
        before_request: Callable[[], object] | None = None,
    ) -> None:
        """`before_request` is called before each request goes out; what it raises keeps the request from going."""
        self._url = url
        self._timeouts = (connect_timeout, read_timeout)
        self._session = PlexSession(
            url,
            token,
            timeouts=self._timeouts,
            verify_tls=verify_tls,
            identity_headers=identity.headers(),
            clock=clock,
            before_request=before_request,
        )
        self._connected: _Server | None = None

    def connect(self) -> None:
        """Ask Plex for its front page (GET /), which it shows only to an accepted token."""
        with no_scenes_fault("/"):
            self._connected = self._connect()

    def ask(self, request: str) -> None:
        """Read a path and query, and return if Plex answers as it should: for the `request` of an error."""
        if request == "/":
            self.connect()
        elif request == "/library/sections":
            self.sections()
        else:
            self._read(request)

    @property
    def machine_identifier(self) -> str:
        """The identifier of the server: another one means other rating keys. Connects if need be."""
        return str(self._server.machineIdentifier)

    def confirmed_identifier(self) -> str:
        """The identifier of the server that answers now, which may be another one than at first. One request."""
        if self._connected is not None:
            self.note_identity(*self._identity())
        return self.machine_identifier

    def note_identity(self, machine_identifier: str, version: str) -> None:
        """Somebody saw which server answers at this address, in which version ("" where it says none).

        If it is another one, or was updated, the next request connects anew.
        """
        if self._connected is None:
            return
        known = (self._connected.machineIdentifier, self._connected.version or version)
        if known != (machine_identifier, version or self._connected.version):
            self._connected = None

    @property
    def version(self) -> str:
        """The version of the server when somebody saw it last, "" where it says none. Connects if need be."""
        return str(self._server.version or "")

    def sections(self) -> tuple[Section, ...]:
        """The libraries of type "movie", which those of other videos are too. One request."""
        path = "/library/sections"
        with no_scenes_fault(path):
            container = self._read(path)
            movies = [each for each in container.iterfind("Directory") if each.get("type") == "movie"]
            sections = self._parsed(path, lambda: tuple(parse_section(each) for each in movies))
            if sections and not any(section.locations for section in sections):
                raise PlexAuthError(_NOT_THE_OWNERS)
            return sections

    def libraries(self) -> tuple[Section, ...]:
        """All libraries, of whatever type. One request."""
        path = "/library/sections"
        with no_scenes_fault(path):
            found = list(self._read(path).iterfind("Directory"))
            return self._parsed(path, lambda: tuple(parse_section(each) for each in found))

    @property
    def name(self) -> str:
        """What its owner calls the server. Connects if need be."""
        return str(self._server.friendlyName or "")

    def list_page(self, section_key: int, start: int, size: int, order: str = NEWEST_FIRST) -> ListingPage:
        """Items of a section from number `start` (from 0) in an order. One request; Plex may send fewer than `size`."""
        path = f"/library/sections/{section_key}/all?type=1&sort={order}"
        window = _window(start, size)
        with no_scenes_fault(f"{path}&{urlencode(window)}"):
            server = self._server
            reply = self._session.get(server.url(path), headers=window)
            try:
                container, rows = read_children(reply.content, "Video", parse_listed_item)
            except (ParseError, ValueError) as error:
                raise self._malformed(path, error) from error
            if container.tag != "MediaContainer":
                raise self._malformed(path, "no MediaContainer")
            items = tuple(row for row in rows if row is not None)
            total = self._parsed(path, lambda: parse_listing_total(container))
            return ListingPage(items, total, len(rows) - len(items))

    def items(self, rating_keys: Sequence[int], *, check_files: bool = False) -> dict[int, PlexItem]:
        """Whole items by rating key; those that Plex does not have are absent.

        With `check_files` Plex looks whether each file is there, which costs it a look at the disk a file.
        One request for at most MAX_ITEMS_PER_REQUEST keys (more only if the server sends fewer items at a time), none
        for no keys. Raises ValueError for more keys.
        """
        asked = frozenset(rating_keys)
        if len(asked) > MAX_ITEMS_PER_REQUEST:
            raise ValueError(f"{len(asked)} items in one request; at most {MAX_ITEMS_PER_REQUEST}")
        if not asked:
            return {}
        path = "/library/metadata/" + ",".join(map(str, sorted(asked))) + SKIP_REFRESH
        path += CHECK_FILES if check_files else ""
        try:
            containers = self._read_whole(path, len(asked))
        except PlexNotFound:
            self._require_identity()
            return {}
        found = self._parsed(path, lambda: {item.rating_key: item for item in _items(containers)})
        if not found.keys() <= asked:
            raise self._malformed(path, f"items that were not asked for: {sorted(found.keys() - asked)}")
        return found

    def trial_item(self, rating_key: int) -> TrialItem | None:
        """What *Try Writing to Plex* touches of an item; None where Plex does not have it. One request."""
        path = f"/library/metadata/{rating_key}{SKIP_REFRESH}"
        try:
            container = self._read(path)
        except PlexNotFound:
            self._require_identity()
            return None
        shown = self._parsed(
            path, lambda: [parse_trial_item(video, container) for video in container.iterfind("Video")]
        )
        return next((item for item in shown if item.rating_key == rating_key), None)

    def edit(self, item: PlexItem | TrialItem, parameters: Sequence[tuple[str, str]]) -> None:
        """Change an item, with one request as `plex.editing.writer` words it."""
        self._send(edit_path(item.section_key, item.rating_key, parameters), self._session.put)
        reach("plex:edited")

    def rate(self, rating_key: int, rating: float | None) -> None:
        """Set the rating (0..10) that the token's account gives an item; None takes it away."""
        if rating is not None and not 0.0 <= rating <= MAX_RATING:
            raise ValueError(f"a rating of {rating}: Plex takes 0 to 10")
        value = NO_RATING if rating is None else rating
        path = f"/:/rate?key={rating_key}&identifier=com.plexapp.plugins.library&rating={value:g}"
        self._send(path, self._session.put)
        reach("plex:rated")

    def upload_poster(self, rating_key: int, image: bytes) -> None:
        """Add a poster and select it. Plex keeps every upload: send only what changed."""
        self._upload(f"/library/metadata/{rating_key}/posters", image)

    def upload_background(self, rating_key: int, image: bytes) -> None:
        """Add a background and select it. Plex keeps every upload: send only what changed."""
        self._upload(f"/library/metadata/{rating_key}/arts", image)

    def pictures(self, rating_key: int, field: str) -> tuple[PlexPicture, ...]:
        """What an item's poster or background (`field`) can be chosen from. One request; it may lag by a second."""
        path = f"/library/metadata/{rating_key}/{PICTURE_FOLDERS[field]}"
        container = self._read(path)
        photos = [photo for photo in container if photo.get("ratingKey")]
        return tuple(PlexPicture(photo.attrib["ratingKey"], photo.get("selected") == "1") for photo in photos)

    def select_picture(self, rating_key: int, field: str, name: str) -> None:
        """Show one of `pictures` as poster or background (`field`). Its reply is a path as plain text."""
        kind = "poster" if field == "poster" else "art"
        path = f"/library/metadata/{rating_key}/{kind}?url={quote(name, safe='')}"
        self._session.put(self._server.url(path))

    def fetch_image(self, path: str) -> bytes:
        """The bytes of an image, by the path that a PlexItem has for it."""
        if not path.startswith("/") or path.startswith("//"):
            raise PlexPermanentError(f"the image {path} is not on this Plex server")  # the token must not go elsewhere
        return bytes(self._session.request("GET", self._server.url(path), expected_bytes=_PICTURE_BYTES).content)

    def refresh(self, rating_key: int) -> None:
        """Have the library's agent fill an item anew. Plex answers before it has begun. Locked fields stay."""
        self._send(f"/library/metadata/{rating_key}/refresh", self._session.put)

    def scan_folder(self, section_key: int, folder: str) -> None:
        """Have Plex look for new files in one folder, as Plex sees it."""
        self._send(f"/library/sections/{section_key}/refresh?path={quote(folder, safe='')}", self._session.get)

    def _upload(self, path: str, image: bytes) -> None:
        self._send(path, self._session.post, image)
        reach("plex:uploaded")

    @property
    def _server(self) -> _Server:
        if self._connected is None:
            with no_scenes_fault("/"):
                self._connected = self._connect()
        return self._connected

    def _connect(self) -> _Server:
        try:
            server = _Server(self._url, session=self._session, timeout=self._timeouts)
        except (ParseError, AttributeError, TypeError, ValueError) as error:  # plexapi, on an empty or foreign reply
            raise self._malformed("/", error) from error
        if not server.machineIdentifier:
            raise self._malformed("/", "no machineIdentifier")
        return server

    def _require_identity(self) -> None:
        """Raises PlexError where it is not this Plex that answers: what another server has not says nothing."""
        before = self.machine_identifier
        now, version = self._identity()
        if now != before:
            # It may have been set up anew. Who asks next connects again and learns who it is.
            self.note_identity(now, version)
            raise self._malformed("/identity", "another machineIdentifier")

    def _identity(self) -> tuple[str, str]:
        """The server's identifier and its version, "" where it says none."""
        with no_scenes_fault("/identity"):
            shown = self._read("/identity")
            identifier = shown.get("machineIdentifier")
            if not identifier:
                raise self._malformed("/identity", "no machineIdentifier")
            return identifier, shown.get("version", "")

    def _send(self, path: str, method: Callable[..., object], body: bytes | None = None) -> Element | None:
        server = self._server
        try:
            reply: Element | None = server.query(path, method=method, data=body)
        except (ParseError, TooManyElements) as error:
            raise self._malformed(path, error) from error
        return reply

    def _read(self, path: str, headers: dict[str, str] | None = None) -> Element:
        server = self._server
        try:
            container: Element | None = server.query(path, headers=headers)
        except (ParseError, TooManyElements) as error:
            raise self._malformed(path, error) from error
        if container is None or container.tag != "MediaContainer":
            raise self._malformed(path, "no MediaContainer")
        return container

    def _read_whole(self, path: str, size: int) -> list[Element]:
        """All parts of a reply of up to `size` elements: a server has its own idea of how many it sends at most."""
        containers = [self._read(path, headers=_window(0, size))]
        count = len(containers[0])
        total = self._parsed(path, lambda: _total(containers[0]))
        while count < total:
            containers.append(self._read(path, headers=_window(count, size)))
            if not len(containers[-1]):
                raise self._malformed(path, f"{count} of {total} items")
            count += len(containers[-1])
        return containers

    def _parsed(self, path: str, parse: Callable[[], Parsed]) -> Parsed:
        try:
            return parse()
        except (KeyError, ValueError) as error:
            raise self._malformed(path, error) from error

    def _malformed(self, path: str, what: object) -> PlexTemporaryError:
        reason = f"{type(what).__name__} {what}" if isinstance(what, Exception) else what
        # It may be another server that answers in Plex's place by now.
        text = f"{self._session.place} sent a malformed reply to {path.partition('?')[0]} ({reason})"
        return PlexTemporaryError(text, suspect_outage=True)


def _items(containers: Iterable[Element]) -> list[PlexItem]:
    return [parse_item(video, container) for container in containers for video in container.iterfind("Video")]


def _window(start: int, size: int) -> dict[str, str]:
    return {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}


def _total(container: Element) -> int:
    return int(container.get("totalSize") or container.attrib["size"])  # a reply that is not paged has no totalSize
