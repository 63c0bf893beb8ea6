"""A whole world to try the plugin in: a simulated Stash with the plugin installed, a simulated Plex, what they share.

Used by the end-to-end tests, the demo and the benchmarks. The plugin runs as Stash runs it: a fresh process a call.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.views.counts import QueueStats, get_stats
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_items import Item
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_library import Scene
from tools.dist import plugin_files
from worker.data_folder import DataFolder

PROJECT = Path(__file__).resolve().parent.parent
STASH_ROOT = "/data"
PLEX_ROOT = "/media/movies"
TOKEN = "plex-token-5f1e"
PATIENCE = 60.0
"""Seconds after which a test gives up waiting for something that should take one or two."""


def install_plugin(plugins: Path) -> Path:
    """Copy the plugin's files into `plugins`/PlexSync, as unpacking its zip would; returns that folder."""
    folder = plugins / "PlexSync"
    for name in plugin_files(PROJECT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    return folder


def wait_until(condition: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> None:
    """Return once the condition holds; fail after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience:.0f} seconds: {what or condition}")
        time.sleep(0.02)


def _wait_until_dead(process: psutil.Process) -> None:
    """Wait until a killed process holds no lock any more; it may stay a zombie that nobody reaps yet.

    The files of a process stay open until the last of its threads is gone, which may be a moment after it shows as a
    zombie. Raises psutil.NoSuchProcess where it is gone without a trace.
    """

    def is_dead() -> bool:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1

    wait_until(lambda: not process.is_running() or is_dead(), "the drainer's death")


def _started_processes() -> list[psutil.Process]:
    """All processes, none of them in the moment between exec and its own command line: that one would be missed."""
    for _ in range(100):  # whoever has no command line after a second has none at all
        # Otherwise psutil takes a drainer for the earlier process that had its number, and refuses to kill it.
        psutil.process_iter.cache_clear()
        found = list(psutil.process_iter(["cmdline", "exe"]))
        if all(each.info["cmdline"] or not each.info["exe"] for each in found):
            break
        time.sleep(0.01)
    return found


class World:
    """Stash with the plugin, Plex, and `scenes` scenes that are files in both.

    Scene number n (from 1) is /data/studio-s/scene-n.mp4 in Stash and /media/movies/studio-s/scene-n.mp4 in Plex.
    """

    def __init__(
        self,
        folder: Path,
        scenes: int = 0,
        *,
        idle_seconds: float = 1.0,
        python: str = sys.executable,
        plex: PlexSimulator | None = None,
        install: Callable[[Path], Path] = install_plugin,
        stash: type[StashSimulator] = StashSimulator,
        **settings: Any,
    ) -> None:
        self.plugin_folder = install(folder / "plugins")
        self.data = DataFolder(str(self.plugin_folder / "data"))
        self.plex = plex or PlexSimulator(token=TOKEN)
        self.stash = stash(folder / "plugins", python)
        self.stash.plugins.environment["PLEXSYNC_IDLE_SECONDS"] = str(idle_seconds)
        self._settings = settings
        self.section = self.plex.add_section("Movies", locations=[PLEX_ROOT])
        self.stash.library.roots = [STASH_ROOT]
        self.keys: dict[int, int] = {}
        for _ in range(scenes):
            self.add_scene()

    def __enter__(self) -> World:
        self.plex.start()
        self.stash.start()
        defaults = {"plex_url": self.plex.url, "plex_token": self.plex.token, "poll_interval": 0.1}
        self.stash.configure_plugin("PlexSync", **{**defaults, **self._settings})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_drainer()
        self.stash.stop()
        self.plex.stop()

    # --- content

    def add_scene(self, **fields: Any) -> int:
        """Add a scene that both know; returns its id."""
        number = len(self.keys) + 1
        tail = f"studio-{number % 7}/scene-{number}.mp4"
        scene = self.stash.add_scene(f"{STASH_ROOT}/{tail}", **fields)
        self.keys[scene.id] = self.plex.add_item(self.section, f"{PLEX_ROOT}/{tail}", title=f"scene-{number}")
        return scene.id

    def scene(self, scene_id: int) -> Scene:
        """The scene in Stash."""
        return self.stash.scene(scene_id)

    def item(self, scene_id: int) -> Item:
        """The scene's item in Plex."""
        return self.plex.item(self.keys[scene_id])

    def edit(self, scene_id: int, **fields: Any) -> float:
        """Save a scene as a user does; returns the seconds that the save took."""
        return self.stash.save_scene(scene_id, **fields).seconds

    # --- looking

    def queue(self) -> QueueStats:
        """The queue's counts."""
        database = open_queue_database(self.data.queue)
        try:
            return get_stats(database, time.time())
        finally:
            database.close()

    def dead_letters(self) -> DeadLetterQueue:
        """The dead letters."""
        return DeadLetterQueue(open_queue_database(self.data.queue))

    def open_jobs(self) -> int:
        """Jobs that are not done."""
        if not os.path.exists(os.path.join(self.data.queue, "plexsync.db")):
            return 0
        stats = self.queue()
        return stats.pending + stats.in_progress

    def retries_counted(self) -> int:
        """The sum of all pending jobs' retry counts."""
        with sqlite3.connect(os.path.join(self.data.queue, "plexsync.db")) as connection:
            row = connection.execute(
                "SELECT SUM(json_extract(CAST(data AS TEXT), '$.retry_count')) FROM ack_queue_default WHERE status < 5"
            ).fetchone()
        return int(row[0] or 0)

    def drainer_is_alive(self) -> bool:
        """Whether a drainer holds the lock."""
        return os.path.exists(self.data.drain_lock) and ProcessLock(self.data.drain_lock).is_held_elsewhere()

    def drainers(self) -> list[psutil.Process]:
        """The drainer processes of this world."""
        mine = str(self.plugin_folder / "PlexSync.py")
        processes = _started_processes()
        return [each for each in processes if {mine, "--drainer"} <= set(each.info["cmdline"] or ())]

    def kill_drainer(self) -> int:
        """SIGKILL every drainer of this world; returns how many there were."""
        drainers = self.drainers()
        for process in drainers:
            try:
                process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
                _wait_until_dead(process)
            except psutil.NoSuchProcess:
                continue
        return len(drainers)

    def wait_until_drained(self, patience: float = PATIENCE) -> None:
        """Wait until no job is open."""
        wait_until(lambda: self.open_jobs() == 0, "the queue to drain", patience)

    def logged(self) -> str:
        """The drainer's log and what Stash logged, as one text."""
        lines = [f"{line.level}: {line.text}" for line in self.stash.logs]
        if os.path.exists(self.data.log):
            lines.append(Path(self.data.log).read_text(encoding="utf-8"))
        return "\n".join(lines)
