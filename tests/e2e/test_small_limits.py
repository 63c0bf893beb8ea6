"""A machine that gives little: few open files, little memory, a full temporary folder. It is said, and jobs stay."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.stash_graphql import ResolverError
from tests.support.agreement import disagreements, wait_until_in_step
from tests.support.small_disk import small_disk
from tests.world import World, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="sets limits by the shell's ulimit")]

MODES = ("process_queue", "compare", "health_check")


def limited_python(folder: Path, limit: str) -> tuple[Path, Path]:
    """A Python under a limit for as long as the second path, a flag, is there."""
    python, flag = folder / "python", folder / "limited"
    python.write_text(f'#!/bin/sh\n[ -e "{flag}" ] && {limit}\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o700)
    flag.touch()
    return python, flag


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("ulimit -n 10", "Stash may open too few files at a time for PlexSync"),
        ("ulimit -n 12", "Stash may open too few files at a time for PlexSync"),
        ("ulimit -v 100000", "Stash gets too little memory for PlexSync"),
        ("ulimit -v 60000", "Stash gets too little memory for PlexSync"),
    ],
)
def test_what_does_not_suffice_is_said_and_the_edit_waits(tmp_path: Path, limit: str, sentence: str) -> None:
    python, flag = limited_python(tmp_path, limit)
    with World(tmp_path, 2, python=str(python)) as world:
        world.edit(1, title="Under a limit", details="d")
        assert world.stash.saves[-1].completed
        wait_until(lambda: not world.drainers(), "the drainer to end")
        said = [_run(world, mode) for mode in MODES]
        # 100 MB may suffice, by what this Python has loaded: then the edit must have arrived.
        if disagreements(world, [1]):
            assert world.open_jobs() == 1
            assert sentence in world.logged() + "".join(said)
        assert "PlexSync is being updated" not in world.logged() + "".join(said)
        assert not any("Traceback" in line.text for line in world.stash.logs)

        flag.unlink()
        world.edit(2, title="Without it", details="d")
        wait_until_in_step(world, [1, 2])


def _run(world: World, mode: str) -> str:
    """Run an operation; returns what it says where it fails."""
    try:
        world.stash.run_operation("PlexSync", mode=mode)
    except ResolverError as error:
        return str(error)
    return ""


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 64 kB, of its own."""
    with small_disk(tmp_path / "small") as folder:
        yield folder


def test_a_full_temporary_folder_is_named_and_edits_go_on(tmp_path: Path, small_folder: Path) -> None:
    with World(tmp_path, 600) as world:
        world.stash.plugins.environment["TMPDIR"] = str(small_folder)
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        message = r"The temporary folder cannot be used \(.*\)\. Make room in it, or name another one"
        with pytest.raises(ResolverError, match=message):
            world.stash.run_operation("PlexSync", mode="compare")
        checks = world.stash.run_operation("PlexSync", mode="health_check")["checks"]
        (samples,) = [check for check in checks if check["name"] == "Sample scenes"]
        assert not samples["ok"]
        assert "The temporary folder cannot be used" in samples["detail"]
        assert list(small_folder.iterdir()) == []
