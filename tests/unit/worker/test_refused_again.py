"""What Plex refused of a scene is tried again by itself: soon, ever more rarely, and with one request a field."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many
from sync_queue.state.activity import recent_syncs
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import status
from tests.simulators.plex_writes import NO_FIELD
from tests.support.agreement import disagreements
from tests.support.queue_examples import pending_data
from tests.support.workbench import Workbench
from worker.backoff import REFUSED_WAITS
from worker.processor import Ended
from worker.upkeep.refusals import INTERVAL

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SOON = REFUSED_WAITS[:-1]
"""Seconds for which a drainer waits."""
ANSWERS = pytest.mark.parametrize("answer", [400, 409, 422, 500])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        made.enqueue(*made.keys)
        made.drain()
        yield made


def refuse(bench: Workbench, *fields: str, answer: int = 400) -> None:
    bench.plex.writes.refused = frozenset(fields)
    bench.plex.writes.refused_status = answer


def take_all(bench: Workbench) -> None:
    bench.plex.writes.refused = bench.plex.writes.ignored = NO_FIELD


def refusals(bench: Workbench, scene_id: int = 1) -> dict[str, object]:
    key = bench.keys[scene_id]
    return dict(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


def edit_refused(bench: Workbench, answer: int = 400) -> None:
    """Save a summary that Plex does not take, and let it be remembered as refused."""
    refuse(bench, "summary", answer=answer)
    bench.edit(1, title="Newer", details="Newer")
    bench.drain()
    assert list(refusals(bench)) == ["summary"]
    bench.plex.reset_log()


def edits(bench: Workbench) -> list[str]:
    return [request.target for request in bench.plex.requests if request.method == "PUT"]


def tried(bench: Workbench) -> list[str]:
    return [edit for edit in edits(bench) if "summary" in edit]


def has_tried(bench: Workbench, tries: int) -> bool:
    return len(tried(bench)) >= tries


def outages(bench: Workbench) -> int:
    return len(JsonFile(bench.folder.outages).load().get("outages", []))


@ANSWERS
def test_a_field_that_plex_refused_for_a_while_arrives_and_nobody_presses_a_button(
    bench: Workbench, answer: int
) -> None:
    edit_refused(bench, answer)
    take_all(bench)
    refused_at = bench.clock.now
    bench.run_until(lambda: not refusals(bench))
    assert REFUSED_WAITS[0] - MINUTE <= bench.clock.now - refused_at <= REFUSED_WAITS[0] + INTERVAL + 2 * MINUTE
    assert len(edits(bench)) == 1
    assert disagreements(bench, bench.keys) == []


@ANSWERS
def test_it_is_tried_ever_more_rarely_with_one_request_a_try_and_without_a_word(
    bench: Workbench, answer: int, caplog: pytest.LogCaptureFixture
) -> None:
    edit_refused(bench, answer)
    caplog.clear()
    caplog.set_level(logging.INFO)
    seen, retried = recent_syncs(bench.database, 10, None)[2], bench.worker.progress.retried
    for tries, wait in enumerate(SOON, start=1):
        asked_at = bench.clock.now
        bench.run_until(partial(has_tried, bench, tries))
        assert wait - MINUTE <= bench.clock.now - asked_at <= wait + INTERVAL + 2 * MINUTE
        bench.drain()
    assert len(tried(bench)) == len(SOON)
    assert answer >= 500 or tried(bench) == edits(bench), "no other edit is sent for it"
    assert [record.getMessage() for record in caplog.records if not record.name.endswith("catch_up")] == []
    assert (bench.dead_letters(), outages(bench), recent_syncs(bench.database, 10, None)[2]) == ([], 0, seen)
    assert bench.worker.progress.retried == retried


def test_a_drainer_lives_for_the_first_tries_and_the_daily_ones_are_made_by_one_that_runs(bench: Workbench) -> None:
    edit_refused(bench)
    bench.run_for(sum(SOON))
    while not isinstance(bench.step(), Ended):
        pass
    before = len(edits(bench))
    bench.clock.now += DAY
    bench.restart()
    bench.run_for(MINUTE)
    assert len(edits(bench)) == before + 1
    while not isinstance(bench.step(), Ended):
        pass
    assert bench.clock.elapsed < 2 * DAY, "none lives for a daily try"


def test_each_of_several_fields_is_asked_for_once(bench: Workbench) -> None:
    refuse(bench, "summary", "studio")
    bench.stash.save_without_hook(1, studio_id=bench.stash.studio_id("Studio"))
    bench.edit(1, details="Newer", title="Newer")
    bench.drain()
    assert sorted(refusals(bench)) == ["studio", "summary"]
    bench.plex.reset_log()
    refuse(bench, "studio")
    bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
    assert (len(edits(bench)), list(refusals(bench))) == (2, ["studio"])
    assert bench.item(1).summary == "Newer"


def test_what_plex_takes_and_does_not_show_is_asked_for_once_too(bench: Workbench) -> None:
    bench.plex.writes.ignored = frozenset({"summary"})
    bench.edit(1, title="Newer", details="Newer")
    bench.drain()
    bench.plex.reset_log()
    bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
    assert (len(edits(bench)), list(refusals(bench))) == (1, ["summary"])
    take_all(bench)
    bench.run_until(lambda: not refusals(bench))
    assert len(edits(bench)) == 2


def test_a_rating_and_a_picture_are_tried_again_too(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.stash.save_without_hook(1, rating100=80)
        injected = [
            bench.plex.inject(status(413), method="POST"),
            bench.plex.inject(status(400), method="PUT", path="/:/rate"),
        ]
        bench.enqueue(1)
        bench.drain()
        assert sorted(refusals(bench)) == ["background", "poster", "rating"]
        bench.plex.reset_log()
        bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
        assert (bench.plex.count("PUT"), bench.plex.count("POST")) == (1, 2)
        for each in injected:
            each.remove()
        bench.run_until(lambda: not refusals(bench))
        assert disagreements(bench, bench.keys) == []


def test_a_picture_that_failed_for_long_is_tried_again_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Workbench(tmp_path, scenes=1, skip_fields="background") as bench:
        injected = bench.plex.inject(status(503), method="POST")
        bench.enqueue(1)
        bench.drain()
        assert list(refusals(bench)) == ["poster"]
        caplog.clear()
        caplog.set_level(logging.INFO)
        before = bench.plex.count("POST")
        bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
        assert (bench.plex.count("POST"), bench.open_jobs(), bench.dead_letters()) == (before + 1, 0, [])
        assert [record.getMessage() for record in caplog.records if not record.name.endswith("catch_up")] == []
        injected.remove()
        bench.run_until(lambda: not refusals(bench))
        assert "thumb" in bench.item(1).locked
        assert bench.plex.count("POST") == before + 2


def test_a_new_value_is_another_matter(bench: Workbench) -> None:
    edit_refused(bench)
    bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
    bench.edit(1, title="Newest", details="Newest")
    bench.drain()
    bench.plex.reset_log()
    bench.run_for(REFUSED_WAITS[0] + INTERVAL + MINUTE)
    assert len(edits(bench)) == 1


def test_a_scene_that_is_excluded_meanwhile_is_not_looked_at_each_time(bench: Workbench) -> None:
    edit_refused(bench)
    bench.configure(exclude_paths="/data")
    bench.run_for(REFUSED_WAITS[0] - MINUTE)
    before = bench.worker.progress.discarded
    bench.run_for(6 * INTERVAL)
    assert (edits(bench), bench.worker.progress.discarded) == ([], before + 1)


def test_a_file_that_is_gone_from_plex_makes_no_failed_job_of_it(bench: Workbench) -> None:
    edit_refused(bench)
    bench.run_for(REFUSED_WAITS[0] - MINUTE)
    bench.plex.remove_item(bench.keys.pop(1))
    bench.run_for(INTERVAL + 2 * MINUTE)
    assert (bench.dead_letters(), bench.open_jobs(), bench.worker.progress.retried) == ([], 0, 0)


def test_a_job_that_waits_for_its_own_retry_keeps_its_tries_and_who_asked_for_it(bench: Workbench) -> None:
    edit_refused(bench)
    bench.run_for(REFUSED_WAITS[0] - 5 * MINUTE)
    bench.plex.inject(status(500), method="PUT", path="/:/rate")
    bench.edit(1, rating100=80)
    counts = [0]
    end = bench.clock.now + INTERVAL + 10 * MINUTE
    while bench.clock.now < end and bench.pending():
        bench.step()
        for each in pending_data(bench.database):
            assert each["data"]["source"] == "hook"
            counts.append(each["retry_count"])
    assert counts == sorted(counts)
    assert counts[-1] > 1


def test_while_plex_is_down_nobody_tries(bench: Workbench) -> None:
    edit_refused(bench)
    bench.run_for(REFUSED_WAITS[0] - MINUTE)
    bench.plex.stop()
    bench.edit(2, title="Newest")
    bench.run_for(INTERVAL + 2 * MINUTE)
    assert bench.pending() == [2]


def test_who_asks_for_it_is_not_put_off(bench: Workbench) -> None:
    edit_refused(bench)
    take_all(bench)
    enqueue_many(bench.database, list(bench.keys), "all", bench.clock.now)
    bench.drain()
    assert (refusals(bench), disagreements(bench, bench.keys)) == ({}, [])


def test_a_clock_that_was_set_back_puts_it_off_for_no_longer(bench: Workbench) -> None:
    bench.clock.now += 365 * DAY
    edit_refused(bench)
    take_all(bench)
    bench.clock.now -= 365 * DAY
    bench.restart()
    bench.run_for(3 * MINUTE)
    assert refusals(bench) == {}
