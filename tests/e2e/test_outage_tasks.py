"""Outages as their user learns of them and repairs what they left: *View Outage History* and *Recover Outage Jobs*."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from storage.json_file import JsonFile
from tests.simulators.faults import status
from tests.support.agreement import disagreements, job_rows, wait_until_in_step, wait_until_logged
from tests.support.buttons import operate, press
from tests.support.given_up import give_up
from tests.world import PLEX_ROOT, World, wait_until
from worker.outage.history import OutageHistory

NO_DRAINER_ENDS = 600.0
"""Idle seconds after which no drainer of a test ends by itself."""


# --- View Outage History


def test_without_an_outage_the_report_is_empty(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        report = operate(world, "outage_report")
        assert report == {
            "outages": [],
            "current": None,
            "count": 0,
            "mttr": None,
            "mtbf": None,
            "availability": None,
        }
        press(world, "View Outage History")
        assert "No outage is on record" in world.logged()


def begin_outage(world: World, scene_id: int) -> dict[str, Any]:
    """Switch Plex off, and edit a scene; returns the report once the outage was noticed."""
    before = operate(world, "outage_report")["count"]
    world.plex.refuse()
    world.edit(scene_id, title=f"Edited in outage {before + 1}", details="d")
    wait_until(lambda: operate(world, "outage_report")["count"] == before + 1, "the outage to be noticed")
    report: dict[str, Any] = operate(world, "outage_report")
    return report


def end_outage(world: World, scene_id: int) -> dict[str, Any]:
    """Switch Plex on again; returns the report once the edit has arrived."""
    world.plex.accept()
    wait_until_in_step(world, [scene_id])
    wait_until(lambda: operate(world, "outage_report")["current"] is None, "the outage's end to be noted")
    report: dict[str, Any] = operate(world, "outage_report")
    return report


def test_the_report_tells_of_outages_while_they_last_and_afterwards(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=NO_DRAINER_ENDS) as world:
        first = begin_outage(world, 1)
        assert (first["count"], first["mttr"], first["mtbf"], len(first["outages"])) == (1, None, None, 1)
        assert "refused the connection" in first["current"]["cause"]
        assert (first["outages"][0]["ended_at"], first["availability"]) == (None, pytest.approx(0.0, abs=0.05))

        world.kill_drainer()
        assert operate(world, "outage_report")["current"] == first["current"]
        operate(world, "process_queue")
        ended = end_outage(world, 1)
        (outage,) = ended["outages"]
        assert outage["started_at"] == first["current"]["started_at"]
        assert (outage["jobs_waiting"], outage["jobs_done_after"]) == (1, 1)
        assert ended["mttr"] == pytest.approx(outage["ended_at"] - outage["started_at"])
        assert (ended["mtbf"], 0.0 < ended["availability"] < 1.0) == (None, True)

        begin_outage(world, 2)
        second = end_outage(world, 2)
        one, two = second["outages"]
        assert second["mtbf"] == pytest.approx(two["started_at"] - one["ended_at"])
        assert second["mttr"] == pytest.approx((one["seconds"] + two["seconds"]) / 2, abs=0.1)

        world.kill_drainer()
        again = operate(world, "outage_report")
        assert {**again, "availability": None} == {**second, "availability": None}
        press(world, "View Outage History")
        wait_until_logged(world, "2 outages on record, mean time to recovery")
        assert [outage["started_at"] for outage in operate(world, "queue_status")["last_outages"]] == [
            one["started_at"],
            two["started_at"],
        ]


# --- Recover Outage Jobs


def test_without_an_outage_nothing_is_recovered(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        nothing: dict[str, Any] = {"dry_run": False, "redriven": 0, "redrive": [], "keep": []}
        nothing |= {"redrive_count": 0, "keep_count": 0, "reason": "no outage is on record"}
        assert operate(world, "recover_outage_jobs") == nothing
        press(world, "Recover Outage Jobs")
        assert "No outage is on record, so nothing was recovered" in world.logged()


BURIED_BEFORE, AMBIGUOUS, OF_THE_OUTAGE, BURIED_AFTER = 1, 2, (3, 4, 5), 6
"""Scenes that were given up because Plex failed before, in and after the outage, and one for another reason in it."""


def make_ambiguous(world: World, scene_id: int) -> None:
    """Let two files in Plex match a scene equally well."""
    for folder in ("a", "b"):
        world.plex.add_item(world.section, f"{PLEX_ROOT}/{folder}/sub/film.mp4")
    world.stash.library.change_scene(scene_id, files=world.stash.library.make_files(["/data/sub/film.mp4"]))


def live_through_an_outage(world: World) -> None:
    """Leave one dead letter from before, four from within, and one from after an outage.

    Its times are written down afterwards: while Plex is down nothing is given up, so these fail in a Plex that is well.
    """
    world.edit(7, title="Plex takes this one", details="d")
    wait_until_in_step(world, [7])
    give_up(world, status(500), BURIED_BEFORE)
    began_at = time.time()
    make_ambiguous(world, AMBIGUOUS)
    world.edit(AMBIGUOUS, title="Which one?", details="d")
    wait_until(lambda: world.dead_letters().get_count() == 2, "the ambiguous one to be given up")
    give_up(world, status(500), *OF_THE_OUTAGE)
    ended_at = time.time()
    give_up(world, status(500), BURIED_AFTER)
    world.kill_drainer()
    outages = JsonFile(world.data.outages)
    OutageHistory(outages, lambda: began_at).begin("Plex was switched off")
    OutageHistory(outages, lambda: ended_at).end(jobs_waiting=0)


def test_recovered_are_the_jobs_that_the_last_outage_buried_and_no_others(tmp_path: Path) -> None:
    with World(tmp_path, scenes=7, idle_seconds=NO_DRAINER_ENDS, max_retries=1) as world:
        live_through_an_outage(world)
        before = {letter.scene_id: letter for letter in world.dead_letters().get_all()}
        assert sorted(before) == [1, 2, 3, 4, 5, 6]

        shown = operate(world, "recover_outage_jobs", dry_run=True)
        assert (shown["dry_run"], shown["redriven"], shown["keep"]) == (True, 0, [])
        assert sorted(each["scene_id"] for each in shown["redrive"]) == [*OF_THE_OUTAGE]
        assert {letter.scene_id: letter for letter in world.dead_letters().get_all()} == before
        assert world.open_jobs() == 0

        done = operate(world, "recover_outage_jobs")
        assert (done["dry_run"], done["redriven"], done["redrive"]) == (False, 3, shown["redrive"])
        assert operate(world, "recover_outage_jobs")["redriven"] == 0
        world.wait_until_drained()
        assert disagreements(world, OF_THE_OUTAGE) == []
        again = operate(world, "recover_outage_jobs")
        assert again == {**done, "redriven": 0, "redrive_count": 0, "redrive": [], "reason": again["reason"]}
        assert again["reason"].startswith("no dead letter fits that. All of them: ")
        left = {letter.scene_id for letter in world.dead_letters().get_all()}
        assert left == {BURIED_BEFORE, AMBIGUOUS, BURIED_AFTER}
        redriven = [row for row in job_rows(world) if row["data"]["source"] == "redrive"]
        assert [(row["retry_count"], row["previous_attempts"]) for row in redriven] == [
            (0, before[row["scene_id"]].attempts) for row in redriven
        ]
        assert len(redriven) == 3
