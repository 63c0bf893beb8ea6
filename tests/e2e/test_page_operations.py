"""The operations of the page, by the real plugin: what they answer has the agreed shape, and they say nothing aloud."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.contract.operation_parts import LiveScenes, LiveStatus
from tests.contract.operation_shapes import check_answer
from tests.support.agreement import wait_until_in_step
from tests.support.buttons import operate
from tests.world import World, wait_until


def ask(world: World, mode: str, **args: Any) -> Any:
    """Run an operation as the page does; its answer has the agreed shape."""
    answer = operate(world, mode, quiet=True, **args)
    check_answer(mode, answer)
    return answer


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


def test_the_live_files_follow_a_drainer_to_its_end(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.edit(1, title="Done", details="d")
        wait_until(lambda: os.path.exists(world.data.live_status), "the live file")
        wait_until_in_step(world, [1])
        LiveStatus.model_validate(read(world.data.live_status))
        LiveScenes.model_validate(read(world.data.live_scenes))
        wait_until(lambda: read(world.data.live_status)["believe_until"] is None, "the drainer to take its leave")
        told = read(world.data.live_status)
        assert (told["drainer"]["alive"], told["done_today"], told["pending"]) == (False, 1, 0)


def test_a_drainer_that_waits_says_so(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, paused=True, idle_seconds=60.0) as world:
        world.edit(1, title="Waits", details="d")
        wait_until(lambda: "paused" in json.dumps(ask(world, "queue_status")["drainer"]["doing"]), "the pause")
        status = ask(world, "queue_status")
        assert (status["paused"], status["pending"], status["drainer"]["alive"]) == (True, 1, True)


def test_quiet_means_quiet(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, max_tags="many") as world:
        operate(world, "queue_status")
        before = len([line for line in world.stash.logs if line.level != "debug"])
        status = ask(world, "queue_status")
        assert status["settings_problem_count"] == 1
        assert len([line for line in world.stash.logs if line.level != "debug"]) == before


def test_a_status_is_written_where_no_drainer_does(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        ask(world, "queue_status")
        told = read(world.data.live_status)
        assert (told["believe_until"], told["drainer"]["alive"]) == (None, False)
