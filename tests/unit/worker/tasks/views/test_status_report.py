"""How things stand, as JSON and in words: each figure where it comes from, and nothing is written by looking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import Failure, Job
from tests.simulators.faults import status
from tests.support.workbench import Workbench
from worker.outage.history import OutageHistory
from worker.tasks.views.settings_now import settings_problems
from worker.tasks.views.status_report import LAST_OUTAGES, queue_status, report_outages
from worker.tasks.views.status_words import outages_in_words, problems_in_words, status_in_words
from worker.version import VERSION

NOON = datetime(2027, 1, 15, 12, 0, 0).timestamp()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        made.clock.now = NOON
        yield made


def status_of(bench: Workbench) -> dict[str, Any]:
    problems = settings_problems(bench.workplace)
    return queue_status(bench.folder, bench.database, bench.clock.now, problems)


def words_of(bench: Workbench) -> str:
    return "\n".join(status_in_words(status_of(bench)))


def test_nothing_has_happened_yet(bench: Workbench) -> None:
    status = status_of(bench)
    quiet = {name: status[name] for name in ("pending", "waiting_for_retry", "waiting_for_scan", "in_progress")}
    assert set(quiet.values()) == {0}
    moments = ("next_due_in", "last_success_at", "next_due_at", "next_reconcile_at", "last_catch_up_at")
    assert {status[name] for name in (*moments, "drain", "ramp")} == {None}
    assert (status["format"], status["version"], status["paused"]) == (1, VERSION, False)
    assert (status["done_today"], status["synced_per_minute"], status["dead_letters"]) == (0, 0, 0)
    assert (status["dead_letters_by_type"], status["settings_problems"], status["last_outages"]) == ({}, [], [])
    closed = {"state": "closed", "since": None, "cause": "", "reason": "", "next_probe_at": None, "next_probe_in": None}
    assert status["breaker"] == closed
    nobody = {"alive": False, "pid": None, "started_at": None, "doing": "", "activity": "", "waiting_for": None}
    assert status["drainer"] == {**nobody, "blocked": ""}


def test_before_the_first_sync_nothing_is_said_of_how_plex_was(bench: Workbench) -> None:
    assert "Circuit breaker: closed, nothing was synced yet" in words_of(bench)
    bench.enqueue(1)
    bench.drain()
    assert "Circuit breaker: closed, Plex was well at the last sync" in words_of(bench)


def test_what_was_done_counts_for_today_and_for_the_last_minute(bench: Workbench) -> None:
    bench.enqueue(1, 2)
    bench.drain()
    done_at = bench.clock.now
    fresh = status_of(bench)
    assert (fresh["done_today"], fresh["synced_per_minute"], fresh["pending"]) == (2, 2, 0)
    assert fresh["last_success_at"] == pytest.approx(done_at, abs=5)
    bench.clock.now += 120
    assert (status_of(bench)["done_today"], status_of(bench)["synced_per_minute"]) == (2, 0)
    bench.clock.now += 12 * 3600
    assert (status_of(bench)["done_today"], status_of(bench)["last_success_at"]) == (0, fresh["last_success_at"])


def test_a_job_that_waits_for_its_retry_says_for_how_long(bench: Workbench) -> None:
    bench.plex.inject(status(500), times=1, method="PUT")
    bench.edit(1, title="New", details="d")
    bench.run_until(lambda: bench.stats().waiting_for_retry == 1)
    shown = status_of(bench)
    assert (shown["pending"], shown["waiting_for_retry"], 0.0 <= shown["next_due_in"] <= 5.0) == (1, 1, True)
    assert "1 job pending (1 of them waiting for a retry)" in words_of(bench)
    assert "Next retry in" in words_of(bench)


def test_dead_letters_are_counted_by_kind(bench: Workbench) -> None:
    for scene_id, kind in ((1, "PlexNotFound"), (2, "PlexNotFound"), (3, "AmbiguousMatch")):
        job = Job(0, scene_id, (), "hook", NOON)
        DeadLetterQueue(bench.database).add(job, Failure(kind, "text"), NOON)
    shown = status_of(bench)
    assert (shown["dead_letters"], shown["dead_letters_by_type"]) == (3, {"PlexNotFound": 2, "AmbiguousMatch": 1})
    assert "2 PlexNotFound" in words_of(bench)


def test_an_outage_shows_with_its_cause_and_the_next_probe(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.edit(1, title="New", details="d")
    bench.run_until(lambda: status_of(bench)["breaker"]["state"] == "open")
    breaker = status_of(bench)["breaker"]
    assert breaker["since"] == pytest.approx(bench.clock.now, abs=1)
    assert "refused the connection" in breaker["cause"]
    assert [outage["ended_at"] for outage in status_of(bench)["last_outages"]] == [None]
    since = f"{datetime.fromtimestamp(breaker['since']):%Y-%m-%d %H:%M:%S}"
    assert f"Circuit breaker: open since {since} (next probe in" in words_of(bench)


def test_the_words_tell_of_the_last_success_catch_up_and_outage(bench: Workbench) -> None:
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    history.begin("Plex was switched off")
    bench.clock.sleep(60)
    history.end(1)
    bench.edit(1, title="New", details="d")
    bench.drain()
    status = status_of(bench)
    words = words_of(bench)
    done_at = datetime.fromtimestamp(status["last_success_at"])
    assert words.startswith(f"PlexSync {VERSION}: 0 jobs pending")
    assert f"1 scene synced today (1 within the last minute), the last one {done_at:%Y-%m-%d %H:%M:%S}" in words
    assert "Edits without a hook are known up to 2027-01-15 12:01:00" in words
    outage = "2027-01-15 12:00:00, for 60 seconds (1 job waited, 0 done since): Plex was switched off"
    assert f"Last outage on {outage}" in words


def test_the_last_outages_are_the_newest_ones(bench: Workbench) -> None:
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    for number in range(LAST_OUTAGES + 2):
        history.begin(f"outage {number}")
        bench.clock.sleep(60)
        history.end(0)
    shown = [outage["cause"] for outage in status_of(bench)["last_outages"]]
    assert shown == [f"outage {number}" for number in range(2, LAST_OUTAGES + 2)]


def test_a_drainer_counts_as_alive_by_its_lock_alone(bench: Workbench) -> None:
    told = {"pid": 4711, "started_at": NOON, "activity": "syncing 50 scenes", "waiting_for": None, "blocked": ""}
    JsonFile(bench.folder.status).save(told)
    assert status_of(bench)["drainer"]["alive"] is False
    lock = ProcessLock(bench.folder.drain_lock)
    assert lock.acquire()
    assert status_of(bench)["drainer"] == {"alive": True, "doing": "starting", **told}
    JsonFile(bench.folder.status).save({})
    assert status_of(bench)["drainer"]["activity"] == "starting"
    lock.release()


def test_a_drainer_that_goes_on_no_longer_waits_for_plex(bench: Workbench) -> None:
    """The drainer says what it does once a second; the breaker closes before that."""
    away = "Plex is not available: Plex at http://plex:32400 refused the connection"
    JsonFile(bench.folder.status).save({"activity": "waiting for Plex", "waiting_for": "plex", "blocked": away})
    lock = ProcessLock(bench.folder.drain_lock)
    assert lock.acquire()
    drainer = status_of(bench)["drainer"]
    assert (drainer["activity"], drainer["blocked"]) == ("idle", "")
    assert "Waiting because" not in words_of(bench)
    bench.enqueue(1)
    assert status_of(bench)["drainer"]["activity"] == "syncing"
    JsonFile(bench.folder.breaker).save({"state": "open", "changed_at": NOON, "opened_at": NOON, "cause": "c"})
    assert status_of(bench)["drainer"]["blocked"] == away
    JsonFile(bench.folder.breaker).save({})
    JsonFile(bench.folder.status).save({"activity": 5, "blocked": None})
    assert status_of(bench)["drainer"]["alive"] is True
    told = {"activity": "waiting: Plex has no …", "waiting_for": "settings", "blocked": "Plex has no …"}
    JsonFile(bench.folder.status).save(told)
    assert status_of(bench)["drainer"]["blocked"] == "Plex has no …"
    lock.release()


def test_without_a_drainer_it_is_said_whether_one_is_needed(bench: Workbench) -> None:
    assert "Drainer: none, none is needed" in words_of(bench)
    bench.enqueue(1)
    assert "Drainer: none yet, one is being started" in words_of(bench)


def test_what_is_wrong_with_the_settings_is_said(bench: Workbench) -> None:
    bench.configure(max_tags="many", parallel_writes=1000)
    problems = status_of(bench)["settings_problems"]
    assert [problem.partition(" ")[0] for problem in problems] == ["max_tags", "parallel_writes"]
    assert problems_in_words(status_of(bench)) == [f"Settings: {problem}" for problem in problems]
    assert not any(problem in words_of(bench) for problem in problems)
    bench.stash.refuse()
    assert "cannot be reached" in status_of(bench)["settings_problems"][0]


def test_files_that_cannot_be_read_are_as_good_as_none_and_stay(bench: Workbench) -> None:
    files = (bench.folder.breaker, bench.folder.probe_schedule, bench.folder.outages, bench.folder.catch_up)
    for file in files:
        Path(file).write_bytes(b"\xffnoise")
    assert status_of(bench)["breaker"]["state"] == "closed"
    assert [Path(file).read_bytes() for file in files] == [b"\xffnoise"] * len(files)


def test_looking_writes_nothing(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.edit(1, title="New", details="d")
    bench.run_until(lambda: status_of(bench)["breaker"]["state"] == "open")
    before = (content(bench), bench.pending())
    bench.clock.now += 3600
    words_of(bench)
    outages_in_words(report_outages(bench.folder, bench.database, bench.clock.now))
    assert (content(bench), bench.pending()) == before


def content(bench: Workbench) -> dict[str, bytes]:
    """The state files; the queue is looked at by its rows."""
    names = [name for name in os.listdir(bench.folder.root) if name.endswith(".json")]
    return {name: Path(bench.folder.root, name).read_bytes() for name in names}


# --- outages in words


def report(bench: Workbench) -> list[str]:
    return outages_in_words(report_outages(bench.folder, bench.database, bench.clock.now))


def at(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M:%S}"


def test_no_outage(bench: Workbench) -> None:
    assert report(bench) == ["No outage is on record"]


def test_outages_one_a_line_and_then_the_figures(bench: Workbench) -> None:
    history = OutageHistory(JsonFile(bench.folder.outages), bench.clock)
    history.begin("Plex was switched off")
    bench.clock.sleep(100)
    history.end(9)
    history.note_done([bench.clock.now] * 4)
    bench.clock.sleep(3 * 3600)
    history.begin("The token was rejected")
    bench.clock.sleep(600)
    assert report(bench) == [
        f"{at(NOON)}, for 100 seconds (9 jobs waited, 4 done since): Plex was switched off",
        f"{at(NOON + 10_900)}, for 10 minutes so far (0 jobs waiting): The token was rejected",
        "2 outages on record, mean time to recovery 100 seconds, mean time between them 3.0 hours, "
        "Plex was available 93.91% of the time since the first",
    ]
