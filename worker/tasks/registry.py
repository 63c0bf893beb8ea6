"""Which module does what, by the `mode` that Stash passes. Each button's result is one JSON object."""

from __future__ import annotations

import importlib
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Any

from plex.exceptions import PlexError
from stash.exceptions import StashUnavailable
from stash.protocol import Request, log
from storage.database import Database, NewerFormat
from storage.json_file import JsonFile
from sync_queue.database import open_queue_database
from sync_queue.enqueue import has_open_jobs
from sync_queue.state.refusals import has_refusals, is_try_awaited
from sync_queue.waiting.missed import is_missed_since
from validation.errors import ConfigError
from worker.base.known_settings import noted_at
from worker.data_folder import DataFolder
from worker.errors import ArgumentError, TaskError
from worker.handover.up_to_date import open_up_to_date
from worker.launcher import ensure_drainer
from worker.tasks.arguments import refuse_unknown, switch
from worker.tasks.task import Task

if TYPE_CHECKING:  # it loads plexapi, pydantic and requests, which the light operations have no use for
    from worker.drain.parts import Workplace

QUIET = "quiet"
"""The argument that every mode knows: log nothing at Info or above."""
MISSED_FOR = 86_400.0
"""Seconds for which a further file that Plex lacks has whoever comes by start a drainer, which looks for it at once."""
REFUSED_FOR = 604_800.0
"""Seconds after which a try of a refused field that nobody made starts no drainer: a week. Its server is gone."""


class Action:
    """What one mode does: a function of a module below worker.tasks, and the `arguments` that it knows.

    One that `changes_nothing` promises so for Plex, too: what waits stays where it is. One that `is_light` needs none
    of the packages: its module imports nothing of plexapi, pydantic, requests or persist-queue. One that `is_silent`
    logs nothing either where it is asked to be quiet, so that not even `logging` is imported for it.
    """

    def __init__(
        self,
        module: str,
        function: str,
        arguments: tuple[str, ...] = (),
        *,
        changes_nothing: bool = False,
        is_light: bool = False,
        is_silent: bool = False,
    ) -> None:
        self.module = module
        self.function = function
        self.arguments = arguments
        self.changes_nothing = changes_nothing
        self.is_light = is_light or is_silent
        self.is_silent = is_silent

    def load(self) -> Callable[[Task], dict[str, Any]]:
        """Import the module, which no other mode needs, and return the function."""
        action: Callable[[Task], dict[str, Any]] = getattr(
            importlib.import_module(f"worker.tasks.{self.module}"), self.function
        )
        return action


_RETRY_ARGUMENTS = ("dry_run", "error_type", "scene_id", "since", "ids", "search", "limit")

MODES: dict[str, Action] = {
    "all": Action("bulk_sync", "sync_all"),
    "recent": Action("bulk_sync", "sync_recent"),
    "process_queue": Action("bulk_sync", "process_queue"),
    "queue_status": Action("views.status", "view_status", is_silent=True),
    "failed_jobs": Action("views.failed_jobs", "view_failed_jobs"),
    "health_check": Action("doctor.connection_check", "health_check", changes_nothing=True),
    "clear_queue": Action("clear", "clear_queue"),
    "clear_dlq": Action("clear", "clear_dead_letters"),
    "purge_dlq": Action("clear", "purge_dead_letters"),
    "save_diagnostics": Action("doctor.diagnostics", "save_diagnostics", ("with_names",), is_light=True),
    "outage_report": Action("views.status", "outage_report", ("days",), is_silent=True),
    "recover_outage_jobs": Action("redrive", "recover_outage_jobs", ("dry_run",)),
    "retry_failed": Action("redrive", "retry_failed_jobs", _RETRY_ARGUMENTS),
    "import_settings": Action("settings_import", "import_settings"),
    "compare": Action("reconcile", "compare", ("scope",), changes_nothing=True),
    "reconcile": Action("reconcile", "reconcile", ("scope", "scene_ids", "report")),
    "jobs": Action("page.jobs", "list_jobs", ("state", "limit", "after", "search", "error_type"), is_silent=True),
    "discard": Action("page.steering", "discard", ("state", "ids", "error_type", "search", "dry_run"), is_light=True),
    "retry_now": Action("page.steering", "retry_now", ("scene_id",), is_light=True),
    "sync_scene": Action("page.steering", "sync_scene", ("scene_id",), is_light=True),
    "recent_syncs": Action("page.activity", "recent", ("limit", "after"), is_silent=True),
    "history": Action("page.activity", "history", ("days",), is_silent=True),
    "undone": Action("page.activity", "undone", ("limit", "after"), is_silent=True),
    "scene_status": Action("page.scene_status", "scene_status", ("scene_id", "compare"), is_silent=True),
    "pins": Action("page.pins", "list_pins", ("limit", "after"), is_silent=True),
    "pin": Action("page.pins", "pin", ("scene_id", "rating_key"), is_light=True),
    "unpin": Action("page.pins", "unpin", ("scene_id", "rating_key"), is_light=True),
    "reports": Action("views.reports", "list_reports", is_silent=True),
    "report": Action("views.reports", "show_report", ("name", "limit", "after", "only"), is_silent=True),
    "settings": Action("page.settings", "show_settings"),
    "libraries": Action("page.setup", "list_libraries", ("plex_url", "plex_token", "skip_tls_verify")),
    "test_path_map": Action("page.setup", "try_path_map", ("path_map",)),
    "login_start": Action("page.login", "start"),
    "login_check": Action("page.login", "check", ("id", "code")),
    "unlock": Action("page.unlock", "unlock", ("dry_run",)),
    "log": Action("page.activity", "log", ("lines",), is_silent=True),
    "write_test": Action("doctor.write_test", "write_test", ("scene_id",)),
    "undo_scene": Action("undo", "undo_scene", ("scene_id", "dry_run")),
    "undo_since": Action("undo", "undo_since", ("since", "dry_run")),
}


def is_light(request: Request) -> bool:
    """Whether the mode needs none of the packages."""
    action = MODES.get(request.mode)
    return action is None or action.is_light


def is_silent(request: Request) -> bool:
    """Whether the mode logs nothing where it is asked to be quiet."""
    action = MODES.get(request.mode)
    return action is not None and action.is_silent


def is_quiet(request: Request) -> bool:
    """Whether nothing is to be logged at Info or above."""
    try:
        return switch(request.args, QUIET)
    except ArgumentError:  # which `perform` raises
        return False


def perform(
    folder: DataFolder, plugin_file: str, request: Request, ensure_packages: Callable[[], object]
) -> dict[str, Any]:
    """Do what `request.mode` says. Raises TaskError."""
    action = MODES.get(request.mode)
    if action is None:
        asked = f'mode is "{request.mode}"' if request.mode else "mode is missing"
        raise TaskError(f"{asked}. PlexSync knows {', '.join(sorted(MODES))}. Start one under Settings > Tasks")
    try:
        refuse_unknown(request.args, (*action.arguments, QUIET))
        quiet = switch(request.args, QUIET)
    except ArgumentError as error:
        raise TaskError(str(error)) from error
    start_drainer = partial(ensure_drainer, folder, plugin_file, request.server_connection)
    try:
        with ExitStack() as stack:
            plugin_folder = os.path.dirname(plugin_file)
            database = stack.enter_context(closing(open_up_to_date(folder, plugin_folder, start_drainer)))
            workplace = partial(_open_workplace, stack, folder, plugin_folder, request, ensure_packages)
            return action.load()(Task(folder, request, database, start_drainer, workplace, is_quiet=quiet))
    except (ArgumentError, ConfigError, PlexError, StashUnavailable) as error:
        raise TaskError(str(error)) from error
    finally:
        if not action.changes_nothing:
            _leave_to_a_drainer(folder, start_drainer, "debug" if quiet else "warning")


def _open_workplace(
    stack: ExitStack, folder: DataFolder, plugin_folder: str, request: Request, ensure_packages: Callable[[], object]
) -> Workplace:
    ensure_packages()
    # Heavy, and only importable once the packages are there.
    from worker.drain.parts import open_workplace  # noqa: PLC0415

    return stack.enter_context(open_workplace(folder, request.server_connection, plugin_folder))


def _leave_to_a_drainer(folder: DataFolder, start_drainer: Callable[[], object], level: str) -> None:
    """Retries fall due, what Plex refused is tried again, further files are scanned, and outages end when nobody
    watches; and a task that was stopped left its work behind.

    `level`, one of stash.protocol's: how it is said that none can be started.
    """
    try:
        # By its name: somebody may have set the file aside that the task has open.
        with closing(open_queue_database(folder.queue)) as database:
            if _has_work(folder, database):
                start_drainer()
    except NewerFormat:
        return  # this version has no drainer for it, and the task has said so
    except (OSError, sqlite3.Error) as error:
        log(level, f"No drainer could be started ({error}). The jobs wait for the next edit or task")


def _has_work(folder: DataFolder, database: Database) -> bool:
    """Whether a drainer has something to do or to wait for. It is also who reads settings that nobody has read yet."""
    return (
        has_open_jobs(database)
        or _waits_for_a_try(database, time.time())
        or is_missed_since(database, time.time() - MISSED_FOR)
        or bool(JsonFile(folder.write_test).peek())
        or not noted_at(folder.known_settings)
    )


def _waits_for_a_try(database: Database, now: float) -> bool:
    if not has_refusals(database):
        return False
    from worker.backoff import REFUSED_WAITS  # noqa: PLC0415 - it loads dataclasses, which light operations do without

    latest = now + max(REFUSED_WAITS)
    return is_try_awaited(database, len(REFUSED_WAITS) - 1, now - REFUSED_FOR, now, latest)
