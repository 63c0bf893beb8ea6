"""An upgrade under load: the files are replaced one by one while edits come in, and whoever works is killed.

Two builds of the zip and an invented step between their formats: see tests/support/next_version.py.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sync_queue.database import open_queue_database
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from tests.faults.fault_world import FaultWorld
from tests.faults.tally import Tally
from tests.support.next_version import (
    NEXT_FORMAT,
    STEP,
    Build,
    Replace,
    as_stash,
    next_version,
    over_each_other,
    slowly,
    this_version,
)
from tests.world import wait_until
from worker.launcher import isolated

SCENES = 6
ENOUGH_EDITS = 6
"""Edits before the files begin to change, and again once the new version is at work."""
PAUSE_BETWEEN_EDITS = 0.1
BETWEEN_KILLS = 3.0
"""Seconds at most: a start takes one on a busy machine, and who is killed before the first job does nothing."""
STEPS_TO_DIE_AT = (
    "migrate:begun",
    *(f"migrate:statement@{number}" for number in range(1, len(STEP) + 1)),
    "migrate:numbered",
)
"""Every step of the migration."""


class UpgradeWorld(FaultWorld):
    """A world with this version's zip installed, and the next one's at hand."""

    def __init__(self, folder: Path) -> None:
        self.old = this_version()
        self.new = next_version(folder / "next version")
        super().__init__(folder, SCENES, install=lambda plugins: self.old.unpack(plugins / "PlexSync"))

    def new_fields(self, scene_id: int) -> dict[str, Any]:
        """Values that no scene had before; a rating has room for 90."""
        return {**super().new_fields(scene_id), "rating100": 10 + self.edits % 90}

    def replace(self, build: Build, way: Replace, seconds_each: float = 0.0) -> None:
        """Put a build in the place of the other one, with a pause after each file."""
        way(self.plugin_folder, self.new if build is self.old else self.old, build, slowly(seconds_each))

    def __enter__(self) -> UpgradeWorld:
        super().__enter__()
        return self

    @contextmanager
    def file(self) -> Iterator[sqlite3.Connection]:
        """The queue's file, of whatever format."""
        with closing(sqlite3.connect(Path(self.data.queue, "plexsync.db"))) as connection:
            yield connection

    def format(self) -> int:
        """The format of the queue's file."""
        with self.file() as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])

    def open_jobs(self) -> int:
        """Jobs that are not done; the queue may be of a format that this version does not open."""
        with self.file() as connection:
            row = connection.execute("SELECT COUNT(*) FROM ack_queue_default WHERE status < 5").fetchone()
        return int(row[0])

    def writes(self) -> int:
        """How often something was written to Plex."""
        return sum(request.method != "GET" for request in self.plex.requests)

    def columns(self, path: str = "") -> set[tuple[str, str]]:
        """(table, column) of everything in the queue's file, or in another one."""
        with closing(sqlite3.connect(path or Path(self.data.queue, "plexsync.db"))) as connection:
            names = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
            ]
            return {(name, row[1]) for name in names for row in connection.execute(f"PRAGMA table_xinfo({name})")}


class Load:
    """Edits by real hooks all the time, one scene after the other, while the block lasts."""

    def __init__(self, world: UpgradeWorld) -> None:
        self.seconds: list[float] = []
        self._world = world
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_more(self, count: int) -> None:
        """Return after so many more edits."""
        enough = len(self.seconds) + count
        wait_until(lambda: len(self.seconds) >= enough, "more edits")

    def _run(self) -> None:
        while not self._over.wait(PAUSE_BETWEEN_EDITS):
            scene_id = len(self.seconds) % SCENES + 1
            self.seconds.append(self._world.change(scene_id))


class Killer:
    """SIGKILLs whatever drainer there is, at random moments, while the block lasts."""

    def __init__(self, world: UpgradeWorld, seed: int, longest_pause: float) -> None:
        self.kills = 0
        self._world = world
        self._random = random.Random(seed)
        self._longest_pause = longest_pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._random.uniform(0.1, self._longest_pause)):
            self.kills += self._world.kill_drainer()


@dataclass(frozen=True)
class Upgrade:
    """What came of one. Times in seconds; `pause` is the longest between two writes to Plex while edits came in."""

    words: str
    tally: Tally
    edits: int
    unheard: int
    kills: int
    replaced_in: float
    pause: float
    longest_save: float

    def row(self) -> str:
        """A line of the table."""
        harm = f"{self.tally.lost} | {self.tally.stuck} | {self.tally.twice}"
        counts = f"{self.edits} | {self.unheard} | {self.kills} | {harm}"
        return f"| {self.words} | {self.replaced_in:.1f} | {counts} | {self.pause:.1f} | {self.longest_save:.1f} |"


HEADING = (
    "| files are | in s | edits | of these, no hook could run | kills | lost | stuck | written twice "
    "| longest time without a write, s | longest save, s |\n" + "| --- " * 10 + "|"
)


def under_load(folder: Path, way: Replace, *, kills: bool = False, seconds_each: float = 0.01) -> Upgrade:
    """Replace the files while edits come in, wait until the new version is at work, and judge."""
    with UpgradeWorld(folder) as world:
        world.change(1)
        wait_until(lambda: world.open_jobs() == 0, "the drainer to be at work")
        runs = len(world.stash.runs)
        with Load(world) as load, Killer(world, seed=1, longest_pause=BETWEEN_KILLS if kills else 3600.0) as killer:
            load.wait_for_more(ENOUGH_EDITS)
            began = time.monotonic()
            world.replace(world.new, way, seconds_each)
            replaced_in = time.monotonic() - began
            wait_until(lambda: world.format() == NEXT_FORMAT, "the migration")
            load.wait_for_more(ENOUGH_EDITS)
        world.change(1)  # whoever was killed last, the next invocation carries on
        tally = world.judge()
        unheard = sum(run.error is not None for run in world.stash.runs[runs:])
        words = "deleted, then written" if way is as_stash else "written over each other"
        return Upgrade(
            words + (", with kills" if kills else ""),
            tally,
            len(load.seconds),
            unheard,
            killer.kills,
            replaced_in,
            _longest_pause(world, began),
            max(load.seconds),
        )


def _longest_pause(world: UpgradeWorld, since: float) -> float:
    writes = [request.time for request in world.plex.requests if request.method == "PUT" and request.time > since]
    return max(later - earlier for earlier, later in pairwise([since, *writes]))


def killed_at_every_step(folder: Path) -> Tally:
    """A drainer and a task of the next version die at each step of its migration; a later drainer gets through it."""
    with UpgradeWorld(folder) as world:
        world.replace(world.new, over_each_other)
        findings = []
        for point in STEPS_TO_DIE_AT:
            world.arm(point)
            world.press("queue_status")
            if world.stash.runs[-1].error != "signal: killed":
                findings.append(f"no task came to {point}")
            world.change(2)
            world.wait_for_the_kill(point)
            if world.format() != 1:
                findings.append(f"after {point} the format is {world.format()}")
        world.disarm()
        world.change(1)
        tally = world.judge()
        if world.format() != NEXT_FORMAT:
            findings.append(f"in the end the format is {world.format()}")
        return tally + Tally(tried=2 * len(STEPS_TO_DIE_AT) - 1, findings=tuple(findings))


COURSES: tuple[tuple[Replace, bool, float], ...] = (
    (as_stash, False, 0.0),
    (as_stash, False, 0.03),
    (as_stash, True, 0.03),
    (over_each_other, False, 0.0),
    (over_each_other, False, 0.03),
    (over_each_other, True, 0.03),
)
"""How the files are replaced, whether drainers are killed, and the seconds between two files."""


MANY_SCENES = 100_000
_MIGRATION = """
import sys, time
sys.path.insert(0, sys.argv[1])
from sync_queue.database import open_queue_database
from sync_queue.generation import Generation
database = open_queue_database(sys.argv[2])
began = time.monotonic()
Generation.begin(database)
print(time.monotonic() - began)
"""


def seconds_to_migrate(folder: Path) -> float:
    """How long the next version's migration takes with the state of MANY_SCENES: so long a save may have to wait."""
    with closing(open_queue_database(str(folder / "queue"))) as database, database.transaction():
        state = SyncState(database, "server")
        for scene_id in range(MANY_SCENES):
            state.save_scene(SceneState(scene_id, 1.0, "2026-11-26T00:00:00Z", (scene_id,)))
        state.save_items(
            ItemState(number, written={"summary": "s" * 300}, files=(f"/media/{number}.mp4",), scene_id=number)
            for number in range(MANY_SCENES)
        )
    plugin = next_version(folder / "next version").unpack(folder / "PlexSync")
    command = isolated(sys.executable, "-c", _MIGRATION, str(plugin), str(folder / "queue"))
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(folder: Path) -> str:
    """The table, and a sentence about a large library."""
    upgrades = (
        under_load(folder / str(number), way, kills=kills, seconds_each=seconds_each)
        for number, (way, kills, seconds_each) in enumerate(COURSES)
    )
    rows = [upgrade.row() for upgrade in upgrades]
    large = (
        f"The same step takes {seconds_to_migrate(folder / 'large'):.1f} s with the state of {MANY_SCENES:,} scenes."
    )
    return "\n".join([HEADING, *rows, "", large]) + "\n"
