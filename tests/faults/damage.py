"""Each file of the data folder cut short, emptied, filled with noise or deleted, between one drainer and the next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from storage.json_file import JsonFile
from storage.lock import ProcessLock
from tests.faults.fault_world import FaultWorld
from tests.faults.tally import Tally

QUEUE = "queue/plexsync.db"
STATE_FILES = (
    "catch_up.json",
    "circuit_breaker_state.json",
    "device_id.json",
    "drainer_status.json",
    "outage_history.json",
    "plex_index.db",
    "plexsync.log",
    "queue/drain.lock",
    "probe_schedule.json",
    "write_test.json",
)
REPLACED_SILENTLY = frozenset({"drainer_status.json", "plexsync.log", "queue/drain.lock"})
"""What is of no matter once nobody drains."""
JOURNALS = (f"{QUEUE}-wal", f"{QUEUE}-shm")
UNHEARD, WAITING, NEXT = 2, 3, 4
"""The scene that no hook told of, the one whose job waits when the damage is done, and the next one that is edited."""

Damage = Callable[[Path], object]


def truncate(path: Path) -> None:
    """Cut the file to half its size, as a full disk or a power cut does."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def truncate_a_little(path: Path) -> None:
    """Cut the last bytes off."""
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    """Leave nothing but the name."""
    path.write_bytes(b"")


def fill_with_noise(path: Path) -> None:
    """Replace every byte."""
    path.write_bytes(random.Random(len(path.name)).randbytes(max(100, path.stat().st_size)))


def spoil_the_middle(path: Path) -> None:
    """Replace all but the beginning and the end, so that the file still looks like what it was."""
    content = path.read_bytes()
    size = len(content)
    noise = random.Random(size).randbytes(size)
    begin, end = min(4096, size // 3), size - size // 3
    path.write_bytes(content[:begin] + noise[begin:end] + content[end:])


def delete(path: Path) -> None:
    """Somebody tidied up."""
    path.unlink()


REPEATED_PICTURES = ("written again: thumb", "written again: art")
KINDS: tuple[Damage, ...] = (truncate, truncate_a_little, empty, fill_with_noise, spoil_the_middle, delete)


@dataclass(frozen=True)
class DamageCase:
    """One file and what is done to it."""

    name: str
    damage: Damage

    @property
    def words(self) -> str:
        """The case in words."""
        return f"{self.name} {self.damage.__name__}"

    @property
    def must_be_said(self) -> bool:
        """Whether somebody should look at it.

        SQLite takes an empty file for a new one, checks journals itself, and repairs a file's end from its journal.
        """
        is_database = self.name.endswith(".db")
        unseen = (delete, empty, truncate_a_little) if is_database else (delete,)
        return self.damage not in unseen and self.name not in (*REPLACED_SILENTLY, *JOURNALS)

    @property
    def takes_records_along(self) -> bool:
        """Whether what was committed last is gone with the file.

        A picture that was sent just before is then sent once more: to ask Plex for the one it shows before each upload
        would cost a request a picture.
        """
        return self.name.endswith("-wal")

    def run(self, folder: Path) -> Tally:
        """Have an edit waiting and another unheard of, damage the file, edit a third scene, and look."""
        with FaultWorld(folder) as world:
            leave_an_outage_behind(world)
            world.change_unheard(UNHEARD)
            with_the_lock_held(world, lambda: world.change(WAITING))
            self.damage(Path(world.data.root, self.name))
            world.change(NEXT)
            tally = world.judge()
            if self.takes_records_along:
                repeats = tuple(finding for finding in tally.findings if finding.startswith(REPEATED_PICTURES))
                tally = replace(tally, findings=tuple(each for each in tally.findings if each not in repeats))
            tally += Tally(findings=tuple(self._misbehaviour(world)))
        return tally.about(self.words)

    def _misbehaviour(self, world: FaultWorld) -> Iterator[str]:
        yield from (f"a save's hook failed: {run.error}" for run in world.stash.runs if run.error)
        if self.must_be_said and "was set aside as" not in world.logged():
            yield "it was not said"
        if self.must_be_said and not list(Path(world.data.root).glob(f"{self.name}.corrupt-*")):
            yield "it was not set aside"


def leave_an_outage_behind(world: FaultWorld) -> None:
    """So that every state file exists."""
    world.plex.refuse()
    world.change(1)
    world.wait_for_log("Circuit breaker opened")
    world.plex.accept()
    world.wait_until_drained()
    world.kill_drainer()
    # Of a test of writing that was cut short, on a server that is not asked any more: nothing of it is put back here.
    JsonFile(world.data.write_test).save({"another server": {"item": {}, "began_at": time.time()}})


def with_the_lock_held(world: FaultWorld, act: Callable[[], object]) -> None:
    """Do something that starts no drainer."""
    lock = ProcessLock(world.data.drain_lock)
    assert lock.acquire()
    try:
        act()
    finally:
        lock.release()


def damage_cases(kinds: tuple[Damage, ...] = KINDS) -> list[DamageCase]:
    """Every file with some kinds of damage; the queue's file with all of them."""
    others = [DamageCase(name, kind) for name in (*STATE_FILES, *JOURNALS) for kind in kinds]
    return [DamageCase(QUEUE, kind) for kind in KINDS] + others
