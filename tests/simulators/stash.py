"""A Stash for tests: its GraphQL, its sessions, its pictures, and above all the way it runs plugins.

    with StashSimulator(plugins_dir) as stash:
        stash.add_scene("/library/one.mp4", title="One", performers=["Ann"])
        save = stash.save_scene(1, title="Two")     # returns when every hook has ended
        assert save.seconds < 1 and stash.runs[-1].output == "ok"

What a user does has a method (see `stash_actions`); the same goes through `POST /graphql`. Faults come from
`tests.simulators.faults`, and `graphql_error` below: `stash.inject(status(500))`, `stash.refuse()`.

How what is seen on real servers is switched on, all of it at run time, and together:

    stash.break_scene(7)                    errors wherever scene 7's files are selected: data null for findScenes,
                                            null for its alias of findScene; repair_scene(7). Another field:
                                            break_scene(7, "id"); all data null: library.unresolvable_is_fatal = True
    stash.disable_plugin("PlexSync")        or setPluginsEnabled: no hooks, operations fail, assets answer 400
    stash.max_session_age = 60              seconds that a cookie is valid, by the clock; sessions.renew_on_use = True
                                            lets its use renew it; stash.password = True ends the sessions that exist
    stash.assign_file(2, file_id)           no hook, no updated_at; merge_performers([1], 2) likewise
    stash.destroy_tags(1, 2)                one Tag.Destroy.Post each; also _performers, _studios, _groups
    stash.update_group(1, name="G")         Group.Update.Post and Movie.Update.Post; also update_performer (tag_ids,
                                            image), update_studio (parent_id), update_tag (parent_ids, child_ids)
    stash.create_scene(title="T")           Scene.Create.Post alone
    stash.lacking = {"Scene.groups"}        an older schema: queries for these fields are refused with 422
    stash.inject(drip(0.05, endless=True))  a reply one byte after the other; tiny_elements() and others likewise
    GET /plugin/PlexSync/assets/x, /javascript, /css   what the `ui:` of its yml names, with Stash's login

Facts are from the source and the GraphQL schema of Stash v0.30.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.simulators.faults import Fault, FaultyServer
from tests.simulators.http_server import Request, Response
from tests.simulators.plugin_runner import Caller, LogLine, PluginRun, PluginRunner
from tests.simulators.stash_actions import USER, StashActions
from tests.simulators.stash_edits import Editor, Save
from tests.simulators.stash_files import Files, extension
from tests.simulators.stash_graphql import GraphQLEndpoint
from tests.simulators.stash_jobs import JobQueue
from tests.simulators.stash_library import Library, Scene, StashClock
from tests.simulators.stash_named import NamedEditor
from tests.simulators.stash_named_resolvers import Context, NamedResolvers
from tests.simulators.stash_resolvers import Resolvers
from tests.simulators.stash_sessions import MAX_AGE_SECONDS, Session, SessionStore

SCHEMA_PATH = Path(__file__).with_name("stash_schema.graphql")
DEFAULT_HOST = "0.0.0.0"  # noqa: S104 - what Stash tells plugins of its own address unless configured
OPEN_PATHS = ("/login", "/logout", "/css", "/assets")
UNAUTHORIZED = Response(401, headers={"WWW-Authenticate": "FormBased"})


def graphql_error(message: str) -> Fault:
    """Answer 200 with a GraphQL error and no data, as Stash does while its database is locked."""
    body = json.dumps({"errors": [{"message": message}], "data": None}).encode()
    reply = Response(200, body, "application/json")
    return lambda _request, _answer, _waiting: reply


class StashSimulator(StashActions, FaultyServer):
    """A Stash on a port of its own; see the module's docstring.

    Args:
        plugins_dir: the plugins root, None for no plugins. Loaded at start() and by reload_plugins().
        python: the interpreter that `python3` in a plugin's exec stands for.
        password: whether callers need a session or the API key.
        api_key: what the ApiKey header has to hold, empty for none.
        clock: the time in seconds since the epoch; see also the attribute `clock`.
        utc_offset: of Stash's own time zone.
        max_session_age: for how many seconds a session cookie is valid; 3,600 in Stash, too.
        lacking: fields of the schema ("Type.field") that this Stash lacks, as an older one.
        port, tls, latency: see `RecordingServer` and `FaultyServer`.

    Attributes:
        clock: Stash's time, zone and precision, to be changed at run time.
        library: the content, to be read or changed behind Stash's back.
        plugins: the plugins and what they did.
        jobs: the job queue.
        sessions: the session cookies.
        host_for_plugins: the Host in a plugin's server_connection.
        cookie_for_plugins: whether a plugin gets a session cookie (else null).
    """

    def __init__(
        self,
        plugins_dir: str | Path | None = None,
        python: str = sys.executable,
        password: bool = False,
        api_key: str = "",
        *,
        clock: Callable[[], float] = time.time,
        utc_offset: timedelta = timedelta(0),
        max_session_age: int = MAX_AGE_SECONDS,
        lacking: Iterable[str] = (),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(port, tls, latency)
        self.password = password
        self.api_key = api_key
        self.clock = StashClock(clock, utc_offset)
        self.library = Library(self.clock)
        self.host_for_plugins = DEFAULT_HOST
        self.cookie_for_plugins = True
        self.sessions = SessionStore(lambda: self.clock.now(), max_session_age)
        self.plugins = PluginRunner(None if plugins_dir is None else str(plugins_dir), self.server_connection, python)
        self.jobs = JobQueue(self.clock, lambda text: self.plugins.log("error", text))
        self._editor = Editor(self.library, self.plugins, lambda name: self._graphql.input_field_names(name))
        self._named = NamedEditor(self._editor)
        self._resolvers = Resolvers(
            self.library,
            self.plugins,
            self.jobs,
            self._editor,
            NamedResolvers(self.library, self._named),
            lambda: self.api_key,
            lambda: self.max_session_age,
        )
        self._files = Files(self.library, self.plugins)
        self.lacking = frozenset(lacking)
        self._callers: set[Caller] = set()
        self._operations: list[str] = []
        self._lock = threading.Lock()

    # --- life

    def start(self) -> None:
        """Load the plugins and listen."""
        super().start()
        self.reload_plugins()

    def stop(self) -> None:
        """Stop jobs and listening, and kill the plugin processes (those themselves, not what they started)."""
        self.jobs.close()
        with self._lock:
            callers = tuple(self._callers)
        for caller in callers:
            caller.leave()
        self.plugins.kill_all()
        super().stop()

    def __enter__(self) -> StashSimulator:
        self.start()
        return self

    def reload_plugins(self) -> None:
        """Load the plugins' files again, as Stash's button does."""
        self.plugins.reload()

    def server_connection(self, session: Session | None = None) -> dict[str, Any]:
        """Return what a plugin gets to reach this Stash, but for its PluginDir."""
        cookie = self.sessions.plugin_cookie(session or self._user_session()) if self.cookie_for_plugins else None
        return {
            "Scheme": self.url.partition(":")[0],
            "Host": self.host_for_plugins,
            "Port": self.port,
            "SessionCookie": cookie,
            "Dir": self.plugins.plugins_dir or "",
        }

    # --- content

    def add_scene(self, *paths: str, **fields: Any) -> Scene:
        """Put a scene into the library without running a hook; see `Library.add_scene`."""
        return self.library.add_scene(*paths, **fields)

    def scene(self, scene_id: int) -> Scene:
        """Return a scene as it is stored."""
        return self.library.scene(scene_id)

    def studio_id(self, name: str) -> int:
        """Return the id of the studio of this name, made now if there is none."""
        return self.library.studios.find_or_add(name)

    def performer_id(self, name: str) -> int:
        """Return the id of the performer of this name, made now if there is none."""
        return self.library.performers.find_or_add(name)

    def tag_id(self, name: str) -> int:
        """Return the id of the tag of this name, made now if there is none."""
        return self.library.tags.find_or_add(name)

    def configure_plugin(self, plugin_id: str, **settings: Any) -> None:
        """Replace a plugin's settings, all of them."""
        self.library.plugin_settings[plugin_id] = settings

    def group_id(self, name: str) -> int:
        """Return the id of the group of this name, made now if there is none."""
        return self.library.groups.find_or_add(name)

    @property
    def lacking(self) -> frozenset[str]:
        """The fields ("Type.field") that this Stash's schema lacks; assign others at run time.

        Raises:
            ValueError: on assignment, where the schema has no such field anyway.
        """
        return self._lacking

    @lacking.setter
    def lacking(self, fields: Iterable[str]) -> None:
        self._lacking = frozenset(fields)
        text = SCHEMA_PATH.read_text(encoding="utf-8")
        self._graphql = GraphQLEndpoint(text, self._resolvers.table(), self._lacking)

    # --- sessions

    @property
    def max_session_age(self) -> int:
        """For how many seconds a session cookie is valid; assign another at run time."""
        return self.sessions.max_age

    @max_session_age.setter
    def max_session_age(self, seconds: int) -> None:
        self.sessions.max_age = seconds

    def login(self) -> str:
        """Return the value of a new session cookie, as after a login."""
        return self.sessions.make(self._user_session())

    def expire_sessions(self) -> None:
        """Make every session cookie given out so far invalid; the API key stays."""
        self.sessions.expire_all()

    # --- what happened

    @property
    def saves(self) -> list[Save]:
        """Every save, oldest first."""
        return self._editor.saves

    @property
    def runs(self) -> list[PluginRun]:
        """Every plugin run that has ended, oldest first."""
        return self.plugins.runs

    @property
    def logs(self) -> list[LogLine]:
        """Stash's log, oldest first."""
        return self.plugins.logs

    def count_operations(self, root_field: str) -> int:
        """Count how often a root field (findScenes, sceneUpdate, ...) was asked for over HTTP since reset_log()."""
        with self._lock:
            return self._operations.count(root_field)

    def reset_log(self) -> None:
        """Forget every recorded request and operation."""
        super().reset_log()
        with self._lock:
            self._operations.clear()

    # --- HTTP

    def handle(self, request: Request) -> Response:
        """Answer one request, with Stash's time in the Date header as each reply of Go's server has it."""
        response = self._answer(request)
        date = formatdate(self.clock.now(), usegmt=True)
        return replace(response, headers={"Date": date, **response.headers})

    def _answer(self, request: Request) -> Response:
        """Who is it, and may they?"""
        key = request.header("ApiKey") or request.query.get("apikey", "")
        if key:
            if key != self.api_key:
                return UNAUTHORIZED
            return self._route(request, Session(USER if self.password else ""))
        session = self.sessions.read(request.header("Cookie"))
        if self.password and (session is None or not session.user) and not request.path.startswith(OPEN_PATHS):
            return _turned_away(request)
        response = self._route(request, session or Session(""))
        if session is None:
            return response
        return replace(response, headers={**response.headers, "Set-Cookie": self.sessions.set_cookie_header(session)})

    def _route(self, request: Request, session: Session) -> Response:
        if request.path == "/graphql":
            return self._graphql_response(request, session)
        return self._files.respond(request)

    def _graphql_response(self, request: Request, session: Session) -> Response:
        if request.method != "POST" or not request.header("Content-Type").startswith("application/json"):
            return Response(400, b'{"errors":[{"message":"transport not supported"}],"data":null}', "application/json")
        base_url = f"{self.url.partition(':')[0]}://{request.header('Host')}"
        with self._calling(session) as caller:
            answer = self._graphql.answer(request.body, Context(base_url, caller))
        with self._lock:
            self._operations.extend(answer.root_fields)
        return Response(answer.status, answer.body(), "application/json", {"Cache-Control": "no-store"})


def _turned_away(request: Request) -> Response:
    """Answer who has no session: 401 for GraphQL and files, for pages the way to the login."""
    if request.path == "/graphql" or extension(request.path) not in ("", ".html"):
        return UNAUTHORIZED
    return Response(302, headers={"Location": "/login?" + urlencode({"returnURL": request.target})})
