"""What each button does, run as Stash runs it: as a task in its job queue, or as an operation that returns a result."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.faults import hang
from tests.support.agreement import disagreements, wait_until_in_step
from tests.support.buttons import assert_progress, edit_unheard, operate, press
from tests.support.watchful_plex import WatchfulPlex
from tests.world import PLEX_ROOT, TOKEN, World, wait_until


def test_sync_all_brings_every_scene_in_step(tmp_path: Path) -> None:
    with World(tmp_path, scenes=20) as world:
        scenes = edit_unheard(world, 20)
        result = operate(world, "all")
        assert disagreements(world, scenes) == []
        wanted = {"found": 20, "enqueued": 20, "in_step": 20, "buried": 0, "waiting": 0, "reason": ""}
        assert {name: result[name] for name in wanted} == wanted
        assert result["seconds"] >= 0


def test_sync_all_writes_nothing_where_nothing_differs(tmp_path: Path) -> None:
    with World(tmp_path, scenes=10) as world:
        edit_unheard(world, 10)
        press(world, "Sync All Scenes")
        world.plex.reset_log()
        assert operate(world, "all")["in_step"] == 10
        assert [request.method for request in world.plex.requests if request.method != "GET"] == []


def test_sync_recent_leaves_out_what_is_older_than_a_day(tmp_path: Path) -> None:
    with World(tmp_path, scenes=6) as world:
        edit_unheard(world, 6)
        two_days_ago = world.stash.clock.text(world.stash.clock.now() - 2 * 86_400)
        for scene_id in (1, 2):
            world.stash.library.change_scene(scene_id, updated_at=two_days_ago)
        result = operate(world, "recent")
        assert (result["found"], result["in_step"]) == (4, 4)
        assert disagreements(world, range(3, 7)) == []
        assert world.item(1).edit_count == 0


@pytest.mark.parametrize(("task_name", "mode"), [("Sync All Scenes", "all"), ("Sync Recent Scenes", "recent")])
def test_a_bulk_sync_reports_progress_from_0_to_1(tmp_path: Path, task_name: str, mode: str) -> None:
    with World(tmp_path, scenes=120) as world:
        world.plex.latency = 0.002
        edit_unheard(world, 120)
        press(world, task_name)
        assert_progress(world)
        world.stash.plugins.progress.clear()
        operate(world, mode)
        assert_progress(world, some_between=False)


def test_process_queue_reports_progress_from_0_to_1(tmp_path: Path) -> None:
    with World(tmp_path, scenes=120, paused=True) as world:
        edit_unheard(world, 120)
        operate(world, "all")
        world.kill_drainer()
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        world.stash.plugins.progress.clear()
        world.plex.latency = 0.002
        press(world, "Process Queue")
        assert_progress(world)
        assert disagreements(world, range(1, 121)) == []


@pytest.mark.parametrize("mode", ["process_queue", "all"])
def test_a_task_follows_the_drainer_until_the_queue_is_empty(tmp_path: Path, mode: str) -> None:
    plex = WatchfulPlex(token=TOKEN)
    with World(tmp_path, scenes=12, plex=plex, idle_seconds=60.0) as world:
        held = plex.inject(hang(), times=1, method="PUT")
        for scene_id in range(1, 13):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until(lambda: held.hits == 1, "the drainer to be in the middle of a write")
        results: list[Any] = []
        following = threading.Thread(target=lambda: results.append(operate(world, mode)))
        following.start()
        wait_until(lambda: "follows it" in world.logged(), "the task to follow")
        assert following.is_alive()
        assert world.open_jobs() >= 12
        held.remove()
        following.join()
        assert (results[0]["in_step"], results[0]["waiting"]) == (12, 0)
        wait_until_in_step(world, range(1, 13))
        assert plex.repeated == []
        assert len(world.drainers()) == 1


def test_process_queue_takes_over_where_the_drainer_dies(tmp_path: Path) -> None:
    plex = WatchfulPlex(token=TOKEN)
    with World(tmp_path, scenes=5, plex=plex, idle_seconds=60.0) as world:
        held = plex.inject(hang(), times=1, method="PUT")
        for scene_id in range(1, 6):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        wait_until(lambda: held.hits == 1, "the drainer to be in the middle of a write")
        results: list[Any] = []
        following = threading.Thread(target=lambda: results.append(operate(world, "process_queue")))
        following.start()
        wait_until(lambda: "follows it" in world.logged(), "the task to follow")
        world.kill_drainer()
        held.stop()
        following.join()
        assert (results[0]["in_step"], results[0]["waiting"]) == (5, 0)
        assert disagreements(world, range(1, 6)) == []
        assert plex.repeated == []


def test_the_status_counts_what_waits_and_what_is_done(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        world.edit(1, title="Done", details="d")
        wait_until_in_step(world, [1])
        status = operate(world, "queue_status")
        assert (status["pending"], status["in_progress"], status["done_today"]) == (0, 0, 1)
        assert (status["dead_letters"], status["breaker"]["state"], status["settings_problems"]) == (0, "closed", [])
        assert status["last_success_at"] > 0
        world.stash.library.plugin_settings["PlexSync"]["paused"] = True
        world.kill_drainer()
        world.edit(2, title="Waits", details="d")
        assert operate(world, "queue_status")["pending"] >= 1


def test_settings_that_stop_the_sync_are_errors_in_the_log(tmp_path: Path) -> None:
    with World(tmp_path, plex_url="no address") as world:
        (problem,) = operate(world, "queue_status")["settings_problems"]
        assert [line.level for line in world.stash.logs if f"Settings: {problem}" in line.text] == ["error"]


def test_the_connection_test_changes_nothing(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        before = world.plex.snapshot()
        result = operate(world, "health_check")
        assert result["ok"] is True
        assert {request.method for request in world.plex.requests} == {"GET"}
        assert world.plex.snapshot() == before
        assert not world.drainers()


def test_the_connection_test_names_what_is_wrong(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, plex_library="Filme") as world:
        assert "Movies" in failed_details(operate(world, "health_check"))
        world.plex.token = "another"
        assert "plex_token" in failed_details(operate(world, "health_check"))
        world.plex.refuse()
        assert "refused" in failed_details(operate(world, "health_check"))


def failed_details(result: Any) -> str:
    """What the failed checks of a connection test say."""
    assert result["ok"] is False
    return " ".join(check["detail"] for check in result["checks"] if not check["ok"])


def test_the_pending_queue_can_be_cleared_and_brought_back(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3, paused=True) as world:
        for scene_id in (1, 2, 3):
            world.edit(scene_id, title=f"Title {scene_id}", details="d")
        assert operate(world, "clear_queue")["deleted"] == 3
        assert world.open_jobs() == 0
        world.kill_drainer()
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        press(world, "Sync All Scenes")
        assert disagreements(world, [1, 2, 3]) == []


def test_an_ambiguous_match_is_kept_for_review_with_its_candidates(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        paths = [f"{PLEX_ROOT}/{folder}/sub/film.mp4" for folder in ("a", "b")]
        for path in paths:
            world.plex.add_item(world.section, path)
        before = world.plex.snapshot()
        scene = world.stash.add_scene("/data/sub/film.mp4")
        world.edit(scene.id, title="Which one?", details="d")
        wait_until(lambda: world.dead_letters().get_count() == 1, "the job to be given up")
        letter = world.dead_letters().get_recent()[0]
        assert (letter.failure.error_type, set(letter.failure.candidates)) == ("AmbiguousMatch", set(paths))
        assert world.plex.snapshot() == before
        status = operate(world, "queue_status")
        assert status["dead_letters_by_type"] == {"AmbiguousMatch": 1}
        assert operate(world, "purge_dlq")["deleted"] == 0
        assert operate(world, "clear_dlq")["deleted"] == 1
        assert world.dead_letters().get_count() == 0
