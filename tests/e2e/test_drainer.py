"""The drainer as a process: it outlives its hook, goes when nothing is left to do, and strands no job."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from stash.hook import RELEVANT_FIELDS
from storage.database import Database
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue
from tests.simulators.faults import hang, slow
from tests.support.agreement import disagreements, wait_until_in_step, wait_until_logged
from tests.support.at_once import at_once
from tests.world import World, wait_until

IDLE = 0.5
"""Idle seconds after which the drainers of these tests end."""
on_posix = pytest.mark.skipif(not hasattr(os, "getsid"), reason="sessions and signals are POSIX's")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def the_drainer(world: World) -> psutil.Process:
    """The one drainer of a world, once there is one."""
    wait_until(lambda: world.drainer_is_alive() and len(world.drainers()) == 1, "one drainer")
    return world.drainers()[0]


def wait_until_gone(world: World) -> None:
    """Wait until no drainer is left."""
    wait_until(lambda: not world.drainers(), "the drainer to end")


@on_posix
def test_the_drainer_is_detached_from_its_hook(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=60.0) as world:
        world.edit(1, title="Title", details="d")
        drainer = the_drainer(world)
        assert os.getsid(drainer.pid) == drainer.pid
        assert drainer.ppid() != os.getpid()
        assert world.stash.plugins.pids() == ()
        wait_until_in_step(world, [1])


@on_linux
def test_the_drainer_holds_nothing_open_of_its_hook(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=60.0) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        descriptors = Path("/proc", str(the_drainer(world).pid), "fd")
        targets = {int(each.name): str(each.readlink()) for each in descriptors.iterdir()}
        assert (targets[1], targets[2]) == (os.devnull, os.devnull)
        assert [target for number, target in targets.items() if number > 0 and target.startswith("pipe:")] == []


def test_the_drainer_goes_when_it_had_nothing_to_do_for_a_while(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=IDLE) as world:
        for scene_id in (1, 2):
            world.edit(scene_id, title="Title", details="d")
            wait_until_in_step(world, [scene_id])
            wait_until_gone(world)
            assert not world.drainer_is_alive()
        wait_until_logged(world, "Drainer ends")


def test_a_drainer_serves_later_edits_too(tmp_path: Path) -> None:
    with World(tmp_path, scenes=5, idle_seconds=60.0) as world:
        pids = set()
        for scene_id in range(1, 6):
            world.edit(scene_id, title="Title", details="d")
            wait_until_in_step(world, [scene_id])
            pids.add(the_drainer(world).pid)
        assert len(pids) == 1


def test_an_idle_drainer_asks_plex_nothing_and_stash_only_whether_it_is_wanted(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=60.0) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        time.sleep(1.0)  # for what a drainer does once, when it first has nothing to do
        world.plex.reset_log()
        world.stash.reset_log()
        time.sleep(1.0)  # nothing may happen, so there is nothing to wait for
        assert len(world.plex.requests) == 0
        assert len(world.stash.requests) == world.stash.count_operations("plugins") <= 1


def send_signal(process: psutil.Process, number: int) -> None:
    """Send a signal to a process, unless it has ended already."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def insert_as_a_hook_does(database: Database, world: World, scene_id: int) -> None:
    """What a hook does that sees the lock held: insert the row, and rely on the holder."""
    enqueue(database, scene_id, sorted(RELEVANT_FIELDS), "hook", time.time())
    assert world.drainer_is_alive()


def test_a_job_inserted_while_the_drainer_is_ending_is_not_stranded(tmp_path: Path) -> None:
    """The worker saw an empty queue and ended; its process holds the lock still, held up while it posts its log."""
    with World(tmp_path, scenes=2, idle_seconds=IDLE) as world:
        world.stash.save_without_hook(2, title="Came late", details="d")
        world.edit(1, title="Title", details="d")
        database = open_queue_database(world.data.queue)
        world.wait_until_drained()
        with database.transaction():
            time.sleep(IDLE + 0.5)  # the worker only reads while it idles, so it comes to its end meanwhile
            insert_as_a_hook_does(database, world, 2)
        database.close()
        wait_until_in_step(world, [1, 2])


def test_the_lock_is_held_until_the_batch_in_hand_is_done_though_the_main_thread_ends(tmp_path: Path) -> None:
    """The status cannot be written any more, which ends the main thread; the worker waits for a reply meanwhile."""
    with World(tmp_path, scenes=1, idle_seconds=60.0) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        wait_until(lambda: JsonFile(world.data.status).load().get("done") == 1, "the status to be written")
        os.unlink(world.data.status)
        os.mkdir(world.data.status)
        # Longer than the second after which the main thread looks at the worker again (TICK).
        slow_write = world.plex.inject(slow(2.5), times=1, method="PUT")
        world.edit(1, title="In hand when the main thread ends")
        wait_until(lambda: not world.drainer_is_alive(), "the lock to be free")
        assert (slow_write.hits, world.queue().in_progress) == (1, 0)
        assert world.item(1).title == "In hand when the main thread ends"
        assert "The drainer ended by an error" in world.logged()


@on_posix
@pytest.mark.parametrize("moment", range(12))
def test_a_job_inserted_at_any_moment_of_the_drainers_end_is_not_stranded(tmp_path: Path, moment: int) -> None:
    """The drainer is stopped at some moment around its end, and goes on once the row is there."""
    with World(tmp_path, scenes=2, idle_seconds=IDLE) as world:
        world.stash.save_without_hook(2, title="Came late", details="d")
        world.edit(1, title="Title", details="d")
        drainer = the_drainer(world)
        world.wait_until_drained()
        time.sleep(IDLE - 0.02 + moment * 0.005)
        send_signal(drainer, signal.SIGSTOP)
        # It may have been stopped in the middle of a transaction, for which the hook would wait in vain.
        goes_on = threading.Timer(0.3, send_signal, (drainer, signal.SIGCONT))
        goes_on.start()
        world.edit(2, details="Edited while the drainer stood still")
        goes_on.join()
        assert world.stash.runs[-1].output == "ok"
        wait_until_in_step(world, [1, 2])


def test_a_hook_starts_no_drainer_while_the_lock_is_held_and_one_once_it_is_free(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        world.data.create()
        lock = ProcessLock(world.data.drain_lock)
        assert lock.acquire()
        world.edit(1, title="Waits", details="d")
        assert not world.drainers()
        lock.release()
        world.edit(2, title="Wakes", details="d")
        wait_until_in_step(world, [1, 2])


SIGNS_OF_LIFE: dict[str, Callable[[World], object]] = {
    "an edit that Plex is not concerned with": lambda world: world.edit(2, organized=True),
    "a look at the status": lambda world: world.stash.run_operation("PlexSync", mode="queue_status"),
    "the outage report": lambda world: world.stash.run_operation("PlexSync", mode="outage_report"),
    "a task that fails": lambda world: world.stash.run_task("PlexSync", mode="undo_scene"),
}


@pytest.mark.parametrize("sign", SIGNS_OF_LIFE.values(), ids=SIGNS_OF_LIFE)
def test_what_was_left_waiting_goes_on_with_any_sign_of_life(tmp_path: Path, sign: Callable[[World], object]) -> None:
    """A task that was stopped, or a machine that was switched off, leaves jobs and nobody who works on them."""
    with World(tmp_path, scenes=2) as world:
        world.stash.save_without_hook(1, title="Left waiting", details="d")
        database = open_queue_database(world.data.queue)
        enqueue(database, 1, ["title"], "hook", time.time())
        database.close()
        sign(world)
        wait_until_in_step(world, [1])


def test_each_line_of_the_drainer_reaches_stashs_log_once(tmp_path: Path) -> None:
    with World(tmp_path, scenes=40, idle_seconds=60.0) as world:
        for scene_id in range(1, 21):
            world.edit(scene_id, title=f"Row {scene_id}", details="d")
        world.wait_until_drained()
        # Hooks that come at the same instant must not pass on the same line.
        at_once(lambda number: world.edit(21 + number, title=f"Row {21 + number}", details="d"), 10)
        wait_until_in_step(world, range(1, 31))
        wait_until(lambda: all_passed_on(world), "all lines to be passed on")
        assert passed_on(world) == Counter(drainer_lines(world))


def drainer_lines(world: World) -> list[str]:
    """The messages in the drainer's log file, without time, level and name."""
    lines = Path(world.data.log).read_text(encoding="utf-8").splitlines()
    return [line.split(": ", 1)[1] for line in lines]


def passed_on(world: World) -> Counter[str]:
    """How often each message of the drainer stands in Stash's log."""
    shown = Counter(line.text for line in world.stash.logs if line.plugin)
    return Counter({message: shown[message] for message in drainer_lines(world)})


def all_passed_on(world: World) -> bool:
    """Fetch what is there, as every invocation does, and say whether that was all."""
    world.stash.run_operation("PlexSync", mode="queue_status")
    return min(passed_on(world).values()) >= 1


def lose_queue(world: World, fate: str = "deleted") -> None:
    """Damage or delete the queue's files under whoever has them open."""
    for path in Path(world.data.queue).glob("plexsync.db*"):
        if fate == "damaged":
            path.write_bytes(b"X" * path.stat().st_size)
        else:
            path.unlink()


@on_posix
@pytest.mark.parametrize("fate", ["damaged", "deleted"])
def test_an_edit_arrives_whose_hook_made_a_new_queue_under_a_living_drainer(tmp_path: Path, fate: str) -> None:
    """The hook sees the lock held and relies on its holder, which has the old file open."""
    with World(tmp_path, scenes=2, idle_seconds=600.0) as world:
        world.edit(1, title="Before", details="d")
        wait_until_in_step(world, [1])
        lose_queue(world, fate)
        world.edit(2, title="After", details="d")
        wait_until_in_step(world, [2])


@on_posix
def test_nor_does_it_wait_for_the_retries_of_the_old_one(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, idle_seconds=600.0) as world:
        unknown_to_plex = world.stash.add_scene("/data/elsewhere/unknown.mp4").id
        world.edit(unknown_to_plex, title="Waits", details="d")
        wait_until_logged(world, "next try in")
        lose_queue(world)
        world.edit(1, title="After", details="d")
        wait_until(lambda: disagreements(world, [1]) == [], "the edit to arrive")


@on_posix
def test_nor_is_it_stranded_under_a_task(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=600.0, paused=True) as world:
        world.edit(1, title="Before", details="d")
        world.kill_drainer()
        world.stash.library.plugin_settings["PlexSync"]["paused"] = False
        held = world.plex.inject(hang(), times=1, method="PUT")
        task = threading.Thread(target=world.stash.run_operation, args=("PlexSync",), kwargs={"mode": "process_queue"})
        task.start()
        wait_until(lambda: held.hits == 1, "the task to be in the middle of a write")
        lose_queue(world)
        world.edit(2, title="After", details="d")
        held.remove()
        wait_until_in_step(world, [1, 2])
        task.join()
