"""A deadline for a whole request: a timeout of requests begins anew with each byte, and a reply that drips never ends.

    session.mount("http://", DeadlineAdapter())
    with Deadline(60.0, silence=30.0).in_force():
        session.get(...)

Before each read and each part of a write, the socket's timeout becomes what is left, so that a blocked one ends in
time. The name's resolution and the connecting have limits of their own.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

SHORTEST = 60.0
"""Seconds that a request has at least (docs/architecture.md)."""
TIMES_SILENCE = 4.0
"""How often the longest silence that is allowed may come in one request."""
BYTES_A_SECOND = 100_000
"""How slowly what is sent may go out."""

_SENT_AT_ONCE = 64 * 1024
_in_force = threading.local()


class DeadlineExceeded(TimeoutError):
    """A request took longer than it may, though not in one silence."""


class Deadline:
    """The end of a request that begins now. `silence`: seconds between two bytes; `clock` gives seconds."""

    def __init__(self, seconds: float, silence: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._silence = silence
        self._clock = clock
        self._ends_at = clock() + seconds

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let it hold for what this thread asks; a reply that it has begun to read is held to it to its end."""
        _in_force.deadline = self
        try:
            yield
        finally:
            _in_force.deadline = None

    def timeout(self) -> float:
        """Seconds that the next step may take. Raises DeadlineExceeded where nothing is left."""
        left = self._ends_at - self._clock()
        if left <= 0.0:
            raise DeadlineExceeded("the request took too long")
        return min(left, self._silence)


def seconds_for(silence: float, sent_bytes: int = 0) -> float:
    """How long a request may take, in seconds, that sends so many bytes; `silence` as for Deadline."""
    return max(TIMES_SILENCE * silence, SHORTEST) + sent_bytes / BYTES_A_SECOND


class _Reader(io.RawIOBase):
    """The bytes of a reply, each read with what is left as its timeout."""

    def __init__(self, socket: Any, raw: io.RawIOBase, deadline: Deadline) -> None:
        super().__init__()
        self._socket = socket
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._socket.settimeout(self._deadline.timeout())
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            self._deadline.timeout()
            raise
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Reply(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = _deadline()
        if deadline is not None:
            self.fp = io.BufferedReader(_Reader(sock, self.fp.detach(), deadline))


class _Connection(HTTPConnection):
    response_class = _Reply

    def send(self, data: Any) -> None:
        deadline = _deadline()
        if deadline is None or not isinstance(data, bytes):
            super().send(data)
            return
        for start in range(0, len(data), _SENT_AT_ONCE):
            if self.sock is not None:
                self.sock.settimeout(deadline.timeout())
            super().send(data[start : start + _SENT_AT_ONCE])


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """An adapter of requests whose connections keep to the deadline in force."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # which has connections of its own
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


def _deadline() -> Deadline | None:
    return getattr(_in_force, "deadline", None)
