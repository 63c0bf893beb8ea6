"""What a hook does: one durable row, a drainer if there is none, and the drainer's news. See docs/architecture.md.

The user's save waits for this: standard library only, and little of it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from contextlib import suppress

from stash.hook import Rename, SceneEdit, relevant_change
from stash.protocol import log
from storage.database import NewerFormat, is_damage
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_fan_out, enqueue_removal, has_open_jobs
from sync_queue.relay import take_lines
from sync_queue.sources import HOOKS
from worker.launcher import ask_for_a_look, ensure_drainer
from worker.version import OLDEST_PYTHON, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stash.hook import Removal
    from stash.protocol import Request
    from storage.database import Database
    from worker.data_folder import DataFolder


def handle_hook(folder: DataFolder, plugin_file: str, request: Request) -> None:
    """Handle one hook call. Raises sqlite3.Error or OSError where the edit cannot be made durable."""
    change = relevant_change(request.hook_context or {})
    if change is None:
        # It tells of life in Stash: what a stopped task or a restart has left waiting goes on from here.
        with suppress(sqlite3.Error, OSError):
            database = open_queue_database(folder.queue)
            if has_open_jobs(database):
                _start_drainer(folder, plugin_file, request)
            _pass_on_news(database)
        return
    try:
        database = _make_durable(folder, plugin_file, change)
    except (sqlite3.Error, OSError):
        log("error", _what_becomes_of(change, folder))
        raise
    # The edit is safe now, so the hook has done its duty: nothing that follows may fail the save.
    try:
        _start_drainer(folder, plugin_file, request)
    except (OSError, sqlite3.Error) as error:
        log("warning", f"No drainer could be started ({error}). The edit is kept and goes out with the next one")
    with suppress(sqlite3.Error):
        _pass_on_news(database)


def _start_drainer(folder: DataFolder, plugin_file: str, request: Request) -> None:
    """Have a drainer run, if this Python can run one: the row keeps until a newer one comes."""
    if sys.version_info >= OLDEST_PYTHON:
        ensure_drainer(folder, plugin_file, request.server_connection)


def _pass_on_news(database: Database) -> None:
    for level, message in take_lines(database):
        log(level, message)


def _make_durable(folder: DataFolder, plugin_file: str, change: SceneEdit | Rename | Removal) -> Database:
    """Put the change into the queue; returns the queue, open."""
    database = _open_queue(folder, plugin_file)
    try:
        _enqueue(database, change)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # Damage beyond the file's beginning shows when it is met; a look at all of it has the file set aside.
        database.close()
        database = open_queue_database(folder.queue, check=True)
        _enqueue(database, change)
    return database


def _open_queue(folder: DataFolder, plugin_file: str) -> Database:
    try:
        return open_queue_database(folder.queue)
    except NewerFormat:
        # Needed where the plugin was updated, or taken back to an older version.
        from worker.handover.plugin_files import installed_version  # noqa: PLC0415

        if installed_version(os.path.dirname(plugin_file)) == VERSION:
            raise
        # The next version took over while this hook ran: its queue takes the row as well (see sync_queue/schema.py).
        return open_queue_database(folder.queue, any_format=True)


def _what_becomes_of(change: SceneEdit | Rename | Removal, folder: DataFolder) -> str:
    """What a person must know of a change that is not in the queue: Stash has it, and who will find it there."""
    if not isinstance(change, SceneEdit):
        what = "The rename" if isinstance(change, Rename) else "The removal"
        who = "press Sync All Scenes"  # it leaves its scenes' `updated_at` as it was
    elif os.path.exists(folder.catch_up):
        what = f"Scene {change.scene_id}"
        # A drainer that was not told looks by itself every worker.upkeep.catch_up.INTERVAL.
        when = "" if ask_for_a_look(folder) else ", 10 minutes later at most"
        who = f"the next edit of any scene finds this one too{when}, or press Sync Recent Scenes"
    else:  # the first catch-up looks at nothing that was before it
        what = f"Scene {change.scene_id}"
        who = "press Sync Recent Scenes (within a day; after that, Sync All Scenes)"
    place = "is saved in Stash, but is not in PlexSync's queue, which cannot be written now"
    return f"{what} {place}. Fix that, then {who}"


def _enqueue(database: Database, change: SceneEdit | Rename | Removal) -> None:
    if isinstance(change, SceneEdit):
        enqueue(database, change.scene_id, change.fields, HOOKS[change.is_bulk], time.time())
    elif isinstance(change, Rename):
        enqueue_fan_out(database, change.kind, change.entity_id, "hook", time.time(), change.fields)
    else:
        enqueue_removal(database, change.kind, "hook", time.time())
