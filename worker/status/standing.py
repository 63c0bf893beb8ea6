"""How things stand, as docs/operations.md says of live/status.json. Light; read from disk, and writes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from storage.database import Database
from storage.json_file import JsonFile, stored_number
from storage.lock import ProcessLock
from sync_queue.views.counts import count_dead_letters, count_waiting_for_scan, get_stats, last_synced_at, synced_since
from worker.base.known_settings import read_known_settings
from worker.circuit_breaker import CircuitBreaker, ReadOnlyStore
from worker.data_folder import DataFolder
from worker.outage.ramp import DURATION
from worker.outage.stored_gate import StoredGate
from worker.reconcile.due import next_reconcile_at
from worker.status.progress import Doing, WaitingFor
from worker.version import VERSION

FORMAT = 1
"""Version of the live files and of what docs/operations.md describes."""
PACKAGES_MISSING = (
    "PlexSync could not fetch the Python packages that it needs. Run Test Plex Connection under Settings > Tasks to try"
    " again now. It says what failed, and how to install them by hand."
)
"""Why jobs wait without packages. The failure itself names folders, which are no business of the live files."""
FOLDER_REFUSED = (
    "PlexSync does not use its data folder, because other users can look into it. Run Test Plex Connection under "
    "Settings > Tasks. It says what to do."
)
"""Why jobs wait in such a folder. What to do names it."""
ENDED_BY_ERROR = (
    "PlexSync ended by an error. The jobs are kept, and the next edit or task tries again. See Log for the reason."
)
"""Why jobs wait after a drainer that failed. The error itself may name anything."""
_LONGEST_STEP = 60.0
"""Seconds of which `synced_per_minute` tells."""


class Drain(NamedTuple):
    """The running drain: scenes done since `started_at` (seconds since the epoch), all that it had and has to do."""

    started_at: float
    done: int
    total: int


class DrainerState(NamedTuple):
    """Who works on the queue, as that process says itself; without any, see `nobody`."""

    alive: bool = False
    started_at: float | None = None
    doing: str = ""
    blocked: str = ""
    drain: Drain | None = None


def live_status(folder: DataFolder, database: Database, now: float, drainer: DrainerState) -> dict[str, Any]:
    """The keys of live/status.json, but for `written_at` and `believe_until`. `now`: seconds since the epoch."""
    stats = get_stats(database, now)
    known = read_known_settings(folder.known_settings)
    midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    in_scan = count_waiting_for_scan(database, now)
    doing = drainer.doing
    if doing == Doing.RETRY.value and 0 < stats.pending == in_scan:
        doing = Doing.SCAN.value
    gate = stored_gate(folder, now)
    return {
        "format": FORMAT,
        "version": VERSION,
        "paused": known.paused,
        "pending": stats.pending,
        "in_progress": stats.in_progress,
        "waiting_for_retry": stats.waiting_for_retry,
        "waiting_for_scan": in_scan,
        "dead_letters": count_dead_letters(database),
        "done_today": synced_since(database, midnight),
        "synced_per_minute": synced_since(database, now - _LONGEST_STEP),
        "last_success_at": last_synced_at(database),
        "next_due_at": stats.next_due_at,
        "next_reconcile_at": next_reconcile_at(folder.reconcile, known.reconcile_interval, known.read_at),
        "settings_problem_count": len(known.problems),
        "token_ends_at": known.token_ends_at,
        "drain": drainer.drain._asdict() if drainer.drain else None,
        "ramp": _ramp(gate),
        "breaker": _breaker(gate),
        "drainer": {
            "alive": drainer.alive,
            "started_at": drainer.started_at,
            "doing": doing,
            "blocked": drainer.blocked,
        },
    }


def stored_gate(folder: DataFolder, now: float) -> StoredGate:
    """The gate as it is on disk, at `now` (seconds since the epoch); nothing that is done to it is kept."""

    def clock() -> float:
        return now

    breaker = CircuitBreaker(store=ReadOnlyStore(JsonFile(folder.breaker).peek() or {}), clock=clock)
    return StoredGate(breaker, JsonFile(folder.probe_schedule).peek() or {}, clock)


def stored_drainer(folder: DataFolder, *, is_plex_well: bool, has_jobs: bool) -> tuple[DrainerState, dict[str, Any]]:
    """Who works on the queue now, and what that process published of itself, {} where nobody does.

    The breaker is on disk at once, what the drainer says of itself up to a second later: where they disagree, it goes
    on already.
    """
    if not ProcessLock(folder.drain_lock).is_held_elsewhere():
        return nobody(folder), {}
    stored = JsonFile(folder.status).peek() or {}
    if is_plex_well and stored.get("waiting_for") == WaitingFor.PLEX.value:
        doing = Doing.SYNCING if has_jobs else Doing.IDLE
        stored = {**stored, "activity": doing.value, "doing": doing.value, "waiting_for": None, "blocked": ""}
    drain = stored.get("drain")
    state = DrainerState(
        alive=True,
        started_at=stored_number(stored.get("started_at")) or None,
        doing=str(stored.get("doing") or Doing.STARTING.value),
        blocked=str(stored.get("blocked") or ""),
        drain=Drain(*drain) if isinstance(drain, list) and len(drain) == len(Drain._fields) else None,
    )
    return state, stored


def nobody(folder: DataFolder) -> DrainerState:
    """The state where nobody works on the queue; where only a person can change that, it says so.

    So it does where the last drainer could not work, with that one's reason.
    """
    if JsonFile(folder.install_failure).peek():
        return DrainerState(doing=Doing.PACKAGES.value, blocked=PACKAGES_MISSING)
    blocked = str((JsonFile(folder.status).peek() or {}).get("blocked") or "")
    are_usable = read_known_settings(folder.known_settings).are_usable
    return DrainerState(doing="" if are_usable else Doing.SETTINGS.value, blocked=blocked)


def _breaker(gate: StoredGate) -> dict[str, Any]:
    breaker = gate.breaker
    is_closed = gate.is_closed()
    return {
        "state": breaker.stored_state.value,
        "since": breaker.opened_at or None,
        "cause": breaker.cause,
        "reason": gate.fault.value,
        "next_probe_at": None if is_closed else gate.next_probe_at(),
    }


def _ramp(gate: StoredGate) -> dict[str, Any] | None:
    ramp = gate.ramp
    if not gate.is_closed() or not ramp.is_active:
        return None
    # Whole jobs: the rate itself is another one at each look.
    return {"per_second": float(round(ramp.rate())), "until": ramp.began_at + DURATION}
