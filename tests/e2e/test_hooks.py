"""What a hook makes of the many shapes in which Stash tells of an edit, and many hooks in a row and at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.agreement import disagreements, job_rows, wait_until_in_step
from tests.support.at_once import at_once
from tests.support.direct import run_plugin
from tests.support.watchful_plex import WatchfulPlex
from tests.world import TOKEN, World, wait_until

NO_DRAINER_ENDS = 60.0
"""Idle seconds after which no drainer of a test ends by itself."""


def hook_lines(world: World) -> list[str]:
    """What went wrong in hooks, as Stash's log shows it."""
    return [f"{line.level}: {line.text}" for line in world.stash.logs if line.level in ("error", "warning")]


def test_saving_several_scenes_at_once_makes_a_job_of_each(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3) as world:
        save = world.stash.save_scenes([{"id": 1, "title": "One", "details": "d"}, {"id": 3, "details": "Three"}])
        assert save.completed
        wait_until_in_step(world, [1, 3])
        assert [row["scene_id"] for row in job_rows(world)] == [1, 3]


def test_a_bulk_edit_makes_a_job_of_each_scene(tmp_path: Path) -> None:
    with World(tmp_path, scenes=4) as world:
        tags = {"ids": [world.stash.tag_id("Bulk")], "mode": "ADD"}
        save = world.stash.bulk_save([1, 2, 4], tag_ids=tags, rating100=None)
        assert save.completed
        wait_until_in_step(world, [1, 2, 4])
        assert [row["scene_id"] for row in job_rows(world)] == [1, 2, 4]


def test_null_values_empty_what_was_sent_and_nothing_else(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, title="Title", details="Stays", date="2020-02-02", tag_ids=[world.stash.tag_id("Goes")])
        wait_until_in_step(world, [1])
        world.edit(1, date=None, tag_ids=None, studio_id=None, performer_ids=None)
        wait_until_in_step(world, [1])
        item = world.item(1)
        assert (item.summary, item.originally_available_at, item.genres) == ("Stays", "", ())


def test_scans_make_no_job(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.stash.rescan_scene(1)
        world.stash.scan_scene("/data/new.mp4")
        assert world.open_jobs() == 0
        assert not world.drainers()
        assert hook_lines(world) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"play_count": 3},
        {"resume_time": 12.5, "play_duration": 60.0},
        {"o_counter": 1},
        {"urls": ["https://example.org"]},
        {},
    ],
    ids=lambda fields: "-".join(fields) or "nothing",
)
def test_what_plex_does_not_show_makes_no_job(tmp_path: Path, fields: dict[str, Any]) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, **fields)
        assert [run.output for run in world.stash.runs] == ["ok"]
        assert world.open_jobs() == 0
        assert not world.drainers()


def test_an_edit_from_a_stash_box_reaches_plex(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        ids = [{"endpoint": "https://box.example/graphql", "stash_id": "6a1c"}]
        world.edit(1, stash_ids=ids, details="Found there.", organized=True)
        wait_until_in_step(world, [1])


ODD_CONTEXTS: list[Any] = [
    {"id": 1, "type": "Scene.Update.Post", "input": None, "inputFields": None},
    {"id": 1, "type": "Scene.Update.Post", "input": [{"id": "1"}, {"id": "2"}]},
    {"id": 1, "type": "Scene.Update.Post", "input": "text", "inputFields": "title"},
    {"id": 1, "type": "Scene.Update.Post", "inputFields": [None, 3, {"title": 1}, ["title"]]},
    {"id": None, "type": "Scene.Update.Post", "inputFields": ["title"]},
    {"id": -1, "type": "Scene.Update.Post", "inputFields": ["title"]},
    {"id": True, "type": "Scene.Update.Post", "inputFields": ["title"]},
    {"id": {"title": 1}, "type": "Scene.Update.Post", "inputFields": ["title"]},
    {"id": 1, "type": "Scene.Merge.Post", "inputFields": ["title"]},
    {"id": 1, "type": None, "inputFields": ["title"]},
    {},
]


@pytest.mark.parametrize("context", ODD_CONTEXTS, ids=json.dumps)
def test_an_odd_hook_context_makes_no_job_and_no_error(tmp_path: Path, context: Any) -> None:
    world = World(tmp_path)  # nothing is served: a hook must not need that
    connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": 1, "SessionCookie": None}
    run = run_plugin(world, json.dumps({"server_connection": connection, "args": {"hookContext": context}}).encode())
    assert (run.exit_code, run.reply, run.stderr) == (0, {"output": "ok"}, "")
    assert world.open_jobs() == 0
    assert not world.drainers()


def test_a_hook_works_while_neither_plex_nor_stash_answers(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.refuse()
        world.stash.refuse()
        world.edit(1, title="Saved anyway", details="d")
        assert world.stash.runs[-1].output == "ok"
        assert world.open_jobs() == 1


def edit_in_a_row(world: World, count: int) -> None:
    """Save `count` scenes one after the other, each under a title of its own, and see all of them in Plex."""
    for scene_id in range(1, count + 1):
        world.edit(scene_id, title=f"Title {scene_id}", details="d")
    assert {run.output for run in world.stash.runs} == {"ok"}
    wait_until_in_step(world, range(1, count + 1))
    assert hook_lines(world) == []
    assert len(world.drainers()) == 1


def test_many_hooks_in_a_row_lose_no_edit(tmp_path: Path) -> None:
    with World(tmp_path, 200, idle_seconds=NO_DRAINER_ENDS) as world:
        edit_in_a_row(world, 200)


def test_a_thousand_hooks_in_a_row_lose_no_edit(tmp_path: Path) -> None:
    with World(tmp_path, 1000, idle_seconds=NO_DRAINER_ENDS) as world:
        edit_in_a_row(world, 1000)


@pytest.mark.parametrize("data_folder", ["new", "in use"])
def test_fifty_hooks_at_the_same_instant_lose_no_edit(tmp_path: Path, data_folder: str) -> None:
    plex = WatchfulPlex(token=TOKEN)
    with World(tmp_path, 51, plex=plex, idle_seconds=NO_DRAINER_ENDS) as world:
        if data_folder == "in use":
            world.edit(51, title="Before", details="d")
            wait_until_in_step(world, [51])
        at_once(lambda number: world.edit(number + 1, title=f"Title {number}", details="d"), 50)
        assert {run.output for run in world.stash.runs} == {"ok"}
        wait_until_in_step(world, range(1, 51))
        wait_until(lambda: len(world.drainers()) == 1, "all drainers but one to be gone")
        assert hook_lines(world) == []
        assert plex.repeated == []
        assert set(plex.edit_counts().values()) == {1}


def test_fifty_edits_of_one_scene_at_the_same_instant_end_with_what_stash_has(tmp_path: Path) -> None:
    with World(tmp_path, 1, idle_seconds=NO_DRAINER_ENDS) as world:
        at_once(lambda number: world.edit(1, title=f"Title {number}", details="d"), 50)
        wait_until_in_step(world, [1])
        assert hook_lines(world) == []


def test_a_closed_browser_loses_no_edit_whose_hook_had_run(tmp_path: Path) -> None:
    with World(tmp_path, 20) as world:
        saving = threading.Thread(target=lambda: world.stash.bulk_save(range(1, 21), details="Bulk"))
        saving.start()
        wait_until(lambda: len(world.stash.runs) >= 5, "some hooks to have run")
        world.stash.kill_running_hooks()
        saving.join()
        acknowledged = [run.args["hookContext"]["id"] for run in world.stash.runs if run.output == "ok"]
        world.wait_until_drained()
        assert len(acknowledged) >= 5
        assert disagreements(world, acknowledged) == []
