"""The Plex token, the session cookie and the API key are in no log, file, reply, argument or environment of ours."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from tests.simulators.faults import (
    Fault,
    FaultyServer,
    cut_off_body,
    drop,
    hang,
    maintenance,
    not_xml,
    status,
    truncated_body,
)
from tests.simulators.plex import PlexSimulator, wrong_ids
from tests.simulators.stash import graphql_error
from tests.simulators.stash_graphql import ResolverError
from tests.world import World, wait_until

TOKEN = "Sekr3t-plex-token"
API_KEY = "Sekr3t.api.key"
SAMPLE_SECONDS = 0.1
MODES = (
    "queue_status",
    "health_check",
    "write_test",
    "process_queue",
    "all",
    "recent",
    "purge_dlq",
    "clear_dlq",
    "clear_queue",
    "odd",
    "settings",
    "libraries",
    "test_path_map",
    "jobs",
    "recent_syncs",
    "history",
    "log",
    "reports",
    "pins",
    "undone",
    "login_start",
)
SCENE_MODES: tuple[dict[str, Any], ...] = (
    {"mode": "scene_status", "scene_id": 1, "compare": True},
    {"mode": "reconcile", "scene_ids": [1]},
    {"mode": "sync_scene", "scene_id": 1},
    {"mode": "retry_now"},
    {"mode": "libraries", "plex_token": f"{TOKEN}-else"},
    {"mode": "libraries", "plex_url": f"http://{TOKEN}@127.0.0.1:1"},
    {"mode": "test_path_map", "path_map": TOKEN},
    {"mode": "login_check", "id": 1, "code": "none"},
)
"""What has to be called with arguments."""

PLEX_TROUBLE: dict[str, Fault] = {
    "maintenance": maintenance(),
    "a proxy": status(502),
    "a redirect": status(302, headers={"Location": "https://elsewhere.example/"}),
    "a refusal": status(403),
    "an odd request": status(400),
    "a server error": status(500),
    "a page": not_xml(),
    "half a reply": cut_off_body(),
    "half a reply that looks whole": truncated_body(),
    "other items": wrong_ids(),
    "a broken connection": drop(),
    "a hang": hang(),
}
STASH_TROUBLE: dict[str, Fault] = {
    "a server error": status(500),
    "a login page": status(302, headers={"Location": "/login"}),
    "a GraphQL error": graphql_error("database is locked"),
    "a page": not_xml(),
    "a broken connection": drop(),
}


class Secrets:
    """Every secret that went to the plugin, and every place in which none of them may be."""

    def __init__(self, world: World) -> None:
        self.values: set[str] = {TOKEN, API_KEY}
        self.replies: list[str] = []
        self.processes: dict[int, bytes] = {}
        self._world = world
        self._connection = world.stash.plugins.connection
        world.stash.plugins.connection = self._noted_connection

    def _noted_connection(self, session: Any) -> dict[str, Any]:
        connection = self._connection(session)
        self.values |= {connection["SessionCookie"]["Value"]}
        return connection

    @contextmanager
    def watching_processes(self) -> Iterator[None]:
        """Read the arguments and the environment of the plugin's processes all the while."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(SAMPLE_SECONDS):
                self._look_at_processes()

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _look_at_processes(self) -> None:
        plugin_file = str(self._world.plugin_folder / "PlexSync.py")
        for process in psutil.process_iter(["cmdline"]):
            if plugin_file not in (process.info["cmdline"] or []):
                continue
            try:
                seen = b"".join(Path("/proc", str(process.pid), name).read_bytes() for name in ("cmdline", "environ"))
            except OSError:
                continue  # it has ended meanwhile
            self.processes[process.pid] = seen

    def leaks(self) -> list[str]:
        """Where a secret is that must not be there."""
        places = {f"process {pid}": seen for pid, seen in self.processes.items()}
        places |= {str(file): file.read_bytes() for file in self._world.plugin_folder.rglob("*") if file.is_file()}
        places |= {"Stash's log": "\n".join(line.text for line in self._world.stash.logs).encode()}
        places |= {"what runs returned": repr([(run.output, run.error) for run in self._world.stash.runs]).encode()}
        places |= {"what operations raised": "\n".join(self.replies).encode()}
        forms = {form.encode() for secret in self.values for form in (secret, quote(secret, safe=""))}
        lines = ((place, line) for place, content in places.items() for line in content.splitlines())
        return [f"{place}: {line!r:.300}" for place, line in lines if any(form in line for form in forms)]


def run_every_mode(world: World, secrets: Secrets) -> None:
    """Run every mode; what it raises is kept."""
    for args in ({"mode": mode} for mode in MODES):
        run_mode(world, secrets, **args)
    for args in SCENE_MODES:
        run_mode(world, secrets, **args)


def run_mode(world: World, secrets: Secrets, mode: str, **args: Any) -> None:
    """Run one mode; what it raises is kept."""
    try:
        world.stash.run_operation("PlexSync", mode=mode, **args)
    except ResolverError as error:
        secrets.replies.append(str(error))


def configure(world: World, **settings: Any) -> None:
    """Replace the plugin's settings; what is not given is right."""
    right = {"plex_url": world.plex.url, "plex_token": TOKEN, "poll_interval": 0.1, "debug_logging": True}
    fast = {"read_timeout": 1.0, "connect_timeout": 0.3, "max_retries": 1}
    world.stash.configure_plugin("PlexSync", **{**right, **fast, **settings})


def edit(world: World) -> None:
    """Edit a scene, so that there is something to do."""
    number = len(world.stash.saves)
    world.edit(1, title=f"Title {number}", details="d", rating100=number % 100)


def with_trouble(world: World, secrets: Secrets, begin: Callable[[], Callable[[], object]]) -> None:
    """Start afresh in some trouble, with a job to do, and end the trouble."""
    world.kill_drainer()
    Path(world.data.breaker).unlink(missing_ok=True)
    end = begin()
    edit(world)
    run_mode(world, secrets, "process_queue")
    end()


def go_through_trouble(world: World, secrets: Secrets) -> None:
    """Everything that Plex and Stash may do wrong."""

    def faulty(server: FaultyServer, fault: Fault) -> Callable[[], Callable[[], object]]:
        return lambda: server.inject(fault).remove

    def revoke() -> Callable[[], object]:
        world.plex.token = "rotated"
        return lambda: setattr(world.plex, "token", TOKEN)

    def refuse() -> Callable[[], object]:
        world.plex.refuse()
        return world.plex.accept

    for fault in PLEX_TROUBLE.values():
        with_trouble(world, secrets, faulty(world.plex, fault))
        end = world.plex.inject(fault, prefix="/library").remove
        run_mode(world, secrets, "health_check")
        end()
    for fault in STASH_TROUBLE.values():
        with_trouble(world, secrets, faulty(world.stash, fault))
    for begin in (revoke, refuse):
        with_trouble(world, secrets, begin)


def go_through_wrong_settings(world: World, secrets: Secrets) -> None:
    """Secrets where they do not belong, and settings that are wrong beside them."""
    for wrong in (
        {"plex_url": f"{world.plex.url}/?X-Plex-Token={TOKEN}"},
        {"plex_url": world.plex.url.replace("//", f"//{TOKEN}@")},
        {"plex_url": TOKEN},
        {"plex_token": f"{TOKEN} and more"},
        {"path_map": TOKEN},
        {"skip_fields": TOKEN},
        {"poll_interval": TOKEN},
    ):
        configure(world, **wrong)
        edit(world)
        run_mode(world, secrets, "process_queue")
    run_mode(world, secrets, "queue_status")
    configure(world)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_secret_is_in_any_log_file_reply_argument_or_environment(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=60.0, plex=PlexSimulator(token=TOKEN)) as world:
        world.stash.password = True
        world.stash.plugins.environment["PLEXSYNC_PLEX_TV"] = "http://127.0.0.1:1"
        secrets = Secrets(world)
        configure(world)
        with secrets.watching_processes():
            edit(world)
            world.wait_until_drained()
            run_every_mode(world, secrets)
            go_through_trouble(world, secrets)
            world.stash.api_key = API_KEY
            go_through_wrong_settings(world, secrets)
            run_every_mode(world, secrets)
            world.stash.expire_sessions()
            edit(world)
            wait_until(lambda: len(secrets.processes) > 20, "enough processes to have been looked at")
        assert_secrets_were_used(world, secrets)
        leaks = secrets.leaks()
        assert not leaks, "\n".join(leaks)
        assert world.plex.tokens_in_urls() == ()


def assert_secrets_were_used(world: World, secrets: Secrets) -> None:
    """Nothing can leak that was never there: make sure that it was."""
    assert TOKEN in {request.header("X-Plex-Token") for request in world.plex.requests}
    assert API_KEY in {request.header("ApiKey") for request in world.stash.requests}
    cookies = " ".join(request.header("Cookie") for request in world.stash.requests)
    assert any(value in cookies for value in secrets.values - {TOKEN, API_KEY})
