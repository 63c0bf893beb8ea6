"""The lock between processes, with real processes: held, let go of by any kind of end, inherited by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from storage.lock import ProcessLock

PROJECT = Path(__file__).resolve().parents[3]
HOLD = """
import sys
from storage.lock import ProcessLock
lock = ProcessLock(sys.argv[1])
print("held" if lock.acquire() else "refused", flush=True)
for command in sys.stdin:
    if command == "release\\n":
        lock.release()
        print("released", flush=True)
    elif command == "child\\n":
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "input()"], close_fds=False)
        print(child.pid, flush=True)
    elif command == "raise\\n":
        raise SystemExit(1)
"""


class Holder:
    """A process that takes the lock, or is refused, and then does as it is told."""

    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, path], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.answer = self._read()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, command: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._read()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "drain.lock")


@pytest.fixture
def hold(path: str) -> Iterator[Callable[[], Holder]]:
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(Holder(path))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.communicate()


def test_one_process_has_it(path: str, hold: Callable[[], Holder]) -> None:
    lock = ProcessLock(path)
    assert not lock.is_held_elsewhere()
    assert hold().answer == "held"
    assert lock.is_held_elsewhere()
    assert not lock.acquire()
    assert hold().answer == "refused"


def test_it_can_be_let_go_of(path: str, hold: Callable[[], Holder]) -> None:
    holder = hold()
    holder.tell("release")
    lock = ProcessLock(path)
    assert not lock.is_held_elsewhere()
    assert lock.acquire()
    assert hold().answer == "refused"
    lock.release()
    lock.release()
    assert hold().answer == "held"


@pytest.mark.parametrize("end", ["kill", "raise", "close"])
def test_its_holders_end_lets_go_of_it(path: str, hold: Callable[[], Holder], end: str) -> None:
    holder = hold()
    if end == "kill":
        holder.kill()
    elif end == "raise":
        holder.tell("raise")
        holder.process.wait()
    else:
        holder.process.communicate()
    lock = ProcessLock(path)
    assert not lock.is_held_elsewhere()
    assert lock.acquire()
    lock.release()


def test_a_child_does_not_inherit_it(path: str, hold: Callable[[], Holder]) -> None:
    """The child waits at the standard input that it shares with its parent, and so outlives it."""
    holder = hold()
    child = int(holder.tell("child"))
    holder.kill()
    lock = ProcessLock(path)
    assert lock.acquire()
    assert psutil.pid_exists(child)
    lock.release()


def test_the_holder_does_not_see_it_held_elsewhere(path: str) -> None:
    lock = ProcessLock(path)
    assert lock.acquire()
    assert not lock.is_held_elsewhere()
    lock.release()


def test_another_lock_object_of_the_same_process_is_refused(path: str) -> None:
    lock, other = ProcessLock(path), ProcessLock(path)
    assert lock.acquire()
    assert other.is_held_elsewhere()
    assert not other.acquire()
    lock.release()
    assert other.acquire()
    other.release()


def test_a_look_within_the_holders_process_does_not_let_go_of_it(path: str, hold: Callable[[], Holder]) -> None:
    """POSIX drops a process's locks on a file when any of its descriptors on it is closed; SQLite works around that."""
    lock = ProcessLock(path)
    assert lock.acquire()
    assert ProcessLock(path).is_held_elsewhere()
    assert hold().answer == "refused"
    lock.release()


def test_looks_keep_nobody_from_taking_it(path: str) -> None:
    looking = threading.Event()
    looks = 0

    def look() -> None:
        nonlocal looks
        while not looking.is_set():
            ProcessLock(path).is_held_elsewhere()
            looks += 1

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    taken: list[bool] = []
    while len(taken) < 30 or looks < 30:
        lock = ProcessLock(path)
        taken.append(lock.acquire())
        lock.release()
    looking.set()
    for watcher in watchers:
        watcher.join()
    assert all(taken)


def test_of_many_that_want_it_at_once_one_gets_it(path: str) -> None:
    at_once = threading.Barrier(8)
    locks = [ProcessLock(path) for _ in range(8)]
    taken: list[bool] = []
    all_tried = threading.Barrier(8)

    def take(lock: ProcessLock) -> None:
        at_once.wait()
        taken.append(lock.acquire())
        all_tried.wait()
        lock.release()

    threads = [threading.Thread(target=take, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_the_file_stays_empty(path: str) -> None:
    lock = ProcessLock(path)
    lock.acquire()
    lock.release()
    assert os.path.getsize(path) == 0


@pytest.mark.parametrize("size", [1, 99, 100, 4096, 10_000])
def test_noise_in_the_file_keeps_nobody_from_it(path: str, size: int) -> None:
    Path(path).write_bytes(b"\xa5" * size)
    assert not ProcessLock(path).is_held_elsewhere()
    lock = ProcessLock(path)
    assert lock.acquire()
    assert ProcessLock(path).is_held_elsewhere()
    assert not ProcessLock(path).acquire()
    lock.release()


def test_noise_does_not_hide_a_holder(path: str) -> None:
    lock = ProcessLock(path)
    assert lock.acquire()
    with open(path, "r+b") as file:
        file.write(b"\xa5" * 5000)
    assert ProcessLock(path).is_held_elsewhere()
    assert not ProcessLock(path).acquire()
    lock.release()


def test_a_folder_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unable to open database file"):
        ProcessLock(str(tmp_path / "missing" / "drain.lock")).acquire()


def test_whoever_is_patient_gets_the_lock_once_it_is_let_go(tmp_path: Path) -> None:
    holder, waiter = ProcessLock(str(tmp_path / "a.lock")), ProcessLock(str(tmp_path / "a.lock"))
    assert holder.acquire()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            holder.release()

    assert waiter.acquire_within(10.0, wait, look_every=0.5)
    assert waits == [0.5] * 3
    waiter.release()


def test_patience_ends(tmp_path: Path) -> None:
    holder, waiter = ProcessLock(str(tmp_path / "a.lock")), ProcessLock(str(tmp_path / "a.lock"))
    assert holder.acquire()
    waits: list[float] = []
    assert not waiter.acquire_within(1.0, waits.append, look_every=0.25)
    assert sum(waits) == 1.0
    holder.release()
