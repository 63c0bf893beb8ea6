"""How long a save waits for the hook: the whole process, as Stash starts it, beside a bare interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue_many
from sync_queue.views.job_list import discard_waiting, pending_jobs
from tests.benchmarks.report import Row, Table, at_most
from tests.benchmarks.timing import MILLISECONDS, Sample, in_turns, seconds_of
from tests.world import World, wait_until
from worker.launcher import isolated, start_drainer
from worker.packages.requirements import packages_folder

ROUNDS = 50
MANY = 10_000
RUNNING_BAR = 3.0
STARTING_BAR = 4.0
IMPORTS = "import sqlite3, json"
"""What no hook can do without: a queue in SQLite, and stdin in JSON."""
IMPORTS_BAR = 1.3
IMPORTS_BAR_IN_VENV = 1.5
NEAREST = "340 to 550 ms, ratio 29"
TEXT = (
    "Wall time of the hook's process, with its stdin given and its stdout and stderr read to the end, as Stash does,"
    " beside `python3 -c pass` of the same interpreter, started the same way. The drainer is a real one that holds "
    "the lock and is paused, so that it does not compete for a core; where the hook has to start one, that is killed"
    " before the next turn. Each hook adds a row to the queue. The reference is the bare interpreter; a ratio is the"
    " median of the pairs' ratios. Two more rows have another reference: the same interpreter that imports what no "
    "hook can do without, and the same hook started without `-I`. Without a virtual environment both sides also pay "
    "for whatever that installation loads at its start."
)


class HookBench:
    """A world whose drainer is paused, with one interpreter for everything."""

    def __init__(self, world: World, python: str) -> None:
        self._world = world
        self._python = python
        self._script = str(world.plugin_folder / "PlexSync.py")
        self._environment = {**os.environ, "PYTHONPATH": str(world.plugin_folder.parent)}
        self._next_scene = MANY

    def bare(self) -> float:
        """Seconds of a bare interpreter."""
        return seconds_of(lambda: self._run([self._python, "-c", "pass"], b""))

    def imports(self) -> float:
        """Seconds of an interpreter that imports what no hook can do without."""
        return seconds_of(lambda: self._run(isolated(self._python, "-c", IMPORTS), b""))

    def hook(self, field: str = "title") -> float:
        """Seconds of a hook for a scene that is not in the queue yet, of which `field` was edited."""
        return self._hook(isolated(self._python, self._script), field)

    def hook_not_isolated(self) -> float:
        """The same, started without `-I`."""
        return self._hook([self._python, self._script], "title")

    def hook_that_starts_a_drainer(self) -> float:
        """The same where nobody holds the lock."""
        seconds = self.hook()
        # For an instant between its fork and its exec a process has no command line to be known by.
        wait_until(lambda: self._world.kill_drainer() > 0, "the hook's drainer to show up")
        wait_until(lambda: not self._world.drainer_is_alive(), "the lock to be free")
        return seconds

    def fill_queue(self, rows: int) -> None:
        """Leave so many rows in the queue."""
        database = open_queue_database(self._world.data.queue)
        try:
            discard_waiting(database, pending_jobs(database), time.time())
            enqueue_many(database, range(1, rows + 1), "benchmark", time.time())
        finally:
            database.close()

    @contextmanager
    def drainer(self) -> Iterator[None]:
        """A drainer that runs and is paused."""
        start_drainer(self._script, self._world.stash.server_connection())
        status = Path(self._world.data.status)
        wait_until(lambda: status.exists() and "paused" in status.read_text(encoding="utf-8"), "the drainer to pause")
        try:
            yield
        finally:
            self._world.kill_drainer()
            status.unlink()

    def _hook(self, command: list[str], field: str) -> float:
        self._next_scene += 1
        stdin = self._stdin(self._next_scene, field)
        return seconds_of(lambda: self._run(command, stdin))

    def _stdin(self, scene_id: int, field: str) -> bytes:
        connection = {**self._world.stash.server_connection(), "PluginDir": str(self._world.plugin_folder)}
        scene_input = {"id": str(scene_id), field: "1", "details": None, "tag_ids": None}
        context = {"id": scene_id, "type": "Scene.Update.Post", "input": scene_input, "inputFields": ["id", field]}
        return json.dumps({"server_connection": connection, "args": {"hookContext": context}}).encode()

    def _run(self, command: list[str], stdin: bytes) -> None:
        result = subprocess.run(command, input=stdin, capture_output=True, env=self._environment, check=True)
        if stdin and result.stdout != b'{"output": "ok"}\n':
            raise AssertionError(f"the hook answered {result.stdout!r}")


def measure(folder: Path) -> Table:
    """The table of the hook."""
    is_venv = sys.prefix != sys.base_prefix
    rows = _rows(folder / "current", sys.executable, "", IMPORTS_BAR_IN_VENV if is_venv else IMPORTS_BAR)
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if is_venv:
        rows += _rows(folder / "base", base, ", without a virtual environment", IMPORTS_BAR)
    return Table("hook", "A save's wait: the hook", TEXT, tuple(rows))


def _rows(folder: Path, python: str, suffix: str, imports_bar: float) -> list[Row]:
    with World(folder, python=python, idle_seconds=300.0, paused=True) as world:
        # So that the drainer finds its packages under the bare interpreter too; the hook does not look there.
        world.data.create()
        os.mkdir(world.data.dependencies)
        packages = packages_folder(world.data.dependencies, str(world.plugin_folder / "requirements.lock"))
        os.symlink(sysconfig.get_path("purelib"), packages, target_is_directory=True)
        bench = HookBench(world, python)
        bench.fill_queue(1)
        rows = []
        with bench.drainer():
            bare = ("bare", bench.bare)
            rows.append(_row(f"ignored (a play count){suffix}", bare, lambda: bench.hook("play_count")))
            for waiting in (0, MANY):
                bench.fill_queue(waiting)
                what = f"drainer running, {waiting:,} rows waiting{suffix}"
                rows.append(_row(what, bare, bench.hook, RUNNING_BAR, NEAREST))
            running = f"drainer running{suffix}"
            rows.append(_row(running, (f"`{IMPORTS}`", bench.imports), bench.hook, imports_bar))
            rows.append(_row(running, ("without `-I`", bench.hook_not_isolated), bench.hook))
        for waiting in (0, MANY):
            bench.fill_queue(waiting)
            what = f"has to start a drainer, {waiting:,} rows waiting{suffix}"
            rows.append(_row(what, bare, bench.hook_that_starts_a_drainer, STARTING_BAR))
        return rows


def _row(
    what: str,
    reference: tuple[str, Callable[[], float]],
    hook: Callable[[], float],
    bar: float | None = None,
    nearest: str = "",
) -> Row:
    name, beside = reference
    in_turns(3, beside, hook)  # compiled files and caches are warm from here on
    other, whole = in_turns(ROUNDS, beside, hook)
    ratios = whole.ratios(other)
    return Row(
        what,
        _shown(whole),
        f"{name}: {_shown(other)}",
        ratios.shown(decimals=2),
        at_most(ratios.median, bar) if bar else None,
        nearest,
    )


def _shown(seconds: Sample) -> str:
    return seconds.shown("ms", MILLISECONDS)
