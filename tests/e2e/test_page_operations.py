"""The operations of the page, by the real plugin: what they answer has the agreed shape, and they say nothing aloud."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.contract.operation_parts import LiveScenes, LiveStatus
from tests.contract.operation_shapes import check_answer
from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import wait_until_in_step
from tests.support.buttons import edit_unheard, operate
from tests.world import PLEX_ROOT, World, wait_until


def ask(world: World, mode: str, **args: Any) -> Any:
    """Run an operation as the page does; its answer has the agreed shape."""
    answer = operate(world, mode, quiet=True, **args)
    check_answer(mode, answer)
    return answer


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


def test_the_live_files_follow_a_drainer_to_its_end(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="Done", details="d")
        wait_until(lambda: os.path.exists(world.data.live_status), "the live file")
        wait_until_in_step(world, [1])
        LiveStatus.model_validate(read(world.data.live_status))
        LiveScenes.model_validate(read(world.data.live_scenes))
        wait_until(lambda: read(world.data.live_status)["believe_until"] is None, "the drainer to take its leave")
        told = read(world.data.live_status)
        assert (told["drainer"]["alive"], told["done_today"], told["pending"]) == (False, 1, 0)


def test_a_drainer_that_waits_says_so(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, paused=True, idle_seconds=60.0) as world:
        world.edit(1, title="Waits", details="d")
        wait_until(lambda: "paused" in json.dumps(ask(world, "queue_status")["drainer"]["doing"]), "the pause")
        status = ask(world, "queue_status")
        assert (status["paused"], status["pending"], status["drainer"]["alive"]) == (True, 1, True)


def test_quiet_means_quiet(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, max_tags="many") as world:
        operate(world, "queue_status")
        before = len([line for line in world.stash.logs if line.level != "debug"])
        status = ask(world, "queue_status")
        assert status["settings_problem_count"] == 1
        assert len([line for line in world.stash.logs if line.level != "debug"]) == before


def test_a_status_is_written_where_no_drainer_does(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        ask(world, "queue_status")
        told = read(world.data.live_status)
        assert (told["believe_until"], told["drainer"]["alive"]) == (None, False)


def test_what_was_done_is_told_with_what_was_there(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="Done", details="d")
        wait_until_in_step(world, [1])
        wait_until(lambda: ask(world, "recent_syncs")["count"] == 1, "the sync to be told")
        (sync,) = ask(world, "recent_syncs")["syncs"]
        assert (sync["scene_id"], sync["title"]) == (1, "Done")
        changes = {each["field"]: (each["was"], each["now"]) for each in sync["changes"]}
        assert changes["title"] == ("scene-1", "Done")
        assert ask(world, "history")["days"][-1]["done"] == 1
        assert len(ask(world, "history", days=30)["days"]) == 30
        assert any("Plex now shows" in line["text"] for line in ask(world, "log")["lines"])


def test_what_waits_is_listed_made_due_and_discarded(tmp_path: Path) -> None:
    with World(tmp_path, scenes=3, paused=True, idle_seconds=60.0) as world:
        world.edit(1, title="Waits", details="d")
        wait_until(lambda: ask(world, "queue_status")["paused"], "the pause to be known")
        assert ask(world, "sync_scene", scene_id=[1, 2, 3])["enqueued"] == 2
        page = ask(world, "jobs", state="waiting", limit=2)
        assert (page["count"], [job["state"] for job in page["jobs"]]) == (3, ["held", "held"])
        rest = ask(world, "jobs", state="waiting", limit=2, after=page["next"])
        assert sorted(job["scene_id"] for job in page["jobs"] + rest["jobs"]) == [1, 2, 3]
        assert rest["next"] is None
        assert ask(world, "jobs", search="2")["count"] == 1
        assert "paused" in ask(world, "retry_now")["reason"]
        ids = [job["id"] for job in rest["jobs"]]
        assert ask(world, "discard", state="waiting", ids=ids)["discarded"] == 0
        done = ask(world, "discard", state="waiting", ids=ids, dry_run=False)
        assert (done["discarded"], os.path.exists(done["file"]), world.open_jobs()) == (1, True, 2)


def test_what_failed_is_listed_with_every_try_and_the_rivals(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        for folder in ("a", "b"):
            world.plex.add_item(world.section, f"{PLEX_ROOT}/{folder}/sub/film.mp4")
        scene = world.stash.add_scene("/data/sub/film.mp4")
        world.edit(scene.id, title="Which Ünique one?", details="d")
        wait_until(lambda: world.dead_letters().get_count() == 1, "the job to be given up")
        (job,) = ask(world, "jobs", state="failed", search="üniQUE", error_type="AmbiguousMatch")["jobs"]
        assert (job["scene_id"], job["attempts"], len(job["tries"])) == (scene.id, 1, 1)
        assert {each["library"] for each in job["candidates"]} == {"Movies"}
        assert None not in {each["rating_key"] for each in job["candidates"]}
        assert ask(world, "jobs", state="failed", search="nothing")["count"] == 0
        plan = ask(world, "retry_failed", ids=[job["id"]], search="which", limit=1, dry_run=True)
        assert (plan["redrive_count"], plan["keep_count"], [each["id"] for each in plan["keep"]]) == (0, 1, [job["id"]])
        assert ask(world, "retry_failed", ids=[job["id"] + 1], dry_run=True)["keep_count"] == 0
        assert ask(world, "discard", ids=[job["id"]], dry_run=False)["discarded"] == 1
        assert ask(world, "undone")["count"] == 0


def test_an_outage_that_is_over_is_found_out_at_once(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=60.0) as world:
        world.plex.refuse()
        world.edit(1, title="Waits", details="d")
        wait_until(lambda: ask(world, "queue_status")["breaker"]["reason"] == "down", "the outage")
        world.plex.accept()
        assert ask(world, "retry_now")["probing"] is True
        wait_until_in_step(world, [1])


def test_how_a_scene_stands_with_and_without_a_look_at_plex(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        assert ask(world, "scene_status", scene_id=1)["state"] == "never_synced"
        world.edit(1, title="Done", details="d")
        wait_until_in_step(world, [1])
        known = ask(world, "scene_status", scene_id=1)
        assert (known["state"], known["title"], known["can_undo"]) == ("in_step", "Done", True)
        assert known["differences"] is None
        (item,) = known["items"]
        assert (item["rating_key"], item["library"], item["owner_scene_id"]) == (world.keys[1], "Movies", 1)
        assert item["title"] == "Done"
        assert item["web_url"].startswith(f"{world.plex.url}/web/index.html#!/server/{world.plex.machine_identifier}/")
        assert ask(world, "scene_status", scene_id=1, compare=True)["differences"] == []
        world.stash.save_without_hook(1, title="Other")
        seen = ask(world, "scene_status", scene_id=1, compare=True)
        assert (seen["state"], [each["field"] for each in seen["differences"]]) == ("differs", ["title"])
        assert ask(world, "reconcile", scene_ids=[1, 2])["enqueued"] == 1
        assert ask(world, "scene_status", scene_id=99, compare=True)["state"] == "gone"


def test_a_scene_is_pinned_to_an_item_and_unpinned(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        paths = [f"{PLEX_ROOT}/{folder}/sub/film.mp4" for folder in ("a", "b")]
        keys = [world.plex.add_item(world.section, path) for path in paths]
        scene = world.stash.add_scene("/data/sub/film.mp4")
        world.edit(scene.id, title="Which one?", details="d")
        wait_until(lambda: world.dead_letters().get_count() == 1, "the job to be given up")
        pinned = ask(world, "pin", scene_id=scene.id, rating_key=keys[1])["pin"]
        assert (pinned["path"], pinned["title"]) == (paths[1], "Which one?")
        wait_until(lambda: world.plex.item(keys[1]).title == "Which one?", "the pinned item to be written")
        assert world.plex.item(keys[0]).title != "Which one?"
        assert ask(world, "pins")["count"] == 1
        assert ask(world, "scene_status", scene_id=scene.id)["items"][0]["is_pinned"] is True
        assert ask(world, "unpin", scene_id=scene.id)["unpinned"] == 1
        assert ask(world, "pins")["count"] == 0


def test_a_scene_whose_item_was_pinned_to_another_is_shown_by_that_one(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="First", details="d")
        wait_until_in_step(world, [1])
        world.stash.library.change_scene(2, title="Second", details="e")
        ask(world, "pin", scene_id=2, rating_key=world.keys[1])
        wait_until(lambda: world.item(1).title == "Second", "the item to show the other scene")
        world.wait_until_drained()
        known = ask(world, "scene_status", scene_id=1)
        assert (known["state"], [each["owner_scene_id"] for each in known["items"]]) == ("shown_by_another", [2])
        assert known["items"][0]["title"] == "Second"


def test_what_names_no_kind_selects_nothing(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        for mode in ("jobs", "discard", "retry_failed"):
            for name, value in (("error_type", []), ("error_type", ","), ("error_type", 5), ("search", "  ")):
                with pytest.raises(ResolverError, match="Without it, all are meant"):
                    ask(world, mode, **{name: value})
        for mode in ("jobs", "recent_syncs"):
            with pytest.raises(ResolverError, match="must be the next of the page before"):
                ask(world, mode, after=10**30)


def test_reports_are_listed_and_read_a_page_at_a_time(tmp_path: Path) -> None:
    with World(tmp_path, scenes=5) as world:
        edit_unheard(world, 5)
        operate(world, "compare")
        (report,) = ask(world, "reports")["reports"]
        assert (report["differs"], report["asset"]) == (5, f"reports/{report['name']}.html")
        assert (world.plugin_folder / "data" / report["asset"]).exists()
        first = ask(world, "report", name=report["name"], limit=3)
        rest = ask(world, "report", name=report["name"], limit=3, after=first["next"])
        assert [len(first["rows"]), len(rest["rows"]), first["count"], rest["next"]] == [3, 2, 5, None]
        assert [row["scene_id"] for row in first["rows"] + rest["rows"]] == [1, 2, 3, 4, 5]
        assert ask(world, "reconcile", report=report["name"])["enqueued"] == 5


def test_a_report_ends_with_the_files_that_stash_does_not_know(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        edit_unheard(world, 2)
        for number in range(3):
            key = world.plex.add_item(world.section, f"{PLEX_ROOT}/new-{number}.mp4")
        world.plex.match(key, "plex://movie/1")
        operate(world, "compare")
        (report,) = ask(world, "reports")["reports"]
        assert report["unknown_to_stash"] == 3
        pages = [ask(world, "report", name=report["name"], limit=2)]
        while pages[-1]["next"] is not None:
            pages.append(ask(world, "report", name=report["name"], limit=2, after=pages[-1]["next"]))
        rows = [row for page in pages for row in page["rows"]]
        assert [row["scene_id"] for row in rows] == [1, 2, None, None, None]
        assert (pages[0]["count"], rows[-1]["guids"]) == (5, ["plex://movie/1"])
        for only, count in (("scenes", 2), ("unknown", 3)):
            answer = ask(world, "report", name=report["name"], only=only)
            assert (answer["count"], answer["next"]) == (count, None)
            assert answer["rows"] == [row for row in rows if (row["scene_id"] is None) == (only == "unknown")]
