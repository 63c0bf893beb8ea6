"""A year of edits, rebuilds, stops and kills on a fake clock: what is on disk at its start and at its end.

One process with a worker of its own, real SQLite and real HTTP. Each night the drainer is killed. What only a real kill
leaves behind (half a file, a folder in the system's temporary one) is laid there by hand.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storage.json_file import JsonFile
from sync_queue.relay import post_lines
from tests.support.workbench import Workbench
from worker.data_folder import TEMPORARY_PREFIX
from worker.tasks.backup import write_backup
from worker.upkeep.tidy_files import DAY

DAYS = 365
REBUILD_EVERY = 45
"""Days: eight rebuilds of Plex's library in a year, each of which gives every file another rating key."""
REPLACE_EVERY = 30
"""Days after which a tenth of the scenes is deleted in Stash, with their files, and as many come."""
MISHAP_EVERY = 3
"""Days after which something is left behind: a damaged state file, half a file, a folder, a backup."""
TABLES = ("scene_state", "item_state", "missing", "dead_letters", "ack_queue_default", "log_relay")


@dataclass(frozen=True)
class OnDisk:
    """What there is at one moment: bytes by kind of file, rows by table, files in all."""

    bytes: dict[str, int]
    rows: dict[str, int]
    files: int


@dataclass
class Year:
    """What was done, what is on disk by day, and how many scenes Plex shows wrongly in the end."""

    edits: int = 0
    rebuilds: int = 0
    kills: int = 0
    wrong: int = 0
    by_day: dict[int, OnDisk] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """A table in Markdown: what there is in bytes, then in rows, on the days that were looked at."""
        days = list(self.by_day.values())
        kinds = sorted({kind for day in days for kind in day.bytes})
        rows = [(f"bytes: {kind}", [f"{day.bytes.get(kind, 0):,}" for day in days]) for kind in kinds]
        rows += [(f"rows: `{table}`", [f"{day.rows[table]:,}" for day in days]) for table in TABLES]
        rows.append(("files", [f"{day.files:,}" for day in days]))
        head = " | ".join(["on disk", *(f"day {day}" for day in self.by_day)])
        rule = " | ".join(["---"] * (len(days) + 1))
        return [f"| {head} |", f"| {rule} |", *(f"| {what} | {' | '.join(figures)} |" for what, figures in rows)]


class World:
    """The year as it goes on; `scenes` scenes at any time."""

    def __init__(self, bench: Workbench, scenes: int, temporary: Path) -> None:
        self._bench = bench
        self._scenes = scenes
        self._temporary = temporary
        self._random = random.Random(2026)
        self._begin = bench.clock.now
        self._dated: dict[str, int] = {}
        self._day = 0
        self.year = Year()

    def live_a_day(self, day: int, edits: int) -> None:
        """One day: edits, now and then a change of the world, a mishap, and a kill in the night."""
        bench = self._bench
        bench.clock.now = max(bench.clock.now, self._begin + day * DAY)
        self._change_the_world(day)
        living = list(bench.stash.library.scenes)
        for number in range(edits):
            scene_id = self._random.choice(living)
            bench.edit(scene_id, title=f"Title {day}.{number}", details=f"Summary {day}")
        self.year.edits += edits
        bench.drain()
        bench.run_for(60)  # what is done while nothing is due
        if self._is_past(MISHAP_EVERY, day):
            self._leave_behind(day)
        self._day = day
        self._date_files()
        bench.restart()
        self.year.kills += 1
        bench.plex.reset_log()
        bench.stash.reset_log()

    def look(self, day: int) -> None:
        """Note what is on disk."""
        sizes: dict[str, int] = {}
        paths = [path for path in self._files() if path.is_file()]
        for path in paths:
            kind = _kind(path)
            sizes[kind] = sizes.get(kind, 0) + path.stat().st_size
        rows = {table: self._count(table) for table in TABLES}
        self.year.by_day[day] = OnDisk(sizes, rows, len(paths))

    def _count(self, table: str) -> int:
        row = self._bench.database.one(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - one of TABLES
        return int(row[0]) if row else 0

    def _change_the_world(self, day: int) -> None:
        if self._is_past(REPLACE_EVERY, day):
            for scene_id in list(self._bench.keys)[: max(1, self._scenes // 10)]:
                self._bench.stash.library.remove_scene(scene_id)
                self._bench.plex.remove_item(self._bench.keys.pop(scene_id))
            while len(self._bench.keys) < self._scenes:
                self._add_scene()
        if self._is_past(REBUILD_EVERY, day):
            for scene_id, key in list(self._bench.keys.items()):
                self._bench.plex.remove_item(key)
                self._bench.add_item(scene_id)
            self.year.rebuilds += 1

    def _is_past(self, interval: int, day: int) -> bool:
        """Whether a multiple of so many days has come since the last day that was lived."""
        return day // interval > self._day // interval

    def _add_scene(self) -> None:
        bench = self._bench
        number = max(bench.stash.library.scenes) + 1
        scene = bench.stash.add_scene(f"/data/scene-{number}.mp4", title=f"Title {number}", details="New")
        assert scene.id == number
        bench.add_item(number)

    def _leave_behind(self, day: int) -> None:
        folder, now = self._bench.folder, self._bench.clock.now
        write_backup(folder, "pending-queue", [{"scene_id": n, "title": "x" * 50} for n in range(200)], now)
        mark = Path(folder.catch_up)
        content = mark.read_text(encoding="utf-8")
        mark.write_text("damaged", encoding="utf-8")
        JsonFile(folder.catch_up, self._bench.clock).load()  # sets it aside
        mark.write_text(content, encoding="utf-8")
        Path(folder.root, f"outage_history.json.{day:08}").write_text("{" * 1000, encoding="utf-8")
        copy = self._temporary / f"{TEMPORARY_PREFIX}{day}"
        copy.mkdir()
        (copy / "plex_index.db").write_bytes(bytes(20_000))
        post_lines(self._bench.database, [("info", f"line {n} of day {day}") for n in range(200)])

    def _date_files(self) -> None:
        """Have the clock of the year on every file that was written since the last look, instead of the real one."""
        now = int(self._bench.clock.now)
        for path in self._files():
            if not path.exists() or self._dated.get(str(path)) == path.stat().st_mtime_ns:
                continue
            os.utime(path, (now, now))
            self._dated[str(path)] = path.stat().st_mtime_ns

    def _files(self) -> list[Path]:
        return [*Path(self._bench.folder.root).rglob("*"), *self._temporary.rglob("*"), *self._temporary.iterdir()]


def _kind(path: Path) -> str:
    if ".corrupt-" in path.name:
        return "files set aside"
    if path.parent.name.startswith(TEMPORARY_PREFIX):
        return "in the temporary folder"
    if path.parent.name in ("backups", "reports"):
        return path.parent.name
    if path.name.startswith(("plexsync.db", "plex_index.db")):
        return f"`{path.name.split('-')[0]}` with its journal"
    return "small state files"


def live_a_year(folder: Path, scenes: int, edits: int, looks: Sequence[int], every: int = 1) -> Year:
    """Live each `every`th day of a year, with `edits` edits in all, and look at the disk on the days of `looks`."""
    temporary = folder / "temporary"
    temporary.mkdir()
    bench = Workbench(folder, scenes, skip_fields="poster, background", reconcile_interval="weekly")
    with _temporary_folder(temporary), bench:
        bench.enqueue(*bench.keys)
        world = World(bench, scenes, temporary)
        for day in range(every, DAYS + 1, every):
            world.live_a_day(day, edits * day // DAYS - edits * (day - every) // DAYS)
            if day in looks:
                world.look(day)
        bench.enqueue(*bench.keys)
        bench.drain()
        world.year.wrong = sum(not bench.shows(scene_id) for scene_id in bench.keys)
        return world.year


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
