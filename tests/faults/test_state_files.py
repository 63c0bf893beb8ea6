"""The JSON files carry no format: what another version wrote is passed over, and what it did not has a default."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.fault_world import FaultWorld
from tests.world import wait_until

Change = Callable[[dict[str, Any]], dict[str, Any]]


def with_more(content: dict[str, Any]) -> dict[str, Any]:
    """As a later version may write it: a key more in each object."""

    def deeper(value: Any) -> Any:
        if isinstance(value, dict):
            return {**{key: deeper(part) for key, part in value.items()}, "of_a_later_version": {"unknown": [1]}}
        return [deeper(part) for part in value] if isinstance(value, list) else value

    changed: dict[str, Any] = deeper(content)
    return changed


def without(remainder: int) -> Change:
    """As an earlier version may have written it: every other key is missing."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        return {key: value for number, (key, value) in enumerate(content.items()) if number % 2 == remainder}

    return change


ALL_OR_NOTHING = "device_id.json"
"""An identity without one of its parts is none: it is set aside, and that is said."""
CHANGES: dict[str, Change] = {"a key more": with_more, "even keys": without(0), "odd keys": without(1)}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_state_files_of_another_version(change: Change, tmp_path: Path) -> None:
    with FaultWorld(tmp_path) as world:
        world.plex.refuse()
        world.change(1)
        wait_until(lambda: Path(world.data.probe_schedule).exists(), "the outage")
        world.plex.accept()
        world.wait_until_drained()
        world.press("compare")
        world.kill_drainer()
        files = [*Path(world.data.root).rglob("*.json"), *Path(world.data.live).rglob("*.json")]
        assert {"circuit_breaker_state", "outage_history", "catch_up", "drainer_status"} <= {
            file.stem for file in files
        }
        for file in files:
            if file.name == ALL_OR_NOTHING and change is not with_more:
                continue
            file.write_text(json.dumps(change(json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
        for mode in ("queue_status", "outage_report", "reports", "report", "compare", "failed_jobs"):
            world.press(mode)
        world.change(1)
        tally = world.judge() + world.judge_undo()
        assert tally.is_clean, tally.findings
        assert "Traceback" not in world.logged()
        assert "unforeseen" not in world.logged()
        assert not list(Path(world.data.root).rglob("*.corrupt-*"))
