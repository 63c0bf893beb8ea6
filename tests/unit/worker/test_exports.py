"""What the engine is known by outside: loaded when it is asked for, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import worker
from validation.errors import PermanentError, TransientError
from worker import CircuitBreaker, CircuitState, SyncWorker, calculate_delay, get_retry_params, processor

PROJECT = Path(__file__).parents[3]


def test_the_names_are_those_of_their_modules() -> None:
    exported = (SyncWorker, CircuitBreaker, CircuitState, calculate_delay, get_retry_params)
    assert [thing.__name__ for thing in exported] == [
        "SyncWorker",
        "CircuitBreaker",
        "CircuitState",
        "calculate_delay",
        "get_retry_params",
    ]
    assert set(worker.__all__) == {thing.__name__ for thing in exported}


def test_the_base_classes_of_failures_can_be_had_from_the_processor() -> None:
    assert (processor.TransientError, processor.PermanentError) == (TransientError, PermanentError)


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'worker' has no attribute 'sync'"):
        worker.__getattr__("sync")


def test_the_exports_cost_nothing_until_they_are_used() -> None:
    count = "import sys; before = set(sys.modules); import worker; print(sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", count], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['worker']"
