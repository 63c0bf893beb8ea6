"""The package manager replaces the files under a living drainer, and nobody restarts Stash first."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.faults.upgrade import UpgradeWorld, killed_at_every_step, under_load
from tests.simulators.stash_graphql import ResolverError
from tests.support.next_version import NEXT_FORMAT, RENAMED, Replace, as_stash, over_each_other
from tests.world import wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")


@pytest.mark.parametrize(("way", "kills"), [(as_stash, False), (over_each_other, True)])
def test_an_upgrade_under_load_loses_and_repeats_nothing(tmp_path: Path, way: Replace, kills: bool) -> None:
    upgrade = under_load(tmp_path, way, kills=kills)
    assert upgrade.tally.is_clean, upgrade.tally.findings
    assert (upgrade.kills > 0) is kills


def test_an_edit_whose_hook_found_no_plugin_arrives_by_itself(tmp_path: Path) -> None:
    with UpgradeWorld(tmp_path) as world:
        world.change(1)
        world.wait_until_drained()
        version_file = world.plugin_folder / "worker" / "version.py"
        version_file.rename(tmp_path / "aside")
        world.change(2)
        assert (
            world.stash.runs[-1].error
            == "PlexSync is being updated. Edits go to Plex afterwards; try anything else again"
        )
        (tmp_path / "aside").rename(version_file)
        world.replace(world.new, as_stash)
        tally = world.judge()
        assert tally.is_clean, tally.findings
        assert world.format() == NEXT_FORMAT


def test_a_drainer_that_is_started_between_two_versions_leaves_the_work_to_the_next(tmp_path: Path) -> None:
    with UpgradeWorld(tmp_path) as world:
        half = len(world.new.files) // 2
        first, rest = (replace(world.new, files=files) for files in (world.new.files[:half], world.new.files[half:]))
        world.replace(first, over_each_other)
        before = world.writes()
        world.change(2)
        (between,) = world.drainers()
        with pytest.raises(psutil.TimeoutExpired):  # a drainer that works has written by then
            between.wait(2.0)
        assert (world.writes(), world.format()) == (before, 1)
        world.replace(rest, over_each_other)
        tally = world.judge()
        assert tally.is_clean, tally.findings
        assert (world.format(), between in world.drainers()) == (NEXT_FORMAT, False)


def test_a_kill_at_any_step_of_the_migration(tmp_path: Path) -> None:
    tally = killed_at_every_step(tmp_path)
    assert tally.is_clean, tally.findings


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[UpgradeWorld]:
    """A world in which the next version has migrated the data, and no drainer lives."""
    with UpgradeWorld(tmp_path) as world:
        world.replace(world.new, over_each_other)
        world.change(1)
        world.wait_until_drained()
        assert world.format() == NEXT_FORMAT
        world.kill_drainer()
        yield world


def test_migrated_data_are_as_those_of_a_new_file(upgraded: UpgradeWorld, tmp_path: Path) -> None:
    migrated = upgraded.columns()
    for path in Path(upgraded.data.queue).glob("plexsync.db*"):
        path.rename(tmp_path / path.name)
    upgraded.change(2)
    upgraded.wait_until_drained()
    assert upgraded.columns() == migrated


PASSING = frozenset({".lock", ".lock-journal", ".db-wal", ".db-shm", ".log"})
"""Files that change though no data do: a killed drainer leaves the journal of its lock, and the next look takes it."""


def contents(world: UpgradeWorld) -> dict[str, object]:
    """All that the data folder holds, but for locks, journals, and the log."""
    root = Path(world.data.root)
    found: dict[str, object] = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in PASSING and path.name != "plexsync.db"
    }
    with closing(sqlite3.connect(Path(world.data.queue, "plexsync.db"))) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found |= {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608
    return found


def test_an_older_version_touches_no_newer_data_says_so_and_the_newer_one_carries_on(upgraded: UpgradeWorld) -> None:
    said = "A newer PlexSync wrote"
    upgraded.replace(upgraded.old, over_each_other)
    before = contents(upgraded)
    assert RENAMED[1] in before
    for mode in ("queue_status", "process_queue", "reconcile", "clear_queue"):
        for quiet in (False, True):
            with pytest.raises(ResolverError, match=said):
                upgraded.stash.run_operation("PlexSync", mode=mode, quiet=quiet)
    doctor = upgraded.stash.run_operation("PlexSync", mode="health_check")
    assert [said in check["detail"] for check in doctor["checks"] if check["name"] == "Data folder"] == [True]
    logged = len(upgraded.stash.logs)
    upgraded.change(3)
    assert any(said in line.text for line in upgraded.stash.logs[logged:])
    assert (contents(upgraded), upgraded.drainers()) == (before, [])

    upgraded.replace(upgraded.new, over_each_other)
    upgraded.change(1)
    tally = upgraded.judge()
    assert tally.is_clean, tally.findings


def test_a_living_drainer_makes_way_for_an_older_version(upgraded: UpgradeWorld) -> None:
    upgraded.change(1)
    upgraded.wait_until_drained()
    upgraded.replace(upgraded.old, as_stash)
    upgraded.wait_for_log("A newer PlexSync wrote")
    wait_until(lambda: not upgraded.drainers(), "both to end")
    assert (upgraded.format(), list(Path(upgraded.data.root).rglob("*.corrupt-*"))) == (NEXT_FORMAT, [])
