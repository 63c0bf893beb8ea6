"""What becomes of an edit that Plex answers with 200, whatever it does with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many, enqueue_undo
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import Answer, Waiting
from tests.simulators.http_server import Request, Response
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.plex_writes import EVERY_FIELD
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, Verdict

AN_HOUR = 3600.0
A_DAY = 86_400.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=5) as made:
        yield made


def sync_all(bench: Workbench, source: str = "all") -> list[str]:
    """What the button does; returns the edits that it took."""
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    enqueue_many(bench.database, list(bench.keys), source, bench.clock.now)
    bench.drain()
    return edits(bench)


def edits(bench: Workbench) -> list[str]:
    return [request.target for request in bench.plex.requests if request.method == "PUT"]


def refused(bench: Workbench, scene_id: int = 1) -> set[str]:
    key = bench.keys[scene_id]
    return set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


def verdicts(bench: Workbench) -> list[Verdict]:
    context = bench.workplace.contexts.current(max_age=0.0)
    return [each.verdict for each in Comparison(context, bench.database, bench.clock).compare(list(bench.keys))]


class TestRefused:
    def test_a_plex_that_takes_nothing_for_a_while_loses_nothing(self, bench: Workbench) -> None:
        sync_all(bench)
        bench.plex.writes.ignored = EVERY_FIELD
        for scene_id in bench.keys:
            bench.edit(scene_id, title=f"Newer {scene_id}")
        bench.run_for(20.0)
        assert bench.pending() == list(bench.keys), "nothing is done before it is there"
        bench.plex.writes.ignored = frozenset()
        bench.drain()
        assert disagreements(bench, bench.keys) == []
        assert verdicts(bench) == [Verdict.IN_STEP] * 5

    def test_after_max_retries_it_stands_as_refused_and_is_tried_by_who_asks(self, bench: Workbench) -> None:
        bench.configure(max_retries=1)
        sync_all(bench)
        bench.plex.writes.ignored = EVERY_FIELD
        bench.edit(1, title="Newer")
        bench.drain()
        assert (refused(bench), bench.dead_letters()) == ({"title"}, [])
        assert verdicts(bench)[0] is Verdict.DIFFERS
        assert sync_all(bench, "catch-up") == []
        bench.plex.writes.ignored = frozenset()
        assert len(sync_all(bench)) == 1
        assert disagreements(bench, bench.keys) == []
        assert refused(bench) == set()
        assert verdicts(bench) == [Verdict.IN_STEP] * 5

    def test_who_asks_is_heard_though_a_job_waits_already(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.writes.ignored = frozenset()
        bench.enqueue(*bench.keys)
        sync_all(bench)
        assert disagreements(bench, bench.keys) == []

    def test_one_field_that_stays_out_keeps_no_other_out(
        self, bench: Workbench, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        assert refused(bench) == {"summary"}
        assert [bench.item(key).title for key in bench.keys] == [f"Title {key}" for key in bench.keys]
        assert 'summary: Plex answered that it took "Summary 1", and still shows ""' in caplog.text
        second = sync_all(bench)
        assert second
        assert all("summary" in edit and "title" not in edit for edit in second), "nothing but what was refused"
        assert bench.worker.progress.retried == 0

    def test_where_it_is_refused_and_nothing_else_is_new_the_same_scene_opens_no_breaker(
        self, bench: Workbench
    ) -> None:
        sync_all(bench)
        bench.plex.writes.ignored = frozenset({"summary"})
        bench.edit(1, details="Newer")
        bench.drain()
        assert bench.workplace.new_parts(foreground=True).gate.is_closed()
        assert refused(bench) == {"summary"}

    @pytest.mark.parametrize("count", [2, 3, 4])
    def test_only_different_scenes_in_a_row_open_the_breaker(self, bench: Workbench, count: int) -> None:
        sync_all(bench)
        bench.plex.writes.ignored = frozenset({"summary"})
        for scene_id in list(bench.keys)[:count]:
            bench.edit(scene_id, details="Newer")
        bench.drain()
        assert outages(bench) == 0
        assert all(refused(bench, scene_id) == {"summary"} for scene_id in list(bench.keys)[:count])

    def test_five_of_them_do(self, bench: Workbench) -> None:
        sync_all(bench)
        bench.plex.writes.ignored = frozenset({"summary"})
        for scene_id in bench.keys:
            bench.edit(scene_id, details="Newer")
        bench.drain()
        assert outages(bench) == 1

    def test_a_running_drainer_tries_again_what_is_older_than_a_day(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.writes.ignored = frozenset()
        bench.restart()
        bench.plex.reset_log()
        bench.step()
        assert edits(bench) == [], "no day has passed"
        bench.clock.now += A_DAY
        bench.restart()
        bench.run_until(lambda: not refused(bench))
        bench.drain()
        assert disagreements(bench, bench.keys) == []

    def test_another_version_of_plex_is_asked_at_once(self, bench: Workbench) -> None:
        bench.plex.writes.ignored = frozenset({"summary"})
        sync_all(bench)
        bench.plex.writes.ignored = frozenset()
        bench.plex.version = "1.99.0"
        bench.restart()
        bench.run_until(lambda: not refused(bench))

    @pytest.mark.parametrize("answer", [400, 500])
    def test_a_field_that_fails_alone_keeps_no_other_out(self, bench: Workbench, answer: int) -> None:
        bench.stash.save_without_hook(1, studio_id=bench.stash.studio_id("Studio"))
        bench.plex.writes.refused = frozenset({"collection"})
        bench.plex.writes.refused_status = answer
        sync_all(bench)
        item = bench.item(1)
        assert (item.title, item.studio, item.collections) == ("Title 1", "Studio", ())
        assert (refused(bench), bench.dead_letters()) == ({"collection"}, [])
        assert {"thumb", "art"} <= item.locked
        sync_all(bench)
        assert (refused(bench), bench.dead_letters()) == ({"collection"}, []), "asked for once more"
        bench.plex.writes.refused = frozenset()
        sync_all(bench)
        assert (refused(bench), disagreements(bench, bench.keys)) == (set(), [])


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
class TestNames:
    def test_a_tag_that_plex_has_in_other_case_is_one_write_an_edit_and_one_note(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, dialect: Dialect
    ) -> None:
        caplog.set_level(logging.INFO)
        with Workbench(tmp_path, scenes=30) as bench:
            bench.plex.change_dialect(**vars(dialect))
            sync_all(bench)
            for key in bench.keys.values():
                bench.plex.edit_as_user(key, genres=["Blue Hat"])
            for scene_id in bench.keys:
                bench.stash.save_without_hook(scene_id, tag_ids=[bench.stash.tag_id("blue hat")])
            caplog.clear()
            written = sync_all(bench)
            assert disagreements(bench, bench.keys) == []
            notes = [text for text in caplog.messages if 'Plex shows "blue hat" as' in text]
            keeps_case = bench.plex.shown_as("genres", ["blue hat"]) == {"blue hat"}
            assert len(notes) == (0 if keeps_case else 1)
            assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
            if not keeps_case:
                assert len(written) == 1, "the first one tries it out, for all"
            caplog.clear()
            bench.plex.reset_log()
            other = bench.stash.tag_id("Other")
            bench.edit(1, tag_ids=[bench.stash.tag_id("blue hat"), other])
            bench.drain()
            assert len(edits(bench)) == 1
            bench.plex.reset_log()
            bench.edit(1, tag_ids=[other])
            bench.drain()
            assert disagreements(bench, [1]) == []
            assert len(edits(bench)) == 1
            assert not [record for record in caplog.records if record.levelno >= logging.WARNING]

    def test_an_undo_takes_our_name_away_in_whatever_spelling(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=2) as bench:
            bench.plex.change_dialect(**vars(dialect))
            bench.plex.edit_as_user(bench.keys[2], genres=["Blue Hat"])
            bench.edit(1, tag_ids=[bench.stash.tag_id("blue hat")])
            bench.drain()
            assert len(bench.item(1).genres) == 1
            enqueue_undo(bench.database, [1], bench.clock.now)
            bench.drain()
            assert bench.item(1).genres == ()

    def test_no_name_is_gone_in_between(self, tmp_path: Path, dialect: Dialect) -> None:
        with Workbench(tmp_path, scenes=1) as bench:
            bench.plex.change_dialect(**vars(dialect))
            bench.plex.edit_as_user(bench.keys[1], genres=["Blue Hat", "Old"])
            keep, more = bench.stash.tag_id("Blue Hat"), bench.stash.tag_id("More")
            bench.edit(1, tag_ids=[keep, more])
            seen: list[tuple[str, ...]] = []

            def look(_request: Request, answer: Answer, _waiting: Waiting) -> Response:
                response = answer()
                seen.append(bench.item(1).genres)
                return response

            bench.plex.inject(look)
            bench.drain()
            assert seen
            assert all("blue hat" in {name.lower() for name in names} for names in seen)


def test_a_plex_that_rounds_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Workbench(tmp_path, scenes=2) as bench:
        bench.plex.change_dialect(ratings="half_stars")
        sync_all(bench)
        for rating in (73, 74, 77, 12):
            for scene_id in bench.keys:
                bench.plex.reset_log()
                bench.edit(scene_id, rating100=rating)
                bench.drain()
                assert len(edits(bench)) <= 1
        assert sync_all(bench) == []
        assert sum("Plex rounds ratings" in text for text in caplog.messages) == 1
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
