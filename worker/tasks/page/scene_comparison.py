"""What a sync of one scene would write now. Heavy."""

from __future__ import annotations

from typing import Any

from plex.editing.edits import as_json
from plex.exceptions import PlexError
from worker.base.words import NOTHING
from worker.drain.parts import Workplace
from worker.reconcile.index_copy import open_index_copy
from worker.sync.comparison import Comparison, Difference, SceneComparison, Verdict
from worker.sync.ownership import told
from worker.tasks.task import Task

_STATES = {
    Verdict.IN_STEP: "in_step",
    Verdict.DIFFERS: "differs",
    Verdict.NOTHING_TO_SYNC: "left_alone",
    Verdict.UNDONE: "undone",
    Verdict.GONE: "gone",
}
"""What a comparison finds, in the words of `scene_status`; a job that waits or failed says more than these."""


def compared(task: Task, workplace: Workplace, status: dict[str, Any]) -> dict[str, Any]:
    """The status of a scene after a look at Stash and Plex. Raises ConfigError, StashUnavailable."""
    config = workplace.contexts.read_settings()
    plex = workplace.contexts.new_client(config)
    try:
        with open_index_copy(task.folder.file_index, plex, config.plex_library) as index:
            context = workplace.contexts.over(index, config, plex)
            (found,) = Comparison(context, task.database).compare([status["scene_id"]])
    except PlexError as error:
        return {**status, "differences_reason": str(error)}
    return {**status, **_findings(found, status)}


def _findings(found: SceneComparison, status: dict[str, Any]) -> dict[str, Any]:
    state, reason = status["state"], status["reason"]
    if state not in ("waiting", "failed") or found.verdict is Verdict.GONE:
        state = _STATES.get(found.verdict, state)
        reason = found.reason or reason
        if found.elsewhere and not found.differences and found.verdict is not Verdict.IN_STEP:
            state, reason = "shown_by_another", told(found.elsewhere[0])
    is_known = found.verdict in (Verdict.IN_STEP, Verdict.DIFFERS)
    return {
        "title": found.title or status["title"],
        "state": state,
        "reason": reason,
        "differences": [_difference(each) for each in found.differences] if is_known else None,
        "differences_reason": "" if is_known else found.reason or _why(found.verdict),
    }


def _difference(each: Difference) -> dict[str, Any]:
    return {
        "rating_key": each.rating_key,
        "field": each.field,
        "was": as_json(each.was),
        "will_be": as_json(each.will_be),
        "lock_only": each.is_lock,
        "refused": each.is_refused,
    }


def _why(verdict: Verdict) -> str:
    reasons = {
        Verdict.NOT_IN_PLEX: "Plex has none of the scene's files.",
        Verdict.AMBIGUOUS: "Several files in Plex match equally well.",
        Verdict.GONE: "Stash has no such scene.",
        Verdict.NOTHING_TO_SYNC: "Stash says nothing of it that Plex could show.",
    }
    return reasons.get(verdict, NOTHING)
