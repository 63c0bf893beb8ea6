"""Every fault of the simulators, as a client over real sockets meets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
import requests

from tests.simulators import faults
from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator, wrong_ids

TIMEOUT = 10.0
SHORT_TIMEOUT = 0.1
EDITS = "/library/sections/1/all"


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    simulator = PlexSimulator()
    with simulator:
        simulator.add_section("Movies")
        simulator.add_item(1, "/media/a.mp4", title="Before")
        yield simulator
    assert simulator.errors == []


@pytest.fixture
def session() -> requests.Session:
    session = requests.Session()
    session.headers["X-Plex-Token"] = DEFAULT_TOKEN
    return session


def read(plex: PlexSimulator, session: requests.Session, timeout: float = TIMEOUT) -> requests.Response:
    return session.get(plex.url + "/library/metadata/1", timeout=timeout)


def write(plex: PlexSimulator, session: requests.Session, timeout: float = TIMEOUT) -> requests.Response:
    return session.put(plex.url + EDITS, params={"type": "1", "id": "1", "title.value": "After"}, timeout=timeout)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("code", [401, 404, 429, 500, 503])
def test_status(plex: PlexSimulator, session: requests.Session, code: int) -> None:
    injection = plex.inject(faults.status(code, headers={"Retry-After": "7"}), times=2)
    replies = [write(plex, session) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [code, code, 200]
    assert replies[0].headers["Retry-After"] == "7"
    assert (injection.hits, plex.item(1).edit_count) == (2, 1)


def test_maintenance_meets_identity_too(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.maintenance())
    reply = session.get(plex.url + "/identity", timeout=TIMEOUT)
    assert reply.status_code == 503
    assert ElementTree.fromstring(reply.text).get("title") == "Maintenance"  # noqa: S314 - our own reply
    plex.clear_faults()
    assert session.get(plex.url + "/identity", timeout=TIMEOUT).status_code == 200


def test_faults_by_method_and_prefix(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.status(500), method="PUT", prefix="/library/sections")
    assert read(plex, session).status_code == 200
    assert session.get(plex.url + EDITS, timeout=TIMEOUT).status_code == 200
    assert write(plex, session).status_code == 500


def test_faults_follow_each_other(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.status(500), times=1)
    plex.inject(faults.status(429), times=1)
    assert [read(plex, session).status_code for _ in range(3)] == [500, 429, 200]


def test_refused_connections(plex: PlexSimulator, session: requests.Session) -> None:
    port = plex.port
    assert read(plex, session).status_code == 200
    plex.refuse()
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            read(plex, session)
    plex.accept()
    assert plex.port == port
    assert read(plex, session).status_code == 200


def test_stop_and_start_keep_port_and_state(plex: PlexSimulator, session: requests.Session) -> None:
    port = plex.port
    plex.stop()
    with pytest.raises(requests.ConnectionError):
        read(plex, session)
    plex.start()
    assert plex.port == port
    assert "Before" in read(plex, session).text


def test_hanging_until_removed(plex: PlexSimulator, session: requests.Session) -> None:
    injection = plex.inject(faults.hang())
    replies: list[int] = []
    waiting = threading.Thread(target=lambda: replies.append(write(plex, session).status_code))
    waiting.start()
    wait_until(lambda: injection.hits == 1)
    assert (replies, plex.item(1).title) == ([], "Before")
    injection.remove()
    waiting.join(TIMEOUT)
    assert (replies, plex.item(1).title) == ([200], "After")


def test_a_hanging_write_may_take_effect_after_its_client_left(plex: PlexSimulator, session: requests.Session) -> None:
    injection = plex.inject(faults.hang())
    with pytest.raises(requests.ReadTimeout):
        write(plex, session, SHORT_TIMEOUT)
    assert plex.item(1).title == "Before"
    injection.remove()
    wait_until(lambda: plex.item(1).title == "After")


def test_hanging_requests_end_with_the_server(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.hang())
    with pytest.raises(requests.ReadTimeout):
        write(plex, session, SHORT_TIMEOUT)
    plex.stop()
    assert plex.item(1).title == "Before"


def test_slow_replies_are_right(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.slow(SHORT_TIMEOUT * 3), times=2)
    with pytest.raises(requests.ReadTimeout):
        read(plex, session, SHORT_TIMEOUT)
    assert read(plex, session).status_code == 200


@pytest.mark.parametrize(("applied", "title"), [(False, "Before"), (True, "After")])
@pytest.mark.parametrize("after_bytes", [0, 8])  # nothing, or no more than "HTTP/1.1"
def test_dropped_writes_take_effect_or_not(
    plex: PlexSimulator, session: requests.Session, applied: bool, title: str, after_bytes: int
) -> None:
    plex.inject(faults.drop(applied=applied, after_bytes=after_bytes), times=1, method="PUT")
    with pytest.raises(requests.ConnectionError):
        write(plex, session)
    assert plex.item(1).title == title
    assert plex.count("PUT") == 1


def test_a_body_cut_off(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.cut_off_body())
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        read(plex, session)


@pytest.mark.parametrize("fault", [faults.truncated_body, faults.not_xml])
def test_bodies_that_are_no_xml(
    plex: PlexSimulator, session: requests.Session, fault: Callable[[], faults.Fault]
) -> None:
    plex.inject(fault())
    reply = read(plex, session)
    assert reply.status_code == 200
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(reply.text)  # noqa: S314 - our own reply


def test_wrong_ids(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(wrong_ids(41), times=2)
    assert 'ratingKey="42"' in read(plex, session).text
    session.headers["Accept"] = "application/json"
    assert read(plex, session).json()["MediaContainer"]["Metadata"][0]["ratingKey"] == "42"


def test_huge_bodies(plex: PlexSimulator, session: requests.Session) -> None:
    plex.inject(faults.huge_body(3_000_000))
    reply = read(plex, session)
    assert len(reply.content) == 3_000_000
    assert ElementTree.fromstring(reply.text)[0].get("title") == "Before"  # noqa: S314 - our own reply


def test_latency_delays_every_reply(plex: PlexSimulator, session: requests.Session) -> None:
    plex.latency = SHORT_TIMEOUT * 3
    with pytest.raises(requests.ReadTimeout):
        read(plex, session, SHORT_TIMEOUT)


def test_a_revoked_token(plex: PlexSimulator, session: requests.Session) -> None:
    plex.token = "renewed"
    assert read(plex, session).status_code == 401
    assert session.get(plex.url + "/identity", timeout=TIMEOUT).status_code == 200
