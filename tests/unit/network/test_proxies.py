"""Which address is asked through the environment's proxy."""

from __future__ import annotations

import pytest

from network.proxies import is_private, proxy_for


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.5", "169.254.7.7", "100.64.1.1", "::1", "fd12::1",
        "fe80::1%eth0", "plex", "localhost", "nas.local", "NAS.Lan", "plex.home.arpa",
        "192-168-1-5.0123456789abcdef.plex.direct",
    ],
)  # fmt: skip
def test_private(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "2606:4700::1111", "8-8-8-8.01234567.plex.direct", "no-such-host.invalid", "a" * 70 + ".b"]
)
def test_public(host: str) -> None:
    assert not is_private(host)


def test_the_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:secret@proxy.example:3128")
    assert proxy_for("http://8.8.8.8:32400") == "http://proxy.example:3128"
    assert proxy_for("http://192.168.1.5:32400") == ""
    monkeypatch.setenv("no_proxy", "8.8.8.8")
    assert proxy_for("http://8.8.8.8:32400") == ""
