"""How requests reach Stash, and what becomes of every kind of failure, over real sockets."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from typing import Any

import pytest

from stash.address import base_url
from stash.exceptions import StashQueryFailed, StashUnauthorized, StashUnavailable
from stash.transport import GraphQLTransport, StashSession
from tests.simulators.faults import Fault, FaultyServer, cut_off_body, drop, hang, status
from tests.simulators.http_server import Request, Response

SECRET = "c00kie-that-nobody-may-see"
QUERY = "query Version { version { version } }"


class OneAnswer(FaultyServer):
    """Gives one JSON answer to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 200
        self.answer: Any = {"data": {"version": {"version": "v0.30.1"}}}
        self.headers: Mapping[str, str] = {}

    def handle(self, request: Request) -> Response:
        return Response(self.status, json.dumps(self.answer).encode(), "application/json", self.headers)


def plain_text(status_code: int, text: str) -> Fault:
    """What Go's http.Error sends."""
    return lambda _request, _answer, _waiting: Response(status_code, text.encode(), "text/plain; charset=utf-8")


@pytest.fixture
def server() -> Iterator[OneAnswer]:
    with OneAnswer() as running:
        yield running


def transport(url: str, read_timeout: float = 5.0, cookie: object = SECRET) -> GraphQLTransport:
    session = StashSession(url, connect_timeout=1.0, read_timeout=read_timeout)
    session.log_in_with_cookie({"Name": "session", "Value": cookie})
    return GraphQLTransport(session)


def failure(asked: GraphQLTransport) -> StashUnavailable:
    """What a query raises, once it is certain that neither it nor anything that was logged holds the secret."""
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    try:
        with redirect_stderr(logged), pytest.raises(StashUnavailable) as caught:
            asked.query(QUERY, {"id": 1})
    finally:
        logging.getLogger().removeHandler(handler)
    error = caught.value
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error) + logged.getvalue()
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


@pytest.mark.parametrize(
    ("connection", "url"),
    [
        ({"Scheme": "http", "Host": "0.0.0.0", "Port": 9999}, "http://127.0.0.1:9999"),  # noqa: S104
        ({"Scheme": "http", "Host": "", "Port": 80}, "http://127.0.0.1:80"),
        ({"Scheme": "https", "Host": "::", "Port": 9999}, "https://[::1]:9999"),
        ({"Scheme": "https", "Host": "[fd00::7]", "Port": 9999}, "https://[fd00::7]:9999"),
        ({"Scheme": "http", "Host": "nas.local", "Port": "8080"}, "http://nas.local:8080"),
        ({}, "http://127.0.0.1:9999"),
    ],
)
def test_the_address_that_stash_listens_on_becomes_one_to_call(connection: dict[str, Any], url: str) -> None:
    assert base_url(connection) == url


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://127.0.0.1:9999", False),
        ("https://localhost:9999", False),
        ("https://[::1]:9999", False),
        ("https://192.168.1.2:9999", True),
        ("https://stash.example:9999", True),
    ],
)
def test_certificates_are_checked_everywhere_but_on_the_loopback(url: str, checked: bool) -> None:
    with warnings.catch_warnings():
        assert StashSession(url, 1, 1).verify is checked


def test_an_answer(server: OneAnswer) -> None:
    assert transport(server.url).query(QUERY, {}) == {"version": {"version": "v0.30.1"}}
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/graphql")
    assert request.header("Cookie") == f"session={SECRET}"


def test_proxies_of_the_environment_are_not_for_this_machine(
    server: OneAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert transport(server.url).query(QUERY, {})


def test_a_renewed_cookie_replaces_the_one_that_was_lent(server: OneAnswer) -> None:
    asked = transport(server.url)
    server.headers = {"Set-Cookie": "session=renewed; Path=/; Max-Age=3600; SameSite=Lax"}
    asked.query(QUERY, {})
    asked.query(QUERY, {})
    assert server.requests[1].header("Cookie") == "session=renewed"


def test_a_renewed_cookie_replaces_it_on_a_host_without_a_dot_too(server: OneAnswer) -> None:
    asked = transport(server.url.replace("127.0.0.1", "localhost"))
    server.headers = {"Set-Cookie": "session=renewed; Path=/"}
    asked.query(QUERY, {})
    asked.query(QUERY, {})
    assert [request.header("Cookie") for request in server.requests] == [f"session={SECRET}", "session=renewed"]


def test_the_api_key_replaces_the_cookie(server: OneAnswer) -> None:
    session = StashSession(server.url, 1, 5)
    session.log_in_with_cookie({"Name": "session", "Value": "lent"})
    session.log_in_with_key("")
    session.log_in_with_key("the-key")
    GraphQLTransport(session).query(QUERY, {})
    (request,) = server.requests
    assert request.header("ApiKey") == "the-key"
    assert request.header("Cookie") == ""


@pytest.mark.parametrize("cookie", [None, "", 7, f"{SECRET}\r\nX-Other: 1", f"{SECRET}…"])
def test_a_cookie_that_is_missing_or_cannot_be_sent_is_left_out(server: OneAnswer, cookie: object) -> None:
    transport(server.url, cookie=cookie).query(QUERY, {})
    assert server.requests[0].header("Cookie") == ""


def test_no_cookie_at_all(server: OneAnswer) -> None:
    session = StashSession(server.url, 1, 5)
    session.log_in_with_cookie(None)
    assert GraphQLTransport(session).query(QUERY, {})


def test_nobody_listens(server: OneAnswer) -> None:
    server.refuse()
    assert str(failure(transport(server.url))) == f"Stash at {server.url} cannot be reached, or hung up. Is it running?"


def test_a_name_that_nobody_knows() -> None:
    assert "cannot be reached" in str(failure(transport("http://stash.invalid:9999")))


def test_an_address_that_is_none() -> None:
    assert "the request to Stash at http://a..b:9999 failed" in str(failure(transport("http://a..b:9999")))


def test_no_answer_in_time(server: OneAnswer) -> None:
    server.inject(hang())
    assert "did not answer within 0.1 seconds" in str(failure(transport(server.url, read_timeout=0.1)))


def test_a_body_that_stops_coming() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked = transport(f"http://127.0.0.1:{listener.getsockname()[1]}", read_timeout=0.2)
        listener.settimeout(5)
        error = failure_of_half_an_answer(asked, listener)
    assert "did not answer within 0.2 seconds" in str(error)


def failure_of_half_an_answer(asked: GraphQLTransport, listener: socket.socket) -> StashUnavailable:
    finished = threading.Event()

    def answer_by_half() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            finished.wait(5)

    thread = threading.Thread(target=answer_by_half)
    thread.start()
    try:
        return failure(asked)
    finally:
        finished.set()
        thread.join()


def test_a_body_that_breaks_off(server: OneAnswer) -> None:
    server.inject(cut_off_body())
    assert "broke off in the middle of its answer" in str(failure(transport(server.url)))


def test_a_connection_that_is_closed_without_an_answer(server: OneAnswer) -> None:
    server.inject(drop())
    assert "hung up" in str(failure(transport(server.url)))


@pytest.mark.parametrize("answer", [status(401), status(302, headers={"Location": "/login?returnURL=%2Fgraphql"})])
def test_a_login_is_wanted(server: OneAnswer, answer: Any) -> None:
    server.inject(answer)
    error = failure(transport(server.url))
    assert isinstance(error, StashUnauthorized)
    assert "Create an API key under Settings > Security. It does not expire" in str(error)
    assert server.count() == 1  # the redirect was not followed


def test_a_status_that_says_why(server: OneAnswer) -> None:
    server.inject(plain_text(403, "Stash is exposed to the public internet\nwithout authentication"))
    assert str(failure(transport(server.url))) == (
        f"{server.url}/graphql answered with status 403. Stash is exposed to the public internet without authentication"
    )


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"data": None}, {"data": [1]}])
def test_json_that_is_no_answer(server: OneAnswer, answer: object) -> None:
    server.answer = answer
    assert "answered with status 200" in str(failure(transport(server.url)))


def test_an_error_status_with_data_is_no_answer_either_and_the_data_is_not_shown(server: OneAnswer) -> None:
    server.status = 500
    server.answer = {"data": {"configuration": {"general": {"apiKey": SECRET}}}}
    error = failure(transport(server.url))
    assert str(error) == f"{server.url}/graphql answered with status 500. See the log of Stash"


@pytest.mark.parametrize("status_code", [200, 422])
def test_graphql_errors_count_even_beside_data(server: OneAnswer, status_code: int) -> None:
    server.status = status_code
    errors = [{"message": "database is\nlocked"}, {"message": "x" * 5_000}]
    server.answer = {"data": {"version": None}, "errors": errors}
    error = failure(transport(server.url))
    assert isinstance(error, StashQueryFailed)
    assert str(error).startswith("Stash could not answer (database is locked; xxx")
    assert len(str(error)) < 400


@pytest.mark.parametrize("errors", ["text", [None], [{"code": 1}]])
def test_graphql_errors_of_any_shape(server: OneAnswer, errors: object) -> None:
    server.answer = {"errors": errors}
    assert isinstance(failure(transport(server.url)), StashQueryFailed)


def test_no_repr_holds_a_secret(server: OneAnswer) -> None:
    asked = transport(server.url)
    asked.s.headers["ApiKey"] = SECRET
    assert SECRET not in repr(asked) + repr(asked.s) + str(vars(asked))
