"""On real processes, what is odd of people's libraries, networks and tokens, and costs no edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.plex import PlexSimulator
from tests.support.agreement import disagreements, wait_until_logged
from tests.support.plex_examples import jwt_of
from tests.world import PLEX_ROOT, STASH_ROOT, TOKEN, World

NOBODY_LISTENS = "http://127.0.0.1:9"
IN_2027 = 1_800_000_000
"""Seconds since the epoch."""


def known_to_both(world: World, stash_tail: str, plex_tail: str, **fields: str) -> int:
    """A scene that both know, under paths of its own; returns its id."""
    scene = world.stash.add_scene(f"{STASH_ROOT}/{stash_tail}")
    world.keys[scene.id] = world.plex.add_item(world.section, f"{PLEX_ROOT}/{plex_tail}", **fields)
    return scene.id


# --- many files of one name (13)


@pytest.mark.parametrize("count", [10, 2000])
def test_files_of_one_name_cost_plex_nothing_however_many_they_are(tmp_path: Path, count: int) -> None:
    with World(tmp_path, idle_seconds=30.0) as world:
        for number in range(count):
            world.plex.add_item(world.section, f"{PLEX_ROOT}/other/{number}/scene.mp4")
        for number in range(10):
            known_to_both(world, f"mine/{number}/scene.mp4", f"mine/{number}/scene.mp4")
        world.edit(1, title="So that the library is known")
        world.wait_until_drained()
        world.plex.reset_log()
        world.stash.bulk_save(world.keys, details="Each in its own")
        world.wait_until_drained()
        assert disagreements(world, world.keys) == []
        assert not [
            request for request in world.plex.requests if request.path.endswith("/all") and request.method == "GET"
        ]


# --- smaller (18)


def test_each_file_is_told_from_what_looks_like_it(tmp_path: Path) -> None:
    with World(tmp_path, plex_library='"Movies, old and new"', idle_seconds=30.0) as world:
        world.plex.add_section("old and new", locations=["/elsewhere"])
        world.plex.sections[world.section].title = "Movies, old and new"
        for name in ("Straße", "Strasse"):
            known_to_both(world, f"{name}/a.mp4", f"{name}/a.mp4")
        known_to_both(world, "one: two?.mp4", "one\uf022 two\uf025.mp4")
        known_to_both(world, "untitled.mp4", "untitled.mp4", title="")
        world.stash.bulk_save(world.keys, details="Written")
        for scene_id in world.keys:
            world.edit(scene_id, title=f"Title {scene_id}")
        world.wait_until_drained()
        assert disagreements(world, world.keys) == []
        assert world.plex.refreshing_reads() == ()


def test_a_plex_at_home_is_not_asked_through_a_proxy(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        for name in ("HTTP_PROXY", "http_proxy"):
            world.stash.plugins.environment[name] = NOBODY_LISTENS
        world.edit(1, title="Straight there")
        world.wait_until_drained()
        assert world.item(1).title == "Straight there"


def test_a_token_that_ends_is_told_with_its_date(tmp_path: Path) -> None:
    plex = PlexSimulator(token=jwt_of(IN_2027))
    with World(tmp_path, scenes=1, plex=plex) as world:
        world.edit(1, title="Arrives")
        world.wait_until_drained()
        checks = world.stash.run_operation("PlexSync", mode="health_check")["checks"]
        assert any("plex_token expires on" in check["detail"] for check in checks)
        assert world.stash.run_operation("PlexSync", mode="queue_status")["token_ends_at"] == IN_2027


def test_a_token_that_is_not_the_owners_is_told_and_the_edit_waits(tmp_path: Path) -> None:
    plex = PlexSimulator(token=TOKEN, guest_token="a-guest")
    with World(tmp_path, scenes=1, plex=plex, plex_token="a-guest") as world:
        world.edit(1, title="Not with this one")
        wait_until_logged(world, "it is not the owner's")
        assert (world.open_jobs(), world.dead_letters().get_count()) == (1, 0)
