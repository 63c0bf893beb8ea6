"""SIGKILL at every named step: after the next invocation nothing is lost, stuck or written twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.crash_points import POINTS
from tests.faults.crash_scenarios import crash_at

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at(point: str, tmp_path: Path) -> None:
    tally = crash_at(f"{point}@1", tmp_path)
    assert tally.tried == 1
    assert tally.is_clean, tally.findings
