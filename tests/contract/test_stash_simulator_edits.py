"""Edits, sessions, pictures and faults of the Stash simulator.

The expected behaviour is that of Stash v0.30: the source of its API and of its sessions.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import pytest
import requests

from tests.simulators.faults import not_xml, slow, status
from tests.simulators.pictures import jpeg
from tests.simulators.stash import StashSimulator, graphql_error
from tests.support.stash_client import SCENES, UPDATE, Clock, Wrapper, data, error, post


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[StashSimulator]:
    with StashSimulator(clock=clock) as simulator:
        yield simulator
        assert simulator.errors == []


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
