"""What waiting costs, and how an outage ends: jobs in backoff, and a Plex that is down for 75 seconds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sync_queue.database import open_queue_database
from sync_queue.enqueue import new_job_data, serialize
from tests.benchmarks.report import Row, Table, at_most
from tests.world import World, wait_until

WAITING = 10_000
EDITS = 50
OUTAGE = 75.0
SETTLE = 5.0
"""Seconds for the drainers to come to rest before their time is taken."""
LONGEST_RECOVERY = 180.0
CPU_BAR = 1.0
POLL_INTERVAL = 1.0
LONG = 600.0
"""Seconds until the waiting jobs are due: the longest backoff that there is, and longer than this takes."""
_INSERT = "INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, 1)"
TEXT = (
    f"Three drainers at the same time: one with {WAITING:,} jobs that wait for a retry; one with as many, whose Plex "
    f"refuses connections for {OUTAGE:.0f} s while {EDITS} scenes are saved; and one without work, which is the "
    "reference. Load is user and system time of the process per wall time, in percent of a core, with the default "
    f"poll_interval of {POLL_INTERVAL:g} s. Then Plex is back, and the edits have to arrive without anybody's help. "
    "The drainer looks for Plex after 5, 10, 20, 40, 60, 60 … seconds and then starts slowly, so the last edit comes"
    " some time after Plex."
)


@dataclass(frozen=True)
class Recovery:
    """What became of the edits; `seconds` from Plex's return to the last of them."""

    lost: int
    dead_letters: int
    retries: int
    seconds: float


def measure(folder: Path) -> Table:
    """The table of waiting and outage."""
    with _world(folder / "idle") as idle, _world(folder / "backoff") as backoff, _world(folder / "down") as down:
        for world in (idle, backoff, down):
            _settle(world)
        _add_waiting_jobs(backoff)
        _add_waiting_jobs(down)
        refused_at = time.monotonic()
        down.plex.refuse()
        _save_all(down)
        time.sleep(SETTLE)
        loads = _loads([idle, backoff, down], until=refused_at + OUTAGE)
        recovery = _recover(down)
    return Table("outage", "Waiting, and an outage", TEXT, _rows(loads, recovery))


def _world(folder: Path) -> World:
    return World(folder, EDITS + 1, idle_seconds=600.0, poll_interval=POLL_INTERVAL)


def _settle(world: World) -> None:
    """Have a drainer run that has nothing to do."""
    for scene_id in world.keys:
        world.stash.library.change_scene(scene_id, details="So that there is something to sync.")
    world.edit(EDITS + 1, title="The drainer starts")
    world.wait_until_drained()


def _add_waiting_jobs(world: World) -> None:
    """Jobs of scenes that nobody touches, all due when this is over."""
    now = time.time()
    waiting = {"retry_count": 1, "next_retry_at": now + LONG, "last_error_type": "PlexNotFound"}
    jobs = (new_job_data(number, ("title",), "benchmark", now) for number in range(1_000, 1_000 + WAITING))
    database = open_queue_database(world.data.queue)
    try:
        with database.transaction():
            database.execute_many(_INSERT, [(serialize({**job, **waiting}), now) for job in jobs])
    finally:
        database.close()


def _save_all(world: World) -> None:
    for scene_id in range(1, EDITS + 1):
        world.edit(scene_id, title=f"Saved {scene_id}")


def _loads(worlds: list[World], until: float) -> list[float]:
    """Percent of a core that each world's drainer uses from now to `until` (monotonic seconds)."""
    drainers = [world.drainers()[0] for world in worlds]
    began = time.monotonic()
    before = [sum(drainer.cpu_times()[:2]) for drainer in drainers]
    time.sleep(until - began)
    used = [sum(drainer.cpu_times()[:2]) - start for drainer, start in zip(drainers, before, strict=True)]
    return [100 * seconds / (time.monotonic() - began) for seconds in used]


def _recover(world: World) -> Recovery:
    world.plex.accept()
    back_at = time.monotonic()
    with suppress(AssertionError):  # what has not arrived by then is counted as lost
        wait_until(lambda: not _missing(world), "the edits of the outage", LONGEST_RECOVERY)
    seconds = time.monotonic() - back_at
    return Recovery(_missing(world), world.dead_letters().get_count(), world.retries_counted() - WAITING, seconds)


def _missing(world: World) -> int:
    return sum(world.item(scene_id).title != f"Saved {scene_id}" for scene_id in range(1, EDITS + 1))


def _rows(loads: list[float], recovery: Recovery) -> tuple[Row, ...]:
    idle, backoff, down = loads
    during = f"{EDITS} edits saved while Plex is down"
    return (
        _load_row(f"{WAITING:,} jobs in backoff", backoff, idle),
        _load_row(f"Plex down, {WAITING + EDITS:,} jobs waiting", down, idle),
        Row(f"{during}: lost", str(recovery.lost), bar=at_most(recovery.lost, 0)),
        Row(
            "… dead letters",
            str(recovery.dead_letters),
            bar=at_most(recovery.dead_letters, 0),
            nearest="an edit saved then is one",
        ),
        Row("… retries counted", str(recovery.retries), bar=at_most(recovery.retries, 0)),
        Row(
            "… from Plex's return to the last edit",
            f"{recovery.seconds:.0f} s",
            f"outage: {OUTAGE:.0f} s",
            f"{recovery.seconds / OUTAGE:.2f}",
        ),
    )


def _load_row(what: str, load: float, idle: float) -> Row:
    ratio = f"{load / idle:.1f}" if idle else ""
    return Row(what, f"{load:.2f} %", f"idle: {idle:.2f} %", ratio, at_most(load, CPU_BAR, " %"))
