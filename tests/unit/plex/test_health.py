"""Whether Plex is there, and whether it takes the token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plex.health import Health, check_identity
from tests.simulators.faults import drop, hang, maintenance, not_xml, status
from tests.simulators.plex import PlexSimulator
from tests.support.plex_examples import TOKEN


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    with PlexSimulator(token=TOKEN) as simulator:
        yield simulator


def look_at(plex: PlexSimulator, timeout: float = 1.0) -> Health:
    return check_identity(plex.url, timeout=timeout, verify=True)


def test_plex_that_is_up_tells_its_version_without_a_token(plex: PlexSimulator) -> None:
    health = look_at(plex)
    assert health.up
    assert health.version == plex.version
    assert plex.requests[0].header("X-Plex-Token") == ""


@pytest.mark.parametrize(
    "fault",
    [maintenance(), status(502), status(500), status(404), status(302), drop(), not_xml(), status(200, b"<a/>")],
)
def test_plex_that_does_not_answer_as_it_should_is_not_up(plex: PlexSimulator, fault: Any) -> None:
    plex.inject(fault)
    health = look_at(plex)
    assert not health.up
    assert plex.url in health.detail


def test_nor_is_one_that_is_silent_or_away(plex: PlexSimulator) -> None:
    plex.inject(hang())
    assert not look_at(plex, timeout=0.05).up
    plex.clear_faults()
    plex.refuse()
    assert "refused the connection" in look_at(plex).detail


def test_silence_is_told_with_the_setting_that_ends_the_wait(plex: PlexSimulator) -> None:
    plex.inject(hang())
    detail = look_at(plex, timeout=0.05).detail
    assert detail == f"Plex at {plex.url} sent nothing for 0.05 s. If it is only slow, raise connect_timeout"


@pytest.mark.parametrize("fault", [status(400, b"The plain HTTP request was sent to HTTPS port"), not_xml()])
def test_what_is_not_plex_by_http_may_want_https(plex: PlexSimulator, fault: Any) -> None:
    plex.inject(fault)
    assert look_at(plex).detail.endswith("Is plex_url right, and does it begin with https if Plex wants that?")


def test_a_proxy_that_asks_who_is_there_does_not_make_it_down(plex: PlexSimulator) -> None:
    plex.inject(status(401))
    assert look_at(plex).up
