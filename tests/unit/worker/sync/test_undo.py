"""What an undo brings back, and what it leaves alone since somebody edited it in Plex."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plex.exceptions import PlexServerDown
from stash.protocol import Request
from sync_queue.enqueue import enqueue_many, enqueue_undo
from sync_queue.state.activity import recent_syncs
from sync_queue.state.sync_state import scenes_written_since
from tests.simulators.faults import status
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS
from tests.support.queue_examples import pending_data
from tests.support.workbench import Workbench
from worker.errors import ArgumentError
from worker.sync.comparison import Comparison, Verdict
from worker.tasks.undo import UndoTask

NOTHING_WRITTEN = "PlexSync wrote none of its fields to Plex, or that is undone already"
STAYS = "Once undone, the scene is left alone until you edit it in Stash or sync it by hand"


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


@pytest.mark.parametrize("dry_run", [None, "", "  "])
def test_an_empty_switch_is_no_permission(bench: Workbench, dry_run: str | None) -> None:
    sync(bench, title="New", details="After")
    assert task(bench, scene_id=1, dry_run=dry_run).undo_scene()["dry_run"] is True
    assert (bench.item(1).title, pending_data(bench.database)) == ("New", [])


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


@pytest.mark.parametrize("was_locked", [True, False])
def test_a_value_that_somebody_brought_back_has_its_lock_back_too(bench: Workbench, was_locked: bool) -> None:
    key = bench.keys[1]
    bench.plex.edit_as_user(key, lock=was_locked, summary="Before", genres=["Old"], title="Before")
    before = set(bench.item(1).locked)
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")])
    bench.plex.edit_as_user(key, lock=not was_locked, summary="Before", genres=["Old"])
    if was_locked:
        bench.item(1).locked -= {"summary", "genre"}
    undo(bench)
    item = bench.item(1)
    assert (item.title, item.summary, item.genres) == ("Before", "Before", ("Old",))
    assert item.locked - {"art"} == before


def test_an_edit_while_it_is_planned_counts(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    bench.clock.sleep(60.0)
    undo_task = task(bench, scene_id=1, dry_run=False)

    def button() -> float:
        undo_task._clock = bench.clock
        pressed_at = bench.clock()
        bench.clock.sleep(5.0)
        sync(bench, title="Newer")
        return pressed_at

    undo_task._clock = button
    undo_task.undo_scene()
    assert bench.item(1).title == "Newer"


def test_an_edit_whose_hook_has_not_come_yet_counts(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    bench.clock.sleep(60.0)

    def drain() -> dict[str, Any]:
        bench.clock.sleep(5.0)
        bench.stash.save_without_hook(1, title="Newer")
        bench.drain()
        return {"waiting": 0}

    request = Request({}, {"scene_id": 1, "dry_run": False})
    UndoTask(bench.workplace, request, drain, bench.clock).undo_scene()
    assert bench.item(1).title == "Newer"


@pytest.mark.parametrize("ahead", [0.0, 86_400.0])
def test_an_edit_from_before_does_not_nor_one_by_a_clock_that_was_ahead(bench: Workbench, ahead: float) -> None:
    bench.clock.now += ahead
    sync(bench, title="New", details="After")
    bench.clock.now -= ahead - 5.0
    undo(bench)
    assert bench.item(1).title == "scene-1"


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "worker.tasks.undo"]


def test_values_are_said_in_plain_words(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    performers = [bench.stash.performer_id("Ann")]
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")], performer_ids=performers)
    caplog.set_level(logging.INFO)
    sync(bench, 2, title="Two", details="After", rating100=90)
    task(bench, scene_id=1).undo_scene()
    assert said(caplog) == [
        "1 of 1 scene would be undone",
        'Scene 1: title back to "scene-1"; summary back to "Before"; performers back to nothing; tags back to "Old"',
        "Nothing was changed. Start it again with dry_run set to false",
    ]
    caplog.clear()
    task(bench, scene_id=2, dry_run=False).undo_scene()
    assert said(caplog) == [
        "1 of 1 scene is being undone",
        'Scene 2: title back to "scene-2"; summary back to nothing; rating back to nothing',
    ]


def test_several_names_are_separated_and_long_texts_are_cut(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    bench.plex.edit_as_user(bench.keys[1], genres=["Old", "Older"], summary="word\n" * 100, user_rating=4.0)
    sync(bench, details="After", tag_ids=[bench.stash.tag_id("Fresh")], rating100=90)
    caplog.set_level(logging.INFO)
    task(bench, scene_id=1).undo_scene()
    assert 'tags back to "Old", "Older"; rating back to 4' in caplog.text
    assert f'summary back to "{("word " * 100)[:80]}…"' in caplog.text


def test_what_is_left_alone_is_named(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    sync(bench, title="New", details="After", tag_ids=[bench.stash.tag_id("Fresh")])
    bench.plex.edit_as_user(bench.keys[1], title="Theirs", genres=["Fresh", "Theirs", "Also theirs"])
    caplog.set_level(logging.INFO)
    left = [{"field": "title", "value": "Theirs"}, {"field": "tags", "value": ["Theirs", "Also theirs"]}]
    shown = task(bench, scene_id=1).undo_scene()
    assert (shown["left_alone"], [edit["field"] for edit in shown["scenes"]["1"]]) == ({"1": left}, ["summary", "tags"])
    what = 'title, now "Theirs"; tags, now "Theirs", "Also theirs"'
    words = f"Scene 1: left alone, because it was edited in Plex since ({what})"
    assert words in said(caplog)
    caplog.clear()
    assert undo(bench)["left_alone"] == {"1": left}
    assert words in said(caplog)


def test_a_scene_of_which_all_was_edited_in_plex_says_so(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    sync(bench, details="After")
    bench.plex.edit_as_user(bench.keys[1], title="Theirs", summary="", genres=["Old"])
    bench.item(1).locked -= {"genre"}
    caplog.set_level(logging.INFO)
    shown = task(bench, scene_id=1).undo_scene()
    assert [each["field"] for each in shown["left_alone"]["1"]] == ["title", "summary"]
    reason = f"all that PlexSync wrote was edited in Plex since. {STAYS}"
    assert (shown["scenes"], shown["unchanged"], shown["undone"]) == ({}, {"1": reason}, [1])
    assert said(caplog) == [
        "1 of 1 scene would be undone",
        f"Scene 1: nothing goes back, because {reason}",
        'Scene 1: left alone, because it was edited in Plex since (title, now "Theirs"; summary, now nothing)',
        "Nothing was changed. Start it again with dry_run set to false",
    ]


BACK_TO_BEFORE = {"title": "scene-1", "summary": "Before"}


@pytest.mark.parametrize("typed", [{"title": "Theirs", "summary": "Theirs"}, BACK_TO_BEFORE], ids=["new", "old"])
@pytest.mark.parametrize("refreshes", [False, True])
def test_an_undo_holds_also_where_no_field_goes_back(bench: Workbench, typed: dict[str, str], refreshes: bool) -> None:
    sync(bench, title="New", details="After")
    bench.plex.edit_as_user(bench.keys[1], lock=False, **typed, genres=["Old"])
    bench.item(1).locked = frozenset()
    bench.configure(refresh_instead=refreshes)
    before = bench.plex.snapshot()
    assert (task(bench, scene_id=1).undo_scene()["undone"], undo(bench)["undone"]) == ([1], [1])
    bench.configure(refresh_instead=False)
    compared = Comparison(bench.workplace.contexts.current(max_age=0.0), bench.database).compare([1])
    assert compared[0].verdict is Verdict.UNDONE
    enqueue_many(bench.database, [1], "all", bench.clock.now)
    bench.drain()
    assert bench.plex.snapshot() == before
    sync(bench, details="Later")
    assert bench.shows(1)


@pytest.mark.parametrize("dry_run", [True, False])
def test_why_nothing_is_undone(bench: Workbench, caplog: pytest.LogCaptureFixture, dry_run: bool) -> None:
    sync(bench, 2, details="After")
    bench.plex.remove_item(bench.keys[2])
    caplog.set_level(logging.INFO)
    reasons = {99: "Stash has no scene 99", 1: NOTHING_WRITTEN, 2: "Plex no longer has its file"}
    for scene_id, reason in reasons.items():
        result = task(bench, scene_id=scene_id, dry_run=dry_run).undo_scene()
        assert (result["scenes"], result["unchanged"]) == ({}, {str(scene_id): reason})
        assert f"Scene {scene_id} has nothing to undo: {reason}" in said(caplog)
        assert result["undone"] == []
    assert said(caplog).count(f"0 of 1 scene {'would be' if dry_run else 'is being'} undone") == len(reasons)
    assert "start it again" not in caplog.text


def test_what_is_undone_or_as_it_was_before_has_nothing_to_undo(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    bench.plex.edit_as_user(bench.keys[1], title="scene-1", summary="Before", genres=["Old"])
    bench.item(1).locked = frozenset()
    reason = f"Plex shows what it showed before already. {STAYS}"
    assert task(bench, scene_id=1).undo_scene()["unchanged"] == {"1": reason}
    sync(bench, 2, details="After")
    undo(bench, 2)
    assert task(bench, scene_id=2).undo_scene()["unchanged"] == {"2": NOTHING_WRITTEN}


def test_a_date_since_which_nothing_was_written_is_said(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    result = task(bench, since="2999-01-01").undo_since()
    assert (result["scenes"], result["unchanged"], result["left_alone"]) == ({}, {}, {})
    assert said(caplog) == ["No scene was written to Plex since 2999-01-01 00:00:00, so there is nothing to undo"]


def test_a_scene_is_a_number_from_1_on(bench: Workbench) -> None:
    for scene_id in (0, -1, "0"):
        with pytest.raises(ArgumentError, match=r"scene_id is .*, but must be a whole number from 1 on"):
            task(bench, scene_id=scene_id).undo_scene()


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


def test_an_undo_on_one_server_leaves_what_another_shows_to_be_undone(bench: Workbench) -> None:
    sync(bench, title="New", details="After")
    first, one = bench.plex.versions.backup(), bench.plex.machine_identifier
    bench.plex.remove_item(bench.keys[1])
    bench.plex.machine_identifier = "f" * 40
    key = bench.plex.add_item(bench.section, "/media/scene-1.mp4", title="There")
    bench.restart()
    sync(bench, rating100=50)
    undo(bench)
    assert bench.plex.item(key).title == "There"
    bench.plex.machine_identifier = one
    bench.plex.versions.restore(first)
    bench.restart()
    undo(bench)
    assert (bench.item(1).title, bench.item(1).summary) == ("scene-1", "Before")
    assert undo(bench)["unchanged"] == {"1": NOTHING_WRITTEN}


@pytest.mark.parametrize("ignored", [TEXT_FIELDS, ["summary"], ["userRating"]], ids=["edit", "summary", "rating"])
def test_what_plex_does_not_bring_back_is_named_and_not_told_as_done(
    bench: Workbench, ignored: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.configure(max_retries=1)
    sync(bench, title="New", details="After", rating100=90)
    ours = {"title": "New", "summary": "After", "user_rating": 9.0}
    before = {"title": "scene-1", "summary": "Before", "user_rating": 4.0}
    stays = {name for name in ours if name in ignored or (name == "user_rating" and "userRating" in ignored)}
    names = {"user_rating": "rating"}
    bench.plex.writes.ignored = frozenset(ignored)
    caplog.clear()
    noted = recent_syncs(bench.database, 10, None)[2]
    result = undo(bench)
    assert {text.partition(":")[0] for text in result["refused"]["1"]} == {names.get(each, each) for each in stays}
    shown = " ".join(text for text in caplog.messages if "Plex now shows" in text)
    assert {name for name in ours if names.get(name, name) in shown} == ours.keys() - stays
    syncs = recent_syncs(bench.database, 10, None)[0][:-noted]
    told = {change.field for each in syncs for change in each.changes}
    assert told & {names.get(each, each) for each in stays} == set()
    assert {name: getattr(bench.item(1), name) for name in ours} == {
        name: (ours if name in stays else before)[name] for name in ours
    }
    bench.plex.writes.ignored = frozenset()
    assert undo(bench)["refused"] == {}
    assert {name: getattr(bench.item(1), name) for name in ours} == before


def test_an_undo_that_plex_ignores_for_a_while_ends_by_itself(bench: Workbench) -> None:
    sync(bench, title="New", details="After", rating100=90)
    bench.plex.writes.ignored = frozenset({*TEXT_FIELDS, *TAG_FIELDS})
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.run_for(20.0)
    assert (bench.pending(), bench.item(1).user_rating) == ([1], 4.0)
    bench.plex.writes.ignored = frozenset()
    bench.drain()
    assert (bench.item(1).title, bench.item(1).summary) == ("scene-1", "Before")
