"""A reply that comes a byte at a time ends at its deadline, is told, and costs no edit; on real processes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.simulators.faults import drip
from tests.simulators.http_pace import DrippingPart
from tests.support.agreement import wait_until_logged
from tests.world import World

BYTE_EVERY = 0.2
"""Seconds: often enough that no silence is long enough to be one."""
CONSTANTS = {"SHORTEST": 3.0, "TIMES_SILENCE": 0.05}
"""Of network/deadline.py, so that its minutes are seconds here."""


def with_short_deadlines(world: World) -> World:
    """The world, whose copy of the plugin gives each request a second or two."""
    module = world.plugin_folder / "network" / "deadline.py"
    text = module.read_text("utf-8")
    for name, value in CONSTANTS.items():
        text, count = re.subn(rf"^{name} = [\d.]+$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert count == 1
    module.write_text(text, encoding="utf-8")
    return world


@pytest.mark.parametrize(
    ("method", "path", "part"),
    [
        ("GET", r"/library/metadata/\d+", "head"),
        ("GET", r"/library/sections/\d+/all", "body"),
        ("PUT", r"/library/sections/\d+/all", "all"),
    ],
)
def test_plex_drips(tmp_path: Path, method: str, path: str, part: DrippingPart) -> None:
    with with_short_deadlines(World(tmp_path, scenes=1, read_timeout=3, idle_seconds=30.0)) as world:
        fault = world.plex.inject(drip(BYTE_EVERY, part, endless=True), method=method, path=path)
        world.edit(1, title="In the end")
        wait_until_logged(world, "though it kept sending")
        fault.remove()
        world.wait_until_drained()
        assert world.item(1).title == "In the end"
        assert world.dead_letters().get_count() == 0


@pytest.mark.parametrize("part", ["head", "body"])
def test_stash_drips(tmp_path: Path, part: DrippingPart) -> None:
    with with_short_deadlines(World(tmp_path, scenes=1, idle_seconds=30.0)) as world:
        fault = world.stash.inject(drip(BYTE_EVERY, part, endless=True), path="/graphql")
        world.edit(1, title="In the end")
        wait_until_logged(world, "was not done after")
        assert world.open_jobs() == 1
        fault.remove()
        world.wait_until_drained()
        assert world.item(1).title == "In the end"
