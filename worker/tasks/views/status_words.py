"""How things stand, for a person: in Stash's log."""

from __future__ import annotations

import logging
from typing import Any

from sync_queue.views.counts import NOT_FOUND
from worker.base.words import counted, duration, local_time
from worker.circuit_breaker import CircuitState

logger = logging.getLogger(__name__)


def tell_status(status: dict[str, Any]) -> None:
    """Log what `queue_status` answers."""
    for line in status_in_words(status):
        logger.info("%s", line)
    for line in problems_in_words(status):
        logger.error("%s", line)


def tell_outages(report: dict[str, Any]) -> None:
    """Log what `outage_report` answers."""
    for line in outages_in_words(report):
        logger.info("%s", line)


def status_in_words(status: dict[str, Any]) -> list[str]:
    """The same for a person: one line a thing."""
    waiting = counted(status["pending"], "job")
    lines = [
        f"PlexSync {status['version']}: {waiting} pending ({status['waiting_for_retry']} of them waiting for a retry),"
        f" {status['in_progress']} in progress"
    ]
    missing = status["waiting_for_scan"] + status["dead_letters_by_type"].get(NOT_FOUND, 0)
    if missing:
        lines.append(f"{counted(missing, 'scene')} will go on as soon as Plex has scanned their files")
    if status["next_due_in"] is not None:
        lines.append(f"Next retry in {counted(max(0, round(status['next_due_in'])), 'second')}")
    lines.append(_success_in_words(status))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(status["dead_letters_by_type"].items()))
    review = f" ({kinds}). View Failed Jobs shows them" if kinds else ""
    lines.append(counted(status["dead_letters"], "dead letter") + review)
    lines.append(_breaker_in_words(status["breaker"], status["last_success_at"] is not None))
    lines += [f"Last outage on {_outage_in_words(outage)}" for outage in status["last_outages"][-1:]]
    lines.append(_drainer_in_words(status))
    lines += [f"Waiting because: {reason}" for reason in [status["drainer"]["blocked"]] if reason]
    return lines


def problems_in_words(status: dict[str, Any]) -> list[str]:
    """What is wrong with the settings, for a person: one line a setting."""
    return [f"Settings: {problem}" for problem in status["settings_problems"]]


def _success_in_words(status: dict[str, Any]) -> str:
    last = f", the last one {local_time(status['last_success_at'])}" if status["last_success_at"] else ""
    rate = f" ({status['synced_per_minute']} within the last minute)" if status["synced_per_minute"] else ""
    looked = status["last_catch_up_at"]
    catch_up = f". Edits without a hook are known up to {local_time(looked)}" if looked else ""
    return f"{counted(status['done_today'], 'scene')} synced today{rate}{last}{catch_up}"


def _drainer_in_words(status: dict[str, Any]) -> str:
    drainer = status["drainer"]
    if drainer["alive"]:
        since = f", since {local_time(drainer['started_at'])}" if drainer["started_at"] else ""
        process = f" (pid {drainer['pid']}{since})" if drainer["pid"] else ""
        return f"Drainer: {drainer['activity']}{process}"
    is_needed = status["pending"] + status["in_progress"] > 0
    return "Drainer: " + ("none yet, one is being started" if is_needed else "none, none is needed")


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
    started = local_time(outage["started_at"])
    if outage["ended_at"] is None:
        waiting = f"{counted(outage['jobs_waiting'], 'job')} waiting"
        return f"{started}, for {duration(outage['seconds'])} so far ({waiting}): {outage['cause']}"
    done = f"{counted(outage['jobs_waiting'], 'job')} waited, {outage['jobs_done_after']} done since"
    return f"{started}, for {duration(outage['seconds'])} ({done}): {outage['cause']}"


def _breaker_in_words(breaker: dict[str, Any], has_synced: bool) -> str:
    if breaker["state"] == CircuitState.CLOSED.value:
        past = "Plex was well at the last sync" if has_synced else "nothing was synced yet"
        return f"Circuit breaker: closed, {past}"
    since = local_time(breaker["since"]) if breaker["since"] else "an unknown time"
    return (
        f"Circuit breaker: {breaker['state']} since {since}"
        f" (next probe in {counted(round(breaker['next_probe_in']), 'second')}). {breaker['cause']}"
    )
