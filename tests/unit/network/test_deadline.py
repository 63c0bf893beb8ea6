"""A request ends in time, however slowly its reply drips; no time passes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from network.causes import causes_of
from network.deadline import SHORTEST, Deadline, DeadlineAdapter, DeadlineExceeded, seconds_for
from tests.simulators.faults import FaultyServer, drip, hang
from tests.simulators.http_pace import DrippingPart
from tests.simulators.http_server import Request, Response
from tests.support.certificates import own_certificate

QUICK = 0.0005


class Stepping:
    """A clock that moves by `step` seconds at each look."""

    def __init__(self, step: float) -> None:
        self.now = 0.0
        self._step = step

    def __call__(self) -> float:
        self.now += self._step
        return self.now


class Hello(FaultyServer):
    def handle(self, request: Request) -> Response:
        return Response(body=b"" if request.method == "PUT" else b"<hello/>" * 100)


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hello]:
    tls = own_certificate(tmp_path) if request.param == "https" else None
    assert tls is None or isinstance(tls, ssl.SSLContext)
    with Hello(tls=tls) as hello:
        yield hello


def ask(server: Hello, method: str, deadline: Deadline, body: bytes = b"") -> requests.Response:
    with requests.Session() as session, deadline.in_force():
        session.mount("http://", DeadlineAdapter())
        session.mount("https://", DeadlineAdapter())
        return session.request(method, server.url, data=body, verify=False, timeout=5)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("part", ["head", "body", "all"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_reply_that_drips_ends_at_the_deadline(server: Hello, part: DrippingPart, method: str) -> None:
    server.inject(drip(QUICK, part, endless=True))
    with pytest.raises(requests.RequestException) as caught:
        ask(server, method, Deadline(60.0, 30.0, Stepping(10.0)))
    assert any(isinstance(each, DeadlineExceeded) for each in causes_of(caught.value))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_silence_is_cut_short_by_the_deadline_too(server: Hello) -> None:
    server.inject(hang())
    with pytest.raises(requests.RequestException):
        ask(server, "GET", Deadline(0.1, 30.0))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_what_is_sent_counts_too(server: Hello) -> None:
    with pytest.raises(requests.RequestException) as caught:
        ask(server, "PUT", Deadline(60.0, 30.0, Stepping(10.0)), bytes(1_000_000))
    assert any(isinstance(each, DeadlineExceeded) for each in causes_of(caught.value))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_request_in_time_is_as_ever(server: Hello, method: str) -> None:
    reply = ask(server, method, Deadline(60.0, 30.0), bytes(200_000))
    assert (reply.status_code, len(reply.content)) == (200, 0 if method == "PUT" else 800)


@pytest.mark.parametrize(
    ("silence", "sent", "seconds"), [(1.0, 0, SHORTEST), (30.0, 0, 120.0), (30.0, 10_000_000, 220.0)]
)
def test_how_long_a_request_may_take(silence: float, sent: int, seconds: float) -> None:
    assert seconds_for(silence, sent) == seconds
