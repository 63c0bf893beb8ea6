"""The tasks that put dead letters back into the queue: which, why not the rest, and who carries them on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from stash.protocol import Request
from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue, Outline
from sync_queue.dlq_recovery import OUTAGE_ERRORS, RedrivePlan, Selection, plan_redrive, redrive, redrive_candidates
from sync_queue.views.job_list import JobFilter
from worker.base.words import counted
from worker.circuit_breaker import ReadOnlyStore
from worker.drain.parts import Workplace
from worker.outage import ramp
from worker.outage.history import OutageHistory
from worker.tasks import arguments
from worker.tasks.objections import MATCH_ERRORS, UNREADABLE, objections
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

KNOWN_KINDS = MATCH_ERRORS | OUTAGE_ERRORS | {"PlexPermanentError", UNREADABLE}
"""Kinds of error that dead letters are meant to have; what nobody foresaw adds others."""
SHOWN = 20
"""Entries that the log names one by one; the result has them all."""


def recover_outage_jobs(task: Task) -> dict[str, Any]:
    """Redrive what the last outage buried."""
    return RedriveTask(task.workplace, task.request).recover_last_outage()


def retry_failed_jobs(task: Task) -> dict[str, Any]:
    """Redrive dead letters: all, or those that the arguments name."""
    return RedriveTask(task.workplace, task.request).retry_selected()


class RedriveTask:
    """One invocation; `dry_run` among its arguments only says what would happen."""

    def __init__(self, workplace: Workplace, request: Request, clock: Callable[[], float] = time.time) -> None:
        self._workplace = workplace
        self._request = request
        self._clock = clock

    def recover_last_outage(self) -> dict[str, Any]:
        """Redrive what the last outage buried. Raises ArgumentError, StashUnavailable, ConfigError."""
        history = OutageHistory(ReadOnlyStore(JsonFile(self._workplace.folder.outages).peek() or {}))
        if not history.outages:
            logger.info("No outage is on record, so nothing was recovered. Retry Failed Jobs takes any dead letter")
            return self._result(RedrivePlan((), ()), redriven=0, reason="no outage is on record")
        last = history.outages[-1]
        return self._run(Selection(OUTAGE_ERRORS, None, last.started_at, last.ended_at))

    def retry_selected(self) -> dict[str, Any]:
        """Redrive what the arguments select. Raises ArgumentError, StashUnavailable, ConfigError."""
        args = self._request.args
        ids = arguments.whole_numbers(args, "ids")
        selection = Selection(
            error_types=arguments.subset_of(args, "error_type", KNOWN_KINDS | self._kinds().keys()),
            scene_id=arguments.whole_number(args, "scene_id"),
            since=arguments.point_in_time(args, "since"),
            jobs=JobFilter(arguments.search(args), None, None if ids is None else frozenset(ids)),
        )
        return self._run(selection)

    def _run(self, selection: Selection) -> dict[str, Any]:
        dry_run = arguments.switch(self._request.args, "dry_run")
        database = self._workplace.manager.database
        candidates = redrive_candidates(database, selection)
        plan = plan_redrive(candidates, objections(self._workplace, candidates.free))
        redriven = 0 if dry_run else redrive(database, plan.redrive, self._clock(), ramp.seconds_until)
        reason = "" if plan.redrive or plan.keep else self._why_none(selection)
        if reason:
            logger.info("Nothing %s: %s", "would be put back" if dry_run else "was put back", reason)
        else:
            _log(plan, dry_run)
        return self._result(plan, redriven, reason)

    def _kinds(self) -> dict[str, int]:
        return DeadLetterQueue(self._workplace.manager.database).get_error_summary()

    def _why_none(self, selection: Selection) -> str:
        """Why no dead letter is selected, and which there are."""
        database = self._workplace.manager.database
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(self._kinds().items()))
        if not listed:
            return "there is no dead letter"
        scene_id = selection.scene_id
        if scene_id is not None and not DeadLetterQueue(database).buried_times([scene_id]):
            return f"scene {scene_id} has no dead letter. All of them: {listed}"
        return f"no dead letter fits that. All of them: {listed}"

    def _result(self, plan: RedrivePlan, redriven: int, reason: str) -> dict[str, Any]:
        shown = arguments.whole_number(self._request.args, "limit")
        return {
            "dry_run": arguments.switch(self._request.args, "dry_run"),
            "redriven": redriven,
            "redrive_count": len(plan.redrive),
            "keep_count": len(plan.keep),
            "redrive": [{"id": each.id, "scene_id": each.scene_id} for each in plan.redrive[:shown]],
            "keep": [{"id": each.id, "scene_id": each.scene_id, "reason": why} for each, why in plan.keep[:shown]],
            "reason": reason,
        }


def _log(plan: RedrivePlan, dry_run: bool) -> None:
    verb = "would be put back" if dry_run else "put back"
    letters = counted(len(plan.redrive), "dead letter")
    logger.info("%s %s into the queue, %d kept", letters, verb, len(plan.keep))
    for letter in plan.redrive[:SHOWN]:
        logger.info("%s: %s after %s", _describe(letter), verb, letter.error_type)
    for letter, reason in plan.keep[:SHOWN]:
        logger.info("%s is kept: %s", _describe(letter), reason)


def _describe(letter: Outline) -> str:
    return f'Scene {letter.scene_id} "{letter.title}"' if letter.title else f"Scene {letter.scene_id}"
