"""A session to a Plex, and what it raises."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from plex.exceptions import PlexError
from plex.session import PlexSession
from tests.support.plex_examples import IDENTITY, TOKEN


def session_to(url: str, **options: Any) -> PlexSession:
    options.setdefault("timeouts", (1.0, 1.0))
    return PlexSession(url, SecretStr(TOKEN), identity_headers=IDENTITY.headers(), **options)


def failure(session: PlexSession, url: str, method: str = "GET") -> PlexError:
    """What a request raises; none of what a log would show of it may hold the token."""
    with pytest.raises(PlexError) as caught:
        session.request(method, url)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(session)
    assert TOKEN not in shown
    return caught.value


@contextmanager
def one_connection(reply: bytes, finished: threading.Event | None = None) -> Iterator[str]:
    """A server that sends these bytes to its only client, and hangs up (once `finished` is set); gives host:port."""

    def answer(listener: socket.socket) -> None:
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply)
            if finished is not None:
                finished.wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()
