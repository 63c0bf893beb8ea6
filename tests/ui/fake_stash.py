"""A Stash of a few lines: serves the host page, PlexSync's scripts and live files, and canned answers."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.ui.canned import MANIFEST, PROJECT, canned, names, settings_answer
from tests.ui.host_page import host_file, host_page

ASSETS = "plugin/PlexSync/assets/"
Answer = dict[str, Any] | Callable[[dict[str, Any]], Any]
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9">'
    '<rect width="16" height="9" fill="hsl({},35%,38%)"/></svg>'
)


class Refusal(Exception):
    """What the plugin answers as {"error": text}."""


class FakeStash(ThreadingHTTPServer):
    """`answers` by mode (a dict, or a function of the arguments that may raise Refusal); `live` the files by name;
    `log` what Stash logged, newest first, as seconds and text. What was asked is in `operations`, `tasks` and `looks`.
    `root` is Stash's sub-path."""

    daemon_threads = True

    def __init__(self, root: str = "/") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.settings: dict[str, Any] = {
            "plex_url": "http://192.168.1.10:32400",
            "plex_token": "a-secret",
            "unknown": "stays",
        }
        self.problems: dict[str, str] = {}
        self.live: dict[str, dict[str, Any]] = {name: canned(f"live/{name}") for name in ("status", "scenes")}
        self.answers: dict[str, Answer] = {name: canned(name) for name in names() if not name.startswith("jobs.")}
        self.answers["jobs"] = lambda arguments: canned(f"jobs.{arguments['state']}")
        self.answers["settings"] = lambda arguments: settings_answer(self.settings, self.problems)
        self.is_enabled = True
        self.is_down = False
        self.job: dict[str, Any] | None = None
        self.log: list[tuple[float, str]] = []
        self.operations: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.looks: list[str] = []
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes its connections is no fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{self.root}"

    def asked(self, mode: str) -> list[dict[str, Any]]:
        """The arguments of each call of this mode, without what every call has."""
        calls = [call for call in self.operations if call["mode"] == mode]
        return [{name: value for name, value in call.items() if name not in ("mode", "quiet")} for call in calls]

    def answer(self, arguments: dict[str, Any]) -> Any:
        mode = arguments["mode"]
        self.operations.append(arguments)
        if not self.is_enabled:
            raise Refusal("plugin PlexSync is disabled")
        answer = self.answers[mode]
        return answer(arguments) if callable(answer) else answer

    def resolve(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        """What Stash answers to one of the page's GraphQL documents."""
        if name == "PlexSyncOperation":
            return {"runPluginOperation": self.answer(variables["args"])}
        if name == "PlexSyncTask":
            self.tasks.append(variables)
            return {"runPluginTask": "5"}
        if name == "PlexSyncConfigure":
            self.settings = variables["input"]
            return {"configurePlugin": self.settings}
        if name in ("PlexSyncSettings", "Configuration"):
            return {"configuration": {"plugins": {"PlexSync": self.settings}, "__typename": "ConfigResult"}}
        if name == "PlexSyncLog":
            return {"logs": [{"time": formatted(at), "message": text} for at, text in self.log]}
        if name == "PlexSyncPlugins":
            return {"plugins": [{"id": "PlexSync", "enabled": self.is_enabled, "version": "0.1.0"}]}
        if name == "PlexSyncEnable":
            self.is_enabled = True
            return {"setPluginsEnabled": True}
        if name == "PlexSyncStop":
            self.job = {**(self.job or {}), "status": "CANCELLED"}
            return {"stopJob": True}
        return {"findJob": self.job}


def formatted(at: float) -> str:
    """A moment as Stash writes it."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat()


class _Handler(BaseHTTPRequestHandler):
    server: FakeStash
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.is_down:
            return self._send("application/json", b"{}", 503)
        reply: dict[str, Any]
        try:
            reply = {"data": self.server.resolve(request["operationName"], request.get("variables") or {})}
        except Refusal as refusal:
            reply = {"errors": [{"message": str(refusal)}], "data": None}
        return self._send("application/json", json.dumps(reply).encode())

    def do_GET(self) -> None:
        path = urlsplit(self.path).path[len(self.server.root) :]
        if self.server.is_down and path.startswith("plugin/"):
            return self._send("text/plain", b"away", 503)
        if path.startswith(ASSETS):
            return self._asset(path[len(ASSETS) :])
        if path in ("plugin/PlexSync/javascript", "plugin/PlexSync/css"):
            kind = path.rpartition("/")[2]
            files = [(PROJECT / name).read_bytes() for name in MANIFEST["ui"][kind]]
            return self._send(f"text/{kind}; charset=utf-8", b"\n".join(files))
        if path.startswith("plugin/"):
            return self._send("text/plain", b"404", 404)
        if path.startswith("host/"):
            return self._send(*host_file(path[5:]))
        if path.endswith("/screenshot"):
            return self._send("image/svg+xml", PICTURE.format(int(path.split("/")[1]) * 47 % 360).encode())
        return self._send("text/html; charset=utf-8", host_page(self.server.root))

    def _asset(self, path: str) -> None:
        folder, _, name = path.partition("/")
        if not self.server.is_enabled:
            return self._send("text/plain", b"disabled", 400)
        if folder == "ui":
            return self._send("application/json", (PROJECT / "ui" / name).read_bytes())
        self.server.looks.append(path)
        content = self.server.live.get(name.removesuffix(".json"))
        if folder != "live" or content is None:
            return self._send("text/plain", b"404", 404)
        return self._send("application/json", json.dumps(content).encode())

    def _send(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nobody reads it."""
