"""How things stand, as JSON and in words. Writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from stash.exceptions import StashUnavailable
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.dlq import DeadLetterQueue
from sync_queue.operations import get_stats
from sync_queue.sync_state import last_synced_at, synced_since
from sync_queue.waiting_files import count_waiting
from validation.problems import ConfigError, replaced_in_words
from worker.base.words import counted, duration, moment
from worker.circuit_breaker import CircuitBreaker, CircuitState, ReadOnlyStore
from worker.drain.parts import Workplace
from worker.drain.progress import WaitingFor
from worker.outage.gate import Gate
from worker.outage.history import OutageHistory, summarize
from worker.tasks.token_end import token_end_in_words
from worker.version import VERSION

LAST_OUTAGES = 3
STATUS_FORMAT = 1
"""Version of the object that `queue_status` returns; docs/status.md describes it."""


def queue_status(workplace: Workplace, now: float) -> dict[str, Any]:
    """The state of everything at `now` (seconds since the epoch), as docs/status.md describes it."""
    database = workplace.manager.database
    stats = get_stats(database, now)
    dead_letters = DeadLetterQueue(database)
    breaker = _breaker(workplace)
    has_jobs = stats.pending + stats.in_progress > 0
    midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    return {
        "format": STATUS_FORMAT,
        "version": VERSION,
        "pending": stats.pending,
        "waiting_for_retry": stats.waiting_for_retry,
        "waiting_for_plex_scan": count_waiting(database),
        "next_due_in": None if stats.next_due_at is None else round(stats.next_due_at - now, 1),
        "in_progress": stats.in_progress,
        "done_today": synced_since(database, midnight),
        "last_success_at": last_synced_at(database),
        "dead_letters": dead_letters.get_count(),
        "dead_letters_by_type": dead_letters.get_error_summary(),
        "breaker": breaker,
        "drainer": _drainer(workplace, breaker, has_jobs),
        "settings_problems": _settings_problems(workplace),
        "synced_per_minute": synced_since(database, now - 60.0),
        "last_catch_up_at": (JsonFile(workplace.folder.catch_up).peek() or {}).get("looked_until"),
        "last_outages": report_outages(workplace, now)["outages"][-LAST_OUTAGES:],
    }


def status_in_words(status: dict[str, Any]) -> list[str]:
    """The same for a person: one line a thing."""
    waiting = counted(status["pending"], "job")
    lines = [
        f"PlexSync {status['version']}: {waiting} pending ({status['waiting_for_retry']} of them waiting for a retry),"
        f" {status['in_progress']} in progress"
    ]
    if status["waiting_for_plex_scan"]:
        missing = counted(status["waiting_for_plex_scan"], "scene")
        lines.append(f"{missing} will go on as soon as Plex has scanned their files")
    if status["next_due_in"] is not None:
        lines.append(f"Next retry in {counted(max(0, round(status['next_due_in'])), 'second')}")
    lines.append(_success_in_words(status))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(status["dead_letters_by_type"].items()))
    review = f" ({kinds}): View Failed Jobs shows them" if kinds else ""
    lines.append(counted(status["dead_letters"], "dead letter") + review)
    lines.append(_breaker_in_words(status["breaker"], status["last_success_at"] is not None))
    lines += [f"Last outage: {_outage_in_words(outage)}" for outage in status["last_outages"][-1:]]
    lines.append(_drainer_in_words(status))
    lines += [f"Waiting because: {reason}" for reason in [status["drainer"]["blocked"]] if reason]
    return lines


def problems_in_words(status: dict[str, Any]) -> list[str]:
    """What is wrong with the settings, for a person: one line a setting."""
    return [f"Settings: {problem}" for problem in status["settings_problems"]]


def _success_in_words(status: dict[str, Any]) -> str:
    last = f", the last one {moment(status['last_success_at'])}" if status["last_success_at"] else ""
    rate = f" ({status['synced_per_minute']} within the last minute)" if status["synced_per_minute"] else ""
    looked = status["last_catch_up_at"]
    catch_up = f". Edits without a hook are known up to {moment(looked)}" if looked else ""
    return f"{counted(status['done_today'], 'scene')} synced today{rate}{last}{catch_up}"


def _drainer_in_words(status: dict[str, Any]) -> str:
    drainer = status["drainer"]
    if drainer["alive"]:
        since = f", since {moment(drainer['started_at'])}" if drainer["started_at"] else ""
        process = f" (pid {drainer['pid']}{since})" if drainer["pid"] else ""
        return f"Drainer: {drainer['activity']}{process}"
    is_needed = status["pending"] + status["in_progress"] > 0
    return "Drainer: " + ("none yet: one is being started" if is_needed else "none, none is needed")


def report_outages(workplace: Workplace, now: float) -> dict[str, Any]:
    """Every outage on record, oldest first, and figures over them; see docs/status.md."""
    history = OutageHistory(ReadOnlyStore(JsonFile(workplace.folder.outages).peek() or {}))
    current = history.current
    return {
        "outages": [{**asdict(outage), "seconds": round(outage.duration(now), 1)} for outage in history.outages],
        "current": asdict(current) if current else None,
        **asdict(summarize(history.outages, now)),
    }


def outages_in_words(report: dict[str, Any]) -> list[str]:
    """The same for a person: one line an outage, newest last, then the figures."""
    lines = [_outage_in_words(outage) for outage in report["outages"]]
    if not lines:
        return ["No outage is on record"]
    figures = [f"{counted(report['count'], 'outage')} on record"]
    if report["mttr"] is not None:
        figures.append(f"mean time to recovery {duration(report['mttr'])}")
    if report["mtbf"] is not None:
        figures.append(f"mean time between them {duration(report['mtbf'])}")
    if report["availability"] is not None:
        figures.append(f"Plex was available {report['availability']:.2%} of the time since the first")
    return [*lines, ", ".join(figures)]


def _outage_in_words(outage: dict[str, Any]) -> str:
    started = moment(outage["started_at"])
    if outage["ended_at"] is None:
        return f"{started}: for {duration(outage['seconds'])} so far: {outage['cause']}"
    done = f"{counted(outage['jobs_waiting'], 'job')} waited, {outage['jobs_done_after']} done since"
    return f"{started}: {duration(outage['seconds'])}, {done}: {outage['cause']}"


def _breaker(workplace: Workplace) -> dict[str, Any]:
    folder = workplace.folder
    breaker = CircuitBreaker(store=ReadOnlyStore(JsonFile(folder.breaker).peek() or {}))
    gate = Gate(breaker, ReadOnlyStore(JsonFile(folder.probe_schedule).peek() or {}), lambda: 0)
    is_closed = breaker.state is CircuitState.CLOSED
    return {
        "state": breaker.stored_state.value,
        "since": breaker.opened_at or None,
        "cause": breaker.cause,
        "next_probe_in": None if is_closed else round(gate.seconds_to_probe(), 1),
    }


def _breaker_in_words(breaker: dict[str, Any], has_synced: bool) -> str:
    if breaker["state"] == CircuitState.CLOSED.value:
        past = "Plex was well at the last sync" if has_synced else "nothing was synced yet"
        return f"Circuit breaker: closed, {past}"
    since = moment(breaker["since"]) if breaker["since"] else "an unknown time"
    return (
        f"Circuit breaker: {breaker['state']} since {since}: {breaker['cause']}"
        f" (recovery test in {counted(round(breaker['next_probe_in']), 'second')})"
    )


def _drainer(workplace: Workplace, breaker: dict[str, Any], has_jobs: bool) -> dict[str, Any]:
    """The drainer as it says itself, once a second."""
    alive = ProcessLock(workplace.folder.drain_lock).is_held_elsewhere()
    stored = (JsonFile(workplace.folder.status).peek() or {}) if alive else {}
    if breaker["state"] == CircuitState.CLOSED.value and stored.get("waiting_for") == WaitingFor.PLEX.value:
        # The breaker is on disk at once: the drainer goes on already, and says so within a second.
        stored = {**stored, "activity": "syncing" if has_jobs else "idle", "waiting_for": None, "blocked": ""}
    return {
        "alive": alive,
        "pid": stored.get("pid"),
        "started_at": stored.get("started_at"),
        "activity": stored.get("activity", "starting" if alive else ""),
        "waiting_for": stored.get("waiting_for"),
        "blocked": stored.get("blocked", ""),
    }


def _settings_problems(workplace: Workplace) -> list[str]:
    try:
        config = workplace.contexts.read_settings()
        end = token_end_in_words(config)
        return [*map(replaced_in_words, config.replaced), *([end] if end else [])]
    except ConfigError as error:
        return list(map(str, error.problems))
    except StashUnavailable as error:
        return [str(error)]
