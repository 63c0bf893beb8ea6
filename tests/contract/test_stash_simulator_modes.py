"""What the Stash simulator can be told to show: scenes that cannot be resolved, sessions that end, older schemas."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.faults import drip
from tests.simulators.pictures import jpeg
from tests.simulators.stash import StashSimulator
from tests.support.stash_client import SCENES, UPDATE, Clock, data, post

FIND_BY_PATH = (
    "query ($a: String!) { one: findScenes(scene_filter: {path: {value: $a, modifier: EQUALS}}) { scenes { id } }"
    ' two: findScenes(scene_filter: {path: {value: "/b", modifier: INCLUDES}}) { scenes { id } }'
    ' three: findScenes(scene_filter: {path: {value: "^/[ab]/", modifier: MATCHES_REGEX}}) { count scenes { id } } }'
)
RICH = """query { findScene(id: 1) {
  code director organized stash_ids { endpoint stash_id } files { path width height size basename }
  groups { group { id name front_image_path } } studio { name parent_studio { id name } image_path }
  performers { name tags { name } image_path updated_at } tags { name parents { name } } } }"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[StashSimulator]:
    with StashSimulator(clock=clock) as simulator:
        for name in ("a", "b", "c"):
            simulator.add_scene(f"/{name}/1.mp4", title=name, tags=["T"], performers=["P"], studio="S", groups=["G"])
        yield simulator
        assert simulator.errors == []


def found(stash: StashSimulator, **scene_filter: Any) -> list[str]:
    scenes = data(stash, SCENES, scene_filter=scene_filter)["findScenes"]["scenes"]
    return [scene["title"] for scene in scenes]


# --- scenes that cannot be resolved


def test_one_scene_spoils_the_whole_answer_of_find_scenes(stash: StashSimulator) -> None:
    stash.break_scene(2)
    reply = post(stash, SCENES, {"filter": {"per_page": -1}}).json()
    assert reply["data"] is None
    assert reply["errors"][0]["path"] == ["findScenes", "scenes", 1, "files"]
    assert len(data(stash, "{ findScenes { scenes { id title } } }")["findScenes"]["scenes"]) == 3
    stash.repair_scene(2)
    assert found(stash) == ["a", "b", "c"]


@pytest.mark.parametrize("fatal", [False, True])
def test_asked_alone_only_its_alias_is_null_unless_told_otherwise(stash: StashSimulator, fatal: bool) -> None:
    stash.break_scene(2, "id")
    stash.library.unresolvable_is_fatal = fatal
    reply = post(stash, "{ a: findScene(id: 1) { id } b: findScene(id: 2) { id } }").json()
    assert reply["data"] == (None if fatal else {"a": {"id": "1"}, "b": None})
    assert [error["path"] for error in reply["errors"]] == [["b", "id"]]


def test_only_a_field_that_can_fail_is_broken(stash: StashSimulator) -> None:
    with pytest.raises(ValueError, match="title is none of id, files"):
        stash.break_scene(1, "title")


# --- fields and filters


def test_the_fields_of_a_scene_and_of_what_it_carries(stash: StashSimulator) -> None:
    parent, picture = stash.studio_id("Network"), base64.b64encode(jpeg("Ann")).decode()
    stash.update_studio(stash.studio_id("S"), parent_id=parent)
    stash.update_performer(1, tag_ids=[stash.tag_id("T")], image=f"data:image/jpeg;base64,{picture}")
    stash.update_tag(stash.tag_id("T"), parent_ids=[stash.tag_id("Above")])
    stash_ids = [{"endpoint": "https://box/graphql", "stash_id": "x"}]
    stash.save_scene(1, code="C", director="D", organized=True, stash_ids=stash_ids)
    scene = data(stash, RICH)["findScene"]
    assert (scene["code"], scene["director"], scene["organized"], scene["stash_ids"]) == ("C", "D", True, stash_ids)
    assert scene["files"] == [
        {"path": "/a/1.mp4", "width": 1920, "height": 1080, "size": 1_000_000, "basename": "1.mp4"}
    ]
    assert scene["groups"][0]["group"]["name"] == "G"
    assert scene["studio"]["parent_studio"] == {"id": str(parent), "name": "Network"}
    assert scene["tags"] == [{"name": "T", "parents": [{"name": "Above"}]}]
    (performer,) = scene["performers"]
    assert performer["tags"] == [{"name": "T"}]
    assert requests.get(performer["image_path"], timeout=5).content == jpeg("Ann")
    assert scene["studio"]["image_path"].endswith("&default=true")
    assert "svg" in requests.get(scene["studio"]["image_path"], timeout=5).headers["Content-Type"]


def test_several_path_filters_in_one_request(stash: StashSimulator) -> None:
    answer = data(stash, FIND_BY_PATH, a="/A/1.mp4")
    assert answer["one"]["scenes"] == [{"id": "1"}]
    assert answer["two"]["scenes"] == [{"id": "2"}]
    assert (answer["three"]["count"], answer["three"]["scenes"]) == (2, [{"id": "1"}, {"id": "2"}])


def test_filters_by_what_scenes_carry(stash: StashSimulator) -> None:
    network, above = stash.studio_id("Network"), stash.tag_id("Above")
    stash.update_studio(stash.studio_id("S"), parent_id=network)
    stash.update_tag(above, child_ids=[stash.tag_id("T")])
    stash.save_scene(1, tag_ids=[], studio_id=network, groups=[])
    stash.save_scene(2, organized=True)
    everything_below: dict[str, Any] = {"modifier": "INCLUDES", "depth": -1}
    assert found(stash, studios={"value": [network], "modifier": "INCLUDES"}) == ["a"]
    assert found(stash, studios={"value": [network], **everything_below}) == ["a", "b", "c"]
    assert found(stash, tags={"value": [above], "modifier": "INCLUDES"}) == []
    assert found(stash, tags={"value": [above], **everything_below}) == ["b", "c"]
    assert found(stash, tags={"value": [above], "modifier": "EXCLUDES", "depth": 1}) == ["a"]
    assert found(stash, groups={"value": [stash.group_id("G")], "modifier": "INCLUDES"}) == ["b", "c"]
    assert found(stash, organized=True) == ["b"]


def test_an_older_schema_refuses_what_it_lacks(stash: StashSimulator) -> None:
    stash.lacking = frozenset({"Scene.groups"})
    reply = post(stash, "{ findScenes { scenes { id groups { group { name } } } } }")
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["message"] == 'Cannot query field "groups" on type "Scene".'
    assert post(stash, "{ findScenes { scenes { id } } }").status_code == 200
    stash.lacking = frozenset({"SceneFilterType.groups"})
    criterion = {"groups": {"value": ["1"], "modifier": "INCLUDES"}}
    assert post(stash, SCENES, {"scene_filter": criterion}).status_code == 422
    assert found(stash) == ["a", "b", "c"]
    stash.lacking = frozenset()
    assert data(stash, "{ findScene(id: 1) { groups { group { name } } } }")["findScene"]["groups"]
    with pytest.raises(ValueError, match=r"the schema has no Scene\.soul"):
        StashSimulator(lacking=["Scene.soul"])


# --- what leaves no trace


def test_a_file_that_is_reassigned_moves_no_time(stash: StashSimulator, clock: Clock) -> None:
    before = [stash.scene(number).updated_at for number in (1, 2)]
    clock.now += 60
    file = stash.scene(1).files[0]
    assert data(
        stash,
        "mutation ($input: AssignSceneFileInput!) { sceneAssignFile(input: $input) }",
        input={"scene_id": 2, "file_id": file.id},
    ) == {"sceneAssignFile": True}
    assert (stash.scene(1).files, file in stash.scene(2).files) == ((), True)
    assert [stash.scene(number).updated_at for number in (1, 2)] == before


def test_what_is_deleted_vanishes_from_scenes_without_a_trace(stash: StashSimulator, clock: Clock) -> None:
    before = stash.scene(1).updated_at
    clock.now += 60
    for kind in ("tag", "performer", "studio", "group"):
        assert data(stash, f"mutation {{ {kind}sDestroy(ids: [1]) }}") == {f"{kind}sDestroy": True}
    scene = stash.scene(1)
    assert (scene.tag_ids, scene.performer_ids, scene.studio_id, scene.group_ids) == ((), (), None, ())
    assert scene.updated_at == before
    assert data(stash, "{ findTag(id: 1) { id } }") == {"findTag": None}


def test_merged_performers_leave_no_trace(stash: StashSimulator, clock: Clock) -> None:
    other, before = stash.performer_id("Other"), stash.scene(1).updated_at
    clock.now += 60
    merge = "mutation ($input: PerformerMergeInput!) { performerMerge(input: $input) { name } }"
    assert data(stash, merge, input={"source": [1], "destination": other})["performerMerge"] == {"name": "Other"}
    assert (stash.scene(1).performer_ids, stash.scene(1).updated_at) == ((other,), before)
    assert 1 not in stash.library.performers.rows


def test_groups_of_many_scenes_and_by_their_old_name(stash: StashSimulator) -> None:
    other = stash.group_id("Other")
    stash.bulk_save([1, 2], group_ids={"ids": [other], "mode": "ADD"})
    assert stash.scene(2).group_ids == (1, other)
    stash.save_scene(2, movies=[{"movie_id": other}])
    assert stash.scene(2).group_ids == (other,)


def test_a_scene_that_a_program_creates(stash: StashSimulator) -> None:
    create = "mutation ($input: SceneCreateInput!) { sceneCreate(input: $input) { id title files { path } } }"
    file = stash.scene(1).files[0]
    scene = data(stash, create, input={"title": "New", "file_ids": [file.id]})["sceneCreate"]
    assert scene == {"id": "4", "title": "New", "files": [{"path": file.path}]}
    assert "errors" in post(stash, create, {"input": {"details": "neither title nor file"}}).json()


# --- sessions and time


def ask(stash: StashSimulator, cookie: str) -> int:
    headers = {"Cookie": f"session={cookie}"}
    return int(post(stash, "{ version { version } }", headers=headers).status_code)


def test_a_cookie_ends_max_session_age_after_it_was_made(stash: StashSimulator, clock: Clock) -> None:
    stash.password, stash.max_session_age = True, 60
    cookie = stash.login()
    clock.now += 40
    assert ask(stash, cookie) == 200
    clock.now += 40
    assert ask(stash, cookie) == 401
    stash.max_session_age = 600
    assert ask(stash, cookie) == 200
    assert stash.server_connection()["SessionCookie"]["MaxAge"] == 600


def test_a_cookie_that_its_use_renews(stash: StashSimulator, clock: Clock) -> None:
    stash.password, stash.max_session_age, stash.sessions.renew_on_use = True, 60, True
    cookie = stash.login()
    for _ in range(3):
        clock.now += 40
        assert ask(stash, cookie) == 200
    clock.now += 61
    assert ask(stash, cookie) == 401


def test_a_password_ends_the_sessions_that_exist(stash: StashSimulator) -> None:
    before = stash.server_connection()["SessionCookie"]["Value"]
    assert ask(stash, before) == 200
    stash.password = True
    assert ask(stash, before) == 401
    assert ask(stash, stash.server_connection()["SessionCookie"]["Value"]) == 200


def test_every_reply_tells_the_time_of_stash(stash: StashSimulator) -> None:
    assert requests.get(stash.url + "/", timeout=5).headers["Date"] == "Sat, 21 Nov 2026 10:30:00 GMT"
    assert post(stash, UPDATE, {"input": {"id": 1}}).headers["Date"] == "Sat, 21 Nov 2026 10:30:00 GMT"


def test_a_reply_that_drips(stash: StashSimulator) -> None:
    stash.inject(drip(0.0005, "all"))
    assert found(stash) == ["a", "b", "c"]
