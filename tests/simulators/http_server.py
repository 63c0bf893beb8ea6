"""A small HTTP server for simulators: real sockets on the loopback, every request on record.

A simulator subclasses `RecordingServer` and answers in `respond`; the socket work stays here:

    class Echo(RecordingServer):
        def respond(self, request: Request) -> Response:
            return Response(body=request.body)

    with Echo() as echo:
        requests.get(echo.url + "/anything")
        assert echo.count("GET", "/any") == 1
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

from tests.simulators.http_pace import ENDLESS_LENGTH, Drip, Stream

HOST = "127.0.0.1"
ACCEPT_POLL_SECONDS = 0.02  # the longest that stop() and refuse() wait for the accepting thread
LISTEN_BACKLOG = 128
PORTS_CAN_BE_SHARED = sys.platform == "linux"
"""Whether a port can be reserved anew before the socket that listens on it is closed, so that nobody else gets it."""

AnyServer = TypeVar("AnyServer", bound="RecordingServer")


@dataclass(frozen=True)
class Request:
    """One request as it came in. Header names are in lower case; `time` is `time.monotonic()` in seconds."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    time: float

    @cached_property
    def path(self) -> str:
        """The path of the target, percent-decoded, without the query."""
        return unquote(self.target.partition("?")[0])

    @cached_property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query as decoded pairs, in the order in which they were sent."""
        return tuple(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @cached_property
    def query(self) -> dict[str, str]:
        """The query as a dictionary; of a repeated key the last value stays."""
        return dict(self.parameters)

    def header(self, name: str, default: str = "") -> str:
        """Return the value of a header, whatever the case of its name."""
        return self.headers.get(name.lower(), default)


@dataclass(frozen=True)
class Response:
    """What to answer.

    `cut_after` ends the connection after so many bytes of the whole reply, head included: 0 sends nothing
    at all. `cut_body_after` does so after so many bytes of the body, behind a head that promises all of it.
    A `stream` takes the place of the body; a `drip` says how slowly the reply goes out.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    cut_body_after: int | None = None
    drip: Drip | None = None
    stream: Stream | None = None

    @property
    def length(self) -> int:
        """The bytes of the body that the head promises."""
        if self.stream is not None:
            return self.stream.length
        endless = self.drip is not None and self.drip.endless and self.drip.part != "head"
        return ENDLESS_LENGTH if endless else len(self.body)

    def head(self) -> bytes:
        """Return the status line and the headers as they go over the wire."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {phrase}", f"Content-Length: {self.length}"]
        if self.length:
            lines.append(f"Content-Type: {self.content_type}")
        lines.extend(f"{name}: {value}" for name, value in self.headers.items())
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class RequestHandler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection and sends what the simulator answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _SocketServer

    def setup(self) -> None:
        """Finish the TLS handshake here, in the connection's own thread, where a slow client delays nobody."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()
        self.server.simulator.note_connection()

    def handle_one_request(self) -> None:
        """Wait for a request, but not longer than the simulator keeps an idle connection."""
        self.connection.settimeout(self.server.simulator.idle_seconds)
        super().handle_one_request()

    def answer(self) -> None:
        """Hand the request to the simulator and send its response in a single write."""
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
            time=time.monotonic(),
        )
        simulator = self.server.simulator
        simulator.record(request)
        response = simulator.respond(request)
        self.send_reply(response)

    def send_reply(self, response: Response) -> None:
        """Write head and body at once: with two writes a delayed acknowledgement could cost 40 ms."""
        head = response.head()
        if response.drip is not None:
            self._send_dripping(head, response.body, response.drip)
            return
        if response.stream is not None:
            self._send_stream(head, response.stream)
            return
        reply = head if self.command == "HEAD" else head + response.body
        cut_after = response.cut_after
        if response.cut_body_after is not None:
            cut_after = len(head) + response.cut_body_after
        if cut_after is not None:
            reply = reply[:cut_after]
            self.close_connection = True
        if response.headers.get("Connection") == "close":
            self.close_connection = True
        self.wfile.write(reply)
        self.server.simulator.note_sent(len(reply))

    def _send_dripping(self, head: bytes, body: bytes, drip: Drip) -> None:
        at_once, dripping, rest = drip.plan(head, body)
        self.wfile.write(at_once)
        for byte in dripping:
            if drip.ended.wait(drip.interval):
                self.close_connection = drip.endless
                self.wfile.write(bytes((byte,)) if drip.endless else bytes((byte, *dripping)))
                break
            self.wfile.write(bytes((byte,)))
        self.wfile.write(rest)

    def _send_stream(self, head: bytes, stream: Stream) -> None:
        self.wfile.write(head)
        for chunk in stream.chunks():
            self.wfile.write(chunk)
            self.server.simulator.note_sent(len(chunk))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server prescribes these names

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: the record of requests is the log."""


class _SocketServer(ThreadingHTTPServer):
    """The listening socket, its accepting thread and the connections that are open."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, simulator: RecordingServer, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__((HOST, 0), RequestHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.simulator = simulator
        self.tls = tls
        self.connections: set[socket.socket] = set()
        self.connections_lock = threading.Lock()
        self.socket.listen(LISTEN_BACKLOG)
        self.thread = threading.Thread(
            target=self.serve_forever, args=(ACCEPT_POLL_SECONDS,), name=type(simulator).__name__, daemon=True
        )
        self.thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = self.socket.accept()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self.connections_lock:
            self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.connections_lock:
            self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that went away; a fault of the simulator itself is kept for the test to see."""
        self.simulator.note_error()

    def finish(self) -> None:
        """Stop accepting and end every open connection, as a killed server does."""
        self.shutdown()
        self.thread.join()
        self.server_close()
        with self.connections_lock:
            connections = tuple(self.connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was faster


class RecordingServer:
    """An HTTP/1.1 server on the loopback that records every request; see the module's docstring.

    Args:
        port: TCP port, 0 for any free one. It stays the same over stop() and start().
        tls: a server-side context, for https; None for plain http.

    Attributes:
        idle_seconds: after so many seconds without a request a connection is closed; None for never. Plex has 20.
            A connection that waits already keeps the value from when it began to.
        connection_count: how many connections were opened so far.
    """

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.errors: list[BaseException] = []
        self.bytes_sent = 0
        self.idle_seconds: float | None = None
        self.connection_count = 0
        self._tls = tls
        self._listener: socket.socket | None = None
        self._server: _SocketServer | None = None
        self._log: list[Request] = []
        self._log_lock = threading.Lock()

    # --- life

    def start(self) -> None:
        """Listen. The port is fixed from here on."""
        self.refuse()
        self.accept()

    def stop(self) -> None:
        """Stop listening and end every connection; the port becomes free."""
        self._end_server()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def refuse(self) -> None:
        """Refuse connections from now on, and end the open ones, as a server that is down does.

        The port stays reserved meanwhile, by a socket that is bound but does not listen.
        """
        if not PORTS_CAN_BE_SHARED:
            self._end_server()
        if self._listener is None:
            self._listener = _bound_socket(self.port)
            self.port = self._listener.getsockname()[1]
        self._end_server()

    def accept(self) -> None:
        """Accept connections again, on the same port."""
        if self._server is None and self._listener is not None:
            self._server = _SocketServer(self, self._listener, self._tls)
            self._listener = None

    def _end_server(self) -> None:
        if self._server is not None:
            self._server.finish()
            self._server = None

    def __enter__(self: AnyServer) -> AnyServer:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Base address without a trailing slash."""
        return f"{'http' if self._tls is None else 'https'}://{HOST}:{self.port}"

    # --- answers

    def respond(self, request: Request) -> Response:
        """Answer one request. Called from the connection's thread, so from several at a time."""
        raise NotImplementedError

    # --- record

    def record(self, request: Request) -> None:
        """Add a request to the record."""
        with self._log_lock:
            self._log.append(request)

    def note_connection(self) -> None:
        """Add to the connections that were opened."""
        with self._log_lock:
            self.connection_count += 1

    def note_sent(self, count: int) -> None:
        """Add to the bytes of all replies."""
        with self._log_lock:
            self.bytes_sent += count

    def note_error(self) -> None:
        """Keep the exception being handled, unless it only says that a client hung up."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            self.errors.append(error)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Everything that was asked since the last reset_log(), oldest first."""
        with self._log_lock:
            return tuple(self._log)

    def count(self, method: str | None = None, prefix: str | None = None) -> int:
        """Count recorded requests, of one method and under one path prefix if given."""
        return sum(
            1
            for request in self.requests
            if (method is None or request.method == method) and (prefix is None or request.path.startswith(prefix))
        )

    def reset_log(self) -> None:
        """Forget every recorded request, and the bytes that were sent."""
        with self._log_lock:
            self._log.clear()
            self.bytes_sent = 0


def _bound_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere the option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if PORTS_CAN_BE_SHARED:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((HOST, port))
    return listener
