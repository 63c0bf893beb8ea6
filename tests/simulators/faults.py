"""Faults that a simulator can be told to show, at run time, to all requests or to some.

A fault stands between the request and the simulator's own answer, and decides whether that answer is
computed (and so whether an edit takes effect) and what of it goes out:

    simulator.inject(maintenance())                                   # until removed
    simulator.inject(status(500), times=2, method="PUT")              # the next two PUTs
    hung = simulator.inject(hang(), prefix="/library/metadata")
    hung.remove()                                                     # lets the waiting requests go on
    simulator.inject(status(498), times=3, path=SECTIONS_AND_LISTINGS)   # a regular expression for the whole path
    simulator.inject(hang(), path=section_listing(2))                 # one library of several
    simulator.inject(drip(0.05, "all", endless=True), method="PUT")   # a byte every 50 ms, and no end
    simulator.inject(tiny_elements())                                 # 62 MB of XML that nobody holds whole
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.simulators.http_pace import Drip, DrippingPart, Stream
from tests.simulators.http_server import RecordingServer, Request, Response

XML = "text/xml;charset=utf-8"
# Plex's own words while it starts or migrates its database
MAINTENANCE_BODY = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Response code="503" title="Maintenance" '
    b'status="Plex Media Server is currently running database migrations."/>'
)
NOT_XML_BODY = b"<html><body><h1>It works!<br></h1>a proxy's page, not the server's</body>"
SECTIONS_AND_LISTINGS = r"/library/sections(/\d+/all)?"
PLEX_STATUSES = (498, 422, 402, 421, 409, 408, 425, *range(520, 531))
"""What plex.tv, Plex, and proxies before it (520 to 530 are Cloudflare's) answer beside the well-known ones."""
TINY_XML_BYTES = 62_000_000
ELEMENTS_A_CHUNK = 10_000

Answer = Callable[[], Response]


@dataclass
class Waiting:
    """Lets a fault hold requests back until a test releases them or the simulator stops."""

    released: threading.Event = field(default_factory=threading.Event)
    stopped: bool = False


Fault = Callable[[Request, Answer, Waiting], Response]


def status(code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """Answer every request with this status. Nothing takes effect."""
    reply = Response(code, body or f"<html><h1>{code}</h1></html>".encode(), "text/html", headers or {})
    return lambda _request, _answer, _waiting: reply


def maintenance() -> Fault:
    """Answer 503 with the body that Plex sends while it migrates its database."""
    reply = Response(503, MAINTENANCE_BODY, XML)
    return lambda _request, _answer, _waiting: reply


def hang() -> Fault:
    """Answer nothing until removed (then the request takes effect) or stopped (then it does not)."""

    def hold(_request: Request, answer: Answer, waiting: Waiting) -> Response:
        waiting.released.wait()
        return Response(cut_after=0) if waiting.stopped else answer()

    return hold


def slow(seconds: float) -> Fault:
    """Answer correctly, but so many seconds late."""

    def delay(_request: Request, answer: Answer, waiting: Waiting) -> Response:
        waiting.released.wait(seconds)
        return Response(cut_after=0) if waiting.stopped else answer()

    return delay


def drop(*, applied: bool = False, after_bytes: int = 0) -> Fault:
    """End the connection instead of replying, or after so many bytes of the reply.

    Args:
        applied: whether the request takes effect before the connection ends.
        after_bytes: how much of the reply, head included, still goes out; needs `applied`. Python's http.client
            takes a reply that ends behind its status line for a complete one.
    """

    def cut(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
        return replace(answer(), cut_after=after_bytes) if applied else Response(cut_after=0)

    return cut


def cut_off_body() -> Fault:
    """Send a head that promises the whole body, half of the body, and end the connection."""

    def cut(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
        response = answer()
        return replace(response, cut_body_after=len(response.body) // 2)

    return cut


def truncated_body() -> Fault:
    """Send half of the body as if it were all of it, as a proxy may do."""

    def halve(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
        response = answer()
        return replace(response, body=response.body[: len(response.body) // 2])

    return halve


def not_xml(body: bytes = NOT_XML_BODY) -> Fault:
    """Answer 200 with a body that is neither XML nor JSON. Nothing takes effect."""
    reply = Response(200, body, "text/html")
    return lambda _request, _answer, _waiting: reply


def huge_body(size: int) -> Fault:
    """Answer correctly, with spaces behind the body up to so many bytes."""

    def pad(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
        response = answer()
        return replace(response, body=response.body.ljust(size))

    return pad


def drip(interval: float = 1.0, part: DrippingPart = "body", *, endless: bool = False) -> Fault:
    """Answer correctly, but one byte every `interval` seconds; the request takes effect before the first one.

    Args:
        interval: seconds before each byte.
        part: what drips: "head" (status line and headers), "body", or "all". The reply to a PUT has no body.
        endless: whether a header or the body goes on for ever. When the fault is removed, the rest of a reply
            comes at once, and an endless one is cut off.
    """

    def trickle(_request: Request, answer: Answer, waiting: Waiting) -> Response:
        return replace(answer(), drip=Drip(interval, part, endless, waiting.released))

    return trickle


def tiny_elements(size: int = TINY_XML_BYTES, element: bytes = b"<a/>") -> Fault:
    """Answer 200 with a MediaContainer of equal elements, about `size` bytes long, made while it is sent."""
    count = max(size // len(element), 1)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n<MediaContainer size="%d" totalSize="%d">' % (count, count)
    tail = b"</MediaContainer>"

    def chunks() -> Iterator[bytes]:
        yield head
        for start in range(0, count, ELEMENTS_A_CHUNK):
            yield element * min(ELEMENTS_A_CHUNK, count - start)
        yield tail

    stream = Stream(len(head) + count * len(element) + len(tail), chunks)
    return lambda _request, _answer, _waiting: Response(content_type=XML, stream=stream)


def section_listing(key: int) -> str:
    """Return the regular expression for the paths of one library's listing."""
    return rf"/library/sections/{key}/all"


def rewritten(change: Callable[[bytes], bytes]) -> Fault:
    """Answer with the body that `change` makes of the right one."""

    def rewrite(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
        response = answer()
        return replace(response, body=change(response.body))

    return rewrite


class Injection:
    """A fault in force, for the requests that it matches.

    Attributes:
        hits: how many requests have met it so far.
    """

    def __init__(self, fault: Fault, times: int | None, method: str | None, prefix: str, path: str) -> None:
        self.fault = fault
        self.hits = 0
        self.waiting = Waiting()
        self._left = times
        self._method = method
        self._prefix = prefix
        self._path = re.compile(path)

    def claims(self, request: Request) -> bool:
        """Say whether the fault meets this request, and count it if so. Called under the owner's lock."""
        if self._left == 0 or self._method not in (None, request.method) or not self._matches(request.path):
            return False
        if self._left is not None:
            self._left -= 1
        self.hits += 1
        return True

    def _matches(self, path: str) -> bool:
        return path.startswith(self._prefix) and (not self._path.pattern or self._path.fullmatch(path) is not None)

    def remove(self) -> None:
        """End the fault; requests that it holds back go on."""
        self._left = 0
        self.waiting.released.set()

    def stop(self) -> None:
        """End the fault; requests that it holds back are dropped without effect."""
        self.waiting.stopped = True
        self.remove()


class FaultyServer(RecordingServer):
    """A recording server that answers in `handle`, late by `latency` seconds, unless a fault is injected."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None, latency: float = 0.0) -> None:
        super().__init__(port, tls)
        self.latency = latency
        self._injections: list[Injection] = []
        self._injections_lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request rightly. Called from several threads at a time."""
        raise NotImplementedError

    def inject(
        self, fault: Fault, *, times: int | None = None, method: str | None = None, prefix: str = "", path: str = ""
    ) -> Injection:
        """Put a fault in force; of several that match a request, the earliest one meets it.

        Args:
            fault: one of this module's functions' results.
            times: how many requests it meets, None for all.
            method: only requests of this method.
            prefix: only requests whose path begins so.
            path: only requests whose whole path matches this regular expression.
        """
        injection = Injection(fault, times, method, prefix, path)
        with self._injections_lock:
            self._injections.append(injection)
        return injection

    def clear_faults(self) -> None:
        """End every fault; requests that are held back go on."""
        for injection in self._take_injections():
            injection.remove()

    def stop(self) -> None:
        """Stop; requests that are held back are dropped without effect."""
        for injection in self._take_injections():
            injection.stop()
        super().stop()

    def respond(self, request: Request) -> Response:
        """Answer through the fault that meets the request, if any does."""
        if self.latency:
            time.sleep(self.latency)
        with self._injections_lock:
            injection = next((each for each in self._injections if each.claims(request)), None)
        if injection is None:
            return self.handle(request)
        return injection.fault(request, lambda: self.handle(request), injection.waiting)

    def _take_injections(self) -> list[Injection]:
        with self._injections_lock:
            injections, self._injections = self._injections, []
        return injections
