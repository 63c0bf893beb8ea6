"""How things stand, as JSON. Writes nothing. Light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.database import Database
from storage.json_file import JsonFile
from sync_queue.enqueue import has_open_jobs
from sync_queue.views.counts import count_held_up, dead_letters_by_type
from worker.circuit_breaker import ReadOnlyStore
from worker.data_folder import DataFolder
from worker.outage.history import OutageHistory, summarize
from worker.status.shared_folder import warning_of_shared_folder
from worker.status.standing import live_status, stored_drainer, stored_gate
from worker.tasks.views.token_end import token_end_in_words

LAST_OUTAGES = 3


def queue_status(folder: DataFolder, database: Database, now: float, problems: Sequence[str]) -> dict[str, Any]:
    """The state of everything at `now` (seconds since the epoch), as docs/status.md and docs/operations.md describe it.

    `problems` are sentences about settings that are wrong.
    """
    gate = stored_gate(folder, now)
    has_jobs = has_open_jobs(database)
    drainer, published = stored_drainer(folder, is_plex_well=gate.is_closed(), has_jobs=has_jobs)
    status = live_status(folder, database, now, drainer)
    next_due_at = status["next_due_at"]
    for_a_person = (token_end_in_words(status["token_ends_at"]), warning_of_shared_folder(folder, now))
    return {
        **status,
        "written_at": now,
        "believe_until": None,
        "settings_problem_count": len(problems),
        "breaker": {
            **status["breaker"],
            "next_probe_in": None if gate.is_closed() else round(gate.seconds_to_probe(), 1),
        },
        "drainer": {
            **status["drainer"],
            "pid": published.get("pid"),
            "activity": published.get("activity", "starting" if drainer.alive else ""),
            "waiting_for": published.get("waiting_for"),
        },
        "next_due_in": None if next_due_at is None else round(next_due_at - now, 1),
        "dead_letters_by_type": dead_letters_by_type(database),
        "settings_problems": [*problems, *filter(None, for_a_person)],
        "last_catch_up_at": (JsonFile(folder.catch_up).peek() or {}).get("looked_until"),
        "last_outages": report_outages(folder, database, now)["outages"][-LAST_OUTAGES:],
    }


def report_outages(folder: DataFolder, database: Database, now: float, since: float = 0.0) -> dict[str, Any]:
    """Every outage on record, oldest first, and figures over what lasted later than `since` (seconds since the epoch);
    see docs/status.md. The one that lasts holds up what waits now."""
    history = OutageHistory(ReadOnlyStore(JsonFile(folder.outages).peek() or {}))
    outages = list(history.outages)
    current = history.current
    if current is not None:
        current = outages[-1] = current._replace(jobs_waiting=count_held_up(database))
    return {
        "outages": [{**outage._asdict(), "seconds": round(outage.duration(now), 1)} for outage in outages],
        "current": current._asdict() if current else None,
        "count": len(outages),
        **summarize(outages, now, since)._asdict(),
    }
