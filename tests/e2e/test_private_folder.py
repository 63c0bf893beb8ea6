"""What other users of the machine may see of the data folder, and what becomes of edits where that cannot be helped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import wait_until_in_step, wait_until_logged
from tests.world import World, wait_until
from worker.data_folder import ENVIRONMENT_VARIABLE
from worker.status.standing import FOLDER_REFUSED

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")]


def open_to_others(folder: str) -> list[str]:
    return [str(path) for path in (Path(folder), *Path(folder).rglob("*")) if path.stat().st_mode & 0o077]


def test_everything_is_private_from_the_first_edit_on(tmp_path: Path) -> None:
    with World(tmp_path, 1) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        world.stash.run_operation("PlexSync", mode="compare")
        world.stash.run_operation("PlexSync", mode="clear_queue")
        assert open_to_others(world.data.root) == []


def test_what_was_open_to_others_is_so_no_longer(tmp_path: Path) -> None:
    with World(tmp_path, 1) as world:
        os.makedirs(world.data.backups, mode=0o755)
        Path(world.data.backups, "old.json").touch(0o644)
        os.chmod(world.data.root, 0o755)  # noqa: S103 - this is what it is about
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        assert open_to_others(world.data.root) == []


def test_a_folder_that_is_also_for_others_is_refused_and_the_edit_waits(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    (shared / "config.yml").touch()
    with World(tmp_path, 1) as world:
        environment = world.stash.plugins.environment
        environment[ENVIRONMENT_VARIABLE] = str(shared)
        world.data.__init__(str(shared))  # type: ignore[misc] # where to look from now on
        world.edit(1, title="Waits", details="d")
        wait_until_logged(world, "holds more than PlexSync's files (config.yml)")
        wait_until(lambda: not world.drainers(), "the drainer to end")
        told = world.stash.run_operation("PlexSync", mode="queue_status", quiet=True)
        assert told["drainer"]["blocked"] == FOLDER_REFUSED
        with pytest.raises(ResolverError, match="Name a folder of its own in STASH_PLUGIN_DATA"):
            world.stash.run_operation("PlexSync", mode="queue_status")
        report = world.stash.run_operation("PlexSync", mode="health_check")
        assert [check["ok"] for check in report["checks"] if check["name"] == "Data folder"] == [False]
        assert (world.open_jobs(), world.plex.count("PUT")) == (1, 0)

        (shared / "config.yml").unlink()
        world.stash.run_operation("PlexSync", mode="process_queue")
        wait_until_in_step(world, [1])
