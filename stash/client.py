"""What PlexSync asks of Stash: its settings, scenes, ids and screenshots. It changes nothing but its own settings."""

from __future__ import annotations

import itertools
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from stash.address import base_url
from stash.enabled import PLUGIN_ID as PLUGIN_ID
from stash.enabled import PLUGINS_QUERY, is_enabled_among
from stash.exceptions import StashQueryFailed, StashUnavailable
from stash.pages import Gap, IdPage, id_page, page_without
from stash.scene_reader import SceneReader, Scenes
from stash.scenes import FILES_SELECTION, parse_files
from stash.transport import GraphQLTransport, StashSession, describe_status
from validation.scene import Performer, Scene

logger = logging.getLogger(__name__)

ID_PAGE = 1000
"""Ids that are asked for at once."""
SCREENSHOT_BYTES = 20 * 1024 * 1024
"""Largest picture that is read, in bytes. Chosen: Stash's own screenshots have well under one MiB."""

CARRIED = {"performer": "performers", "studio": "studios", "tag": "tags", "group": "groups"}
"""What a scene can carry, and the criterion by which Stash v0.30 finds the scenes that do."""

CLOCK_CHANGE = timedelta(hours=2)
"""How far Stash's order by time may be off: it sorts the texts of local times, and at the end of daylight saving time
(one hour, two at Troll station) a later text is an earlier time."""

_CHUNK_BYTES = 64 * 1024
_SETTINGS = (
    "query Settings($include: [ID!]) "
    "{ configuration { plugins(include: $include) general { apiKey stashes { path } } } }"
)
_PLUGIN_SETTINGS = "query PluginSettings($include: [ID!]) { configuration { plugins(include: $include) } }"
_CONFIGURE = (
    "mutation Configure($plugin: ID!, $settings: Map!) { configurePlugin(plugin_id: $plugin, input: $settings) }"
)
_SCENE_IDS = (
    "query SceneIds($after: SceneFilterType, $filter: FindFilterType) "
    "{ findScenes(scene_filter: $after, filter: $filter) { scenes { id } } }"
)
_UPDATED = "query Updated($filter: FindFilterType) { findScenes(filter: $filter) { scenes { id updated_at } } }"
_TAG_NAMES = "query PlexSyncTagNames { findTags(filter: {per_page: -1}) { tags { name } } }"  # -1: all on one page
_VERSION = "query Version { version { version } }"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_IMAGE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP", re.DOTALL)  # how each format begins


@dataclass(frozen=True)
class Carrying:
    """Scenes that carry a performer, studio, tag or group: `kind`, a key of CARRIED, and its id.

    `levels_below`: as many levels below it count as well. `by_performers`: so does a tag of a scene's performer.
    """

    kind: str
    entity_id: int
    levels_below: int = 0
    by_performers: bool = False

    def criteria(self) -> dict[str, Any]:
        """The SceneFilterType (schema of Stash v0.30) that finds them."""
        found: dict[str, Any] = {"value": [str(self.entity_id)], "modifier": "INCLUDES"}
        if self.levels_below:
            found["depth"] = self.levels_below
        own = {CARRIED[self.kind]: found}
        return {**own, "OR": {"performer_tags": found}} if self.by_performers else own


class StashClient:
    """One connection to the Stash that started the plugin. Constructing it sends nothing.

    Every method raises StashUnavailable where Stash gives no usable answer, in particular StashUnauthorized where it
    wants a login. No text or repr of it holds a secret.
    """

    def __init__(
        self,
        server_connection: Mapping[str, Any],
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`server_connection` as Stash hands it to a plugin: Scheme, Host, Port, SessionCookie; timeouts in seconds.

        It may hold an ApiKey in place of the cookie, where a person started us in a shell (tools/process_queue.py).
        `clock` gives seconds, for each request's deadline.
        """
        self._connection = dict(server_connection)
        self._session = StashSession(base_url(server_connection), connect_timeout, read_timeout, clock)
        self._session.log_in_with_cookie(server_connection.get("SessionCookie"))
        self._session.log_in_with_key(server_connection.get("ApiKey", ""))
        self._graphql = GraphQLTransport(self._session)
        self._reader = SceneReader(self._graphql)
        self._files_reader = SceneReader(self._graphql, FILES_SELECTION, parse_files)
        self._library_roots: tuple[str, ...] | None = None
        self._told: set[str] = set()

    def __repr__(self) -> str:
        return f"StashClient({self._session.url!r})"

    @property
    def url(self) -> str:
        """Stash's address as the plugin reaches it, without a trailing slash."""
        return self._session.url

    @property
    def session_ends_at(self) -> float | None:
        """When the session that Stash lent ends (seconds since the epoch), unless a request renews it; None = never."""
        return self._session.ends_at()

    def connection(self) -> dict[str, Any]:
        """The server connection that was given, with the login as it is now. It holds a secret."""
        return {**self._connection, **self._session.login()}

    def settings(self) -> dict[str, Any]:
        """What the user has set for PlexSync, by name; {} where nothing is.

        The same request brings the libraries' folders (see `library_roots`) and the API key, if there is one: from then
        on it replaces the session cookie, which expires.
        """
        data = self._graphql.query(_SETTINGS, {"include": [PLUGIN_ID]})
        configuration = data["configuration"]
        self._session.log_in_with_key(configuration["general"]["apiKey"])
        self._library_roots = tuple(stash["path"] for stash in configuration["general"]["stashes"])
        return dict(configuration["plugins"].get(PLUGIN_ID) or {})

    def is_plugin_enabled(self) -> bool:
        """Whether Stash has PlexSync among its plugins, enabled."""
        return is_enabled_among(self._graphql.query(PLUGINS_QUERY, {})["plugins"])

    def plugin_settings(self, plugin_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What the user has set for these plugins, by plugin id; one without settings is absent."""
        plugins = self._graphql.query(_PLUGIN_SETTINGS, {"include": list(plugin_ids)})["configuration"]["plugins"]
        return {plugin_id: dict(settings) for plugin_id, settings in plugins.items() if settings}

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Store PlexSync's settings; Stash replaces all that it had."""
        self._graphql.query(_CONFIGURE, {"plugin": PLUGIN_ID, "settings": dict(settings)})

    def library_roots(self) -> tuple[str, ...]:
        """The folders of Stash's libraries, as Stash sees them; from the last `settings()`, or by calling it."""
        if self._library_roots is None:
            self.settings()
        return self._library_roots or ()

    def select(self, also: Iterable[str]) -> None:
        """From now on ask for these fields of a Scene, too: what the settings need, so that an older Stash, which may
        not have the others, still answers."""
        self._reader.select(also)

    def scenes(self, scene_ids: Sequence[int]) -> Scenes:
        """The scenes with these ids, by id; one that no longer exists is absent, one that Stash cannot answer for is in
        `unreadable`. One request, unless one of them is gone or cannot be read."""
        return self._reader.read(scene_ids)

    def scene_files(self, scene_ids: Sequence[int]) -> Scenes:
        """As `scenes`, of each no more than its id and its files: for lists ten times as long."""
        return self._files_reader.read(scene_ids)

    def scene_ids(self, page_size: int = ID_PAGE) -> Iterator[list[int]]:
        """The ids of all scenes, ascending, in lists of at most `page_size`.

        Each page asks for what follows the last id, so that scenes which are deleted meanwhile shift nothing past it.
        """
        last = 0
        while True:
            page = self.scene_ids_after(last, page_size)
            if page.ids:
                yield page.ids
                last = page.ids[-1]
            if page.is_last:
                return

    def scene_ids_after(self, scene_id: int, page_size: int = ID_PAGE, carrying: Carrying | None = None) -> IdPage:
        """The next ids above `scene_id`, ascending; `carrying`: only of such scenes.

        A scene that Stash cannot list is left out, and told of in the log. One request, unless there is one.
        """
        criteria: dict[str, Any] = {"id": {"value": scene_id, "modifier": "GREATER_THAN"}}
        if carrying is not None:
            criteria["AND"] = carrying.criteria()
        rows = page_without(self._asking_ids(criteria), 1, page_size)
        page = id_page(rows, page_size, scene_id or None)
        for gap in page.gaps:
            self._tell_of_unlisted(gap, f"{gap.before} {gap.behind} {gap.reason}")
        return page

    def _asking_ids(self, criteria: Mapping[str, Any]) -> Callable[[int, int], list[int]]:
        """What asks for a page, by number and size, of the ids of scenes that meet these criteria."""

        def ask(number: int, size: int) -> list[int]:
            page = {"page": number, "per_page": size, "sort": "id", "direction": "ASC"}
            found = self._graphql.query(_SCENE_IDS, {"after": criteria, "filter": page})["findScenes"]["scenes"]
            return [int(scene["id"]) for scene in found]

        return ask

    def scene_ids_with_path(self, pattern: str) -> list[int]:
        """The ids, ascending, of all scenes that have a file whose path fits a regular expression (Go's syntax).

        One request for each ID_PAGE of them. Ids alone, so that no scene which Stash cannot answer for spoils it; one
        that it cannot even list is left out.
        """
        ask = self._asking_ids({"path": {"value": pattern, "modifier": "MATCHES_REGEX"}})
        ids: list[int] = []
        for number in itertools.count(1):
            rows = page_without(ask, number, ID_PAGE)
            ids += [row for row in rows if not isinstance(row, StashQueryFailed)]
            if len(rows) < ID_PAGE:
                break
        return ids

    def updated_since(self, since: datetime, page_size: int = 100) -> Iterator[list[tuple[int, str]]]:
        """Pages of (id, updated_at) of the scenes that were updated at `since` or later, about newest first.

        `since` has a time zone. A scene that is updated while the pages are read may come twice or move to an earlier
        page unseen; its new time is then later than the call, so the next call brings it. A scene that Stash cannot
        list is left out, and told of in the log.
        """
        page_number = 1
        while True:
            rows = page_without(self._updated_page, page_number, page_size)
            page = [row for row in rows if not isinstance(row, StashQueryFailed)]
            listed = [row if isinstance(row, StashQueryFailed) else row[0] for row in rows]
            for gap in id_page(listed, page_size).gaps:
                self._tell_of_unlisted(gap, gap.reason)  # its place moves with each edit
            recent = [(scene_id, text) for scene_id, text, updated_at in page if updated_at >= since]
            if recent:
                yield recent
            if len(rows) < page_size or min((when for _, _, when in page), default=since) < since - CLOCK_CHANGE:
                return
            page_number += 1

    def _updated_page(self, page_number: int, page_size: int) -> list[tuple[int, str, datetime]]:
        # Sorted, never filtered: Stash compares times as text in its own zone.
        page = {"page": page_number, "per_page": page_size, "sort": "updated_at", "direction": "DESC"}
        scenes = self._graphql.query(_UPDATED, {"filter": page})["findScenes"]["scenes"]
        return [(int(scene["id"]), scene["updated_at"], parse_time(scene["updated_at"])) for scene in scenes]

    def _tell_of_unlisted(self, gap: Gap, known_as: str) -> None:
        """Say once that a scene is left out, whose id nobody can tell."""
        if known_as in self._told:
            return
        self._told.add(known_as)
        logger.warning(
            "Stash cannot list the scene %s (%s). It is left out, and all others go on. See Stash's log for the scene, "
            "and scan its file again or delete it",
            _place(gap),
            gap.reason,
        )

    def screenshot(self, scene: Scene, patience: float | None = None) -> bytes | None:
        """The picture of a scene, or None where there is none that can be used.

        That is: no address, an answer of 4xx, or no JPEG, PNG, GIF or WebP (Stash draws an SVG for scenes without a
        picture). Of a picture with more than `SCREENSHOT_BYTES` it returns the first of them and one more.
        Raises StashSilent where it has not come after `patience` seconds (None: as any other answer).
        """
        return self._picture(scene.screenshot, patience)

    def performer_image(self, performer: Performer, patience: float | None = None) -> bytes | None:
        """The picture of a performer; None, limits and `patience` as for `screenshot`."""
        return self._picture(performer.image, patience)

    def _picture(self, address: str, patience: float | None) -> bytes | None:
        if not address:
            return None
        url = self._session.url + _own_path(address)
        headers = {"Accept": "image/*"}
        options = {"stream": True, "headers": headers, "expected_bytes": SCREENSHOT_BYTES, "patience": patience}
        with self._session.request("GET", url, **options) as response:
            if response.status_code >= requests.codes.internal_server_error:
                raise StashUnavailable(describe_status(response))
            if response.status_code >= requests.codes.bad_request:
                return None
            image = self._read_at_most(response, SCREENSHOT_BYTES, patience)
        return image if image and _IMAGE.match(image) else None

    def _read_at_most(self, response: requests.Response, limit: int, patience: float | None) -> bytes:
        """The body, as far as `limit` bytes and one more."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > limit:
                    return bytes(body[: limit + 1])
        except requests.RequestException as error:
            failure = self._session.failure(error, patience)
        else:
            return bytes(body)
        raise failure

    def tag_names(self) -> list[str]:
        """The names of all tags that Stash has, in one request."""
        return [tag["name"] for tag in self._graphql.query(_TAG_NAMES, {})["findTags"]["tags"]]

    def version(self) -> str:
        """Stash's version, such as "v0.30.1"; "" where a build has none."""
        return self._graphql.query(_VERSION, {})["version"]["version"] or ""


def parse_time(text: str) -> datetime:
    """A time as Stash writes it: RFC 3339 with up to nine decimals and an offset; what is below a microsecond is cut.

    Raises ValueError where `text` is something else.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no time as Stash writes it')
    day, clock, fraction, offset = found.groups()
    microseconds = f"{fraction or ''}000000"[:6]
    return datetime.fromisoformat(f"{day}T{clock}.{microseconds}{'+00:00' if offset == 'Z' else offset}")


def _place(gap: Gap) -> str:
    """Where a scene stands that has no id, in words."""
    before, behind = (f"scene {each}" if each is not None else "" for each in (gap.before, gap.behind))
    if before and behind:
        return f"between {before} and {behind}"
    return f"after {before}" if before else f"before {behind}" if behind else "that is alone in its list"


def _own_path(address: str) -> str:
    """The path and query of an address that Stash gave, as Stash itself serves it.

    A proxy in front may have added its host and a folder (Stash v0.30, `BaseURLMiddleware`), which Stash does not know.
    """
    parts = urlsplit(address)
    path = parts.path[max(parts.path.rfind("/scene/"), 0) :]
    return f"/{path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")
