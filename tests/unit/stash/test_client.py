"""What PlexSync asks of Stash, over real HTTP against a simulated Stash."""

from __future__ import annotations

import itertools
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stash.client import StashClient, parse_time
from stash.exceptions import StashError, StashQueryFailed, StashUnauthorized, StashUnavailable
from tests.simulators.faults import drip
from tests.simulators.http_pace import DrippingPart
from tests.simulators.http_server import Response
from tests.simulators.stash import StashSimulator, graphql_error
from tests.support.builders import scene

KEY = "an-api-key-that-nobody-may-see"
NOON = datetime(2026, 10, 25, 12, 0, 0, tzinfo=timezone.utc)


@pytest.fixture
def stash() -> Iterator[StashSimulator]:
    with StashSimulator(clock=NOON.timestamp) as running:
        yield running


@pytest.fixture
def server_tls(tmp_path: Path) -> ssl.SSLContext:
    """A context with a certificate that nobody trusts, made for this test alone."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def client(stash: StashSimulator) -> StashClient:
    return StashClient(stash.server_connection(), connect_timeout=2.0, read_timeout=5.0)


def test_constructing_it_asks_nothing(stash: StashSimulator) -> None:
    assert repr(client(stash)) == f"StashClient('{stash.url}')"
    assert stash.count() == 0


def test_version(stash: StashSimulator) -> None:
    assert client(stash).version() == "v0.30.1"


# --- settings


def test_settings_and_library_roots_come_with_one_request(stash: StashSimulator) -> None:
    stash.configure_plugin("PlexSync", plex_url="http://plex:32400", max_tags=7, paused=True)
    stash.library.roots = ["/one", "/two"]
    asked = client(stash)
    assert asked.settings() == {"plex_url": "http://plex:32400", "max_tags": 7, "paused": True}
    assert asked.library_roots() == ("/one", "/two")
    assert stash.count() == 1


def test_library_roots_can_be_asked_for_alone(stash: StashSimulator) -> None:
    stash.library.roots = ["/one"]
    asked = client(stash)
    assert (asked.library_roots(), asked.library_roots()) == (("/one",), ("/one",))
    assert stash.count() == 1


def test_nothing_is_set(stash: StashSimulator) -> None:
    stash.configure_plugin("Another", plex_url="x")
    assert client(stash).settings() == {}
    assert client(stash).library_roots() == ()


# --- sessions


def test_once_the_api_key_is_known_it_outlives_the_session() -> None:
    with StashSimulator(password=True, api_key=KEY) as stash:
        asked = client(stash)
        asked.settings()
        stash.expire_sessions()
        assert asked.version()
        assert (stash.requests[0].header("ApiKey"), stash.requests[1].header("ApiKey")) == ("", KEY)
        assert (stash.requests[1].header("Cookie")) == ""
        assert KEY not in repr(asked)


def test_a_session_is_renewed_as_long_as_it_is_used() -> None:
    now = [0.0]
    with StashSimulator(password=True, clock=lambda: now[0]) as stash:
        asked = client(stash)
        for now[0] in range(0, 4 * 3600, 1800):
            assert asked.version()


@pytest.mark.parametrize("ask", [StashClient.settings, lambda asked: asked.scenes([1])])
def test_an_expired_session_says_what_to_do(ask: Callable[[StashClient], object]) -> None:
    with StashSimulator(password=True) as stash:
        asked = client(stash)
        stash.expire_sessions()
        with pytest.raises(StashUnauthorized, match="Create an API key under Settings > Security"):
            ask(asked)


def test_a_hook_of_a_scan_has_no_session_at_all() -> None:
    with StashSimulator(password=True) as stash:
        stash.cookie_for_plugins = False
        with pytest.raises(StashUnauthorized):
            client(stash).version()


def test_the_own_certificate_of_a_stash_on_the_loopback_is_accepted(server_tls: ssl.SSLContext) -> None:
    with StashSimulator(tls=server_tls) as stash:
        assert client(stash).version()


def test_the_certificate_of_any_other_host_is_checked(
    server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StashSimulator(tls=server_tls) as stash:
        asked = client(stash)
        monkeypatch.setattr(asked._session, "verify", True)  # as for a host that is no loopback
        with pytest.raises(StashUnavailable, match="shows a certificate that this machine does not trust"):
            asked.version()


# --- scenes


def test_scenes_come_in_one_request_by_number_with_all_that_plex_can_show(stash: StashSimulator) -> None:
    for number in range(1, 51):
        stash.add_scene(f"/library/{number}.mp4", title=f"Scene {number}")
    stash.add_scene(
        "/library/a.mp4",
        "/library/b.mp4",
        title="Complete",
        details="Summary",
        date="2026-01-02",
        rating100=85,
        studio="Studio",
        performers=["Ann", "Bob"],
        tags=["Tag"],
    )
    scenes = client(stash).scenes(range(2, 52))
    assert list(scenes) == list(range(2, 52))
    assert stash.count() == 1
    assert scenes[51] == scene(
        51,
        title="Complete",
        details="Summary",
        date="2026-01-02",
        rating100=85,
        updated_at="2026-10-25T12:00:00Z",
        files=("/library/a.mp4", "/library/b.mp4"),
        screenshot=scenes[51].screenshot,
        studio="Studio",
        performers=("Ann", "Bob"),
        tags=("Tag",),
    )
    assert "/scene/51/screenshot" in scenes[51].screenshot


def test_scenes_that_are_gone_are_absent_and_cost_one_request_more(stash: StashSimulator) -> None:
    stash.add_scene("/library/1.mp4", scene_id=1)
    stash.add_scene("/library/3.mp4", scene_id=3)
    scenes = client(stash).scenes([1, 2, 3, 4])
    assert {scene_id: found.files for scene_id, found in scenes.items()} == {
        1: ("/library/1.mp4",),
        3: ("/library/3.mp4",),
    }
    assert stash.count() == 2


def test_a_scene_that_is_named_twice_is_asked_for_once(stash: StashSimulator) -> None:
    stash.add_scene("/library/1.mp4")
    assert list(client(stash).scenes([1, 1])) == [1]
    assert stash.count() == 1


def test_no_ids_are_no_scenes_and_no_request(stash: StashSimulator) -> None:
    stash.add_scene("/library/1.mp4")
    assert client(stash).scenes([]) == {}
    assert stash.count() == 0


def test_a_locked_database_does_not_make_scenes_look_gone(stash: StashSimulator) -> None:
    stash.add_scene("/library/1.mp4")
    stash.inject(graphql_error("database is locked"), times=2)
    with pytest.raises(StashQueryFailed, match=r"Stash could not answer \(database is locked"):
        client(stash).scenes([1])
    assert list(client(stash).scenes([1])) == [1]


def test_a_stash_that_is_down_comes_back(stash: StashSimulator) -> None:
    asked = client(stash)
    stash.refuse()
    with pytest.raises(StashUnavailable, match="Is it running"):
        asked.version()
    stash.accept()
    assert asked.version()


# --- ids


@pytest.mark.parametrize("page_size", [1, 2, 5, 1000])
def test_ids_of_all_scenes_in_pages(stash: StashSimulator, page_size: int) -> None:
    for scene_id in (3, 20, 100, 5, 4):
        stash.add_scene(f"/library/{scene_id}.mp4", scene_id=scene_id)
    pages = list(client(stash).scene_ids(page_size))
    assert [scene_id for page in pages for scene_id in page] == [3, 4, 5, 20, 100]
    assert all(0 < len(page) <= page_size for page in pages)


def test_scenes_that_are_deleted_between_two_pages_hide_no_others(stash: StashSimulator) -> None:
    for scene_id in range(1, 7):
        stash.add_scene(f"/library/{scene_id}.mp4")
    pages = client(stash).scene_ids(page_size=2)
    assert next(pages) == [1, 2]
    stash.destroy_scene(1)
    stash.destroy_scene(2)
    assert list(pages) == [[3, 4], [5, 6]]


def test_a_stash_without_scenes(stash: StashSimulator) -> None:
    assert list(client(stash).scene_ids()) == []
    assert list(client(stash).updated_since(NOON)) == []


# --- what was updated since


@pytest.mark.parametrize("hours", [-10, 0, 9])
def test_scenes_updated_since_in_any_time_zone(stash: StashSimulator, hours: int) -> None:
    stash.clock.utc_offset = timedelta(hours=hours)
    for minutes in range(10):
        stash.add_scene("/library/x.mp4", updated_at=stash.clock.text((NOON - timedelta(minutes=minutes)).timestamp()))
    pages = list(client(stash).updated_since(NOON - timedelta(minutes=4), page_size=2))
    assert [[scene_id for scene_id, _ in page] for page in pages] == [[1, 2], [3, 4], [5]]
    assert parse_time(pages[0][0][1]) == NOON


def test_only_as_many_pages_are_read_as_needed(stash: StashSimulator) -> None:
    for hours in range(50):
        stash.add_scene("/library/x.mp4", updated_at=stash.clock.text((NOON - timedelta(hours=hours)).timestamp()))
    assert list(client(stash).updated_since(NOON, page_size=5)) == [[(1, "2026-10-25T12:00:00Z")]]
    assert stash.count() == 1


def test_an_update_that_the_end_of_daylight_saving_time_puts_out_of_order_is_found(stash: StashSimulator) -> None:
    newest = "2026-10-25T02:10:00+01:00"
    for text in ("2026-10-25T02:50:00+02:00", "2026-10-25T02:40:00+02:00", newest):
        stash.add_scene("/library/x.mp4", updated_at=text)
    since = parse_time("2026-10-25T02:05:00+01:00")
    assert list(client(stash).updated_since(since, page_size=1)) == [[(3, newest)]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2026-11-20T10:11:12.123456789+01:00",
            datetime(2026, 11, 20, 10, 11, 12, 123456, timezone(timedelta(hours=1))),
        ),
        ("2026-11-20T10:11:12.5Z", datetime(2026, 11, 20, 10, 11, 12, 500000, timezone.utc)),
        ("2026-11-20T10:11:12-09:30", datetime(2026, 11, 20, 10, 11, 12, 0, timezone(-timedelta(hours=9, minutes=30)))),
    ],
)
def test_times_as_stash_writes_them(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected
    assert parse_time(text).utcoffset() == expected.utcoffset()


@given(st.datetimes(timezones=st.timezones()).filter(lambda time: time.utcoffset() is not None))
def test_every_time_with_a_whole_offset_survives(time: datetime) -> None:
    offset = time.utcoffset() or timedelta(0)
    whole = time.replace(tzinfo=timezone(timedelta(minutes=offset // timedelta(minutes=1))))
    assert parse_time(whole.isoformat()) == whole


@pytest.mark.parametrize("text", ["", "2026-11-20", "2026-11-20T10:11:12", "2026-13-20T10:11:12Z", "yesterday"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def test_every_error_is_one_of_ours(stash: StashSimulator) -> None:
    broken = Response(200, b"\x1f\x8bnot gzip", headers={"Content-Encoding": "gzip"})
    stash.inject(lambda _request, _answer, _waiting: broken)
    asked = client(stash)
    with pytest.raises(StashError):
        asked.version()
    with pytest.raises(StashError):
        asked.screenshot(scene(screenshot="/scene/1/screenshot"))


@pytest.mark.parametrize("part", ["head", "body", "all"])
@pytest.mark.parametrize("ask", [lambda asked: asked.version(), lambda asked: asked.scenes([1])])
def test_an_answer_that_drips_is_none(
    stash: StashSimulator, part: DrippingPart, ask: Callable[[StashClient], object]
) -> None:
    stash.inject(drip(0.0005, part, endless=True))
    steps = itertools.count(0.0, 10.0)
    asked = StashClient(stash.server_connection(), clock=lambda: next(steps))
    with pytest.raises(StashUnavailable, match="not done after 120 seconds"):
        ask(asked)
