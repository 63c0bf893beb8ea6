"""For all tests: no examples fail because the machine is slow or busy. What things cost, the benchmarks measure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

REAL_PROCESSES = tuple(Path(__file__).with_name(name) for name in ("e2e", "faults"))
"""Folders whose tests start process after process: all of them are slow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts processes as slow, wherever in these folders it stands."""
    for item in items:
        if any(folder in item.path.parents for folder in REAL_PROCESSES):
            item.add_marker(pytest.mark.slow)
