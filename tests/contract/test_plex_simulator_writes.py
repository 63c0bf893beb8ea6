"""The Plex simulator's faults of writes, its pictures, its agent, and the token that is not the owner's."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1

import pytest
from plexapi.exceptions import BadRequest
from plexapi.server import PlexServer

from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_agent import film_agent
from tests.simulators.plex_items import LOCK_NAMES
from tests.simulators.plex_writes import EVERY_FIELD
from tests.support.plex_requests import EDITS, Client, add

ONE = b"\xff\xd8\xff\xe0 one"
TWO = b"\xff\xd8\xff\xe0 two"
GUEST = "guest-token"
START = 1_700_000_000.0


def poster(data: bytes) -> str:
    return f"upload://posters/{sha1(data, usedforsecurity=False).hexdigest()}"


class SetClock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def plex(clock: SetClock) -> Iterator[PlexSimulator]:
    simulator = PlexSimulator(clock=clock, guest_token=GUEST)
    with simulator:
        simulator.add_section("Movies", locations=["/media/movies"])
        yield simulator
    assert simulator.errors == []


# --- ignored


def test_ignored_writes_are_answered_200_and_do_nothing(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, genres=["A"])
    client.upload(key, ONE)
    before, changed_at = plex.snapshot(), plex.item(key).updated_at
    plex.writes.ignored = EVERY_FIELD
    codes = [
        client.edit(key, ("title.value", "T"), ("title.locked", "1"), ("genre[0].tag.tag", "B"), ("thumb.locked", "1")),
        client.edit(key, ("genre[].tag.tag-", "A")),
        client.rate(key, 5),
        client.upload(key, TWO),
        client.ask("PUT", f"/library/metadata/{key}/poster", [("url", poster(ONE))]).status_code,
    ]
    assert codes == [200] * 5
    assert (plex.snapshot(), plex.item(key).updated_at) == (before, changed_at)
    assert (plex.item(key).edit_count, plex.item(key).rating_count, plex.item(key).upload_count) == (2, 1, 2)
    plex.writes.ignored = frozenset()
    client.edit(key, ("title.value", "T"))
    assert plex.item(key).title == "T"


def test_the_next_writes_are_ignored_and_no_more(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    plex.writes.ignored, plex.writes.ignored_requests = frozenset({"title"}), 2
    client.edit(key, ("studio.value", "S"))
    seen = []
    for title in ("T1", "T2", "T3"):
        client.edit(key, ("title.value", title), ("title.locked", "1"))
        seen.append((plex.item(key).title, sorted(plex.item(key).locked)))
    assert seen == [("a", []), ("a", []), ("T3", ["title"])]
    assert plex.item(key).studio == "S"


def test_of_a_field_all_or_the_value_or_the_lock_is_ignored(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, genres=["A"], collections=["C"], labels=["L"])
    plex.writes.ignored = frozenset({"genre"})
    plex.writes.ignored_values = frozenset({"collection", "studio"})
    plex.writes.ignored_locks = frozenset({"label", "title"})
    removals = [(f"{kind}[].tag.tag-", name) for kind, name in (("genre", "A"), ("collection", "C"), ("label", "L"))]
    locks = [(f"{name}.locked", "1") for name in ("genre", "collection", "label", "title", "studio", "summary")]
    texts = [(f"{name}.value", "new") for name in ("title", "studio", "summary")]
    assert client.edit(key, *removals, *locks, *texts) == 200
    item = plex.item(key)
    assert (item.genres, item.collections, item.labels) == (("A",), ("C",), ())
    assert (item.title, item.studio, item.summary) == ("new", "", "new")
    assert item.locked == {"collection", "studio", "summary"}
    client.edit(key, ("summary.locked", "0"))
    assert item.locked == {"collection", "studio"}


# --- refused


@pytest.mark.parametrize("code", [400, 500])
@pytest.mark.parametrize(
    "pair", [("collection[0].tag.tag", "C"), ("collection[].tag.tag-", "B"), ("collection.locked", "1")]
)
def test_a_field_that_is_refused_takes_its_whole_request_along(
    plex: PlexSimulator, client: Client, code: int, pair: tuple[str, str]
) -> None:
    key, other = add(plex, collections=["B"]), add(plex, "b")
    plex.writes.refused, plex.writes.refused_status = frozenset({"collection"}), code
    plex.writes.refused_items = frozenset({key})
    before = plex.snapshot()
    assert client.edit(key, ("title.value", "T"), pair) == code
    assert plex.snapshot() == before
    assert client.edit(key, ("title.value", "T")) == 200
    assert client.edit(other, pair) == 200
    plex.writes.refused_items = frozenset()
    assert client.edit(other, pair) == code


def test_ratings_and_pictures_can_be_refused(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    plex.writes.refused = frozenset({"userRating", "art"})
    assert [client.rate(key, 5), client.upload(key, ONE, "arts"), client.upload(key, ONE)] == [400, 400, 200]
    assert (plex.item(key).rating_count, plex.item(key).uploads("art")) == (0, ())


def test_long_lists_and_long_addresses_are_refused(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    actors = [(f"actor[{number}].tag.tag", f"N{number}") for number in range(3)]
    plex.writes.max_names, plex.writes.max_names_status = 2, 400
    assert [client.edit(key, *actors), client.edit(key, *actors[:2])] == [400, 200]
    plex.reset_log()
    client.edit(key, ("title.value", "x"))
    plex.writes.max_request_line = len(f"PUT {plex.requests[0].target} HTTP/1.1")
    assert [client.edit(key, ("title.value", "y")), client.edit(key, ("title.value", "xx"))] == [200, 414]
    assert plex.item(key).title == "y"


def test_writes_fail_while_reads_work(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    server = PlexServer(plex.url, DEFAULT_TOKEN)
    plex.writes.failing_status = 500
    assert [client.edit(key, ("title.value", "T")), client.rate(key, 5), client.upload(key, ONE)] == [500] * 3
    with pytest.raises(BadRequest, match=r"^\(500\)"):
        server.fetchItem(key).editTitle("T")
    assert [each.title for each in server.library.section("Movies").all()] == ["a"]
    plex.writes.failing_status = None
    assert client.edit(key, ("title.value", "T")) == 200
    assert plex.item(key).edit_count == 1


# --- pictures


def test_a_picture_is_known_by_its_bytes(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    for data in (ONE, TWO, ONE):
        assert client.upload(key, data) == 200
    assert client.listed(key) == [(poster(ONE), "1"), (poster(TWO), "0")]
    assert client.listed(key, "arts") == []
    assert plex.item(key).uploads("thumb") == (ONE, TWO, ONE)
    assert plex.item(key).locked == frozenset()
    assert (plex.upload_counts(), plex.selection_counts()) == ({key: 3}, {})


def test_known_bytes_may_not_be_selected_again(plex: PlexSimulator, client: Client) -> None:
    plex.change_dialect(reselects_known_images=False)
    key = add(plex)
    for data in (ONE, TWO):
        client.upload(key, data)
    address = plex.item(key).thumb
    client.upload(key, ONE)
    assert (plex.item(key).shown("thumb"), plex.item(key).thumb) == (TWO, address)
    reply = client.ask("PUT", f"/library/metadata/{key}/poster", [("url", poster(ONE))])
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.text == plex.item(key).thumb != address
    assert plex.item(key).shown("thumb") == ONE
    assert (plex.upload_counts(), plex.selection_counts()) == ({key: 3}, {key: 1})


def test_python_plexapi_selects_although_the_answer_is_no_xml(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    for name in ("posters", "arts"):
        client.upload(key, ONE, name)
        client.upload(key, TWO, name)
    item = PlexServer(plex.url, DEFAULT_TOKEN).fetchItem(key)
    item.posters()[0].select()
    item.arts()[0].select()
    assert (plex.item(key).shown("thumb"), plex.item(key).shown("art")) == (ONE, ONE)
    assert plex.item(key).selection_count == 2


def test_the_list_of_pictures_lags_by_seconds(plex: PlexSimulator, client: Client, clock: SetClock) -> None:
    key = add(plex)
    client.upload(key, ONE)
    clock.seconds += 10
    plex.images.lag_seconds = 1.0
    client.upload(key, TWO)
    assert client.listed(key) == [(poster(ONE), "1")]
    assert plex.item(key).shown("thumb") == TWO
    clock.seconds += 1.0
    assert client.listed(key) == [(poster(ONE), "0"), (poster(TWO), "1")]


def test_the_list_of_pictures_lags_by_requests(plex: PlexSimulator, client: Client) -> None:
    plex.images.lag_requests = 2
    key = add(plex)
    client.upload(key, ONE)
    assert [client.listed(key) for _ in range(3)] == [[], [], [(poster(ONE), "1")]]


def test_too_large_a_picture_is_answered_500(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    largest = plex.images.max_bytes
    assert largest is not None
    assert [client.upload(key, ONE.ljust(largest)), client.upload(key, ONE.ljust(largest + 1))] == [200, 500]
    assert plex.upload_counts() == {key: 1}
    plex.images.max_bytes = len(ONE)
    assert [client.upload(key, ONE), client.upload(key, ONE + b" ")] == [200, 500]


# --- the agent


def test_a_persons_photo_shows_on_every_item_of_theirs(plex: PlexSimulator) -> None:
    server = PlexServer(plex.url, DEFAULT_TOKEN)
    one, other = add(plex, roles=("Ann", "Bob")), add(plex, roles=("Ann",))
    movie = server.fetchItem(one)
    photo = {"actor[0].tag.tag": "Ann", "actor[1].tag.tag": "Bob", "actor[0].tag.thumb": "http://stash/1"}
    movie._edit(**photo, **{"actor.locked": 0})
    for key in (one, other):
        assert {role.tag: role.thumb for role in server.fetchItem(key).roles}["Ann"] == "http://stash/1"
    assert {role.tag: role.thumb for role in server.fetchItem(one).roles}["Bob"] is None


def test_without_an_agent_a_refresh_is_only_noted(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    before = plex.snapshot()
    assert client.ask("PUT", f"/library/metadata/{key}/refresh").status_code == 200
    assert client.ask("PUT", "/library/metadata/99/refresh").status_code == 404
    assert (plex.snapshot(), plex.refresh_requests, plex.item(key).refresh_count) == (before, [key], 1)


def test_an_agent_overwrites_what_is_not_locked(plex: PlexSimulator) -> None:
    plex.agent = film_agent
    key, other = add(plex), add(plex, "b")
    item = PlexServer(plex.url, DEFAULT_TOKEN).fetchItem(key).reload()
    item.batchEdits().editTitle("Mine").addGenre(["Mine"]).editStudio("Mine", locked=False).saveEdits()
    item.uploadPoster(filepath=ONE).lockPoster()
    item.refresh()
    held, brought = plex.item(key), film_agent(plex.item(key))
    assert (held.title, held.genres, held.shown("thumb")) == ("Mine", ("Mine",), ONE)
    rest = brought.keys() - {"title", "genres", "thumb", "art"}
    assert {name: getattr(held, name) for name in rest} == {name: brought[name] for name in rest}
    assert held.shown("art") == brought["art"]
    plex.refresh_everything()
    assert plex.refresh_requests == [key, key, other]
    assert plex.item(other).title == film_agent(plex.item(other))["title"]
    assert len(held.pictures["art"].images) == 1


def test_the_agent_brings_every_field_that_can_be_locked_but_labels(plex: PlexSimulator) -> None:
    assert set(film_agent(plex.item(add(plex)))) == LOCK_NAMES.keys() - {"labels"}


# --- a token that is not the owner's


def test_a_guest_reads_without_paths_and_writes_nothing(plex: PlexSimulator) -> None:
    key = add(plex)
    guest = Client(plex, GUEST)
    assert guest.xml("/library/sections")[0].findall("Location") == []
    for address in (EDITS, f"/library/metadata/{key}"):
        (part,) = guest.xml(address)[0].findall("Media/Part")
        assert part.get("file") is None
        assert part.get("key")
    before = plex.snapshot()
    answers = [guest.edit(key, ("title.value", "T")), guest.rate(key, 5), guest.upload(key, ONE)]
    answers += [guest.ask("GET", "/library/sections/1/refresh").status_code]
    answers += [guest.ask("PUT", f"/library/metadata/{key}/refresh").status_code]
    assert (answers, plex.snapshot(), plex.scans, plex.refresh_requests) == ([403] * 5, before, [], [])
    assert PlexServer(plex.url, GUEST).library.section("Movies").all()[0].locations == [None]
    assert Client(plex).xml(EDITS)[0].findall("Media/Part")[0].get("file") == "/media/movies/a.mp4"
