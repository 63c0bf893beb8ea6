"""When a drainer ends though work is left: the plugin is disabled, gone or replaced, or another drainer is there."""

from __future__ import annotations

import os
import time
from pathlib import Path

from storage.json_file import JsonFile
from storage.lock import ProcessLock
from tests.simulators.faults import hang, slow
from tests.support.agreement import disagreements, wait_until_in_step, wait_until_logged
from tests.world import World, wait_until
from worker.launcher import start_drainer
from worker.processor import BATCH_SIZE
from worker.version import VERSION

PATIENT = 600.0
"""Idle seconds of drainers that must not end because nothing is left to do."""
OTHER_VERSION = "99.0.0"


def wait_until_gone(world: World) -> None:
    wait_until(lambda: not world.drainers(), "the drainer to end")


def code_of(world: World) -> list[Path]:
    """The plugin's own files."""
    data = Path(world.data.root)
    return [path for path in world.plugin_folder.rglob("*") if path.is_file() and data not in path.parents]


def install_another_version(world: World) -> None:
    """Replace the version in the files, the manifest last, as Stash's package manager does."""
    for name in ("worker/version.py", "PlexSync.yml"):
        file = world.plugin_folder / name
        file.write_text(file.read_text(encoding="utf-8").replace(VERSION, OTHER_VERSION), encoding="utf-8")


def titles_written(world: World) -> list[str]:
    return [title for request in world.plex.requests if (title := request.query.get("title.value"))]


# --- disabled, gone, replaced


def test_nothing_is_written_once_the_plugin_is_disabled(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        world.stash.disable_plugin("PlexSync")
        world.plex.accept()
        wait_until_gone(world)
        assert (titles_written(world), world.open_jobs()) == ([], 1)
        assert "Drainer ends: the plugin is disabled" in world.logged()

        world.stash.enable_plugin("PlexSync")
        world.edit(2, title="Wakes", details="d")
        wait_until_in_step(world, [1, 2])


def test_an_idle_drainer_ends_with_the_plugin(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        world.stash.disable_plugin("PlexSync")
        wait_until_gone(world)


def test_a_task_in_the_foreground_ends_with_the_plugin(tmp_path: Path) -> None:
    with World(tmp_path, 120, idle_seconds=PATIENT, parallel_writes=1) as world:
        for scene_id in world.keys:
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        writes = world.plex.inject(slow(0.1), method="PUT")
        job = world.stash.run_task("PlexSync", "Sync All Scenes")
        wait_until(lambda: writes.hits > 0, "the first write")
        world.stash.disable_plugin("PlexSync")
        assert job.ended.wait(60)
        wait_until_gone(world)
        assert 0 < len(titles_written(world)) <= BATCH_SIZE
        assert world.open_jobs() == 120 - len(titles_written(world))


def test_the_batch_in_hand_is_finished_without_the_plugins_files(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(1, title="In hand", details="d")
        wait_until(lambda: held.hits == 1, "the write")
        for path in code_of(world):
            path.unlink()
        held.remove()
        wait_until(lambda: world.item(1).title == "In hand", "the title")
        wait_until_gone(world)
        assert world.open_jobs() == 0
        assert "Drainer ends: the plugin's files are gone" in world.logged()
        assert "Traceback" not in world.logged()


def test_a_task_in_the_foreground_finishes_its_batch_without_the_plugins_files(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.stash.save_without_hook(1, title="In hand", details="d")
        held = world.plex.inject(hang(), times=1, method="PUT")
        job = world.stash.run_task("PlexSync", "Sync All Scenes")
        wait_until(lambda: held.hits == 1, "the write")
        for path in code_of(world):
            path.unlink()
        held.remove()
        assert job.ended.wait(60)
        assert (world.item(1).title, world.open_jobs(), job.status) == ("In hand", 0, "FINISHED")
        assert "Traceback" not in world.logged()


def test_another_version_starts_a_drainer_of_its_own(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        old = {process.pid for process in world.drainers()}
        install_another_version(world)
        wait_until(lambda: {process.pid for process in world.drainers()}.isdisjoint(old), "the old one to end")
        wait_until(lambda: len(world.drainers()) == 1, "the new one")
        world.plex.accept()
        wait_until_in_step(world, [1])
        assert "another version of the plugin is installed" in world.logged()


# --- sessions


def test_a_password_set_while_a_drainer_lives(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        world.stash.password = True
        world.stash.expire_sessions()
        wait_until_logged(world, "Drainer ends: Stash wants a login")
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        assert "cannot be reached" not in world.logged()


def test_a_session_that_is_shorter_than_an_outage(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=PATIENT) as world:
        world.stash.password, world.stash.max_session_age = True, 8
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "refused the connection")
        time.sleep(10.0)  # longer than the session
        world.plex.accept()
        wait_until_in_step(world, [1])


def test_a_hook_relieves_a_drainer_whose_session_ends(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        wait_until(lambda: JsonFile(world.data.status).load().get("relieve_from") is not None, "the status")
        old = {process.pid for process in world.drainers()}
        JsonFile(world.data.status).save({**JsonFile(world.data.status).load(), "relieve_from": time.time()})
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        wait_until(lambda: len(world.drainers()) == 1 and world.drainers()[0].pid not in old, "the other drainer")


def test_a_stash_that_has_moved_to_another_port(tmp_path: Path) -> None:
    with World(tmp_path, 2, idle_seconds=PATIENT) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        wait_until(lambda: JsonFile(world.data.status).load().get("stash") is not None, "the status")
        status = JsonFile(world.data.status).load()
        JsonFile(world.data.status).save({**status, "stash": "http://localhost:1"})
        old = {process.pid for process in world.drainers()}
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [1, 2])
        wait_until(lambda: len(world.drainers()) == 1 and world.drainers()[0].pid not in old, "the other drainer")


# --- one that writes


def test_a_deleted_lock_lets_no_two_write(tmp_path: Path) -> None:
    with World(tmp_path, 12, idle_seconds=PATIENT, parallel_writes=1) as world:
        for scene_id in world.keys:
            world.stash.save_without_hook(scene_id, title=f"Title {scene_id}", details="d")
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(1, title="Held", details="d")
        wait_until(lambda: held.hits == 1, "the first drainer's write")
        first = world.drainers()[0]
        for scene_id in range(2, 13):
            world.edit(scene_id, title=f"Edited {scene_id}")
        os.unlink(world.data.drain_lock)
        connection = {**world.stash.server_connection(), "PluginDir": str(world.plugin_folder)}
        start_drainer(str(world.plugin_folder / "PlexSync.py"), connection)
        wait_until_in_step(world, range(2, 13))
        world.plex.reset_log()
        held.remove()
        wait_until(lambda: not first.is_running() or first.status() == "zombie", "the first one to end")
        assert [request.path for request in world.plex.requests if request.method != "GET"] == []
        assert not ProcessLock(world.data.drain_lock).acquire()
        assert disagreements(world, range(1, 13)) == []
        wait_until_logged(world, "Drainer ends: another drainer works on the queue")


# --- instantly


def test_a_living_drainer_sees_a_new_row_at_once(tmp_path: Path) -> None:
    with World(tmp_path, 6, idle_seconds=PATIENT, poll_interval=60.0) as world:
        for scene_id in world.keys:
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
            wait_until_in_step(world, [scene_id])  # with polling alone, each would take a minute
