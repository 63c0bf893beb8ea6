"""Why dead letters stay: asked of a real Stash and a real Plex, with the settings as they are."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import Failure, Job
from tests.support.queue_examples import pending_data
from tests.support.workbench import TOKEN, Workbench
from validation.errors import ConfigError
from worker.errors import ArgumentError
from worker.outage import ramp
from worker.outage.history import OutageHistory
from worker.tasks.redrive import SHOWN, RedriveTask


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        yield made


def bury(bench: Workbench, scene_id: int, error_type: str = "PlexPermanentError", title: str = "t") -> None:
    """Give a scene up now."""
    job = Job(0, scene_id, ("title",), "hook", bench.clock.now, retry_count=2, outages_opened=1)
    DeadLetterQueue(bench.database).add(job, Failure(error_type, "text", title), bench.clock.now)


def task(bench: Workbench, **args: Any) -> RedriveTask:
    request = Request({}, {"mode": "retry_failed", **args})
    return RedriveTask(bench.workplace, request, bench.clock)


def retry(bench: Workbench, **args: Any) -> tuple[list[int], dict[int, str]]:
    """Retry what is selected: the scenes that went, and why the others stay."""
    return told(task(bench, **args).retry_selected())


def told(result: dict[str, Any]) -> tuple[list[int], dict[int, str]]:
    went = [entry["scene_id"] for entry in result["redrive"]]
    return went, {entry["scene_id"]: entry["reason"] for entry in result["keep"]}


def test_a_scene_that_is_gone_stays(bench: Workbench) -> None:
    bury(bench, 1)
    bury(bench, 99)
    assert retry(bench) == ([1], {99: "the scene is no longer in Stash"})


def test_a_scene_that_stash_cannot_answer_for_stays_as_long(bench: Workbench) -> None:
    bury(bench, 1)
    bury(bench, 2, "SceneUnreadable")
    bench.stash.break_scene(1)
    bench.stash.break_scene(2, "performers")
    went, kept = retry(bench, dry_run=True)
    assert (went, [*kept], {"Stash cannot answer for scene" in why for why in kept.values()}) == ([], [1, 2], {True})
    bench.stash.repair_scene(1)
    bench.stash.repair_scene(2)
    assert retry(bench) == ([1, 2], {})


def test_a_scene_with_a_newer_job_stays(bench: Workbench) -> None:
    bury(bench, 1)
    bench.enqueue(1)
    assert retry(bench) == ([], {1: "the scene has a newer job already"})


@pytest.mark.parametrize("error_type", ["PlexServerDown", "PlexTemporaryError", "PlexAuthError"])
def test_what_plex_failed_for_stays_while_plex_fails(bench: Workbench, error_type: str) -> None:
    bury(bench, 1, error_type)
    bench.plex.refuse()
    went, kept = retry(bench)
    assert (went, [*kept]) == ([], [1])
    assert "The cause is still there. Plex at" in kept[1]
    bench.plex.accept()
    assert retry(bench) == ([1], {})


def test_a_token_that_is_still_rejected_is_the_same_cause(bench: Workbench) -> None:
    bury(bench, 1, "PlexAuthError")
    bench.plex.token = "revoked"
    assert "The cause is still there. Plex rejected the token" in retry(bench)[1][1]
    bench.plex.token = TOKEN
    assert retry(bench) == ([1], {})


def test_what_plex_does_not_have_stays_until_it_has_it(bench: Workbench) -> None:
    missing = bench.add_scene(in_plex=False, title="t")
    bury(bench, missing, "PlexNotFound")
    assert retry(bench) == ([], {missing: "The cause is still there. Plex has no file of this name"})
    bench.add_item(missing)
    assert retry(bench) == ([missing], {})


def test_a_library_that_is_not_there_is_the_same_cause(bench: Workbench) -> None:
    bury(bench, 1, "PlexNotFound")
    bury(bench, 2)
    bench.configure(plex_library="Movi")
    went, kept = retry(bench)
    assert (went, [*kept]) == ([2], [1])
    assert 'Did you mean "Movies"?' in kept[1]


def test_many_scenes_are_asked_for_in_pages(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=120) as bench:
        for scene_id in bench.keys:
            bury(bench, scene_id, "PlexNotFound")
        for scene_id in range(1000, 1880):
            bury(bench, scene_id)
        bench.stash.reset_log()
        went, kept = retry(bench, dry_run=True)
        assert (went, len(kept)) == ([*bench.keys], 880)
        assert bench.stash.count_operations("findScenes") == 2


def test_what_goes_back_is_due_along_the_ramp_with_fresh_counters(bench: Workbench) -> None:
    for scene_id in (1, 2, 3):
        bury(bench, scene_id)
    retry(bench)
    jobs = pending_data(bench.database)
    assert [job["next_retry_at"] - bench.clock.now for job in jobs] == pytest.approx(
        [ramp.seconds_until(each) for each in range(3)], abs=1e-3
    )
    assert {(job["retry_count"], job["outages_opened"], job["previous_attempts"]) for job in jobs} == {(0, 0, 3)}
    bench.drain()
    assert bench.dead_letters() == []
    assert all(map(bench.shows, bench.keys))


def test_a_dry_run_changes_nothing_and_needs_no_drainer(bench: Workbench) -> None:
    bury(bench, 1)
    before = bench.dead_letters()
    result = task(bench, dry_run="true").retry_selected()
    assert (told(result), result["redriven"], result["dry_run"]) == (([1], {}), 0, True)
    assert (bench.dead_letters(), bench.pending()) == (before, [])


def test_nothing_selected_asks_nobody(bench: Workbench) -> None:
    bench.stash.refuse()
    bench.plex.refuse()
    nothing = {"dry_run": False, "redriven": 0, "redrive": [], "keep": [], "reason": "there is no dead letter"}
    nothing |= {"redrive_count": 0, "keep_count": 0}
    assert task(bench).retry_selected() == nothing


def test_a_scene_without_a_dead_letter_is_said_to_have_none(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.tasks.redrive")
    bury(bench, 1)
    bury(bench, 2, "AmbiguousMatch")
    result = task(bench, scene_id=7).retry_selected()
    reason = "scene 7 has no dead letter. All of them: 1 AmbiguousMatch, 1 PlexPermanentError"
    assert (told(result), result["reason"]) == (([], {}), reason)
    assert f"Nothing was put back: {reason}" in caplog.text


def test_arguments_that_mean_no_dead_letter_are_said_to_mean_none(bench: Workbench) -> None:
    bury(bench, 1)
    other: dict[str, Any] = {"error_type": "PlexNotFound"}
    for args in (other, {"since": "2999-01-01"}, {"scene_id": 1, **other}):
        result = task(bench, **args).retry_selected()
        assert result["reason"] == "no dead letter fits that. All of them: 1 PlexPermanentError"
    assert task(bench).retry_selected()["reason"] == ""


def test_kinds_are_those_that_the_code_knows_and_those_that_dead_letters_have(bench: Workbench) -> None:
    bury(bench, 1, "ZeroDivisionError")
    bury(bench, 2, "PlexPermanentError")
    assert retry(bench, error_type="zerodivisionerror", dry_run=True) == ([1], {})
    wrong: list[Any] = ["PlexPermanentError,Nonsense", "ValueError", [], {}, ",", 5, True]
    for kind in wrong:
        with pytest.raises(ArgumentError, match=r"AmbiguousMatch, PlexAuthError, PlexNotFound, .*, ZeroDivisionError"):
            task(bench, error_type=kind).retry_selected()
    assert len(bench.dead_letters()) == 2
    assert sorted(retry(bench, error_type="")[0]) == [1, 2]


def test_wrong_settings_and_arguments_are_named_and_nothing_goes(bench: Workbench) -> None:
    bury(bench, 1)
    with pytest.raises(ArgumentError, match="scene_id"):
        task(bench, scene_id="x").retry_selected()
    bench.configure(max_tags="many")
    with pytest.raises(ConfigError):
        task(bench).retry_selected()
    assert (len(bench.dead_letters()), bench.pending()) == (1, [])


def test_the_log_names_the_first_ones_and_counts_all(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.tasks.redrive")
    for scene_id in range(100, 100 + SHOWN + 5):
        bury(bench, scene_id, title="")
    task(bench, dry_run=True).retry_selected()
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == f"0 dead letters would be put back into the queue, {SHOWN + 5} kept"
    assert said[1:] == [f"Scene {each} is kept: the scene is no longer in Stash" for each in range(100, 100 + SHOWN)]


# --- the last outage


def live_through_an_outage(bench: Workbench, ends: bool) -> None:
    """Scene 1 is given up in the outage, scene 2 before and scene 3 after it."""
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    bury(bench, 2, "PlexTemporaryError")
    bench.clock.sleep(100)
    history.begin("down")
    bench.clock.sleep(100)
    bury(bench, 1, "PlexTemporaryError")
    if ends:
        history.end(0)
        bench.clock.sleep(100)
        bury(bench, 3, "PlexTemporaryError")


@pytest.mark.parametrize("ends", [True, False])
def test_recovered_is_what_the_last_outage_buried(bench: Workbench, ends: bool) -> None:
    live_through_an_outage(bench, ends)
    assert told(task(bench).recover_last_outage()) == ([1], {})
    assert told(task(bench).recover_last_outage()) == ([], {})
    assert bench.pending() == [1]


def test_only_the_last_outage_counts(bench: Workbench) -> None:
    live_through_an_outage(bench, ends=True)
    bench.clock.sleep(100)
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    history.begin("down again")
    history.end(0)
    assert told(task(bench).recover_last_outage()) == ([], {})


def test_another_reason_is_none_of_the_outages(bench: Workbench) -> None:
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    history.begin("down")
    bury(bench, 1, "AmbiguousMatch")
    bury(bench, 2, "PlexNotFound")
    assert told(task(bench).recover_last_outage()) == ([], {})
