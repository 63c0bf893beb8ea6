"""The whole library compared with Plex, by real processes: what is reported, what is changed, and what a kill costs."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import disagreements, wait_until_in_step, wait_until_logged
from tests.support.buttons import assert_progress, edit_unheard, operate, press
from tests.support.watchful_plex import WatchfulPlex
from tests.world import TOKEN, World, wait_until

COMPARE = "Compare with Plex (report only)"
RECONCILE = "Reconcile Library"


def queue_and_state(world: World) -> list[tuple[Any, ...]]:
    """Every row of the queue's file but the log lines that wait to be passed on."""
    tables = ("ack_queue_default", "dead_letters", "scene_state", "item_state")
    with sqlite3.connect(Path(world.data.queue, "plexsync.db")) as connection:
        return [row for table in tables for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608


def files(world: World) -> dict[str, bytes]:
    """What is in the data folder, beside the queue and the reports."""
    found = (path for path in Path(world.data.root).rglob("*") if path.is_file())
    aside = (world.data.queue, world.data.reports)
    return {str(path): path.read_bytes() for path in found if not str(path).startswith(aside)}


def report_of(result: Any) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(Path(result["report"]).read_text(encoding="utf-8"))
    return report


def sync(world: World, count: int) -> None:
    edit_unheard(world, count)
    operate(world, "all")
    world.wait_until_drained()


def test_comparing_changes_nothing(tmp_path: Path) -> None:
    with World(tmp_path, scenes=60, idle_seconds=0.1) as world:
        sync(world, 60)
        world.stash.save_without_hook(3, title="Edited", tag_ids=[world.stash.tag_id("New")])
        world.plex.edit_as_user(world.keys[5], summary="Typed in Plex")
        world.plex.remove_item(world.keys[7])
        wait_until(lambda: not world.drainers(), "the drainer to end")
        before = (world.plex.snapshot(), queue_and_state(world), files(world))
        world.plex.reset_log()
        result = operate(world, "compare")
        assert (world.plex.snapshot(), queue_and_state(world), files(world)) == before
        assert {request.method for request in world.plex.requests} == {"GET"}
        assert not world.drainers()
        wanted = {"scenes": 60, "in_step": 57, "differs": 2, "not_in_plex": 1, "enqueued": 0}
        assert {name: result[name] for name in wanted} == wanted
        rows = [(row["scene_id"], row["field"], row["was"], row["will_be"]) for row in report_of(result)["rows"]]
        assert rows == [
            (3, "title", "Title 3", "Edited"),
            (3, "tags", [], ["New"]),
            (5, "summary", "Typed in Plex", "d"),
            (7, "", None, None),
        ]
        assert f"{world.stash.url}/scenes/3" in Path(result["page"]).read_text(encoding="utf-8")


def test_scenes_in_step_cost_little(tmp_path: Path) -> None:
    with World(tmp_path, scenes=200) as world:
        sync(world, 200)
        world.plex.reset_log()
        assert operate(world, "compare")["in_step"] == 200
        assert world.plex.count() <= 0.05 * 200


def test_reconciling_ends_with_plex_equal_to_stash(tmp_path: Path) -> None:
    plex = WatchfulPlex(token=TOKEN)
    with World(tmp_path, scenes=60, plex=plex) as world:
        sync(world, 50)
        scenes = edit_unheard(world, 60)
        for scene_id in range(1, 6):
            world.stash.save_without_hook(scene_id, title="Edited unheard", details="")
        world.plex.edit_as_user(world.keys[9], genres=("Typed in Plex",))
        press(world, RECONCILE)
        wait_until_in_step(world, scenes)
        assert plex.repeated == []
        assert operate(world, "compare")["differs"] == 0


def test_both_report_progress(tmp_path: Path) -> None:
    with World(tmp_path, scenes=120) as world:
        edit_unheard(world, 120)
        for name in (COMPARE, RECONCILE):
            world.stash.plugins.progress.clear()
            press(world, name)
            assert_progress(world)
        assert "120 scenes compared with Plex" in world.logged()


def test_only_the_scenes_of_the_scope_are_compared(tmp_path: Path) -> None:
    with World(tmp_path, scenes=4) as world:
        edit_unheard(world, 4)
        assert [operate(world, "compare", scope=scope)["scenes"] for scope in ("day", "week", "all")] == [4, 4, 4]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("mode", ["compare", "reconcile"])
def test_a_killed_run_carries_on_where_it_stood(tmp_path: Path, mode: str) -> None:
    with World(tmp_path, scenes=200, paused=True) as world:
        edit_unheard(world, 200)
        operate(world, "queue_status")
        # The first saves are those of the device, the list of scenes and the start; then comes one for each page.
        for point, position in (
            ("save:done@2", None),
            ("save:written@4", 50),
            ("save:done@2", 150),
            ("save:written@1", 150),
        ):
            assert position_of_one_that_dies(world, mode, point) == position
        result = operate(world, mode)
        assert (result["resumed"], result["scenes"], result["differs"]) == (True, 200, 200)
        rows = [(row["scene_id"], row["field"]) for row in report_of(result)["rows"]]
        assert len(rows) == len(set(rows))
        assert {scene_id for scene_id, _ in rows} == set(range(1, 201))
        assert world.open_jobs() == (200 if mode == "reconcile" else 0)


def position_of_one_that_dies(world: World, mode: str, point: str) -> int | None:
    """Run a mode whose process dies at a crash point; returns how many scenes it had done, None for no run on disk."""
    environment = world.stash.plugins.environment
    environment["PLEXSYNC_CRASH_AT"] = point
    with pytest.raises(ResolverError):
        operate(world, mode)
    del environment["PLEXSYNC_CRASH_AT"]
    file = Path(world.data.reports, f"unfinished-{mode}.json")
    return int(json.loads(file.read_text())["position"]) if file.exists() else None


def test_a_due_reconcile_runs_in_the_drainer(tmp_path: Path) -> None:
    with World(tmp_path, scenes=60, idle_seconds=60.0, reconcile_interval="daily") as world:
        scenes = edit_unheard(world, 60)
        world.edit(1, title="One save wakes the drainer")
        wait_until_logged(world, "60 scenes compared with Plex")
        world.wait_until_drained()
        assert disagreements(world, scenes) == []
        assert len(list(Path(world.data.reports).glob("*.html"))) == 1


def test_a_wrong_scope_is_named(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world, pytest.raises(ResolverError, match=r"scope is .*month"):
        operate(world, "compare", scope="month")


def test_without_an_outage_there_is_nothing_to_compare_since_one(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        result = operate(world, "reconcile", scope="outage")
        assert (result["scenes"], result["enqueued"], result["reason"]) == (0, 0, "no outage is on record")
        press(world, "Reconcile Since Last Outage")
        assert "Nothing to compare, since no outage is on record" in world.logged()
