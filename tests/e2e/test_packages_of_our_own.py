"""What the page asks where Stash's Python lacks the packages, and they lie in the plugin's own folder."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.contract.operation_shapes import check_answer
from tests.support.agreement import wait_until_in_step
from tests.support.bare_python import bare_python
from tests.support.buttons import operate
from tests.world import World
from worker.packages.requirements import packages_folder

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a symbolic link needs rights there")
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("queue_status", {}),
    ("jobs", {"state": "waiting"}),
    ("recent_syncs", {}),
    ("history", {}),
    ("outage_report", {"days": 30}),
    ("scene_status", {"scene_id": 1}),
    ("scene_status", {"scene_id": 1, "compare": True}),
    ("pins", {}),
    ("undone", {}),
    ("reports", {}),
    ("log", {}),
    ("settings", {}),
    ("libraries", {}),
    ("test_path_map", {}),
    ("health_check", {}),
    ("retry_now", {}),
    ("sync_scene", {"scene_id": 1}),
    ("retry_failed", {"dry_run": True}),
    ("discard", {"state": "failed", "dry_run": True}),
    ("undo_scene", {"scene_id": 1, "dry_run": True}),
    ("unlock", {"dry_run": True}),
)


def test_every_operation_finds_them(tmp_path: Path) -> None:
    python = bare_python(tmp_path / "bare", with_pip=False)
    with World(tmp_path, scenes=1, python=python) as world:
        world.data.create()
        os.mkdir(world.data.dependencies, mode=0o700)
        ours = packages_folder(world.data.dependencies, str(world.plugin_folder / "requirements.lock"))
        os.symlink(sysconfig.get_path("purelib"), ours, target_is_directory=True)
        world.edit(1, title="Edited", details="d")
        wait_until_in_step(world, [1])
        for mode, arguments in ASKED:
            check_answer(mode, operate(world, mode, quiet=True, **arguments))
