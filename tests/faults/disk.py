"""A disk that is full, and a data folder that cannot be written to: saves go on, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.json_file import JsonFile
from tests.faults.damage import with_the_lock_held
from tests.faults.fault_world import FaultWorld
from tests.faults.tally import Tally
from tests.simulators.faults import hang
from tests.support.small_disk import fill
from tests.world import wait_until
from worker.base.own_words import own_words
from worker.base.storage_advice import MAKE_ROOM, MAKE_WRITABLE
from worker.drain import full_disk

DISK_BYTES = 3_000_000
"""Enough for the files of some scenes."""
NEXT_STEPS = ("Is the disk full or the folder read-only?", MAKE_ROOM, MAKE_WRITABLE)
"""What a person is told to look at."""
ACKNOWLEDGED, REFUSED, NEXT = 2, 3, 4
"""The scenes edited before, during and after the fault."""


class CannotBeDone(Exception):
    """This machine, or this user, has no way to make such a disk."""


@dataclass
class Disk:
    """Where the data folder is; `spoil` makes it unusable and `fix` usable again."""

    world: FaultWorld
    spoil: Callable[[], object]
    fix: Callable[[], object]


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of DISK_BYTES that another file fills; for root. Raises CannotBeDone."""
    with _mounted(folder) as world:
        filler = Path(world.data.root, "somebody-elses.file")
        yield Disk(world, lambda: fill(filler), filler.unlink)


@contextmanager
def read_only_disk(folder: Path) -> Iterator[Disk]:
    """A disk that turns read-only, as one with errors does; for root. Raises CannotBeDone."""
    with _mounted(folder) as world:

        def remount(option: str) -> None:
            world.kill_drainer()
            subprocess.run(["mount", "-o", f"remount,{option}", world.data.root], check=True)  # noqa: S607 - root's PATH

        yield Disk(world, lambda: remount("ro"), lambda: remount("rw"))


@contextmanager
def limited_files(folder: Path) -> Iterator[Disk]:
    """Processes that cannot make any file longer, as by a quota; for any user. Raises CannotBeDone."""
    if os.name != "posix":
        raise CannotBeDone("ulimit is POSIX's")
    flag, python = folder / "limited", folder / "python"
    python.write_text(f'#!/bin/sh\n[ -e "{flag}" ] && ulimit -f 0\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o700)
    with FaultWorld(folder, python=str(python)) as world:
        yield Disk(world, flag.touch, flag.unlink)


@contextmanager
def forbidden_folder(folder: Path) -> Iterator[Disk]:
    """A data folder that belongs to somebody else; for any user but root. Raises CannotBeDone."""
    if os.name != "posix" or os.geteuid() == 0:
        raise CannotBeDone("root may write anywhere")
    with FaultWorld(folder) as world:

        def allow(is_allowed: bool) -> None:
            world.kill_drainer()
            for path in (Path(world.data.root), *Path(world.data.root).rglob("*")):
                mode = path.stat().st_mode
                path.chmod(mode | stat.S_IWUSR if is_allowed else mode & ~stat.S_IWUSR)

        yield Disk(world, lambda: allow(False), lambda: allow(True))


@contextmanager
def _mounted(folder: Path) -> Iterator[FaultWorld]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or sys.platform != "linux":
        raise CannotBeDone("only root can mount a disk, and only on Linux is it done so")
    world = FaultWorld(folder)
    os.makedirs(world.data.root)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", world.data.root]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise CannotBeDone("this machine lets nobody mount a disk")
    try:
        with world:
            yield world
    finally:
        subprocess.run(["umount", "--lazy", world.data.root], check=True)  # noqa: S607 - root's PATH


def edits_around(disk: Disk) -> Tally:
    """One edit waits when the fault begins, one is saved during it, and one comes afterwards."""
    world = disk.world
    with_the_lock_held(world, lambda: world.change(ACKNOWLEDGED))
    disk.spoil()
    world.change(REFUSED)
    findings = tuple(_misbehaviour_of_the_save(world))
    disk.fix()
    world.change(NEXT)
    return world.judge() + Tally(findings=findings)


def a_task_during(disk: Disk) -> Tally:
    """Somebody presses *Sync All Scenes* while the fault lasts."""
    world = disk.world
    with_the_lock_held(world, lambda: world.change(ACKNOWLEDGED))
    disk.spoil()
    world.press("all")
    run = world.stash.runs[-1]
    disk.fix()
    world.change(NEXT)
    # A full disk may have room in files that are there already: then the task does its work.
    is_clear = not run.output["waiting"] if run.error is None else any(step in run.error for step in NEXT_STEPS)
    return world.judge() + Tally(findings=() if is_clear else (f"no clear error: {run}",))


def in_mid_drain(disk: Disk) -> Tally:
    """The fault begins while a write is on its way to Plex."""
    world = disk.world
    held = world.plex.inject(hang(), times=1, method="PUT")
    for scene_id in (ACKNOWLEDGED, REFUSED):
        world.change(scene_id)
    wait_until(lambda: held.hits == 1, "a write on its way")
    disk.spoil()
    held.remove()
    wait_until(lambda: _has_no_room(world) or world.open_jobs() == 0, "the drainer to notice")
    disk.fix()
    world.change(NEXT)
    return world.judge()


def _has_no_room(world: FaultWorld) -> bool:
    """Whether the page is told that the drainer waits for room, or nobody drains."""
    shown = JsonFile(world.data.live_status).peek() or {}
    return not world.drainers() or own_words(full_disk.REASON) == shown.get("drainer", {}).get("blocked")


def _misbehaviour_of_the_save(world: FaultWorld) -> Iterator[str]:
    """What was wrong with the save that could not be noted."""
    if not world.stash.saves[-1].completed:
        yield "the save in Stash failed"
    run = world.stash.runs[-1]
    if run.error is not None and not any(step in run.error for step in NEXT_STEPS):
        yield f"no clear error: {run.error}"
    if run.error is None and run.output != "ok":
        yield f"neither an error nor ok: {run.output}"


Course = Callable[[Disk], Tally]
DISKS = {"full": small_disk, "a quota": limited_files, "read-only": read_only_disk, "forbidden": forbidden_folder}
COURSES: dict[str, tuple[Course, ...]] = {
    "full": (edits_around, a_task_during, in_mid_drain),
    "a quota": (edits_around, a_task_during),
    "read-only": (edits_around, a_task_during),
    "forbidden": (edits_around, a_task_during),
}


def run(kind: str, course: Course, folder: Path) -> Tally:
    """One course over one kind of disk. Raises CannotBeDone."""
    with DISKS[kind](folder) as disk:
        return course(disk).about(f"{kind} {course.__name__}")
