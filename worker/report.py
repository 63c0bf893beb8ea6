"""How things stand, as JSON and in words. Writes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stash.exceptions import StashUnavailable
from sync_queue.dlq import DeadLetterQueue
from sync_queue.operations import get_stats
from sync_queue.sync_state import last_synced_at, synced_since
from validation.config import ConfigError
from worker.assembly import Workplace
from worker.circuit_breaker import CircuitBreaker, CircuitState, ReadOnlyStore
from worker.json_file import JsonFile
from worker.lock import ProcessLock
from worker.recovery import Recovery
from worker.version import VERSION

STATUS_FORMAT = 1
"""Version of the object that `queue_status` returns; docs/status.md describes it."""


def queue_status(workplace: Workplace, now: float) -> dict[str, Any]:
    """The state of everything at `now` (seconds since the epoch), as docs/status.md describes it."""
    database = workplace.manager.database
    stats = get_stats(database, now)
    dead_letters = DeadLetterQueue(database)
    midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return {
        "format": STATUS_FORMAT,
        "version": VERSION,
        "pending": stats.pending,
        "waiting_for_retry": stats.waiting_for_retry,
        "next_due_in": None if stats.next_due_at is None else round(stats.next_due_at - now, 1),
        "in_progress": stats.in_progress,
        "done_today": synced_since(database, midnight),
        "last_success_at": last_synced_at(database),
        "dead_letters": dead_letters.get_count(),
        "dead_letters_by_type": dead_letters.get_error_summary(),
        "breaker": _breaker(workplace),
        "drainer": _drainer(workplace),
        "settings_problems": _settings_problems(workplace),
    }


def status_in_words(status: dict[str, Any]) -> list[str]:
    """The same for a person: one line a thing."""
    lines = [
        f"{status['pending']} jobs pending ({status['waiting_for_retry']} of them wait for a retry),"
        f" {status['in_progress']} in progress, {status['done_today']} scenes synced today"
    ]
    if status["next_due_in"] is not None:
        lines.append(f"Next retry in {max(0, round(status['next_due_in']))} seconds")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(status["dead_letters_by_type"].items()))
    lines.append(f"{status['dead_letters']} dead letters" + (f" ({kinds}): they wait for review" if kinds else ""))
    lines.append(_breaker_in_words(status["breaker"]))
    drainer = status["drainer"]
    lines.append(
        f"Drainer: {drainer['activity']} (pid {drainer['pid']})"
        if drainer["alive"]
        else "Drainer: none, none is needed"
    )
    lines += [f"Waiting because: {drainer['blocked']}"] if drainer["blocked"] else []
    lines += [f"Settings: {problem}" for problem in status["settings_problems"]]
    return lines


def _breaker(workplace: Workplace) -> dict[str, Any]:
    folder = workplace.folder
    breaker = CircuitBreaker(store=ReadOnlyStore(JsonFile(folder.breaker).peek() or {}))
    recovery = Recovery(breaker, ReadOnlyStore(JsonFile(folder.recovery).peek() or {}), lambda: 0)
    is_closed = breaker.state is CircuitState.CLOSED
    return {
        "state": breaker.stored_state.value,
        "since": breaker.opened_at or None,
        "cause": breaker.cause,
        "next_probe_in": None if is_closed else round(recovery.seconds_to_probe(), 1),
    }


def _breaker_in_words(breaker: dict[str, Any]) -> str:
    if breaker["state"] == CircuitState.CLOSED.value:
        return "Circuit breaker: closed, Plex was well at the last sync"
    since = datetime.fromtimestamp(breaker["since"]).strftime("%Y-%m-%d %H:%M:%S") if breaker["since"] else "?"
    return (
        f"Circuit breaker: {breaker['state']} since {since}: {breaker['cause']}."
        f" Recovery test in {round(breaker['next_probe_in'])} seconds"
    )


def _drainer(workplace: Workplace) -> dict[str, Any]:
    alive = ProcessLock(workplace.folder.drain_lock).is_held_elsewhere()
    stored = (JsonFile(workplace.folder.status).peek() or {}) if alive else {}
    return {
        "alive": alive,
        "pid": stored.get("pid"),
        "started_at": stored.get("started_at"),
        "activity": stored.get("activity", "starting" if alive else ""),
        "blocked": stored.get("blocked", ""),
    }


def _settings_problems(workplace: Workplace) -> list[str]:
    try:
        workplace.sessions.read_settings()
    except ConfigError as error:
        return list(error.problems)
    except StashUnavailable as error:
        return [str(error)]
    return []
