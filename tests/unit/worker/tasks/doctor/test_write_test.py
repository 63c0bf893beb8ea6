"""Try Writing to Plex: what it finds is the dialect, and the item is as before, whatever comes in between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from tests.simulators.faults import Answer as Reply
from tests.simulators.faults import Fault, Waiting, drop
from tests.simulators.http_server import Request as HttpRequest
from tests.simulators.http_server import Response
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.plex_items import Item
from tests.simulators.plex_writes import EVERY_FIELD
from tests.support.workbench import Workbench
from worker.errors import TaskError
from worker.tasks.doctor.write_test import Findings, drain_lock, examine, write_test
from worker.tasks.task import Task
from worker.trial.put_back import TrialRecord
from worker.trial.write_test_steps import STEPS, Answer

KINDS = ("label", "genre")
LISTS = {"replace": Answer.REPLACES, "add": Answer.ADDS, "single_removal": Answer.ADDS}
MOST_WRITES = 80


def new_scene(bench: Workbench, **fields: Any) -> int:
    """A scene whose item has something in every field that the test touches, and some of them locked."""
    scene_id = bench.add_scene()
    shown = {
        "labels": ("Zebra", "apple", "Mine"),
        "genres": ("of the Sea", "Blue Hat", "Drama"),
        "tagline": "As it was.",
        "originally_available_at": "2019-05-06",
        "year": 2019,
        "user_rating": 8.0,
    }
    bench.plex.edit_as_user(bench.keys[scene_id], lock=False, **{**shown, **fields})
    bench.plex.edit_as_user(bench.keys[scene_id], genres=bench.item(scene_id).genres)
    return scene_id


def seen(item: Item) -> tuple[Any, ...]:
    """All that a person sees of an item, lists in their order."""
    return item.snapshot(), item.labels, item.genres


def record(bench: Workbench) -> TrialRecord:
    return TrialRecord(JsonFile(bench.folder.write_test), bench.clock)


def run(bench: Workbench, scene_id: int) -> Findings:
    """The test on one scene, as the task does it."""
    bench.workplace.supersede()
    context = bench.workplace.contexts.current(0.0)
    return examine(context, record(bench), lambda: context.plex_items([bench.keys[scene_id]])[bench.keys[scene_id]])


def gone_after(writes: int) -> Fault:
    """Plex takes so many writes, and answers nobody after the last of them."""
    left = writes

    def take(request: HttpRequest, answer: Reply, waiting: Waiting) -> Response:
        nonlocal left
        if left == 0:
            return drop()(request, answer, waiting)
        if request.method == "PUT":
            left -= 1
            if left == 0:
                return drop(applied=True)(request, answer, waiting)
        return answer()

    return take


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
def test_what_is_found_is_the_dialect(dialect: Dialect, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        bench.plex.dialect = dialect
        scene_id = new_scene(bench)
        before = seen(bench.item(scene_id))
        for _ in range(2):  # names that a server knows from the first run change nothing in the second
            found = run(bench, scene_id)
            assert seen(bench.item(scene_id)) == before
            assert (found.interruption, found.left, found.put_back_fault, found.statuses) == ("", (), "", {})
            is_single = dialect.edit_mode == "single_removal"
            for kind in KINDS:
                spelling = dialect.tag_names if kind in dialect.respelled_kinds else "as_sent"
                assert found.answers[f"{kind}.add"] is Answer.TAKEN
                assert found.answers[f"{kind}.list"] is LISTS[dialect.edit_mode]
                assert found.answers[f"{kind}.remove_several"] is (
                    Answer.ONE_AT_A_TIME if is_single else Answer.ALL_AT_ONCE
                )
                assert found.answers[f"{kind}.remove_in_other_case"] is (
                    Answer.ANY_CASE if dialect.removal_ignores_case else Answer.EXACT_CASE
                )
                assert found.answers[f"{kind}.spelling"].value == spelling
            assert found.answers["text.set"] is (Answer.TRIMMED if dialect.trims_text else Answer.AS_SENT)
            assert found.answers["date.year"] is (Answer.FOLLOWS if dialect.year_follows else Answer.STAYS)
            assert found.answers["rating.set"].value == dialect.ratings
            cleared = {found.answers[each] for each in ("text.clear", "date.clear", "rating.clear")}
            assert cleared == {Answer.CLEARED}
            assert {found.answers["lock.set"], found.answers["lock.clear"]} == {Answer.TAKEN}


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": (), "genres": (), "tagline": "", "originally_available_at": "", "year": None, "user_rating": None},
        {"originally_available_at": "2001-07-01", "year": 2001, "user_rating": 6.0},
        {"user_rating": 7.3},
        {"user_rating": 7.0},
        {"originally_available_at": "", "year": 1999},
        {"labels": ("PlexSync test two", "PLEXSYNC TEST of mine"), "tagline": "PlexSync test"},
    ],
    ids=["bare", "near", "rated_finely", "rated_by_half_stars", "year_alone", "left_by_somebody"],
)
@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
def test_any_item_is_as_before(dialect: Dialect, fields: dict[str, Any], tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        bench.plex.dialect = dialect
        scene_id = new_scene(bench, **fields)
        before = seen(bench.item(scene_id))
        found = run(bench, scene_id)
        assert seen(bench.item(scene_id)) == before
        assert found.left == ()
        can_rate = bench.item(scene_id).user_rating in (None, 6.0, 8.0)
        assert (found.answers["rating.set"] is Answer.NOT_TRIED) is not can_rate
        assert found.answers.keys() == STEPS.keys()


@pytest.mark.parametrize("kind", ["label", "genre", "tagline", "originallyAvailableAt"])
@pytest.mark.parametrize("status", [400, 500])
def test_a_field_that_is_refused_is_a_finding_and_not_the_end(kind: str, status: int, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        bench.plex.writes.refused, bench.plex.writes.refused_status = frozenset({kind}), status
        before = seen(bench.item(scene_id))
        found = run(bench, scene_id)
        assert found.answers.keys() == STEPS.keys()
        assert seen(bench.item(scene_id)) == before
        refused = {question for question, answer in found.answers.items() if answer is Answer.REFUSED}
        assert refused == found.statuses.keys() and set(found.statuses.values()) == {status}
        assert found.answers["rating.clear"] is Answer.CLEARED


@pytest.mark.parametrize("status", [400, 500, None])
def test_a_plex_that_takes_nothing_is_told_so(status: int | None, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        if status is None:
            bench.plex.writes.ignored = EVERY_FIELD
        else:
            bench.plex.writes.failing_status = status
        before = seen(bench.item(scene_id))
        found = run(bench, scene_id)
        assert seen(bench.item(scene_id)) == before
        told = Answer.IGNORED if status is None else Answer.REFUSED
        asked = {"label.add", "genre.add", "text.set", "date.set", "lock.set", "rating.set"}
        assert {found.answers[each] for each in asked} == {told}


@pytest.mark.parametrize("mode", ["ignored_values", "ignored_locks"])
def test_values_or_locks_that_do_not_arrive_are_told(mode: str, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        setattr(bench.plex.writes, mode, EVERY_FIELD)
        before = seen(bench.item(scene_id))
        found = run(bench, scene_id)
        assert seen(bench.item(scene_id)) == before
        is_value = mode == "ignored_values"
        assert (found.answers["text.set"] is Answer.IGNORED) is is_value
        assert (found.answers["lock.set"] is Answer.IGNORED) is not is_value


@pytest.mark.parametrize("dialect", [EVERY_DIALECT[0], EVERY_DIALECT[2], EVERY_DIALECT[5]], ids=str)
def test_an_outage_after_any_write_leaves_nothing_behind(dialect: Dialect, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        bench.plex.dialect = dialect
        scene_id = new_scene(bench)
        before = seen(bench.item(scene_id))
        for writes in range(1, MOST_WRITES):
            outage = bench.plex.inject(gone_after(writes))
            found = run(bench, scene_id)
            outage.remove()
            if not (found.interruption or found.put_back_fault):
                break
            bench.restart()
            bench.step()
            assert seen(bench.item(scene_id)) == before, writes
            assert record(bench).began_at() == 0.0
        assert len(STEPS) < writes < MOST_WRITES - 1


def test_a_drainer_tries_until_plex_answers_and_lives_on_for_it(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        before = seen(bench.item(scene_id))
        outage = bench.plex.inject(gone_after(3))
        assert run(bench, scene_id).put_back_fault
        bench.restart()
        bench.run_for(3_600.0)
        assert seen(bench.item(scene_id)) != before
        outage.remove()
        while seen(bench.item(scene_id)) != before and bench.clock.elapsed < 7_200.0:
            bench.step()
        assert bench.clock.elapsed < 3_600.0 + 2 * 61.0


def test_what_somebody_edited_since_stays(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        outage = bench.plex.inject(gone_after(3))
        run(bench, scene_id)
        outage.remove()
        key, labels = bench.keys[scene_id], bench.item(scene_id).labels
        bench.plex.edit_as_user(key, tagline="Newer.", user_rating=1.0, labels=(*labels, "Newest"))
        bench.restart()
        bench.step()
        item = bench.item(scene_id)
        assert (item.tagline, item.user_rating) == ("Newer.", 1.0)
        assert item.labels == ("Zebra", "apple", "Mine", "Newest")
        assert {"tagline", "label"} <= item.locked


def test_another_film_under_the_same_key_is_left_alone(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        outage = bench.plex.inject(gone_after(3))
        run(bench, scene_id)
        outage.remove()
        bench.plex.move_file(bench.item(scene_id).files[0], "/media/another.mp4")
        there = seen(bench.item(scene_id))
        bench.restart()
        bench.step()
        assert seen(bench.item(scene_id)) == there
        assert record(bench).began_at() == 0.0


def test_what_is_left_on_another_server_waits_for_that_one_and_no_longer_than_a_month(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        before = seen(bench.item(scene_id))
        outage = bench.plex.inject(gone_after(3))
        run(bench, scene_id)
        outage.remove()
        left, mine = seen(bench.item(scene_id)), bench.plex.machine_identifier
        bench.plex.machine_identifier = "another"
        bench.restart()
        bench.step()
        assert seen(bench.item(scene_id)) == left
        bench.plex.machine_identifier = mine
        bench.restart()
        bench.step()
        assert seen(bench.item(scene_id)) == before
        item = bench.workplace.contexts.current(0.0).plex.trial_item(bench.keys[scene_id])
        assert item is not None
        record(bench).keep("gone for good", item)
        bench.clock.now += 31 * 86_400.0
        bench.restart()
        assert json.loads(Path(bench.folder.write_test).read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize("content", ["[]", "{", '{"SERVER": 7}', '{"SERVER": {"item": {"rating_key": "x"}}}'])
def test_an_unreadable_record_stops_nobody(content: str, tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        scene_id = new_scene(bench)
        Path(bench.folder.write_test).write_text(content.replace("SERVER", bench.plex.machine_identifier))
        bench.restart()
        bench.step()
        assert run(bench, scene_id).left == ()


def test_a_lock_that_another_holds_is_waited_for_and_then_told(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        holder = ProcessLock(bench.folder.drain_lock)
        assert holder.acquire()
        with pytest.raises(TaskError, match="then try again"), drain_lock(bench.folder, bench.clock.sleep):
            pass
        seen_standing_by = []

        def leave(seconds: float) -> None:
            seen_standing_by.append(ProcessLock(bench.folder.standby_lock).is_held_elsewhere())
            holder.release()

        with drain_lock(bench.folder, leave):
            assert not ProcessLock(bench.folder.standby_lock).is_held_elsewhere()
        assert seen_standing_by == [True]
        assert holder.acquire()
        holder.release()


def test_a_scene_that_is_of_no_use_is_told_with_its_own_cause(tmp_path: Path) -> None:
    with Workbench(tmp_path, 2) as bench:
        bench.plex.remove_item(bench.keys[1])
        bench.stash.library.scenes[2] = replace(bench.scene(2), files=())
        third = bench.add_scene()
        bench.stash.break_scene(third)
        causes = {
            999: "Stash has no scene 999. Choose another with scene_id",
            1: "Scene 1 is not in Plex. Choose another with scene_id",
            2: "Scene 2 has no file. Choose another with scene_id",
            third: f"Stash cannot answer for scene {third}",
        }
        for scene_id, cause in causes.items():
            request = Request({}, {"scene_id": scene_id})
            task = Task(bench.folder, request, bench.database, lambda: None, lambda: bench.workplace)
            with pytest.raises(TaskError, match=f"^{cause}"):
                write_test(task)
