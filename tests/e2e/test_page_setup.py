"""What the page's Setup asks, by the real plugin: settings, libraries, a path map there and back, and signing in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.contract.operation_shapes import check_answer
from tests.simulators.plex_tv import KnownServer, PlexTvSimulator
from tests.simulators.stash_graphql import ResolverError
from tests.support.buttons import operate
from tests.world import PLEX_ROOT, STASH_ROOT, TOKEN, World, wait_until
from worker.version import VERSION

SIGNED_IN = "Sekr3t-account-token"


def ask(world: World, mode: str, **args: Any) -> Any:
    """Run an operation as the page does; its answer has the agreed shape."""
    answer = operate(world, mode, quiet=True, **args)
    check_answer(mode, answer)
    return answer


@pytest.fixture
def plex_tv() -> Iterator[PlexTvSimulator]:
    with PlexTvSimulator() as made:
        yield made


def test_every_setting_is_told_with_what_it_may_be(tmp_path: Path) -> None:
    with World(tmp_path, max_tags="many", skip_fields="rating") as world:
        answer = ask(world, "settings")
        found = {each["name"]: each for each in answer["settings"]}
        assert {name for group in answer["groups"] for name in group["settings"]} == set(found)
        assert found["plex_token"] | {"title": "", "description": "", "allowed": ""} == {
            "name": "plex_token",
            "title": "",
            "description": "",
            "allowed": "",
            "type": "secret",
            "default": "",
            "value": "",
            "is_set": True,
            "choices": [],
            "minimum": None,
            "maximum": None,
            "problem": "",
        }
        assert "max_tags must be" in found["max_tags"]["problem"]
        assert (found["read_timeout"]["type"], found["read_timeout"]["value"]) == ("number", 30)
        assert found["reconcile_interval"]["choices"] == ["", "hourly", "daily", "weekly"]
        assert (found["skip_fields"]["type"], found["skip_fields"]["value"]) == ("fields", "rating")
        assert not found["max_retries"]["description"].endswith("(max_retries)")
        assert TOKEN not in str(answer)


def test_a_setting_that_was_changed_shows_in_the_live_file(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        assert ask(world, "queue_status")["paused"] is False
        world.stash.library.plugin_settings["PlexSync"]["paused"] = True
        ask(world, "settings")

        def is_told() -> bool:
            told = ask(world, "queue_status")["paused"]
            return told and '"paused": true' in Path(world.data.live_status).read_text(encoding="utf-8")

        wait_until(is_told, "whoever has the lock to write the live file")


def test_the_libraries_of_a_plex_that_is_not_saved_yet(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, plex_url="", plex_token="") as world:
        answer = ask(world, "libraries", plex_url=world.plex.url, plex_token=TOKEN)
        (movies,) = answer["libraries"]
        assert (movies["name"], movies["usable"], movies["items"]) == ("Movies", True, 2)
        assert (movies["folders"], answer["is_owner"]) == ([PLEX_ROOT], True)
        with pytest.raises(ResolverError, match="rejected the token"):
            ask(world, "libraries", plex_url=world.plex.url, plex_token="another")


def test_a_path_map_goes_there_and_back(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        good = ask(world, "test_path_map", path_map=f"{STASH_ROOT} => {PLEX_ROOT}")
        assert (good["ok"], good["tried"], good["matched"]) == (True, 3, 3)
        assert (good["stash_folders"], good["plex_folders"]) == ([STASH_ROOT], [PLEX_ROOT])
        bad = ask(world, "test_path_map", path_map=f"{STASH_ROOT} => /elsewhere")
        assert (bad["ok"], bad["matched"], bad["rows"][0]["found"]) == (False, 0, False)
        assert "=>" in ask(world, "test_path_map", path_map="nonsense")["problem"]
        assert ask(world, "test_path_map")["ok"] is True


def test_signing_in_takes_two_processes_and_offers_what_answers(tmp_path: Path, plex_tv: PlexTvSimulator) -> None:
    with World(tmp_path) as world:
        world.stash.plugins.environment["PLEXSYNC_PLEX_TV"] = plex_tv.url
        addresses = [("https://1-2-3-4.example.invalid:32400", False, True), (world.plex.url, True, False)]
        own = KnownServer("NAS", world.plex.machine_identifier, SIGNED_IN, addresses)
        plex_tv.servers = [own, KnownServer("Theirs", "x", "their-token", [(world.plex.url, True, False)], owned=False)]
        started = ask(world, "login_start")
        told = {"id": started["id"], "code": started["code"]}
        assert started["code"] in started["url"]
        assert "PlexSync" in started["url"]
        assert f"{quote_plus('[version]')}={VERSION}" in started["url"]
        assert ask(world, "login_check", **told)["state"] == "waiting"
        plex_tv.status = 503
        broken = ask(world, "login_check", **told)
        assert (broken["state"], "plex.tv" in broken["problem"]) == ("waiting", True)
        plex_tv.status = 0
        plex_tv.confirm(started["id"], SIGNED_IN)
        answer = ask(world, "login_check", **told)
        assert (answer["state"], answer["account"]) == ("signed_in", "ann")
        (server,) = answer["servers"]
        assert (server["name"], server["chosen"], server["token"]) == ("NAS", world.plex.url, SIGNED_IN)
        assert [each["reachable"] for each in server["addresses"]] == [True, False]
        plex_tv.expire(started["id"])
        assert ask(world, "login_check", **told)["state"] == "expired"
        identifiers = {request.header("X-Plex-Client-Identifier") for request in plex_tv.requests}
        assert len(identifiers) == 1
        assert {request.header("X-Plex-Product") for request in plex_tv.requests} == {"PlexSync"}
        assert SIGNED_IN not in "".join(request.target for request in plex_tv.requests)
        files = [path for path in world.plugin_folder.rglob("*") if path.is_file()]
        written = b"".join(path.read_bytes() for path in files) + world.logged().encode()
        assert SIGNED_IN.encode() not in written
        assert started["code"].encode() not in written


def test_a_plex_tv_that_is_not_there_is_said(tmp_path: Path, plex_tv: PlexTvSimulator) -> None:
    with World(tmp_path) as world:
        world.stash.plugins.environment["PLEXSYNC_PLEX_TV"] = plex_tv.url
        plex_tv.refuse()
        with pytest.raises(ResolverError, match=r"plex\.tv cannot be reached"):
            ask(world, "login_start")


@pytest.mark.parametrize(("token", "doing"), [(TOKEN, "idle"), ("", "settings")])
def test_who_has_set_plexsync_up_elsewhere_need_not_open_setup(tmp_path: Path, token: str, doing: str) -> None:
    """Stash's own form asks nothing of the plugin: a drainer reads what nobody has read yet."""
    with World(tmp_path, idle_seconds=30.0, plex_token=token) as world:
        assert ask(world, "queue_status")["settings_problem_count"] == 1

        def has_been_read() -> bool:
            status = ask(world, "queue_status")
            return bool(status["drainer"]["doing"] == doing and "not set up" not in str(status))

        wait_until(has_been_read, "the settings to be read")
