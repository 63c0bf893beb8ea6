"""A Stash for tests: its GraphQL, its sessions, its pictures, and above all the way it runs plugins.

    with StashSimulator(plugins_dir) as stash:
        stash.add_scene("/library/one.mp4", title="One", performers=["Ann"])
        save = stash.save_scene(1, title="Two")     # returns when every hook has ended
        assert save.seconds < 1 and stash.runs[-1].output == "ok"

What a user does has a method here; the same goes through `POST /graphql`. Faults come from
`tests.simulators.faults`, and `graphql_error` below: `stash.inject(status(500))`, `stash.refuse()`.

Facts are from the source and the GraphQL schema of Stash v0.30.
"""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.simulators.faults import Fault, FaultyServer
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import PLACEHOLDER_SVG
from tests.simulators.plugin_runner import Caller, LogLine, PluginRun, PluginRunner
from tests.simulators.stash_edits import Editor, Save
from tests.simulators.stash_graphql import GraphQLEndpoint
from tests.simulators.stash_jobs import Job, JobQueue
from tests.simulators.stash_library import Library, NameTable, Scene, StashClock
from tests.simulators.stash_resolvers import Context, Resolvers
from tests.simulators.stash_sessions import Session, SessionStore

SCHEMA_PATH = Path(__file__).with_name("stash_schema.graphql")
DEFAULT_HOST = "0.0.0.0"  # noqa: S104 - what Stash tells plugins of its own address unless configured
USER = "admin"
OPEN_PATHS = ("/login", "/logout", "/css", "/assets")
SCREENSHOT = re.compile(r"/scene/(\d+)/screenshot")
PAGE = Response(200, b"<!DOCTYPE html><title>Stash</title>", "text/html")
LOGIN_PAGE = Response(200, b"<!DOCTYPE html><title>Login</title>", "text/html")
UNAUTHORIZED = Response(401, headers={"WWW-Authenticate": "FormBased"})
NOT_FOUND = Response(404, b"Not Found\n")
PICTURE_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def graphql_error(message: str) -> Fault:
    """Answer 200 with a GraphQL error and no data, as Stash does while its database is locked."""
    body = json.dumps({"errors": [{"message": message}], "data": None}).encode()
    reply = Response(200, body, "application/json")
    return lambda _request, _answer, _waiting: reply


class StashSimulator(FaultyServer):
    """A Stash on a port of its own; see the module's docstring.

    Args:
        plugins_dir: the plugins root, None for no plugins. Loaded at start() and by reload_plugins().
        python: the interpreter that `python3` in a plugin's exec stands for.
        password: whether callers need a session or the API key.
        api_key: what the ApiKey header has to hold, empty for none.
        clock: the time in seconds since the epoch; see also the attribute `clock`.
        utc_offset: of Stash's own time zone.
        port, tls, latency: see `RecordingServer` and `FaultyServer`.

    Attributes:
        clock: Stash's time, zone and precision, to be changed at run time.
        library: the content, to be read or changed behind Stash's back.
        plugins: the plugins and what they did.
        jobs: the job queue.
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
        self._sessions = SessionStore(lambda: self.clock.now())
        self.plugins = PluginRunner(None if plugins_dir is None else str(plugins_dir), self.server_connection, python)
        self.jobs = JobQueue(self.clock, lambda text: self.plugins.log("error", text))
        self._editor = Editor(self.library, self.plugins, lambda name: self._graphql.input_field_names(name))
        self._resolvers = Resolvers(self.library, self.plugins, self.jobs, self._editor, lambda: self.api_key)
        self._graphql = GraphQLEndpoint(SCHEMA_PATH.read_text(encoding="utf-8"), self._resolvers.table())
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
        cookie = self._sessions.plugin_cookie(session or self._user_session()) if self.cookie_for_plugins else None
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

    # --- what a user does

    def save_scene(self, scene_id: int, **fields: Any) -> Save:
        """Save one scene and wait for its hooks. `fields` are those of SceneUpdateInput; others raise GraphQLError."""
        scene_input = self._coerced("SceneUpdateInput", {"id": scene_id, **fields})
        with self._calling(self._user_session()) as caller:
            return self._editor.scene_update(caller, scene_input)

    def save_scenes(self, inputs: Iterable[Mapping[str, Any]]) -> Save:
        """Save several scenes at once (scenesUpdate); each input has an `id`."""
        scene_inputs = [self._coerced("SceneUpdateInput", each) for each in inputs]
        with self._calling(self._user_session()) as caller:
            return self._editor.scenes_update(caller, scene_inputs)

    def bulk_save(self, scene_ids: Iterable[int], **fields: Any) -> Save:
        """Save the same for many scenes (bulkSceneUpdate); lists are {"ids": [...], "mode": "ADD"}."""
        bulk_input = self._coerced("BulkSceneUpdateInput", {"ids": list(scene_ids), **fields})
        with self._calling(self._user_session()) as caller:
            return self._editor.bulk_scene_update(caller, bulk_input)

    def save_without_hook(self, scene_id: int, **fields: Any) -> Scene:
        """Save a scene in a way that runs no hook: Auto Tag, a merge, a bulk edit whose browser was closed."""
        scene_input = self._coerced("SceneUpdateInput", {"id": scene_id, **fields})
        return self._editor.store_without_hook(scene_id, scene_input)

    def destroy_scene(self, scene_id: int) -> Save:
        """Delete a scene."""
        with self._calling(self._user_session()) as caller:
            return self._editor.scene_destroy(caller, {"id": scene_id})

    def scan_scene(self, *paths: str, **fields: Any) -> Save:
        """Add a scene as a file scan does, with Scene.Create.Post."""
        scene = self.add_scene(*paths, **fields)
        with self._calling(self._user_session()) as caller:
            return self._editor.scan_hook(caller, scene.id, "Scene.Create.Post")

    def rescan_scene(self, scene_id: int, *new_paths: str) -> Save:
        """Scan a scene's files again, with Scene.Update.Post; a moved or added file has a new path."""
        if new_paths:
            self.library.change_scene(scene_id, files=self.library.make_files(new_paths))
        with self._calling(self._user_session()) as caller:
            return self._editor.scan_hook(caller, scene_id, "Scene.Update.Post")

    def rename_performer(self, performer_id: int, name: str) -> Save:
        """Rename a performer."""
        return self._rename(self.library.performers, performer_id, name)

    def rename_studio(self, studio_id: int, name: str) -> Save:
        """Rename a studio."""
        return self._rename(self.library.studios, studio_id, name)

    def rename_tag(self, tag_id: int, name: str) -> Save:
        """Rename a tag."""
        return self._rename(self.library.tags, tag_id, name)

    def merge_tags(self, sources: Iterable[int], destination: int) -> Save:
        """Merge tags into another."""
        merge_input = self._coerced("TagsMergeInput", {"source": list(sources), "destination": destination})
        with self._calling(self._user_session()) as caller:
            return self._editor.merge_tags(caller, merge_input)

    def run_task(self, plugin_id: str, task_name: str | None = None, **args: Any) -> Job:
        """Press a task's button: queue it. Its `ended` event says when it is over."""
        arguments = {"plugin_id": plugin_id, "task_name": task_name, "args_map": args}
        return self._resolvers.run_task(Caller(self._user_session()), arguments)

    def run_operation(self, plugin_id: str, **args: Any) -> Any:
        """Run a plugin at once and return its output; its error is raised as a ResolverError."""
        with self._calling(self._user_session()) as caller:
            return self._resolvers.run_operation(caller, {"plugin_id": plugin_id, "args": args})

    def kill_running_hooks(self) -> int:
        """Close every browser that waits for a plugin: it is killed, further hooks never run. Returns how many."""
        with self._lock:
            waiting = [caller for caller in self._callers if caller.is_waiting]
        for caller in waiting:
            caller.leave()
        return len(waiting)

    # --- sessions

    def login(self) -> str:
        """Return the value of a new session cookie, as after a login."""
        return self._sessions.make(self._user_session())

    def expire_sessions(self) -> None:
        """Make every session cookie given out so far invalid; the API key stays."""
        self._sessions.expire_all()

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
        """Answer one request: who is it, and may they?"""
        key = request.header("ApiKey") or request.query.get("apikey", "")
        if key:
            if key != self.api_key:
                return UNAUTHORIZED
            return self._route(request, Session(USER if self.password else ""))
        session = self._sessions.read(request.header("Cookie"))
        if self.password and (session is None or not session.user) and not request.path.startswith(OPEN_PATHS):
            return _turned_away(request)
        response = self._route(request, session or Session(""))
        if session is None:
            return response
        return replace(response, headers={**response.headers, "Set-Cookie": self._sessions.set_cookie_header(session)})

    def _route(self, request: Request, session: Session) -> Response:
        if request.path == "/graphql":
            return self._graphql_response(request, session)
        screenshot = SCREENSHOT.fullmatch(request.path)
        if screenshot is not None:
            return self._screenshot_response(request, int(screenshot[1]))
        if request.path.startswith("/login"):
            return LOGIN_PAGE
        return PAGE if _extension(request.path) in ("", ".html") else NOT_FOUND

    def _graphql_response(self, request: Request, session: Session) -> Response:
        if request.method != "POST" or not request.header("Content-Type").startswith("application/json"):
            return Response(400, b'{"errors":[{"message":"transport not supported"}],"data":null}', "application/json")
        base_url = f"{self.url.partition(':')[0]}://{request.header('Host')}"
        with self._calling(session) as caller:
            answer = self._graphql.answer(request.body, Context(base_url, caller))
        with self._lock:
            self._operations.extend(answer.root_fields)
        return Response(answer.status, answer.body(), "application/json", {"Cache-Control": "no-store"})

    def _screenshot_response(self, request: Request, scene_id: int) -> Response:
        scene = self.library.scenes.get(scene_id)
        if scene is None:
            return NOT_FOUND
        picture = PLACEHOLDER_SVG if scene.cover is None else scene.cover
        headers = {"ETag": f'"{hashlib.md5(picture, usedforsecurity=False).hexdigest()}"'}
        headers["Cache-Control"] = "private, max-age=31536000, immutable" if "t" in request.query else "no-cache"
        if request.header("If-None-Match") == headers["ETag"]:
            return Response(304, headers=headers)
        kinds = (kind for magic, kind in PICTURE_TYPES.items() if picture.startswith(magic))
        return Response(200, picture, next(kinds, "image/svg+xml"), headers)

    # --- parts

    def _user_session(self) -> Session:
        return Session(USER if self.password else "")

    @contextmanager
    def _calling(self, session: Session) -> Iterator[Caller]:
        caller = Caller(session)
        with self._lock:
            self._callers.add(caller)
        try:
            yield caller
        finally:
            with self._lock:
                self._callers.discard(caller)

    def _coerced(self, type_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return self._graphql.coerce_input(type_name, value)

    def _rename(self, table: NameTable, row_id: int, name: str) -> Save:
        type_name = f"{table.kind.capitalize()}UpdateInput"
        with self._calling(self._user_session()) as caller:
            return self._editor.rename(caller, table, self._coerced(type_name, {"id": row_id, "name": name}))


def _turned_away(request: Request) -> Response:
    """Answer who has no session: 401 for GraphQL and files, for pages the way to the login."""
    if request.path == "/graphql" or _extension(request.path) not in ("", ".html"):
        return UNAUTHORIZED
    return Response(302, headers={"Location": "/login?" + urlencode({"returnURL": request.target})})


def _extension(path: str) -> str:
    return Path(path).suffix
