"""SIGKILL at every named step: after the next invocation nothing is lost, stuck or written twice, and undo works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.crash_scenarios import crash_at, points


@pytest.mark.parametrize("point", points(times=range(1, 2), saves=range(1, 2)))
def test_a_kill_at(point: str, tmp_path: Path) -> None:
    tally = crash_at(point, tmp_path)
    assert tally.tried == 1
    assert tally.is_clean, tally.findings
