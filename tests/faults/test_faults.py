"""The quick part of the fault suite; `make faults` has all of it, with more kills and every place of each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import clock_jumps, damage, disk, replies, rush, stdin_fuzz
from tests.faults.clock_jumps import JumpCase
from tests.faults.damage import DamageCase
from tests.faults.disk import CannotBeDone, Course
from tests.faults.replies import ReplyCase

REPLIES = [*replies.plex_cases(every=False), *replies.stash_cases(every=False)]
OUTAGES = [ReplyCase("Plex", fault) for fault in replies.PLEX_FAULTS]
JUMPS = clock_jumps.jump_cases()
DAMAGES = [
    *(DamageCase(damage.QUEUE, kind) for kind in (damage.truncate, damage.empty, damage.fill_with_noise)),
    DamageCase("circuit_breaker_state.json", damage.truncate),
    DamageCase("outage_history.json", damage.empty),
    DamageCase("catch_up.json", damage.fill_with_noise),
    DamageCase("plex_index.db", damage.truncate),
]
"""Each kind of damage to what holds the jobs, and one kind each to what can be made again."""


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: case.words)
def test_bad_replies(case: ReplyCase, tmp_path: Path) -> None:
    assert case.run(tmp_path).is_clean


@pytest.mark.parametrize("case", OUTAGES, ids=lambda case: case.fault)
def test_whatever_plex_answers_to_everything_no_job_is_given_up(case: ReplyCase, tmp_path: Path) -> None:
    assert case.is_outage
    tally = case.run(tmp_path)
    assert tally.is_clean, tally.findings


@pytest.mark.parametrize("server", ["Plex", "Stash"])
def test_a_server_that_is_off_for_an_hour(server: str, tmp_path: Path) -> None:
    assert replies.switched_off(server, tmp_path).is_clean


@pytest.mark.parametrize("case", JUMPS[::3], ids=lambda case: f"{case.moment.__name__} {case.seconds:+.0f}")
def test_a_clock_that_jumps(case: JumpCase, tmp_path: Path) -> None:
    assert case.run(tmp_path).is_clean


@pytest.mark.parametrize("case", DAMAGES, ids=lambda case: case.words)
def test_a_damaged_file(case: DamageCase, tmp_path: Path) -> None:
    tally = case.run(tmp_path)
    assert tally.is_clean, tally.findings


@pytest.mark.parametrize("kind", disk.COURSES)
@pytest.mark.parametrize("course", [disk.edits_around, disk.a_task_during], ids=lambda course: course.__name__)
def test_a_disk_that_refuses(kind: str, course: Course, tmp_path: Path) -> None:
    try:
        tally = disk.run(kind, course, tmp_path)
    except CannotBeDone as error:
        pytest.skip(str(error))
    assert tally.is_clean, tally.findings


def test_fifty_hooks_at_once_with_a_drain_and_a_task(tmp_path: Path) -> None:
    tally = rush.rush(tmp_path)
    assert tally.is_clean, tally.findings


def test_hooks_at_once_that_are_the_first(tmp_path: Path) -> None:
    tally = rush.first_hooks(3, tmp_path)
    assert tally.is_clean, tally.findings


def test_anything_on_stdin(tmp_path: Path) -> None:
    stdin_fuzz.fuzz_reading(100)
    stdin_fuzz.fuzz_hooks(50, tmp_path / "hooks")
    stdin_fuzz.fuzz_arguments(100)
