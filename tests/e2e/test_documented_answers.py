"""docs/status.md is exact: each mode answers with the keys that its example has, and with no others."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from sync_queue.models import Failure, Job
from tests.contract.operation_parts import LiveStatus
from tests.support.buttons import operate
from tests.world import PROJECT, World

ARGUMENTS: dict[str, dict[str, Any]] = {
    "retry_failed": {"dry_run": True},
    "undo_scene": {"scene_id": 1},
    "undo_since": {"since": "2026-01-01"},
}
OF_SYNC_TASKS_WITH_SCENES = {"found", "enqueued", "account"}
"""Said there to be of `all` and `recent` only."""
SUMMED_UP = ("in_step", "differs", "not_in_plex", "ambiguous", "nothing_to_sync", "undone", "gone", "failed")


def examples() -> dict[str, dict[str, Any]]:
    """The first example of an answer in each section, by the modes that its heading names."""
    page = (PROJECT / "docs/status.md").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
        found |= {mode: json.loads(blocks[0]) for mode in re.findall(r"`(\w+)`", section.splitlines()[0])}
    return found


def documented(mode: str, example: dict[str, Any]) -> set[str]:
    keys = set(example)
    if mode == "queue_status":
        return keys | set(LiveStatus.model_fields)
    return keys - OF_SYNC_TASKS_WITH_SCENES if mode == "process_queue" else keys


def lists_in(value: Any) -> dict[str, set[str]]:
    """Of each list of objects in an answer, the keys of its first one."""
    return {
        name: set(each[0])
        for name, each in value.items()
        if isinstance(each, list) and each and isinstance(each[0], dict)
    }


def test_each_mode_answers_with_the_keys_of_its_example(tmp_path: Path) -> None:
    shown = examples()
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="Done", details="d")
        world.wait_until_drained()
        failure = Failure("PlexPermanentError", "Plex refused it", "Title", "/data/2.mp4")
        world.dead_letters().add(Job(0, 2, ("title",), "hook", time.time()), failure, time.time())
        answers = {mode: operate(world, mode, **ARGUMENTS.get(mode, {})) for mode in shown}
    assert {mode: set(answers[mode]) for mode in shown} == {mode: documented(mode, shown[mode]) for mode in shown}
    inner = {mode: lists_in(answer) for mode, answer in answers.items()}
    assert {"failed_jobs", "health_check", "retry_failed"} <= {mode for mode, lists in inner.items() if lists}
    for mode, lists in inner.items():
        assert lists == {name: lists_in(shown[mode])[name] for name in lists}, mode


def test_the_example_of_a_comparison_adds_up() -> None:
    example = examples()["compare"]
    assert sum(example[name] for name in SUMMED_UP) == example["scenes"]
