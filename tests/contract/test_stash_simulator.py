"""What the Stash simulator answers to queries, asked with requests and with stashapp-tools.

The expected behaviour is that of Stash v0.30: its GraphQL schema, and the source of its API.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from stashapi.stashapp import StashInterface

from tests.simulators.stash import StashSimulator
from tests.support.stash_client import HALF_PAST_TEN, SCENES, UPDATE, Clock, Wrapper, data, error, post


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[StashSimulator]:
    with StashSimulator(clock=clock) as simulator:
        yield simulator
        assert simulator.errors == []


def found_ids(stash: StashSimulator, **variables: Any) -> list[str]:
    return [scene["id"] for scene in data(stash, SCENES, **variables)["findScenes"]["scenes"]]


# --- queries


def test_a_scene_has_the_fields_that_stash_gives_it(stash: StashSimulator) -> None:
    stash.add_scene(
        "/library/a.mp4", title="A", studio="S", performers=["P", "Q"], tags=["T"], groups=["G"], rating100=80
    )
    scene = data(stash, SCENES, ids=[1])["findScenes"]["scenes"][0]
    screenshot = scene["paths"].pop("screenshot")
    assert screenshot == f"{stash.url}/scene/1/screenshot?t={int(HALF_PAST_TEN)}"
    assert scene == {
        "id": "1",
        "title": "A",
        "details": "",
        "date": None,
        "rating100": 80,
        "organized": False,
        "created_at": "2026-11-21T10:30:00Z",
        "updated_at": "2026-11-21T10:30:00Z",
        "urls": [],
        "files": [{"path": "/library/a.mp4", "basename": "a.mp4"}],
        "paths": {},
        "studio": {"id": "1", "name": "S"},
        "performers": [{"id": "1", "name": "P"}, {"id": "2", "name": "Q"}],
        "tags": [{"id": "1", "name": "T"}],
        "stash_ids": [],
        "groups": [{"group": {"name": "G"}}],
    }


def test_find_scene_is_null_for_an_unknown_id_and_aliases_ask_for_many(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", title="A")
    query = (
        "{ one: findScene(id: 1) { ...part } two: findScene(id: 2) { ...part } } fragment part on Scene { id title }"
    )
    assert data(stash, query) == {"one": {"id": "1", "title": "A"}, "two": None}


def test_one_missing_id_fails_the_whole_query(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4")
    reply = post(stash, SCENES, {"ids": ["1", "7"]})
    assert reply.status_code == 200
    assert reply.json() == {
        "errors": [{"message": "scene with id 7 not found", "path": ["findScenes"]}],
        "data": None,
    }


def test_ids_must_be_numbers_and_each_stand_there_once(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4")
    assert error(stash, SCENES, ids=[1, 1]) == "validating ids: duplicate id found: 1"
    assert error(stash, SCENES, ids=["x"]).startswith("converting ids")


def test_ids_come_in_the_order_asked_for_whatever_the_page(stash: StashSimulator) -> None:
    for number in range(30):
        stash.add_scene(f"/{number}.mp4")
    wanted = [str(number) for number in range(30, 0, -1)]
    assert found_ids(stash, ids=wanted, filter={"per_page": 2}) == wanted


def test_an_empty_list_of_ids_is_none_at_all(stash: StashSimulator) -> None:
    for number in range(30):
        stash.add_scene(f"/{number}.mp4")
    assert len(found_ids(stash, ids=[])) == 25


def test_pages_and_order(stash: StashSimulator, clock: Clock) -> None:
    for number in range(5):
        stash.add_scene(f"/{number}.mp4")
    for scene_id in (4, 2):
        clock.now += 10
        stash.save_scene(scene_id, title="changed")
    newest_first = {"sort": "updated_at", "direction": "DESC"}
    assert found_ids(stash, filter={**newest_first, "per_page": 2}) == ["2", "4"]
    assert found_ids(stash, filter={"sort": "id", "per_page": 2, "page": 2}) == ["3", "4"]
    assert found_ids(stash, filter={"sort": "id", "per_page": 2, "page": 4}) == []
    assert found_ids(stash, filter={"sort": "id", "direction": "DESC", "per_page": -1}) == ["5", "4", "3", "2", "1"]
    assert data(stash, SCENES, filter={"per_page": 1})["findScenes"]["count"] == 5
    assert error(stash, SCENES, filter={"sort": "nonsense"}) == "invalid sort: nonsense"


def test_times_are_compared_as_text_in_the_zone_of_stash(stash: StashSimulator) -> None:
    stash.clock.utc_offset = timedelta(hours=2)
    stash.add_scene("/a.mp4")
    assert stash.scene(1).updated_at == "2026-11-21T12:30:00+02:00"

    def after(moment: str) -> list[str]:
        return found_ids(stash, scene_filter={"updated_at": {"value": moment, "modifier": "GREATER_THAN"}})

    assert after("2026-11-21T11:00:00Z") == ["1"]  # half an hour later than the edit, and yet the edit is "after" it
    assert after("2026-11-21T12:29:59+02:00") == ["1"]
    assert after("2026-11-21T12:30:01+02:00") == []


def test_stored_times_have_whole_seconds_unless_set_otherwise(stash: StashSimulator, clock: Clock) -> None:
    stash.add_scene("/a.mp4")
    clock.now += 0.5
    stash.save_scene(1, title="b")
    assert stash.scene(1).updated_at == stash.scene(1).created_at
    stash.clock.fraction_digits = 9
    stash.clock.utc_offset = timedelta(hours=-5, minutes=-30)
    stash.save_scene(1, title="c")
    assert stash.scene(1).updated_at.startswith("2026-11-21T05:00:00.62")
    assert len(stash.scene(1).updated_at) == len("2026-11-21T05:00:00.123456789-05:30")
    assert stash.scene(1).updated_at.endswith("-05:30")


def test_scenes_by_what_they_carry(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", studio="S", performers=["P"], tags=["T", "U"], title="One")
    stash.add_scene("/b.mp4", tags=["U"], organized=True)
    studio, performer = str(stash.studio_id("S")), str(stash.performer_id("P"))
    first, both = str(stash.tag_id("T")), [str(stash.tag_id("T")), str(stash.tag_id("U"))]

    def found(**scene_filter: Any) -> list[str]:
        return found_ids(stash, scene_filter=scene_filter)

    assert found(studios={"value": [studio], "modifier": "INCLUDES", "depth": 0}) == ["1"]
    assert found(performers={"value": [performer], "modifier": "INCLUDES"}) == ["1"]
    assert found(tags={"value": both, "modifier": "INCLUDES"}) == ["1", "2"]
    assert found(tags={"value": both, "modifier": "INCLUDES_ALL"}) == ["1"]
    assert found(tags={"value": [first], "modifier": "EXCLUDES"}) == ["2"]
    assert found(organized=True) == ["2"]
    assert found(title={"value": "one", "modifier": "EQUALS"}) == ["1"]
    assert found(organized=True, OR={"studios": {"modifier": "NOT_NULL"}}) == ["1", "2"]
    assert found(NOT={"id": {"value": 1, "modifier": "GREATER_THAN"}}) == ["1"]


def test_tags_studios_and_performers(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", studio="S", performers=["P"], tags=["U", "T"])
    assert data(stash, "{ findTags(filter: {per_page: -1}) { count tags { name } } }") == {
        "findTags": {"count": 2, "tags": [{"name": "T"}, {"name": "U"}]}
    }
    assert data(stash, "{ findStudio(id: 1) { name } findPerformer(id: 1) { name } findTag(id: 9) { name } }") == {
        "findStudio": {"name": "S"},
        "findPerformer": {"name": "P"},
        "findTag": None,
    }


def test_configuration_holds_what_the_user_set(stash: StashSimulator) -> None:
    query = '{ configuration { plugins(include: ["PlexSync"]) general { apiKey stashes { path } } } }'
    general = {"apiKey": "", "stashes": [{"path": "/library"}]}
    stash.library.roots.append("/library")
    assert data(stash, query) == {"configuration": {"plugins": {}, "general": general}}
    change = 'mutation { configurePlugin(plugin_id: "PlexSync", input: {plex_url: "http://plex", paused: true}) }'
    data(stash, change)
    plugins = {"PlexSync": {"plex_url": "http://plex", "paused": True}}
    assert data(stash, query) == {"configuration": {"plugins": plugins, "general": general}}
    stash.configure_plugin("PlexSync", paused=False)
    assert data(stash, query)["configuration"]["plugins"] == {"PlexSync": {"paused": False}}


def test_the_server_says_what_it_is(stash: StashSimulator) -> None:
    reply = data(stash, "{ version { version } systemStatus { status } jobQueue { id } }")
    assert reply == {"version": {"version": "v0.30.1"}, "systemStatus": {"status": "OK"}, "jobQueue": None}


# --- what is wrong with a request


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ findScene(id: 1) { nam } }", 'Cannot query field "nam" on type "Scene".'),
        ("{ findScene(number: 1) { id } }", 'Unknown argument "number" on field "Query.findScene".'),
        ('{ findScenes(filter: {per_page: "x"}) { count } }', 'Int cannot represent non-integer value: "x"'),
        ("{ findScene(id: 1) }", 'Field "findScene" of type "Scene" must have a selection of subfields.'),
        ("{ findScene(id: 1) { id ", "Syntax Error"),
        ("", "no operation provided"),
    ],
)
def test_a_query_that_does_not_fit_the_schema(stash: StashSimulator, query: str, message: str) -> None:
    reply = post(stash, query)
    assert reply.status_code == 422
    assert reply.json()["data"] is None
    assert reply.json()["errors"][0]["message"].startswith(message)


def test_a_variable_that_does_not_fit_the_schema(stash: StashSimulator) -> None:
    reply = post(stash, UPDATE, {"input": {"id": 1, "titel": "x"}})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert post(stash, UPDATE).status_code == 422


def test_what_is_no_graphql_request(stash: StashSimulator) -> None:
    url = stash.url + "/graphql"
    json_header = {"Content-Type": "application/json"}
    assert requests.post(url, data=b"nonsense", headers=json_header, timeout=5).status_code == 400
    assert requests.post(url, data=b"[]", headers=json_header, timeout=5).status_code == 400
    assert requests.get(url, timeout=5).status_code == 400


# --- stashapp-tools


def test_the_wrapper_of_stashapp_tools(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", title="A")
    wrapper = Wrapper(stash)
    assert wrapper.call_GQL("query ($id: ID) { findScene(id: $id) { title } }", {"id": 1}) == {
        "findScene": {"title": "A"}
    }
    with pytest.raises(Exception, match="422"):
        wrapper.call_GQL("{ findScene(id: 1) { nam } }")
    with pytest.raises(Exception, match="query failed"):
        wrapper.call_GQL(SCENES, {"ids": [9]})
    assert stash.count_operations("findScene") == 1
    assert stash.count("POST", "/graphql") == 3


def test_the_interface_of_stashapp_tools_finds_its_schema(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", title="A", tags=["T"])
    connection = {**stash.server_connection(), "Logger": logging.getLogger("stash")}
    interface = StashInterface(connection)
    assert interface.find_scene(1, fragment="id title tags { name }") == {
        "id": "1",
        "title": "A",
        "tags": [{"name": "T"}],
    }
    assert interface.get_configuration("general { apiKey }")["general"]["apiKey"] == ""
