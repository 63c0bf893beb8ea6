"""What a hook does: one durable row, a drainer if there is none, and the drainer's news. See docs/architecture.md.

The user's save waits for this: standard library only, and little of it.
"""

from __future__ import annotations

import time

from stash.hook import SceneEdit, relevant_change
from stash.protocol import log
from sync_queue.database import open_queue_database
from sync_queue.enqueue import enqueue, enqueue_fan_out
from sync_queue.relay import take_lines
from worker.launcher import ensure_drainer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stash.hook import Rename
    from stash.protocol import Request
    from sync_queue.database import Database
    from worker.data_folder import DataFolder


def handle_hook(folder: DataFolder, plugin_file: str, request: Request) -> None:
    """Handle one hook call. Raises sqlite3.Error or OSError where the edit cannot be made durable."""
    database = open_queue_database(folder.queue)
    change = relevant_change(request.hook_context or {})
    if change is not None:
        _carry(change, database, folder, plugin_file, request)
    for level, message in take_lines(database):
        log(level, message)


def _carry(
    change: SceneEdit | Rename, database: Database, folder: DataFolder, plugin_file: str, request: Request
) -> None:
    if isinstance(change, SceneEdit):
        enqueue(database, change.scene_id, change.fields, "hook", time.time())
    else:
        enqueue_fan_out(database, change.kind, change.entity_id, "hook", time.time())
    try:
        ensure_drainer(folder, plugin_file, request.server_connection)
    except OSError as error:
        # The edit is durable already, so the hook has done its duty.
        log("warning", f"No drainer could be started ({error}): the edit is kept and goes out with the next one")
