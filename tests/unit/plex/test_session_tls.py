"""Certificates, and http where https is spoken: which error it is, and what its text advises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.exceptions import PlexServerDown, PlexTemporaryError
from tests.simulators.faults import cut_off_body, drop
from tests.simulators.plex import PlexSimulator
from tests.support.certificates import own_certificate
from tests.support.plex_examples import TOKEN
from tests.support.plex_sessions import failure, one_connection, session_to


class TestCertificates:
    @pytest.fixture
    def secure_plex(self, tmp_path: Path) -> Iterator[PlexSimulator]:
        context = own_certificate(tmp_path)
        with PlexSimulator(token=TOKEN, tls=context) as simulator:
            yield simulator

    def test_ones_own_certificate_is_refused_with_a_hint(self, secure_plex: PlexSimulator) -> None:
        error = failure(session_to(secure_plex.url), secure_plex.url + "/")
        assert type(error) is PlexServerDown
        assert "skip_tls_verify" in str(error)

    @pytest.mark.filterwarnings("error")
    def test_or_accepted_quietly_if_so_set(
        self, secure_plex: PlexSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
        assert session_to(secure_plex.url, verify_tls=False).get(secure_plex.url + "/").ok


class TestWrongScheme:
    """Which exception it is decides about outages; the text names what is wrong with `plex_url`."""

    @pytest.mark.parametrize("verify", [True, False])
    def test_https_where_nothing_speaks_tls(self, verify: bool) -> None:
        with one_connection(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as address:
            url = f"https://{address}"
            error = failure(session_to(url, verify_tls=verify), url)
        assert type(error) is PlexServerDown
        assert str(error) == f"Plex at {url} does not speak TLS. Use http:// in plex_url, or check the port"

    def test_https_where_the_handshake_is_broken_off(self) -> None:
        with one_connection(b"") as address:
            error = failure(session_to(f"https://{address}"), f"https://{address}")
        assert type(error) is PlexServerDown
        assert "certificate" not in str(error)
        assert str(error).endswith("Is it running, and does it speak https there?")

    def test_https_where_nobody_answers_the_handshake(self) -> None:
        finished = threading.Event()
        with one_connection(b"", finished) as address:
            url = f"https://{address}"
            error = failure(session_to(url, timeouts=(0.05, 0.05)), url)
            finished.set()
        assert isinstance(error, PlexTemporaryError)
        assert str(error).endswith("raise read_timeout. If it never answers, does it speak https there?")

    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_http_where_the_connection_is_hung_up_on(self, plex: PlexSimulator, method: str) -> None:
        plex.inject(drop())
        error = failure(session_to(plex.url), plex.url + "/", method)
        assert isinstance(error, PlexTemporaryError)
        assert error.suspect_outage
        assert str(error).endswith("use https:// in plex_url if Plex requires secure connections")

    def test_http_where_the_answer_is_a_tls_alert(self) -> None:
        with one_connection(b"\x15\x03\x01\x00\x02\x02\x46") as address:
            error = failure(session_to(f"http://{address}"), f"http://{address}")
        assert isinstance(error, PlexTemporaryError)
        assert error.suspect_outage
        assert "use https:// in plex_url" in str(error)

    def test_http_where_a_server_speaks_tls_only(self, tmp_path: Path) -> None:
        with PlexSimulator(token=TOKEN, tls=own_certificate(tmp_path)) as secure_plex:
            url = secure_plex.url.replace("https:", "http:")
            error = failure(session_to(url), url)
        assert isinstance(error, PlexTemporaryError)
        assert "use https:// in plex_url" in str(error)

    def test_but_half_a_reply_by_http_was_no_question_of_the_scheme(self, plex: PlexSimulator) -> None:
        plex.inject(cut_off_body())
        error = failure(session_to(plex.url), plex.url + "/")
        assert str(error).endswith("before its reply was complete. See Plex's own log if this goes on")

    def test_nor_is_a_secure_connection_that_breaks(self, tmp_path: Path) -> None:
        with PlexSimulator(token=TOKEN, tls=own_certificate(tmp_path)) as secure_plex:
            secure_plex.inject(drop())
            error = failure(session_to(secure_plex.url, verify_tls=False), secure_plex.url + "/")
        assert "https://" not in str(error).removeprefix(f"Plex at {secure_plex.url}")
        assert "certificate" not in str(error)
