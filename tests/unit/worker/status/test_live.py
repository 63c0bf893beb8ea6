"""The live files: whole, no oftener than once a second, never older than a minute, and without what nobody may see."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue
from sync_queue.models import Failure, Job
from tests.contract.operation_parts import LiveScenes, LiveStatus
from tests.support.workbench import Workbench
from validation.errors import ConfigError
from worker.status.live import BELIEVE_FOR
from worker.status.live_file import MOST_IDS, live_scenes, write_where_needed
from worker.status.progress import Doing, Progress
from worker.status.standing import PACKAGES_MISSING
from worker.tasks.views.status_report import queue_status


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=3) as made:
        made.workplace.contexts.read_settings()
        yield made


def test_a_fresh_installation_is_not_set_up_yet(bench: Workbench) -> None:
    """Until somebody reads the settings, which then are right, or wrong in a way of their own."""
    os.unlink(bench.folder.known_settings)
    write_where_needed(bench.folder, bench.database, bench.clock.now)
    told = status(bench)
    assert (told["drainer"]["doing"], told["settings_problem_count"]) == ("settings", 1)
    told = queue_status(bench.folder, bench.database, bench.clock.now, [])
    assert (told["drainer"]["doing"], told["last_success_at"]) == ("settings", None)
    bench.workplace.contexts.read_settings()
    told = queue_status(bench.folder, bench.database, bench.clock.now, [])
    assert told["drainer"]["doing"] == ""
    bench.configure(plex_url="")
    with pytest.raises(ConfigError):
        bench.workplace.contexts.read_settings()
    assert queue_status(bench.folder, bench.database, bench.clock.now, [])["drainer"]["doing"] == "settings"


def publish(bench: Workbench, progress: Progress) -> None:
    bench.workplace.publisher.publish_live(progress, 1_700_000_000.0)


def status(bench: Workbench) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(bench.folder.live_status).read_text(encoding="utf-8"))
    LiveStatus.model_validate(content)
    return content


def scenes(bench: Workbench) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(bench.folder.live_scenes).read_text(encoding="utf-8"))
    LiveScenes.model_validate(content)
    return content


def test_a_worker_tells_what_it_does(bench: Workbench) -> None:
    bench.enqueue(1, 2)
    publish(bench, bench.worker.progress)
    assert (status(bench)["pending"], status(bench)["drainer"]["doing"]) == (2, "starting")
    assert status(bench)["believe_until"] == status(bench)["written_at"] + BELIEVE_FOR
    assert sorted(scenes(bench)["waiting"]) == [1, 2]
    bench.drain()
    bench.clock.sleep(1)
    publish(bench, bench.worker.progress)
    assert (status(bench)["pending"], status(bench)["done_today"]) == (0, 2)


def test_a_drain_counts_what_it_did_and_what_it_has_to_do(bench: Workbench) -> None:
    bench.enqueue(1, 2)
    progress = Progress(Doing.SYNCING)
    progress.done = 7
    publish(bench, progress)
    assert (status(bench)["drain"]["done"], status(bench)["drain"]["total"]) == (0, 2)
    progress.done += 1
    bench.clock.sleep(1)
    publish(bench, progress)
    assert (status(bench)["drain"]["done"], status(bench)["drain"]["total"]) == (1, 3)
    progress.do(Doing.IDLE, "idle")
    bench.clock.sleep(1)
    publish(bench, progress)
    assert status(bench)["drain"] is None


def test_at_most_once_a_second_and_at_least_once_a_minute(bench: Workbench) -> None:
    progress = Progress()
    publish(bench, progress)
    first = status(bench)["written_at"]
    progress.do(Doing.IDLE, "idle")
    bench.clock.sleep(0.5)
    publish(bench, progress)
    assert status(bench)["written_at"] == first
    bench.clock.sleep(0.6)
    publish(bench, progress)
    second = status(bench)["written_at"]
    assert second > first
    for _ in range(59):
        bench.clock.sleep(1)
        publish(bench, progress)
        assert status(bench)["written_at"] == second
    for _ in range(11):
        bench.clock.sleep(1)
        publish(bench, progress)
    assert status(bench)["written_at"] > second


def test_a_worker_that_ends_leaves_what_holds(bench: Workbench) -> None:
    publish(bench, Progress(doing=Doing.SYNCING))
    bench.workplace.publisher.end()
    assert (status(bench)["believe_until"], scenes(bench)["believe_until"]) == (None, None)
    assert status(bench)["drainer"] == {"alive": False, "started_at": None, "doing": "", "blocked": ""}


def test_a_drainer_without_packages_says_so_until_they_are_there(bench: Workbench) -> None:
    publisher = bench.workplace.publisher
    publisher.publish_packages(1_700_000_000.0, False)
    assert (status(bench)["drainer"]["doing"], status(bench)["drainer"]["blocked"]) == ("packages", "")
    bench.clock.sleep(1)
    publisher.publish_packages(1_700_000_000.0, True)
    assert status(bench)["drainer"]["blocked"] == PACKAGES_MISSING
    JsonFile(bench.folder.install_failure).save({"problem": "/data/secret could not be written"})
    publisher.end()
    gone = {"alive": False, "started_at": None, "doing": "packages", "blocked": PACKAGES_MISSING}
    assert status(bench)["drainer"] == gone
    assert "/data" not in json.dumps(status(bench))
    os.unlink(bench.folder.install_failure)
    publisher.end()
    assert status(bench)["drainer"]["doing"] == ""


def test_settings_that_stop_everything_are_told_though_nobody_works(bench: Workbench) -> None:
    bench.configure(plex_url="")
    with pytest.raises(ConfigError):
        bench.workplace.contexts.read_settings()
    bench.workplace.publisher.end()
    assert status(bench)["drainer"]["doing"] == "settings"
    bench.configure(max_retries="many")
    bench.workplace.contexts.read_settings()
    bench.workplace.publisher.end()
    assert (status(bench)["drainer"]["doing"], status(bench)["settings_problem_count"]) == ("", 1)


def test_the_outage_and_the_next_probe_are_told(bench: Workbench) -> None:
    bench.plex.refuse()
    bench.edit(1, title="New", details="d")
    bench.run_until(lambda: bench.worker.progress.doing is Doing.PLEX)
    publish(bench, bench.worker.progress)
    breaker = status(bench)["breaker"]
    assert (breaker["state"], breaker["reason"]) == ("open", "down")
    assert breaker["next_probe_at"] >= bench.clock.now


def test_a_rejected_token_is_told_apart(bench: Workbench) -> None:
    bench.plex.token = "another"
    bench.edit(1, title="New", details="d")
    bench.run_until(lambda: bench.worker.progress.doing is Doing.PLEX)
    publish(bench, bench.worker.progress)
    assert status(bench)["breaker"]["reason"] == "token"


def test_no_path_title_or_token_is_in_it(bench: Workbench) -> None:
    DeadLetterQueue(bench.database).add(
        Job(0, 3, (), "hook", bench.clock.now), Failure("X", "/data/secret", "Secret title", "/data/secret"), 1.0
    )
    bench.enqueue(1)
    publish(bench, bench.worker.progress)
    told = json.dumps([status(bench), scenes(bench)])
    assert not any(each in told for each in ("/data", "Secret", bench.plex.token))


def test_the_newest_thousand_of_each_kind(bench: Workbench) -> None:
    bench.enqueue(*range(1, MOST_IDS + 11))
    told = live_scenes(bench.database)
    assert (told["waiting_count"], len(told["waiting"])) == (MOST_IDS + 10, MOST_IDS)
    assert min(told["waiting"]) == 11


def test_a_folder_that_cannot_be_made_stops_nobody(bench: Workbench) -> None:
    Path(bench.folder.live).write_text("in the way", encoding="utf-8")
    publish(bench, bench.worker.progress)
    bench.workplace.publisher.end()
    write_where_needed(bench.folder, bench.database, bench.clock.now)


def test_the_plugins_own_folder_is_not_made_anew(bench: Workbench) -> None:
    bench.folder.live = os.path.join(bench.folder.root, "gone", "live")
    bench.restart()
    publish(bench, bench.worker.progress)
    assert not os.path.exists(os.path.dirname(bench.folder.live))


def test_what_nobody_keeps_up_is_written_by_who_looks(bench: Workbench) -> None:
    now = bench.clock.now
    write_where_needed(bench.folder, bench.database, now)
    assert (status(bench)["believe_until"], status(bench)["written_at"]) == (None, now)
    write_where_needed(bench.folder, bench.database, now + 1000)
    assert status(bench)["written_at"] == now
    JsonFile(bench.folder.live_status).save({**status(bench), "believe_until": now + 5})
    write_where_needed(bench.folder, bench.database, now + 1000)
    assert status(bench)["written_at"] == now + 1000
