"""The tasks that put dead letters back into the queue: which, why not the rest, and who carries them on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plex.client import PlexClient
from plex.exceptions import PlexError
from stash.protocol import Request
from stash.scene_reader import Scenes
from storage.json_file import JsonFile
from sync_queue.dlq import DeadLetterQueue
from sync_queue.dlq_recovery import OUTAGE_ERRORS, RedrivePlan, Selection, plan_redrive, redrive, redrive_candidates
from sync_queue.job_list import JobFilter
from sync_queue.models import DeadLetter
from validation.config import PlexSyncConfig
from validation.scene import Scene
from worker.base.words import counted
from worker.circuit_breaker import ReadOnlyStore
from worker.drain.parts import Workplace
from worker.outage import ramp
from worker.outage.history import OutageHistory
from worker.outage.probe import Probe
from worker.sync.context import probe_plex
from worker.tasks import arguments
from worker.tasks.sample_match import open_sample_matcher
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

MATCH_ERRORS = frozenset({"PlexNotFound", "AmbiguousMatch"})
KNOWN_KINDS = MATCH_ERRORS | OUTAGE_ERRORS | {"PlexPermanentError", "SceneUnreadable"}
"""Kinds of error that dead letters are meant to have; what nobody foresaw adds others."""
GONE = "the scene is no longer in Stash"
SHOWN = 20
"""Entries that the log names one by one; the result has them all."""
SCENES_PER_LOOK = 50


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
        plan = plan_redrive(candidates, self._objections(candidates.free))
        redriven = 0 if dry_run else redrive(database, plan.redrive, self._clock(), ramp.seconds_until)
        reason = "" if plan.redrive or plan.keep else self._why_none(selection)
        if reason:
            logger.info("Nothing %s: %s", "would be put back" if dry_run else "was put back", reason)
        else:
            _log(plan, dry_run)
        return self._result(plan, redriven, reason)

    def _objections(self, letters: Sequence[DeadLetter]) -> dict[int, str]:
        """Why a letter should stay: its scene is gone, or it would fail again for the same reason."""
        if not letters:
            return {}
        config = self._workplace.contexts.read_settings()
        plex = self._workplace.contexts.new_client(config)
        fault = probe_plex(config, plex, Probe.IDENTITY) or probe_plex(config, plex, Probe.TOKEN)
        scenes = self._scenes([letter.scene_id for letter in letters])
        reasons = {
            letter.id: str(scenes.unreadable.get(letter.scene_id, GONE))
            for letter in letters
            if letter.scene_id not in scenes
        }
        left = [letter for letter in letters if letter.id not in reasons]
        if fault:
            same = {letter.id: fault for letter in left if letter.failure.error_type in OUTAGE_ERRORS}
        else:
            unmatched = [letter for letter in left if letter.failure.error_type in MATCH_ERRORS]
            same = self._match_faults(config, plex, unmatched, scenes)
        return reasons | {letter_id: f"The cause is still there. {cause}" for letter_id, cause in same.items() if cause}

    def _match_faults(
        self, config: PlexSyncConfig, plex: PlexClient, letters: Sequence[DeadLetter], scenes: Mapping[int, Scene]
    ) -> dict[int, str]:
        """Why scenes that were not found for certain would not be found now either."""
        if not letters:
            return {}
        try:
            with open_sample_matcher(self._workplace, config, plex) as samples:
                faults = samples.faults([scenes[scene_id] for scene_id in {letter.scene_id for letter in letters}])
        except PlexError as error:
            return dict.fromkeys((letter.id for letter in letters), str(error))
        return {letter.id: str(faults[letter.scene_id] or "") for letter in letters}

    def _scenes(self, scene_ids: Sequence[int]) -> Scenes:
        scenes = Scenes()
        for start in range(0, len(scene_ids), SCENES_PER_LOOK):
            scenes.add(self._workplace.stash.scenes(scene_ids[start : start + SCENES_PER_LOOK]))
        return scenes

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
        logger.info("%s: %s after %s", _describe(letter), verb, letter.failure.error_type)
    for letter, reason in plan.keep[:SHOWN]:
        logger.info("%s is kept: %s", _describe(letter), reason)


def _describe(letter: DeadLetter) -> str:
    return f'Scene {letter.scene_id} "{letter.failure.title}"' if letter.failure.title else f"Scene {letter.scene_id}"
