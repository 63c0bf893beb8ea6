"""*Retry Failed Jobs*: which dead letters go back, what is said of the others, and what is left when it is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sync_queue.models import DeadLetter
from tests.simulators.faults import status
from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import disagreements, job_rows, wait_until_in_step
from tests.support.buttons import JOB_PATIENCE, operate
from tests.support.given_up import give_up
from tests.support.workbench import only_for
from tests.world import PLEX_ROOT, World, wait_until
from worker.tasks.registry import MODES

REFUSED, GONE, EDITED, FAILED_LATER, AMBIGUOUS = 1, 2, 3, 4, 5
"""Scenes by what became of them; the first four were refused by Plex, the fourth later than the others."""


def add_ambiguous_scene(world: World) -> None:
    """Add a scene that two files in Plex match equally well, and have it given up."""
    first, _ = (world.plex.add_item(world.section, f"{PLEX_ROOT}/{each}/sub/film.mp4") for each in ("a", "b"))
    scene = world.stash.add_scene("/data/sub/film.mp4")
    assert scene.id == AMBIGUOUS
    world.keys[scene.id] = first
    world.edit(scene.id, title="Which one?", details="d")
    wait_until(lambda: len(letters(world)) == 5, "the ambiguous scene to be given up")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Five dead letters and no drainer; paused, so that what goes back into the queue can be looked at."""
    with World(tmp_path, scenes=4) as made:
        give_up(made, status(400), REFUSED, GONE, EDITED)
        give_up(made, status(400), FAILED_LATER)
        add_ambiguous_scene(made)
        made.kill_drainer()
        set_paused(made, True)
        yield made


def set_paused(world: World, is_paused: bool) -> None:
    world.stash.library.plugin_settings["PlexSync"]["paused"] = is_paused


def letters(world: World) -> dict[int, DeadLetter]:
    """The dead letters by scene."""
    return {letter.scene_id: letter for letter in world.dead_letters().get_all()}


def pending(world: World) -> dict[int, dict[str, Any]]:
    """The pending jobs by scene."""
    return {row["scene_id"]: row for row in job_rows(world) if row["status"] < 2}


def scenes(entries: list[dict[str, Any]]) -> list[int]:
    return sorted(entry["scene_id"] for entry in entries)


def reasons(result: dict[str, Any]) -> dict[int, str]:
    """Why dead letters stay, by scene."""
    return {entry["scene_id"]: entry["reason"] for entry in result["keep"]}


def retry(world: World, **args: Any) -> dict[str, Any]:
    """Ask what would happen, check that nothing did, then do it; returns what was done."""
    before = (letters(world), job_rows(world))
    shown = operate(world, "retry_failed", dry_run=True, **args)
    assert (letters(world), job_rows(world)) == before
    done: dict[str, Any] = operate(world, "retry_failed", **args)
    assert (shown["dry_run"], shown["redriven"], done["dry_run"]) == (True, 0, False)
    assert (shown["redrive"], shown["keep"]) == (done["redrive"], done["keep"])
    assert done["redriven"] == len(done["redrive"])
    return done


def test_all_go_back_but_those_that_it_would_not_help(world: World) -> None:
    world.stash.library.remove_scene(GONE)  # be it that no hook ran
    world.edit(EDITED, details="Edited since")
    before = letters(world)
    done = retry(world)
    assert scenes(done["redrive"]) == [REFUSED, FAILED_LATER]
    why = reasons(done)
    assert (why.pop(GONE), why.pop(EDITED)) == (
        "the scene is no longer in Stash",
        "the scene has a newer job already",
    )
    assert why.keys() == {AMBIGUOUS}
    assert why[AMBIGUOUS].startswith("The cause is still there. Several files in Plex match equally well (")

    assert {each: letters(world)[each] for each in letters(world)} == {
        each: before[each] for each in (GONE, EDITED, AMBIGUOUS)
    }
    for scene_id in (REFUSED, FAILED_LATER):
        job, letter = pending(world)[scene_id], before[scene_id]
        assert (job["retry_count"], job["outages_opened"], job["data"]["source"]) == (0, 0, "redrive")
        assert (job["previous_attempts"], job["first_failed_at"]) == (letter.attempts, letter.first_failed_at)

    again = retry(world)
    assert (again["redriven"], scenes(again["keep"])) == (0, [GONE, EDITED, AMBIGUOUS])

    set_paused(world, False)
    world.kill_drainer()
    operate(world, "process_queue")
    world.wait_until_drained()
    assert disagreements(world, [REFUSED, EDITED, FAILED_LATER]) == []
    assert letters(world).keys() == {GONE, AMBIGUOUS}


def test_what_fails_again_is_kept_with_its_history(world: World) -> None:
    before = letters(world)[REFUSED]
    retry(world, scene_id=REFUSED)
    world.plex.inject(only_for([world.keys[REFUSED]], status(400)), method="PUT")
    set_paused(world, False)
    world.kill_drainer()
    operate(world, "process_queue")
    wait_until(lambda: REFUSED in letters(world), "it to be given up again")
    after = letters(world)[REFUSED]
    assert (after.attempts, after.first_failed_at) == (before.attempts + 1, before.first_failed_at)
    assert after.buried_at > before.buried_at


def test_one_scene_goes_back_when_it_is_named(world: World) -> None:
    done = retry(world, scene_id=FAILED_LATER)
    assert (scenes(done["redrive"]), done["keep"], [*pending(world)]) == ([FAILED_LATER], [], [FAILED_LATER])
    repeated = retry(world, scene_id=FAILED_LATER)
    assert (repeated["redriven"], repeated["keep"]) == (0, [])


def test_one_kind_goes_back_once_its_cause_is_mended(world: World) -> None:
    assert retry(world, error_type="AmbiguousMatch")["redriven"] == 0
    world.plex.remove_item(max(world.plex.items))
    done = retry(world, error_type="AmbiguousMatch, PlexNotFound")
    assert (scenes(done["redrive"]), [*pending(world)]) == ([AMBIGUOUS], [AMBIGUOUS])


def test_what_was_given_up_since_a_moment_goes_back(world: World) -> None:
    # A text has no more than microseconds: a moment before.
    since = datetime.fromtimestamp(letters(world)[FAILED_LATER].buried_at - 0.001).isoformat()
    done = retry(world, since=since, error_type="PlexPermanentError")
    assert scenes(done["redrive"]) == [FAILED_LATER]
    assert letters(world).keys() == {REFUSED, GONE, EDITED, AMBIGUOUS}
    assert retry(world, since="2999-01-01")["keep"] == []


def test_what_plex_failed_for_stays_while_plex_is_still_away(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, max_retries=1) as world:
        world.edit(2, title="Plex takes this one", details="d")
        wait_until_in_step(world, [2])
        give_up(world, status(500), 1)
        world.plex.refuse()
        done = retry(world)
        assert done["redriven"] == 0
        assert reasons(done)[1].startswith("The cause is still there. Plex at ")
        world.plex.accept()
        assert retry(world)["redriven"] == 1
        world.wait_until_drained()
        assert disagreements(world, [1]) == []


def test_as_a_task_it_takes_its_arguments_as_text_and_says_it_all_in_the_log(world: World) -> None:
    world.stash.library.remove_scene(GONE)  # be it that no hook ran
    job = world.stash.run_task("PlexSync", "Retry Failed Jobs", dry_run="true", error_type="PlexPermanentError")
    assert job.ended.wait(JOB_PATIENCE)
    said = [line.text for line in world.stash.logs]
    assert "3 dead letters would be put back into the queue, 1 kept" in said
    assert f'Scene {REFUSED} "Title {REFUSED}": would be put back after PlexPermanentError' in said
    assert f'Scene {GONE} "Title {GONE}" is kept: the scene is no longer in Stash' in said
    assert len(letters(world)) == 5


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"scene_id": "seven"}, 'scene_id is "seven", but must be a whole number from 1 on'),
        ({"scene_id": 0}, 'scene_id is "0", but must be a whole number from 1 on'),
        ({"error_type": {}}, 'error_type is "{}", but must be any of AmbiguousMatch, PlexAuthError'),
        ({"since": "yesterday"}, r'since is "yesterday", but must be a date \(2026-11-20\)'),
        ({"dry_run": "perhaps"}, 'dry_run is "perhaps", but must be true or false'),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(tmp_path: Path, args: dict[str, Any], said: str) -> None:
    with World(tmp_path) as world, pytest.raises(ResolverError, match=said):
        operate(world, "retry_failed", **args)


def test_a_kind_that_no_dead_letter_is_of_leads_to_those_that_there_are(world: World) -> None:
    reason = "no dead letter fits that. All of them: 1 AmbiguousMatch, 4 PlexPermanentError"
    nothing = {"dry_run": False, "redriven": 0, "redrive": [], "keep": [], "reason": reason}
    assert retry(world, error_type="plexNotFound") == {**nothing, "redrive_count": 0, "keep_count": 0}
    assert f"Nothing was put back: {reason}" in world.logged()


def test_a_misspelt_argument_does_not_run_it_for_real(world: World) -> None:
    before = (letters(world), job_rows(world))
    with pytest.raises(ResolverError, match=r'retry_failed has no argument "dryrun"\. It knows dry_run, error_type, '):
        operate(world, "retry_failed", dryrun=True)
    assert (letters(world), job_rows(world)) == before


def test_no_mode_takes_an_argument_that_it_does_not_know(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        for mode in MODES:
            with pytest.raises(ResolverError, match=rf'{mode} has no argument "nonsense"\. It .*\. Nothing was done'):
                operate(world, mode, nonsense=1)
        assert (world.stash.count_operations("findScenes"), world.plex.count()) == (0, 0)
