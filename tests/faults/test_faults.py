"""The quick part of the fault suite; `make faults` has all of it, with more kills and every place of each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import clock_jumps, disk, replies, rush, stdin_fuzz
from tests.faults.clock_jumps import JumpCase
from tests.faults.disk import CannotBeDone
from tests.faults.replies import ReplyCase

pytestmark = pytest.mark.slow

REPLIES = [*replies.plex_cases(every=False), *replies.stash_cases(every=False)]
JUMPS = clock_jumps.jump_cases()


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: case.words)
def test_bad_replies(case: ReplyCase, tmp_path: Path) -> None:
    assert case.run(tmp_path).is_clean


@pytest.mark.parametrize("server", ["Plex", "Stash"])
def test_a_server_that_is_off_for_an_hour(server: str, tmp_path: Path) -> None:
    assert replies.switched_off(server, tmp_path).is_clean


@pytest.mark.parametrize("case", JUMPS[::3], ids=lambda case: f"{case.moment.__name__} {case.seconds:+.0f}")
def test_a_clock_that_jumps(case: JumpCase, tmp_path: Path) -> None:
    assert case.run(tmp_path).is_clean


@pytest.mark.parametrize("kind", disk.COURSES)
def test_a_disk_that_refuses(kind: str, tmp_path: Path) -> None:
    try:
        tally = disk.run(kind, disk.edits_around, tmp_path)
    except CannotBeDone as error:
        pytest.skip(str(error))
    assert tally.is_clean, tally.findings


def test_fifty_hooks_at_once_with_a_drain_and_a_task(tmp_path: Path) -> None:
    tally = rush.rush(tmp_path)
    assert tally.is_clean, tally.findings


def test_anything_on_stdin(tmp_path: Path) -> None:
    stdin_fuzz.fuzz_reading(100)
    stdin_fuzz.fuzz_hooks(50, tmp_path / "hooks")
    stdin_fuzz.fuzz_arguments(100)
