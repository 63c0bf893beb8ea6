"""The canned answers: what the page is told where no test says otherwise. Held against docs/operations.md's shapes."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent / "answers"
MANIFEST: dict[str, Any] = yaml.safe_load((PROJECT / "PlexSync.yml").read_text(encoding="utf-8"))
_MOMENT = re.compile(r'"@(-?\d+)"')
_END = re.compile(r"( Default [^.]+\.)? \(\w+\)$")
"""What Stash's form needs in a description and the page does not: the default and the name."""
_TYPES = {"STRING": "text", "NUMBER": "number", "BOOLEAN": "switch"}
_FIELDS = ("title", "studio", "summary", "date", "performers", "tags", "collection", "rating", "poster", "background")
_SPECIAL = {"plex_token": "secret", "skip_fields": "fields"}
_CHOICES = {
    "reconcile_interval": ["", "hourly", "daily", "weekly"],
    "poster_fit": ["", "letterbox", "blur", "crop"],
    "reconcile_scope": ["all", "week", "day"],
}
_NUMBERS = {
    "max_retries": 5,
    "poll_interval": 1,
    "connect_timeout": 5,
    "read_timeout": 30,
    "max_tags": 100,
    "dlq_retention_days": 30,
}


def canned(name: str) -> dict[str, Any]:
    """The answer kept in answers/NAME.json; "@-60" in it is the moment 60 s ago, as seconds since the epoch."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    now = time.time()
    answer: dict[str, Any] = json.loads(_MOMENT.sub(lambda found: f"{now + int(found[1]):.1f}", text))
    return answer


def names() -> list[str]:
    """All kept answers, such as `recent_syncs` and `jobs.failed`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def idle_status(**changes: Any) -> dict[str, Any]:
    """live/status.json of a drainer that has nothing to do."""
    status = canned("live/status")
    quiet = {"pending": 0, "waiting_for_retry": 0, "waiting_for_scan": 0, "dead_letters": 0, "next_due_at": None}
    breaker = {"state": "closed", "since": None, "cause": "", "reason": "", "next_probe_at": None}
    return {**status, **quiet, "breaker": breaker, "drainer": {**status["drainer"], "doing": "idle"}, **changes}


def as_operation(status: dict[str, Any]) -> dict[str, Any]:
    """The same as `queue_status` answers it: its older keys stand beside."""
    older = canned("queue_status")
    inner = {name: {**older[name], **status[name]} for name in ("breaker", "drainer")}
    return {**older, **status, **inner, "believe_until": None}


def settings_answer(values: dict[str, Any], problems: dict[str, str] | None = None) -> dict[str, Any]:
    """What `settings` answers where Stash holds `values`."""
    groups = json.loads((PROJECT / "ui/setting_groups.json").read_text(encoding="utf-8"))
    settings = [_setting(name, entry, values, problems or {}) for name, entry in MANIFEST["settings"].items()]
    return {"format": 1, "groups": groups, "settings": settings}


def _setting(name: str, entry: dict[str, str], values: dict[str, Any], problems: dict[str, str]) -> dict[str, Any]:
    kind = "choice" if name in _CHOICES else _SPECIAL.get(name, _TYPES[entry["type"]])
    choices = {"choice": _CHOICES.get(name, []), "fields": list(_FIELDS)}.get(kind, [])
    default: Any = {"switch": False, "number": _NUMBERS.get(name, 2), "choice": [*choices, ""][0]}.get(kind, "")
    return {
        "name": name,
        "title": entry["displayName"],
        "description": _END.sub("", entry["description"]),
        "type": kind,
        "default": default,
        "value": "" if kind == "secret" else values.get(name, default),
        "is_set": name in values,
        "allowed": "",
        "choices": choices,
        "minimum": None,
        "maximum": None,
        "problem": problems.get(name, ""),
    }


def many_failed(count: int) -> list[dict[str, Any]]:
    """So many failed jobs, the newest first."""
    template = canned("jobs.failed")["jobs"][1]
    return [
        {**template, "id": number, "scene_id": number, "title": f"Scene {number}"} for number in range(count, 0, -1)
    ]


def page_of(jobs: list[dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
    """One page of `jobs` {state: failed}; the cursor is the id of the last row."""
    search = str(arguments.get("search", "")).lower()
    meant = [job for job in jobs if search in job["title"].lower()]
    start = 0
    if "after" in arguments:
        start = next(place for place, job in enumerate(meant) if str(job["id"]) == arguments["after"]) + 1
    shown = meant[start : start + int(arguments["limit"])]
    more = start + len(shown) < len(meant)
    return {
        "format": 1,
        "state": "failed",
        "count": len(meant),
        "next": str(shown[-1]["id"]) if more else None,
        "by_type": {"PlexNotFound": len(meant)},
        "jobs": shown,
    }
