"""Every way in which a request can fail leaves as one of our exceptions, in words, and without the token."""

from __future__ import annotations

import http.client
import logging
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from plex import session as session_module
from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from tests.simulators.faults import cut_off_body, drip, drop, hang, huge_body, maintenance, status
from tests.simulators.http_pace import DrippingPart
from tests.simulators.plex import PlexSimulator
from tests.support.plex_examples import IDENTITY, TOKEN
from tests.support.plex_sessions import failure, one_connection, session_to
from tests.world import wait_until

STATUSES = [
    (400, PlexPermanentError),
    (401, PlexAuthError),
    (403, PlexAuthError),
    (404, PlexNotFound),
    (402, PlexPermanentError),
    (405, PlexPermanentError),
    (408, PlexTemporaryError),
    (409, PlexPermanentError),
    (421, PlexPermanentError),
    (422, PlexAuthError),
    (425, PlexTemporaryError),
    (429, PlexTemporaryError),
    (498, PlexAuthError),
    (500, PlexTemporaryError),
    (501, PlexTemporaryError),
    (502, PlexServerDown),
    (503, PlexServerDown),
    (504, PlexServerDown),
    *((code, PlexServerDown) for code in range(520, 531)),
    (531, PlexTemporaryError),
    (202, PlexTemporaryError),
    (206, PlexTemporaryError),
]


@pytest.mark.parametrize(("code", "kind"), STATUSES)
def test_each_status_is_one_of_our_exceptions(plex: PlexSimulator, code: int, kind: type[PlexError]) -> None:
    plex.inject(status(code))
    error = failure(session_to(plex.url), plex.url + "/library/sections?title=private")
    assert type(error) is kind
    assert error.status == code
    assert str(code) in str(error)
    assert "private" not in str(error)


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(("code", "kind"), [(422, PlexPermanentError), (498, PlexAuthError), (500, PlexTemporaryError)])
def test_what_a_write_may_be_refused_for_is_no_rejected_token(
    plex: PlexSimulator, method: str, code: int, kind: type[PlexError]
) -> None:
    plex.inject(status(code))
    error = failure(session_to(plex.url), plex.url + "/library/sections", method)
    assert (type(error), error.is_write) == (kind, True)


@pytest.mark.parametrize("code", [200, 201, 204])
def test_success_is_returned(plex: PlexSimulator, code: int) -> None:
    plex.inject(status(code, b"body" if code != 204 else b""))
    assert session_to(plex.url).get(plex.url + "/").status_code == code


def test_the_text_says_what_to_do_about_a_rejected_token(plex: PlexSimulator) -> None:
    plex.token = "another"
    error = failure(session_to(plex.url), plex.url + "/")
    assert str(error) == "Plex rejected the token (401). Set plex_token under Settings > Plugins > PlexSync"


NEXT_STEPS = {
    400: "See Plex's own log for the reason",
    429: "It gets too many requests. Lower parallel_writes if this goes on",
    500: "See Plex's own log if this goes on",
    503: "Wait until it is",
}


@pytest.mark.parametrize("code", NEXT_STEPS)
def test_the_text_says_what_to_do_about_a_status(plex: PlexSimulator, code: int) -> None:
    plex.inject(status(code))
    error = failure(session_to(plex.url), plex.url + "/library/metadata/1", "PUT")
    assert str(error).endswith(f"({code}). {NEXT_STEPS[code]}")


def test_maintenance_is_told_in_plexs_own_words(plex: PlexSimulator) -> None:
    plex.inject(maintenance())
    error = failure(session_to(plex.url), plex.url + "/")
    assert type(error) is PlexServerDown
    said = "Plex Media Server is currently running database migrations"
    assert str(error) == f"Plex at {plex.url} is not ready (503). {said}. Wait until it is"


def test_a_refused_connection_is_a_server_that_is_down(plex: PlexSimulator) -> None:
    plex.refuse()
    error = failure(session_to(plex.url), plex.url + "/")
    assert type(error) is PlexServerDown
    assert str(error) == f"Plex at {plex.url} refused the connection. Is it running, and is plex_url right?"


def test_so_is_a_name_that_does_not_resolve() -> None:
    url = "http://no-such-host.invalid:32400"
    error = failure(session_to(url), url)
    assert type(error) is PlexServerDown
    assert "cannot be resolved" in str(error)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog refuses instead of staying silent")
def test_so_is_a_host_that_does_not_answer_a_connection() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # more than it queues
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        error = failure(session_to(url, timeouts=(0.1, 1.0)), url)
    assert type(error) is PlexServerDown
    assert "did not answer within 0.1 s" in str(error)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "nas:32400", "http://" + "a" * 70 + ".b"])
def test_so_is_an_address_that_is_none(url: str) -> None:
    assert type(failure(session_to(url), url)) is PlexServerDown


def test_a_redirect_is_not_followed_because_the_token_would_go_along(plex: PlexSimulator) -> None:
    with PlexSimulator(token=TOKEN) as elsewhere:
        plex.inject(status(302, headers={"Location": elsewhere.url + "/"}))
        error = failure(session_to(plex.url), plex.url + "/")
        assert type(error) is PlexServerDown
        assert elsewhere.requests == ()


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_silence_is_temporary_but_suspect(plex: PlexSimulator, method: str) -> None:
    plex.inject(hang())
    error = failure(session_to(plex.url, timeouts=(1.0, 0.05)), plex.url + "/", method)
    assert isinstance(error, PlexTemporaryError)
    assert error.suspect_outage
    assert str(error) == f"Plex at {plex.url} sent nothing for 0.05 s. If it is only slow, raise read_timeout"
    wait_until(lambda: plex.count() > 0, "the simulator to have heard of it")
    assert plex.count() == 1  # to wait a second time would double the timeout


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_so_is_a_connection_that_breaks(plex: PlexSimulator, method: str) -> None:
    plex.inject(drop())
    error = failure(session_to(plex.url), plex.url + "/", method)
    assert isinstance(error, PlexTemporaryError)
    assert error.suspect_outage


def test_so_is_a_reply_that_is_cut_off(plex: PlexSimulator) -> None:
    plex.inject(cut_off_body())
    error = failure(session_to(plex.url), plex.url + "/")
    assert isinstance(error, PlexTemporaryError)
    assert error.suspect_outage


def test_and_silence_within_a_reply() -> None:
    finished = threading.Event()
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with one_connection(half, finished) as address:
        error = failure(session_to(f"http://{address}", timeouts=(1.0, 0.05)), f"http://{address}")
        finished.set()
    assert isinstance(error, PlexTemporaryError)
    assert error.suspect_outage


def test_what_cannot_be_decompressed_is_malformed(plex: PlexSimulator) -> None:
    plex.inject(status(200, b"not gzip", {"Content-Encoding": "gzip"}))
    error = failure(session_to(plex.url), plex.url + "/")
    assert isinstance(error, PlexTemporaryError)
    assert not error.suspect_outage
    assert "malformed reply" in str(error)


def test_a_reply_without_end_is_refused(plex: PlexSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_REPLY_BYTES", 1024**2)
    plex.inject(huge_body(1024**2 + 1))
    error = failure(session_to(plex.url), plex.url + "/")
    assert isinstance(error, PlexTemporaryError)
    assert not error.suspect_outage
    assert "malformed reply" in str(error)


class TestKeptAliveConnections:
    def test_one_serves_many_requests(self, plex: PlexSimulator) -> None:
        opened = count_connections(plex)
        with session_to(plex.url) as session:
            for _ in range(3):
                session.get(plex.url + "/")
        assert len(opened) == 1

    def test_one_that_plex_closed_meanwhile_is_no_outage(self, plex: PlexSimulator) -> None:
        plex.inject(drop(), times=1)
        assert session_to(plex.url).get(plex.url + "/").ok
        assert plex.count() == 2

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_what_may_have_arrived_is_not_sent_twice(self, plex: PlexSimulator, method: str) -> None:
        plex.inject(drop(applied=True), times=1)
        key = plex.add_item(plex.add_section("Movies"), "/media/a.mp4")
        rating = f"/:/rate?key={key}&identifier=com.plexapp.plugins.library&rating=7"
        target = rating if method == "PUT" else f"/library/metadata/{key}/posters"
        failure(session_to(plex.url), plex.url + target, method)
        assert plex.count() == 1


def count_connections(plex: PlexSimulator) -> list[object]:
    opened: list[object] = []
    server = plex._server
    assert server is not None
    process = server.process_request

    def counted(request: Any, address: Any) -> None:
        opened.append(address)
        process(request, address)

    server.process_request = counted  # type: ignore[assignment, method-assign]
    return opened


def test_the_token_and_our_name_go_as_headers_whatever_the_caller_sends(plex: PlexSimulator) -> None:
    headers = {"X-Plex-Token": "of somebody else", "X-Plex-Client-Identifier": "mac", "Accept": "a/b"}
    session_to(plex.url).get(plex.url + "/", headers=headers)
    (request,) = plex.requests
    assert request.header("X-Plex-Token") == TOKEN
    assert request.header("X-Plex-Client-Identifier") == IDENTITY.identifier
    assert request.header("Accept") == "a/b"
    assert plex.tokens_in_urls() == ()


def test_the_token_is_not_logged_at_any_level(plex: PlexSimulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        session_to(plex.url).get(plex.url + "/")
    assert TOKEN not in caplog.text


def test_text_is_read_as_utf_8_where_plex_names_no_charset(plex: PlexSimulator) -> None:
    plex.inject(status(200, "é".encode()))
    assert session_to(plex.url).get(plex.url + "/").text == "é"


def test_remote_disconnected_counts_as_gone_away() -> None:
    assert issubclass(http.client.RemoteDisconnected, session_module._WENT_AWAY)
    assert issubclass(requests.RequestException, OSError)


class Stepping:
    """A clock that moves by ten seconds at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 10.0
        return self.now


@pytest.mark.parametrize("part", ["head", "body", "all"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_a_reply_that_drips_is_temporary_but_suspect(plex: PlexSimulator, method: str, part: DrippingPart) -> None:
    plex.inject(drip(0.0005, part, endless=True))
    error = failure(session_to(plex.url, clock=Stepping()), plex.url + "/", method)
    assert isinstance(error, PlexTemporaryError)
    assert error.suspect_outage
    assert "was not done after 60 s" in str(error)


@pytest.mark.parametrize("entry", ["machine 127.0.0.1", "default"])
def test_no_password_for_another_server_goes_to_plex(
    plex: PlexSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"{entry} login somebody password for-another-server\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    session_to(plex.url).get(plex.url + "/identity")
    assert "Authorization" not in {name.title() for name in plex.requests[-1].headers}
