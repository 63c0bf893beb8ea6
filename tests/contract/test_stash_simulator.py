"""The Stash simulator against real clients: plain requests, and the wrapper of stashapp-tools.

The expected behaviour is that of Stash v0.30: its GraphQL schema, and the source of its API.
"""

from __future__ import annotations

import base64
import logging
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from stashapi.classes import GQLWrapper
from stashapi.stashapp import StashInterface

from tests.simulators.faults import not_xml, slow, status
from tests.simulators.pictures import jpeg
from tests.simulators.stash import StashSimulator, graphql_error

SCENES = """
query Scenes($ids: [ID!], $scene_filter: SceneFilterType, $filter: FindFilterType) {
  findScenes(ids: $ids, scene_filter: $scene_filter, filter: $filter) {
    count
    scenes {
      id title details date rating100 organized created_at updated_at urls
      files { path basename } paths { screenshot }
      studio { id name } performers { id name } tags { id name }
      stash_ids { endpoint stash_id } groups { group { name } }
    }
  }
}
"""
UPDATE = "mutation Update($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id title updated_at } }"
HALF_PAST_TEN = 1_795_257_000.123456789  # 2026-11-21T10:30:00 UTC


class Clock:
    """A time in seconds that stands still until it is moved."""

    def __init__(self, now: float = HALF_PAST_TEN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Wrapper(GQLWrapper):  # type: ignore[misc]
    """The transport of stashapp-tools without its round trips."""

    def __init__(self, stash: StashSimulator) -> None:
        super().__init__()
        self.url = stash.url + "/graphql"
        self.log = logging.getLogger("stash")
        self.fragments: dict[str, str] = {}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[StashSimulator]:
    with StashSimulator(clock=clock) as simulator:
        yield simulator
        assert simulator.errors == []


def post(stash: StashSimulator, query: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
    return requests.post(
        stash.url + "/graphql", json={"query": query, "variables": variables or {}}, timeout=5, **options
    )


def data(stash: StashSimulator, query: str, **variables: Any) -> Any:
    reply = post(stash, query, variables)
    assert reply.status_code == 200
    assert "errors" not in reply.json()
    return reply.json()["data"]


def error(stash: StashSimulator, query: str, **variables: Any) -> str:
    reply = post(stash, query, variables)
    assert reply.status_code == 200
    return str(reply.json()["errors"][0]["message"])


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
    query = "query { one: findScene(id: 1) { ...part } two: findScene(id: 2) { ...part } } fragment part on Scene { id title }"
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


# --- sessions


def test_with_a_password_only_sessions_and_the_api_key_open_stash(stash: StashSimulator, clock: Clock) -> None:
    stash.password = True
    stash.api_key = "key"
    stash.add_scene("/a.mp4")
    query = "{ version { version } }"
    cookie = {"session": stash.login()}
    assert post(stash, query).status_code == 401
    assert post(stash, query, cookies={"session": "forged.cookie"}).status_code == 401
    assert post(stash, query, cookies=cookie).status_code == 200
    assert post(stash, query, headers={"ApiKey": "key"}).status_code == 200
    assert post(stash, query, headers={"ApiKey": "other"}, cookies=cookie).status_code == 401
    clock.now += 3601
    assert post(stash, query, cookies=cookie).status_code == 401
    assert post(stash, query, headers={"ApiKey": "key"}).status_code == 200


def test_pages_without_a_session_lead_to_the_login(stash: StashSimulator) -> None:
    stash.password = True
    stash.add_scene("/a.mp4")
    url = stash.url + "/scene/1/screenshot?t=5"
    reply = requests.get(url, timeout=5, allow_redirects=False)
    assert reply.status_code == 302
    assert reply.headers["Location"] == "/login?returnURL=%2Fscene%2F1%2Fscreenshot%3Ft%3D5"
    assert "Login" in requests.get(url, timeout=5).text
    assert requests.get(stash.url + "/a.jpg", timeout=5).status_code == 401


def test_every_reply_renews_its_session(stash: StashSimulator, clock: Clock) -> None:
    stash.password = True
    browser = requests.Session()
    browser.cookies.set("session", stash.login(), domain="127.0.0.1", path="/")
    for _ in range(3):
        clock.now += 3000
        reply = browser.post(stash.url + "/graphql", json={"query": "{ version { hash } }"}, timeout=5)
        assert reply.status_code == 200


def test_sessions_end_when_told_to(stash: StashSimulator) -> None:
    stash.password = True
    cookie = {"session": stash.login()}
    stash.expire_sessions()
    assert post(stash, "{ version { hash } }", cookies=cookie).status_code == 401


# --- pictures


def test_a_screenshot_is_a_jpeg_of_its_own(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4")
    stash.add_scene("/b.mp4")
    first, second = (requests.get(f"{stash.url}/scene/{number}/screenshot?t=1", timeout=5) for number in (1, 2))
    assert first.headers["Content-Type"] == "image/jpeg"
    assert first.content != second.content
    again = requests.get(first.url, headers={"If-None-Match": first.headers["ETag"]}, timeout=5)
    assert (again.status_code, again.content) == (304, b"")
    assert requests.get(stash.url + "/scene/3/screenshot", timeout=5).status_code == 404


def test_a_scene_without_a_cover_shows_a_drawing(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4", cover=None)
    reply = requests.get(stash.url + "/scene/1/screenshot", timeout=5)
    assert reply.headers["Content-Type"] == "image/svg+xml"


def test_the_address_of_a_screenshot_moves_with_every_edit_but_not_its_bytes(
    stash: StashSimulator, clock: Clock
) -> None:
    stash.add_scene("/a.mp4")
    before = data(stash, SCENES, ids=[1])["findScenes"]["scenes"][0]["paths"]["screenshot"]
    clock.now += 60
    stash.save_scene(1, rating100=20)
    after = data(stash, SCENES, ids=[1])["findScenes"]["scenes"][0]["paths"]["screenshot"]
    assert after != before
    assert requests.get(after, timeout=5).content == requests.get(before, timeout=5).content
    new_cover = jpeg("another")
    stash.save_scene(1, cover_image="data:image/jpeg;base64," + base64.b64encode(new_cover).decode())
    assert requests.get(after, timeout=5).content == new_cover


def test_the_pictures_are_whole_jpegs() -> None:
    picture = jpeg("some text")
    assert picture.startswith(b"\xff\xd8")
    assert picture.endswith(b"\xff\xd9")
    markers, position = [], 2
    while picture[position + 1] != 0xDA:
        markers.append(picture[position + 1])
        position += 2 + struct.unpack(">H", picture[position + 2 : position + 4])[0]
    assert markers == [0xE0, 0xFE, 0xDB, 0xC0, 0xC4, 0xC4]
    assert jpeg("one") != jpeg("two")


# --- mutations


def test_the_mutation_and_the_method_save_the_same(stash: StashSimulator, clock: Clock) -> None:
    stash.add_scene("/a.mp4", details="old", performers=["P"])
    stash.add_scene("/b.mp4", details="old", performers=["P"])
    new_tag = stash.tag_id("T")
    clock.now += 60
    fields = {"title": " New ", "details": None, "tag_ids": [new_tag], "date": "2020-05", "urls": ["http://a"]}
    assert data(stash, UPDATE, input={"id": 1, **fields})["sceneUpdate"]["title"] == "New"
    stash.save_scene(2, **fields)
    first, second = stash.scene(1), stash.scene(2)
    assert first.updated_at == "2026-11-21T10:31:00Z"
    for scene in (first, second):
        assert (scene.title, scene.details, scene.date) == ("New", "", "2020-05")
        assert (scene.tag_ids, scene.performer_ids, scene.urls) == ((new_tag,), (1,), ("http://a",))


def test_an_edit_that_cannot_be_stored(stash: StashSimulator) -> None:
    stash.add_scene()
    assert error(stash, UPDATE, input={"id": 9, "title": "x"}) == "scene with id 9 not found"
    assert error(stash, UPDATE, input={"id": 1, "title": ""}) == "title must be set if scene has no files"
    assert error(stash, UPDATE, input={"id": 1, "performer_ids": [5]}) == "FOREIGN KEY constraint failed"
    assert error(stash, UPDATE, input={"id": 1, "date": "yesterday"}).startswith("converting date")
    assert post(stash, UPDATE, {"input": {"id": 9}}).json()["data"] == {"sceneUpdate": None}


def test_many_scenes_at_once(stash: StashSimulator) -> None:
    for number in range(3):
        stash.add_scene(f"/{number}.mp4", tags=["A", "B"])
    many = "mutation ($input: [SceneUpdateInput!]!) { scenesUpdate(input: $input) { title } }"
    assert data(stash, many, input=[{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]) == {
        "scenesUpdate": [{"title": "a"}, {"title": "b"}]
    }
    bulk = "mutation ($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { tags { name } } }"
    change = {"ids": [1, 2], "rating100": 40, "tag_ids": {"ids": [stash.tag_id("C")], "mode": "ADD"}}
    tags = {"tags": [{"name": "A"}, {"name": "B"}, {"name": "C"}]}
    assert data(stash, bulk, input=change) == {"bulkSceneUpdate": [tags, tags]}
    stash.bulk_save([3], tag_ids={"ids": [stash.tag_id("A")], "mode": "REMOVE"})
    assert stash.scene(3).tag_ids == (stash.tag_id("B"),)
    stash.bulk_save([3], tag_ids={"ids": [], "mode": "SET"}, studio_id=stash.studio_id("S"))
    assert (stash.scene(3).tag_ids, stash.scene(3).studio_id) == ((), 1)
    assert [stash.scene(number).rating100 for number in (1, 2, 3)] == [40, 40, None]


def test_a_bulk_edit_with_a_missing_scene_stores_nothing(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4")
    bulk = "mutation { bulkSceneUpdate(input: {ids: [1, 9], rating100: 40}) { id } }"
    assert error(stash, bulk) == "scene with id 9 not found"
    assert stash.scene(1).rating100 is None


def test_a_scene_can_be_destroyed(stash: StashSimulator) -> None:
    stash.add_scene("/a.mp4")
    assert data(stash, "mutation { sceneDestroy(input: {id: 1}) }") == {"sceneDestroy": True}
    assert data(stash, "{ findScene(id: 1) { id } }") == {"findScene": None}


def test_a_rename_shows_in_every_scene_and_moves_no_scene(stash: StashSimulator, clock: Clock) -> None:
    stash.add_scene("/a.mp4", studio="S", performers=["P"], tags=["T", "U"])
    clock.now += 60
    rename = (
        'mutation { studioUpdate(input: {id: 1, name: "S2"}) { name } tagUpdate(input: {id: 1, name: "T2"}) { name } }'
    )
    data(stash, rename)
    stash.rename_performer(1, "P2")
    data(stash, "mutation { tagsMerge(input: {source: [2], destination: 1}) { id } }")
    scene = data(stash, SCENES, ids=[1])["findScenes"]["scenes"][0]
    assert (scene["studio"]["name"], scene["performers"][0]["name"]) == ("S2", "P2")
    assert [tag["name"] for tag in scene["tags"]] == ["T2"]
    assert scene["updated_at"] == scene["created_at"]


# --- faults


def test_faults_can_be_set_and_removed_at_run_time(stash: StashSimulator) -> None:
    wrapper = Wrapper(stash)
    query = "{ version { hash } }"
    broken = stash.inject(status(500), prefix="/graphql")
    assert post(stash, query).status_code == 500
    broken.remove()
    stash.inject(graphql_error("database is locked"), times=1)
    with pytest.raises(Exception, match="query failed"):
        wrapper.call_GQL(query)
    stash.inject(not_xml(), times=1)
    with pytest.raises(Exception, match="query failed"):
        wrapper.call_GQL(query)
    late = stash.inject(slow(30))
    with pytest.raises(requests.Timeout):
        requests.post(stash.url + "/graphql", json={"query": query}, timeout=(1, 0.05))
    late.remove()
    assert wrapper.call_GQL(query) == {"version": {"hash": "simulated"}}


def test_stash_can_go_down_and_come_back_on_its_port(stash: StashSimulator) -> None:
    stash.refuse()
    with pytest.raises(requests.ConnectionError):
        post(stash, "{ version { hash } }")
    stash.accept()
    assert post(stash, "{ version { hash } }").status_code == 200
