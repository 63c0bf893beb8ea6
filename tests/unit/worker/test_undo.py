"""What an undo brings back, and what it leaves alone since somebody edited it in Plex."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plex.exceptions import PlexServerDown
from stash.protocol import Request
from sync_queue.operations import pending_data
from sync_queue.sync_state import scenes_written_since
from tests.simulators.faults import status
from tests.unit.worker.workbench import Workbench
from worker.arguments import ArgumentError
from worker.undo_task import UndoTask


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2, skip_fields="poster") as made:
        made.plex.edit_as_user(made.keys[1], lock=False, summary="Before", genres=["Old"], user_rating=4.0)
        yield made


def sync(bench: Workbench, scene_id: int = 1, **fields: Any) -> None:
    bench.edit(scene_id, **fields)
    bench.drain()


def task(bench: Workbench, **args: Any) -> UndoTask:
    """A task whose work is done by the worker of the bench."""

    def drain() -> dict[str, Any]:
        bench.drain()
        return {"waiting": 0}

    return UndoTask(bench.workplace, Request({}, args), drain, bench.clock)


def undo(bench: Workbench, scene_id: int = 1) -> dict[str, Any]:
    return task(bench, scene_id=scene_id, dry_run=False).undo_scene()


def test_it_only_tells_unless_told_otherwise(bench: Workbench) -> None:
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")], rating100=90)
    before = bench.plex.snapshot()
    shown = task(bench, scene_id="1").undo_scene()
    assert shown["dry_run"] is True
    assert {edit["field"]: (edit["from"], edit["to"]) for edit in shown["scenes"]["1"]} == {
        "title": ("New", "scene-1"),
        "summary": ("After", "Before"),
        "tags": (["Fresh"], ["Old"]),
        "rating": (9.0, 4.0),
    }
    assert (bench.plex.snapshot(), pending_data(bench.database)) == (before, [])


def test_all_that_was_written_goes_back(bench: Workbench) -> None:
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")], rating100=90)
    sync(bench, details="And after that")
    assert undo(bench)["waiting"] == 0
    item = bench.item(1)
    assert (item.title, item.summary, item.genres, item.user_rating) == ("scene-1", "Before", ("Old",), 4.0)
    assert undo(bench)["scenes"] == {}


def test_what_was_edited_in_plex_since_stays(bench: Workbench) -> None:
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")])
    bench.plex.edit_as_user(bench.keys[1], title="Theirs", genres=["Fresh", "Theirs"])
    undo(bench)
    item = bench.item(1)
    assert (item.title, item.summary, set(item.genres)) == ("Theirs", "Before", {"Old", "Theirs"})


def test_the_next_edit_brings_it_to_plex_again(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    undo(bench)
    sync(bench, details="Later")
    assert bench.shows(1)


def test_a_scene_that_was_never_written_is_left_alone(bench: Workbench) -> None:
    before = bench.plex.snapshot()
    assert undo(bench, 99)["scenes"] == {}
    assert bench.plex.snapshot() == before


def test_an_item_that_is_gone_is_no_trouble(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    bench.plex.remove_item(bench.keys[1])
    assert undo(bench)["scenes"] == {}


def test_every_scene_since_a_moment(bench: Workbench) -> None:
    sync(bench, 1, title="One", details="After")
    bench.clock.sleep(7200)
    since = bench.stash.clock.text()
    bench.clock.sleep(60)
    bench.enqueue(1)  # only compared, and found in step
    sync(bench, 2, title="Two", details="After")
    done = task(bench, since=since, dry_run="false").undo_since()
    assert [*done["scenes"]] == ["2"]
    assert (bench.item(1).title, bench.item(2).title) == ("One", "scene-2")


def test_what_plex_refused_or_never_got_was_not_written(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=10) as bench:
        bench.enqueue(*range(1, 11))
        bench.drain()
        bench.clock.sleep(86_400)
        since = bench.clock.now
        bench.plex.inject(status(500), method="PUT")
        for scene_id in range(1, 11):
            bench.edit(scene_id, title=f"New {scene_id}")
        bench.step()
        assert scenes_written_since(bench.database, since) == []


@pytest.mark.parametrize("args", [{}, {"scene_id": "one"}, {"scene_id": 1, "dry_run": "perhaps"}])
def test_an_argument_that_is_missing_or_wrong_is_named(bench: Workbench, args: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"scene_id|dry_run"):
        task(bench, **args).undo_scene()
    with pytest.raises(ArgumentError, match="since is missing"):
        task(bench).undo_since()


def test_what_is_missing_is_said_with_how_to_pass_it(bench: Workbench) -> None:
    call = r"runPluginOperation\(plugin_id: \"PlexSync\", args: \{mode: \"undo_%s, dry_run: true\}\)"
    with pytest.raises(ArgumentError, match=call % r"scene\", scene_id: 7"):
        task(bench).undo_scene()
    with pytest.raises(ArgumentError, match=call % r"since\", since: \"2026-11-20\""):
        task(bench).undo_since()


def test_a_plex_that_is_away_is_said_before_anything_is_changed(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    bench.plex.refuse()
    with pytest.raises(PlexServerDown):
        undo(bench)
    assert pending_data(bench.database) == []
