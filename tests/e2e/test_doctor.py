"""*Test Plex Connection* as a doctor: it names what is wrong, down to single files, what to do, and changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import job_rows
from tests.support.bare_python import bare_python
from tests.support.buttons import operate, press
from tests.world import World


def examine(world: World) -> dict[str, Any]:
    """The doctor's result."""
    result: dict[str, Any] = operate(world, "health_check")
    return result


def findings(result: dict[str, Any]) -> dict[str, str]:
    """What each check says, by its name."""
    return {check["name"]: check["detail"] for check in result["checks"]}


def failed(result: dict[str, Any]) -> list[str]:
    """The names of the checks that failed."""
    return [check["name"] for check in result["checks"] if not check["ok"]]


def add_moved_scenes(world: World, stash_folder: str, plex_folder: str, count: int = 3) -> list[int]:
    """Add scenes whose folder is another one in Plex; returns their ids."""
    ids = []
    for number in range(count):
        name = f"{stash_folder.rpartition('/')[2]}-{number}.mp4"
        ids.append(world.stash.add_scene(f"{stash_folder}/{name}", title="t").id)
        world.plex.add_item(world.section, f"{plex_folder}/{name}")
    return ids


def test_everything_is_well(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        result = examine(world)
        assert (result["ok"], result["path_map"], failed(result)) == (True, "", [])
        said = findings(result)
        assert [*said] == [
            "Data folder",
            "Packages",
            "Stash",
            "Settings",
            "Plex",
            "Token",
            "Libraries",
            "Sample scenes",
        ]
        assert (said["Libraries"], said["Sample scenes"]) == ("Movies", "3 of 3 found in Plex")
        assert said["Plex"] == f"{world.plex.url} answers, without TLS"


def test_a_library_with_a_typing_error_leads_to_the_one_that_is_meant(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, plex_library="Movis") as world:
        world.plex.add_section("Home Videos", locations=["/media/home"])
        result = examine(world)
        assert failed(result) == ["Libraries"]
        detail = findings(result)["Libraries"]
        assert 'no movie library "Movis"' in detail
        assert 'It has "Movies", "Home Videos". Did you mean "Movies"?' in detail


def test_each_sample_that_is_not_found_says_why_and_a_path_map_is_suggested(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        moved = add_moved_scenes(world, "/data/vid", "/media/movies/videos")
        unknown = world.stash.add_scene("/data/unknown.mp4", title="t").id
        result = examine(world)
        said = findings(result)
        assert failed(result) == ["Sample scenes", "3 scenes", f"Scene {unknown}", "Path map"]
        assert said["Sample scenes"] == "2 of 6 found in Plex"
        assert said["3 scenes"].startswith("Plex has a file of this name in another folder. For example scene ")
        for scene_id, number in zip(moved, range(3), strict=True):
            example = f"scene {scene_id}, /data/vid/vid-{number}.mp4 → /media/movies/videos/vid-{number}.mp4"
            assert example in said["3 scenes"]
        assert said[f"Scene {unknown}"] == "Plex has no file of this name. In Stash it is /data/unknown.mp4"
        assert result["path_map"] == "/data/vid => /media/movies/videos"
        assert said["Path map"] == "Set path_map to /data/vid => /media/movies/videos"


def test_what_is_suggested_helps_and_keeps_what_is_set_already(tmp_path: Path) -> None:
    with World(tmp_path, path_map="/data/one => /media/movies/first") as world:
        add_moved_scenes(world, "/data/one", "/media/movies/first")
        add_moved_scenes(world, "/data/two", "/media/movies/second")
        suggested = examine(world)["path_map"]
        assert suggested == "/data/one => /media/movies/first; /data/two => /media/movies/second"
        world.stash.library.plugin_settings["PlexSync"]["path_map"] = suggested
        assert examine(world)["ok"] is True


def test_what_is_suggested_takes_the_place_of_a_folder_that_is_set_wrong(tmp_path: Path) -> None:
    with World(tmp_path, path_map="/data/two => /media/movies/typo") as world:
        add_moved_scenes(world, "/data/two", "/media/movies/second")
        assert examine(world)["path_map"] == "/data/two => /media/movies/second"


def test_a_scene_without_a_file_is_no_fault(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.stash.add_scene(title="Nothing but an entry")
        result = examine(world)
        assert (result["ok"], findings(result)["Sample scenes"]) == (True, "1 of 1 found in Plex")


def test_with_hidden_paths_the_log_shows_none(tmp_path: Path) -> None:
    with World(tmp_path, obfuscate_paths=True) as world:
        add_moved_scenes(world, "/data/vid", "/media/movies/videos")
        press(world, "Test Plex Connection")
        assert "/data/vid" not in world.logged()
        assert "/media/movies" not in world.logged()
        assert "A path_map would explain most of these. Turn off obfuscate_paths to see it" in world.logged()


def test_nothing_is_changed_in_plex_stash_or_the_queue(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, paused=True) as world:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        world.stash.plugins.environment["TMPDIR"] = str(temporary)
        add_moved_scenes(world, "/data/vid", "/media/movies/videos")
        world.edit(1, title="Waits", details="d")
        world.kill_drainer()
        examine(world)  # the first one may make what every task makes: the device's id
        before = (world.plex.snapshot(), dict(world.stash.library.scenes), files(world), job_rows(world))
        settings = dict(world.stash.library.plugin_settings["PlexSync"])
        world.plex.reset_log()
        world.stash.reset_log()
        examine(world)
        assert (world.plex.snapshot(), dict(world.stash.library.scenes), files(world), job_rows(world)) == before
        assert world.stash.library.plugin_settings["PlexSync"] == settings
        assert {request.method for request in world.plex.requests} == {"GET"}
        assert not any(b"mutation" in request.body for request in world.stash.requests)
        assert (world.drainers(), [*temporary.iterdir()]) == ([], [])


IMPOSSIBLE = [
    "below a file",
    pytest.param("/proc/nope", marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")),
]


def point_elsewhere(world: World, folder: Path, data_folder: str) -> str:
    """Have the plugin keep its data where nobody can; returns that place."""
    if data_folder == "below a file":
        (folder / "file").write_text("in the way")
        data_folder = str(folder / "file" / "data")
    world.stash.plugins.environment["STASH_PLUGIN_DATA"] = data_folder
    return data_folder


@pytest.mark.parametrize("data_folder", IMPOSSIBLE)
def test_without_a_data_folder_everything_else_is_looked_at(tmp_path: Path, data_folder: str) -> None:
    with World(tmp_path, scenes=3) as world:
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        world.stash.plugins.environment["TMPDIR"] = str(temporary)
        place = point_elsewhere(world, tmp_path, data_folder)
        result = examine(world)
        assert (result["ok"], failed(result)) == (False, ["Data folder"])
        said = findings(result)
        assert len(said) == 8
        assert said["Data folder"].startswith(f"{place} cannot be used (")
        assert said["Data folder"].endswith(", or name another folder in STASH_PLUGIN_DATA")
        assert said["Sample scenes"] == "3 of 3 found in Plex"
        press(world, "Test Plex Connection")
        assert f"error: Data folder: {place} cannot be used" in world.logged()
        assert [*temporary.iterdir()] == []
        assert {request.method for request in world.plex.requests} == {"GET"}


def test_so_it_is_where_only_the_queue_cannot_be_opened(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        examine(world)
        identifiers = world.plex.client_identifiers()
        make_queue_unusable(world)
        result = examine(world)
        assert failed(result) == ["Data folder"]
        assert findings(result)["Data folder"].startswith(world.data.queue)
        assert world.plex.client_identifiers() == identifiers  # to Plex, another one is a new device


def test_other_tasks_fail_with_the_reason(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        point_elsewhere(world, tmp_path, "below a file")
        with pytest.raises(ResolverError, match=r"cannot be used \(.*\)\. Move away the file"):
            operate(world, "queue_status")


def test_without_packages_it_says_that_they_would_be_in_that_folder(tmp_path: Path) -> None:
    python = bare_python(tmp_path / "python", with_pip=False)
    with World(tmp_path, python=python) as world:
        point_elsewhere(world, tmp_path, "below a file")
        result = examine(world)
        assert failed(result) == [*findings(result)] == ["Data folder", "Packages"]
        said = findings(result)["Packages"]
        assert "PlexAPI" in said
        assert said.startswith("Packages are missing (")
        assert said.endswith("). They are kept in the data folder, so fix that first")
        assert (result["ok"], result["path_map"]) == (False, "")
        press(world, "Test Plex Connection")
        assert "error: Packages: " in world.logged()


def make_queue_unusable(world: World) -> None:
    """Put a file in the place of the queue's folder."""
    queue = Path(world.data.queue)
    queue.rename(queue.with_name("queue-aside"))
    queue.write_text("in the way")


def files(world: World) -> dict[str, bytes]:
    """What is in the data folder, but for the queue's file: that is looked at by its rows."""
    found = [path for path in Path(world.data.root).rglob("*") if path.is_file() and "plexsync.db" not in path.name]
    return {str(path): path.read_bytes() for path in found}
