"""A proxy that the environment names: who is asked through it, and who is named in an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plex.exceptions import PlexServerDown
from tests.simulators.faults import FaultyServer, status
from tests.simulators.http_server import Request, Response
from tests.simulators.plex import PlexSimulator
from tests.support.plex_examples import TOKEN
from tests.support.plex_sessions import failure, session_to


class Proxy(FaultyServer):
    """Takes what it is asked for from nobody."""

    def handle(self, request: Request) -> Response:
        return Response(body=b"<MediaContainer/>")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Proxy() as server:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://user:{TOKEN}@127.0.0.1:{server.port}")
        yield server


def test_a_private_address_is_not_asked_through_a_proxy(plex: PlexSimulator, proxy: Proxy) -> None:
    assert session_to(plex.url).get(plex.url + "/identity").status_code == 200
    assert proxy.requests == ()


PUBLIC = "http://no-such-host.invalid:32400"


def test_another_one_is(proxy: Proxy) -> None:
    assert session_to(PUBLIC).get(PUBLIC + "/identity").status_code == 200
    assert proxy.count() == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 407, 429, 500, 502, 503, 520])
def test_an_error_behind_a_proxy_names_the_proxy(proxy: Proxy, code: int) -> None:
    proxy.inject(status(code))
    error = failure(session_to(PUBLIC), PUBLIC + "/library/sections")
    assert f"through the proxy http://127.0.0.1:{proxy.port}" in str(error)


@pytest.mark.parametrize("url", [PUBLIC, PUBLIC.replace("http:", "https:")])
def test_so_does_one_of_the_proxy_itself(proxy: Proxy, url: str) -> None:
    proxy.inject(status(407)) if url.startswith("https") else proxy.refuse()
    error = failure(session_to(url), url + "/library/sections")
    assert type(error) is PlexServerDown
    assert f"through the proxy http://127.0.0.1:{proxy.port}" in str(error)
    assert "NO_PROXY" in str(error)
