"""The task that tries what Plex takes: on one item, which is as before in the end. See docs/troubleshooting.md."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import islice
from typing import Any

from plex.client import PlexClient
from plex.exceptions import PlexError
from plex.items import PlexItem
from stash.protocol import progress
from storage.json_file import JsonFile
from storage.lock import ProcessLock
from sync_queue.operations import pending_scene_ids
from validation.scene import Scene
from worker.base.paths import scene_name
from worker.clients.context import SyncContext
from worker.data_folder import DataFolder
from worker.errors import TaskError
from worker.handover.dismissal import Dismissed
from worker.tasks import arguments
from worker.tasks.task import Task
from worker.trial.put_back import TrialRecord, is_away, put_back_kept
from worker.trial.write_test_steps import STEPS, Answer, Trial
from worker.version import VERSION

logger = logging.getLogger(__name__)

REPORT = "plex-dialect.json"
REPORT_FORMAT = 1
LOCK_PATIENCE = 30.0
"""Seconds for which a drainer may go on with its batch. Chosen: Stash's page waits for this operation."""
LOCK_LOOKS = 0.1
"""Seconds between two looks at its lock."""
SAMPLES = 100
"""Scenes, newest first, among which one is looked for that Plex has."""
_LONG_AGO = timedelta(days=36_500)

BAD = frozenset({Answer.IGNORED, Answer.REFUSED, Answer.PARTLY, Answer.KEPT})
NAMES = {
    "add": "Adding names",
    "remove_several": "Removing several names",
    "remove_in_other_case": "Case in removals",
    "spelling": "Case of names",
    "list": "List edits",
    "text.set": "Texts",
    "text.clear": "Emptying a text",
    "date.set": "Dates",
    "date.year": "Year",
    "date.clear": "Emptying a date",
    "lock.set": "Locks",
    "lock.clear": "Unlocking",
    "rating.set": "Ratings",
    "rating.clear": "Taking a rating away",
}
KINDS = {"label": "labels", "genre": "genres"}
WORDS = {
    Answer.TAKEN: "Plex takes this",
    Answer.IGNORED: "Plex answers that all is well, but nothing changes",
    Answer.REFUSED: "Plex refuses this",
    Answer.NOT_TRIED: "Not tried: what it needs is not there",
    Answer.PARTLY: "Only some of it arrives",
    Answer.ADDS: "What is sent is added to the list",
    Answer.REPLACES: "What is sent replaces the list",
    Answer.ALL_AT_ONCE: "All names of one request go",
    Answer.ONE_AT_A_TIME: "Only one name of a request goes, so PlexSync removes one at a time",
    Answer.ANY_CASE: "A name goes in whatever case it is sent",
    Answer.EXACT_CASE: "A name goes only as Plex spells it",
    Answer.AS_SENT: "Plex keeps it as it was sent",
    Answer.FIRST_SPELLING: "Plex keeps the spelling that it met first",
    Answer.CAPITALS: "Plex gives each word a capital letter",
    Answer.TRIMMED: "Plex cuts off blanks at the ends",
    Answer.HALF_STARS: "Plex rounds to half stars",
    Answer.WHOLE_STARS: "Plex rounds to whole stars",
    Answer.OTHER_FORM: "Plex makes something else of it",
    Answer.FOLLOWS: "The year follows the date",
    Answer.STAYS: "The year stays when the date changes",
    Answer.CLEARED: "This works",
    Answer.KEPT: "Plex keeps what it has",
}
WHY_NOT_TRIED = {
    "date": "Not tried, since this item has no date, or a year that is not its date's",
    "rating": "Not tried, since this item's rating is not in whole stars, and could get lost where Plex rounds",
}


@dataclass
class Findings:
    """The answers by question (worker.trial.write_test_steps.STEPS), and HTTP statuses of those that were refused.

    `interruption` says why the rest was not asked, "" where all was; `left` names fields that are not put back.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    interruption: str = ""
    left: tuple[str, ...] = ()
    put_back_fault: str = ""


def write_test(task: Task) -> dict[str, Any]:
    """Try it, on the scene of `scene_id` or the newest that Plex has and no job waits for.

    Raises ArgumentError, TaskError, ConfigError, StashUnavailable, PlexError.
    """
    scene_id = arguments.whole_number(task.args, "scene_id")
    workplace = task.workplace
    with drain_lock(task.folder):
        workplace.supersede()
        context = workplace.contexts.current(0.0)
        if context.config.paused:
            raise TaskError("paused is set. Turn Pause off under Settings > Plugins > PlexSync, then try again")
        choose = partial(_choose, task, context, scene_id)
        findings = examine(context, workplace.trial_record(), choose, workplace.see_it_through)
        _save_report(task.folder, findings, context.plex)
    if findings.put_back_fault or findings.left:
        task.start_drainer()
    return _in_words(findings)


def examine(
    context: SyncContext,
    record: TrialRecord,
    choose: Callable[[], PlexItem],
    begin: Callable[[], Callable[[], object]] = lambda: bool,
) -> Findings:
    """Put back what an earlier test left, ask every question of the item chosen, and put back what it was.

    `begin` is called before the first write; what it returns raises Dismissed where no further question is to be asked.
    Raises PlexError before anything is written.
    """
    plex = context.plex
    if put_back_kept(plex, record):
        raise TaskError("An earlier test is not put back yet, since Plex refuses it. Look at Stash's log, then at Plex")
    before = plex.trial_item(choose().rating_key)
    if before is None:
        raise TaskError("The item went away in Plex. Try again")
    record.keep(plex.machine_identifier, before)
    findings = Findings()
    _ask_all(Trial(plex, before), findings, begin())
    try:
        findings.left = put_back_kept(plex, record)
    except PlexError as error:
        findings.put_back_fault = str(error)
    return findings


def _ask_all(trial: Trial, findings: Findings, check: Callable[[], object]) -> None:
    for number, (question, ask) in enumerate(STEPS.items(), start=1):
        try:
            check()
            findings.answers[question] = ask(trial)
        except Dismissed as dismissed:
            findings.interruption = dismissed.reason.value
            return
        except PlexError as error:
            if is_away(error) or error.status is None:
                findings.interruption = str(error)
                return
            findings.answers[question] = Answer.REFUSED
            findings.statuses[question] = error.status
        progress(number / (len(STEPS) + 1))


@contextmanager
def drain_lock(folder: DataFolder, wait: Callable[[float], object] = time.sleep) -> Iterator[None]:
    """Hold the drain lock. A drainer that has it ends after its batch, as it sees us stand by. Raises TaskError."""
    lock, turn = ProcessLock(folder.drain_lock), ProcessLock(folder.standby_lock)
    is_held = lock.acquire()
    if not is_held:
        turn.acquire()
        try:
            is_held = lock.acquire_within(LOCK_PATIENCE, wait, LOCK_LOOKS)
        finally:
            turn.release()
    if not is_held:
        raise TaskError(
            "PlexSync is writing to Plex just now. Wait until View Queue Status says that nothing waits, then try again"
        )
    try:
        yield
    finally:
        lock.release()


def _choose(task: Task, context: SyncContext, scene_id: int | None) -> PlexItem:
    """An item that a scene leads to, named in the log. Raises TaskError, StashUnavailable, PlexError."""
    scenes = [scene for scene in _candidates(task, context, scene_id) if scene.files]
    found = context.finder.find([scene.files for scene in scenes])
    for scene, each in zip(scenes, found, strict=True):
        if each.items:
            name = scene_name(scene.id, scene.title, scene.path, context.config.obfuscate_paths)
            logger.info("Test values are written to %s in Plex, then everything is put back", name)
            return each.items[0]
    if scene_id is not None and not scenes:
        raise TaskError(f"Scene {scene_id} has no file. Choose another with scene_id")
    if scene_id is not None:
        raise TaskError(f"Scene {scene_id} is not in Plex. Choose another with scene_id, or press Test Plex Connection")
    raise TaskError(
        f"None of the {SAMPLES} newest scenes that no job waits for is in Plex. Press Test Plex Connection to see why"
    )


def _candidates(task: Task, context: SyncContext, scene_id: int | None) -> list[Scene]:
    if scene_id is not None:
        return [_chosen(context, scene_id)]
    page = next(context.stash.updated_since(datetime.now(timezone.utc) - _LONG_AGO, SAMPLES), [])
    ids = [each for each, _ in islice(page, SAMPLES)]
    waiting = pending_scene_ids(task.database, ids)
    newest = [each for each in ids if each not in waiting]
    scenes = context.stash.scenes(newest)
    return [scenes[each] for each in newest if each in scenes]


def _chosen(context: SyncContext, scene_id: int) -> Scene:
    scenes = context.stash.scenes([scene_id])
    if scene_id in scenes.unreadable:
        raise TaskError(str(scenes.unreadable[scene_id]))
    if scene_id not in scenes:
        raise TaskError(f"Stash has no scene {scene_id}. Choose another with scene_id")
    return scenes[scene_id]


def _save_report(folder: DataFolder, findings: Findings, plex: PlexClient) -> None:
    """What a person can send to somebody else: no title, no path, no address and nothing that names the server."""
    os.makedirs(folder.reports, mode=0o700, exist_ok=True)
    report = {
        "format": REPORT_FORMAT,
        "plexsync": VERSION,
        "plex": plex.version,
        "answers": {question: answer.value for question, answer in findings.answers.items()},
        "http_statuses": findings.statuses,
        "complete": not findings.interruption,
        "put_back": not (findings.left or findings.put_back_fault),
    }
    JsonFile(os.path.join(folder.reports, REPORT)).save(report)


def _in_words(findings: Findings) -> dict[str, Any]:
    """Say it in the log, and return the same for the page."""
    checks = [_check(*each, findings.statuses) for each in findings.answers.items()]
    if findings.interruption:
        checks.append(_as_json("Plex", False, f"The test ended early: {findings.interruption}"))
    checks.append(_as_json("Put back", not (findings.left or findings.put_back_fault), _put_back_in_words(findings)))
    for check in checks:
        logger.log(logging.INFO if check["ok"] else logging.ERROR, "%s: %s", check["name"], check["detail"])
    logger.info("The findings are in reports/%s in PlexSync's data folder. They name no film and no server", REPORT)
    progress(1.0)
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _check(question: str, answer: Answer, statuses: Mapping[str, int]) -> dict[str, Any]:
    kind, _, rest = question.partition(".")
    name = f"{NAMES[rest]} ({KINDS[kind]})" if kind in KINDS else NAMES[question]
    detail = WHY_NOT_TRIED.get(kind, WORDS[answer]) if answer is Answer.NOT_TRIED else WORDS[answer]
    status = f" with HTTP status {statuses[question]}" if question in statuses else ""
    return _as_json(name, answer not in BAD, detail + status)


def _put_back_in_words(findings: Findings) -> str:
    if findings.put_back_fault:
        return f"PlexSync puts everything back as soon as Plex answers ({findings.put_back_fault})"
    if findings.left:
        return f"Plex does not let the test values of {', '.join(findings.left)} be taken back. Edit them in Plex"
    return "Everything is as it was"


def _as_json(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail}
