"""What each button does, by the `mode` that Stash passes. Each returns its result as one JSON object."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from stash.protocol import Request, progress
from sync_queue.database import open_queue_database
from sync_queue.dlq import SECONDS_PER_DAY, DeadLetterQueue
from sync_queue.enqueue import has_open_jobs
from sync_queue.operations import clear_pending, enqueue_many, pending_data
from validation.config import ConfigError
from worker.base.words import counted
from worker.data_folder import DataFolder
from worker.drain.parts import Workplace, open_workplace
from worker.launcher import ensure_drainer
from worker.process.task_runner import TaskError
from worker.reconcile.run import Kind
from worker.tasks.arguments import ArgumentError, refuse_unknown
from worker.tasks.backup import write_backup
from worker.tasks.connection_check import check_connection
from worker.tasks.failed_jobs import list_failed_jobs
from worker.tasks.foreground import ForegroundDrain
from worker.tasks.reconcile import ReconcileTask
from worker.tasks.redrive import RedriveTask
from worker.tasks.settings_import import take_over_settings
from worker.tasks.status_report import (
    outages_in_words,
    problems_in_words,
    queue_status,
    report_outages,
    status_in_words,
)
from worker.tasks.undo import UndoTask

logger = logging.getLogger(__name__)

RECENT = timedelta(hours=24)


class Task:
    """One invocation: the parts, and what the person asked for."""

    def __init__(self, workplace: Workplace, request: Request, start_drainer: Callable[[], object]) -> None:
        self.workplace = workplace
        self.folder = workplace.folder
        self.request = request
        self.start_drainer = start_drainer
        self.database = workplace.manager.database
        self.dead_letters = DeadLetterQueue(self.database)

    def drain(self) -> dict[str, Any]:
        """Work the queue off in the foreground, or follow the drainer that does.

        Raises ConfigError, StashUnavailable where that is why jobs wait.
        """
        result = ForegroundDrain(self.workplace).run()
        self.workplace.sessions.read_settings()
        return result


def perform(folder: DataFolder, plugin_file: str, request: Request) -> dict[str, Any]:
    """Do what `request.mode` says. Raises TaskError."""
    action = MODES.get(request.mode)
    if action is None:
        asked = f'mode is "{request.mode}"' if request.mode else "mode is missing"
        raise TaskError(f"{asked}: PlexSync knows {', '.join(sorted(MODES))}: start one under Settings > Tasks")
    try:
        refuse_unknown(request.args, ARGUMENTS.get(request.mode, ()))
    except ArgumentError as error:
        raise TaskError(str(error)) from error
    start_drainer = partial(ensure_drainer, folder, plugin_file, request.server_connection)
    with open_workplace(folder, request.server_connection) as workplace:
        try:
            return action(Task(workplace, request, start_drainer))
        except StashUnavailable as error:
            raise TaskError(str(error)) from error
        except ConfigError as error:
            raise TaskError("; ".join(error.problems)) from error
        except (ArgumentError, PlexError) as error:
            raise TaskError(str(error)) from error
        finally:
            if action not in CHANGE_NOTHING:
                _leave_to_a_drainer(workplace, start_drainer)


def _leave_to_a_drainer(workplace: Workplace, start_drainer: Callable[[], object]) -> None:
    """Retries fall due and outages end when nobody watches; and a task that was stopped left its jobs behind."""
    try:
        # By its name: somebody may have set the file aside that the task has open.
        with closing(open_queue_database(workplace.folder.queue)) as database:
            if has_open_jobs(database):
                start_drainer()
    except (OSError, sqlite3.Error) as error:
        logger.warning("No drainer could be started (%s): the jobs wait for the next edit or task", error)


def sync_all(task: Task) -> dict[str, Any]:
    """Enqueue every scene, then drain."""
    return _sync(task, task.workplace.stash.scene_ids(), "All scenes")


def sync_recent(task: Task) -> dict[str, Any]:
    """Enqueue the scenes updated within the last 24 hours, then drain."""
    since = datetime.now(timezone.utc) - RECENT
    pages = ([scene_id for scene_id, _ in page] for page in task.workplace.stash.updated_since(since))
    return _sync(task, pages, "Scenes updated in the last 24 hours")


def process_queue(task: Task) -> dict[str, Any]:
    """Drain what is due."""
    return task.drain()


def view_status(task: Task) -> dict[str, Any]:
    """Say how things stand."""
    status = queue_status(task.workplace, time.time())
    for line in status_in_words(status):
        logger.info("%s", line)
    for line in problems_in_words(status):
        logger.error("%s", line)
    return status


def view_failed_jobs(task: Task) -> dict[str, Any]:
    """Say what was given up and why."""
    try:
        obfuscate_paths = task.workplace.sessions.read_settings().obfuscate_paths
    except ConfigError:
        # Nobody can say whether the user wants them shown.
        obfuscate_paths = True
    return list_failed_jobs(task.dead_letters.get_all(), obfuscate_paths)


def health_check(task: Task) -> dict[str, Any]:
    """Try the connection with the settings as they are; changes nothing."""
    result = check_connection(task.workplace)
    for check in result["checks"]:
        logger.log(logging.INFO if check["ok"] else logging.ERROR, "%s: %s", check["name"], check["detail"])
    return result


def clear_queue(task: Task) -> dict[str, Any]:
    """Delete the pending jobs, after writing them to a file."""
    with task.database.transaction():
        file = write_backup(task.folder, "pending-queue", pending_data(task.database), time.time())
        return _deleted(clear_pending(task.database), "pending job", file)


def clear_dead_letters(task: Task) -> dict[str, Any]:
    """Delete the dead letters, after writing them to a file."""
    with task.database.transaction():
        file = write_backup(task.folder, "dead-letters", task.dead_letters.get_all(), time.time())
        return _deleted(task.dead_letters.clear(), "dead letter", file)


def purge_dead_letters(task: Task) -> dict[str, Any]:
    """Delete the dead letters that are older than dlq_retention_days."""
    days = task.workplace.sessions.read_settings().dlq_retention_days
    with task.database.transaction():
        old = [
            letter for letter in task.dead_letters.get_all() if letter.buried_at < time.time() - days * SECONDS_PER_DAY
        ]
        file = write_backup(task.folder, "old-dead-letters", old, time.time())
        deleted = task.dead_letters.delete_older_than(days, time.time())
        return _deleted(deleted, "dead letter", file, f", given up over {counted(days, 'day')} ago")


def outage_report(task: Task) -> dict[str, Any]:
    """List the outages that were."""
    report = report_outages(task.workplace, time.time())
    for line in outages_in_words(report):
        logger.info("%s", line)
    return report


def recover_outage_jobs(task: Task) -> dict[str, Any]:
    """Redrive what the last outage buried."""
    return RedriveTask(task.workplace, task.request).recover_last_outage()


def retry_failed_jobs(task: Task) -> dict[str, Any]:
    """Redrive dead letters: all, or those that the arguments name."""
    return RedriveTask(task.workplace, task.request).retry_selected()


def undo_scene(task: Task) -> dict[str, Any]:
    """Bring one scene's items back to what they showed before the first write."""
    return UndoTask(task.workplace, task.request, task.drain).undo_scene()


def undo_since(task: Task) -> dict[str, Any]:
    """The same for every scene synced since a moment."""
    return UndoTask(task.workplace, task.request, task.drain).undo_since()


def import_settings(task: Task) -> dict[str, Any]:
    """Take over what the user has set for an older plugin of this purpose."""
    return take_over_settings(task.workplace.stash)


def compare(task: Task) -> dict[str, Any]:
    """Report how Plex differs from Stash; changes nothing."""
    return ReconcileTask(task.workplace, task.request, task.start_drainer).run(Kind.COMPARE)


def reconcile(task: Task) -> dict[str, Any]:
    """The same, and enqueue the scenes that differ."""
    return ReconcileTask(task.workplace, task.request, task.start_drainer).run(Kind.RECONCILE)


def _sync(task: Task, pages: Iterable[list[int]], what: str) -> dict[str, Any]:
    found = added = 0
    for page in pages:
        found += len(page)
        added += enqueue_many(task.database, page, task.request.mode, time.time())
    others = " (the others waited there already)" if added < found else ""
    logger.info("%s: %d found, %d put in the queue%s", what, found, added, others)
    progress(0.0)
    return {"found": found, "enqueued": added, **task.drain()}


def _deleted(count: int, noun: str, file: str, which: str = "") -> dict[str, Any]:
    kept = f"; {'it is' if count == 1 else 'they are'} kept in {file}" if file else ""
    logger.info("%s deleted%s%s", counted(count, noun), which, kept)
    return {"deleted": count, "file": file}


CHANGE_NOTHING = (health_check, compare)
"""They promise it, for Plex too: so what waits stays where it is."""

MODES: dict[str, Callable[[Task], dict[str, Any]]] = {
    "all": sync_all,
    "recent": sync_recent,
    "process_queue": process_queue,
    "queue_status": view_status,
    "failed_jobs": view_failed_jobs,
    "health_check": health_check,
    "clear_queue": clear_queue,
    "clear_dlq": clear_dead_letters,
    "purge_dlq": purge_dead_letters,
    "outage_report": outage_report,
    "recover_outage_jobs": recover_outage_jobs,
    "retry_failed": retry_failed_jobs,
    "import_settings": import_settings,
    "compare": compare,
    "reconcile": reconcile,
    "undo_scene": undo_scene,
    "undo_since": undo_since,
}

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "recover_outage_jobs": ("dry_run",),
    "retry_failed": ("dry_run", "error_type", "scene_id", "since"),
    "compare": ("scope",),
    "reconcile": ("scope",),
    "undo_scene": ("scene_id", "dry_run"),
    "undo_since": ("since", "dry_run"),
}
"""What a mode may be given; the others take nothing."""
