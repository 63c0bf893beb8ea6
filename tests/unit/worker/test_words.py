"""Numbers as a person says them."""

from __future__ import annotations

import pytest

from worker.words import counted, duration


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "job", "0 jobs"), (1, "job", "1 job"), (2, "job", "2 jobs"), (1, "try", "1 try"), (6, "try", "6 tries")],
)
def test_counted(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.2, "1 second"), (119.0, "119 seconds"), (600.0, "10 minutes"), (7200.0, "2.0 hours")],
)
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said
