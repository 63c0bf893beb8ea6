"""Replies that drip, that are huge, that carry odd statuses, and connections that are closed while idle."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator

import pytest

from tests.simulators.faults import (
    PLEX_STATUSES,
    SECTIONS_AND_LISTINGS,
    FaultyServer,
    drip,
    section_listing,
    status,
    tiny_elements,
)
from tests.simulators.http_pace import DrippingPart
from tests.simulators.http_server import Request, Response

QUICK = 0.0005  # seconds for each byte


class Hello(FaultyServer):
    """Says hello, and nothing to a PUT."""

    def handle(self, request: Request) -> Response:
        return Response(body=b"" if request.method == "PUT" else b"<hello/>")


@pytest.fixture
def server() -> Iterator[Hello]:
    with Hello() as hello:
        yield hello
        assert hello.errors == []


def ask(server: Hello, method: str = "GET", path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path)
    reply = connection.getresponse()
    try:
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("part", ["head", "body", "all"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_reply_that_drips_is_whole_in_the_end(server: Hello, part: DrippingPart, method: str) -> None:
    server.inject(drip(QUICK, part))
    assert ask(server, method) == (200, b"" if method == "PUT" else b"<hello/>")


@pytest.mark.parametrize("part", ["head", "body", "all"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_endless_reply_ends_with_the_fault(server: Hello, part: DrippingPart, method: str) -> None:
    fault = server.inject(drip(QUICK, part, endless=True))
    outcome: list[object] = []

    def read() -> None:
        try:
            outcome.append(ask(server, method))
        except http.client.HTTPException as error:
            outcome.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    fault.remove()
    reader.join(10)
    assert not reader.is_alive()
    if part != "head":  # http.client takes a head that is cut off for a complete one
        assert isinstance(outcome[0], http.client.IncompleteRead)


def test_a_drip_that_is_removed_lets_the_rest_come_at_once(server: Hello) -> None:
    fault = server.inject(drip(60.0, "all"))
    threading.Timer(0.1, fault.remove).start()
    assert ask(server) == (200, b"<hello/>")


def test_a_huge_reply_is_made_while_it_is_sent(server: Hello) -> None:
    server.inject(tiny_elements(1_000_000))
    reply, body = ask(server)
    assert reply == 200
    assert body.startswith(b"<?xml") and body.endswith(b"</MediaContainer>")
    assert body.count(b"<a/>") == 250_000


@pytest.mark.parametrize("code", PLEX_STATUSES)
def test_any_status_on_chosen_paths_for_a_number_of_requests(server: Hello, code: int) -> None:
    server.inject(status(code), times=2, path=SECTIONS_AND_LISTINGS)
    assert ask(server, path="/library/sections/1")[0] == 200
    assert ask(server, path="/library/sections")[0] == code
    assert ask(server, path="/library/sections/1/all?type=1")[0] == code
    assert ask(server, path="/library/sections/1/all")[0] == 200


def test_the_listing_of_one_library(server: Hello) -> None:
    switched_on = server.inject(status(500), path=section_listing(2))
    answers = [ask(server, path=f"/library/sections/{key}/all")[0] for key in (1, 2, 22)]
    assert answers == [200, 500, 200]
    switched_on.remove()
    assert ask(server, path="/library/sections/2/all")[0] == 200


def test_an_idle_connection_is_closed(server: Hello) -> None:
    server.idle_seconds = 0.05
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"<hello/>"
    connection.sock.settimeout(10)
    assert connection.sock.recv(1) == b""
    assert server.connection_count == 1
    assert ask(server)[0] == 200
    assert server.connection_count == 2
