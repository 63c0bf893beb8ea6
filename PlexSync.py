"""PlexSync's entry: what Stash starts for every hook and every task, and what a hook starts as drainer.

Python compiles this file anew at each start and caches only what it imports, so it holds no more than the wiring. The
hook's path imports no more than that path needs: a user's save in Stash waits for this process.

This file compiles on Python 3.6, what a hook imports on 3.7 (so annotations are quoted, not postponed, in here): an
older Python than PlexSync needs must get as far as to say so.
"""

import json
import os
import sqlite3
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FOLDER = os.path.dirname(os.path.abspath(__file__))
if not os.path.exists(os.path.join(FOLDER, "worker", "version.py")):  # the last file that an update writes
    sys.stdout.write('{"error": "PlexSync is being updated. Edits go to Plex afterwards; try anything else again"}')
    sys.exit(1)

# Stash starts us with `-I` (see worker/launcher.py): no folder but Python's own is on the path.
sys.path.insert(0, FOLDER)

from worker.version import OLDEST_PYTHON  # read first, as it is written last: see worker/handover/plugin_files.py

IS_TOO_OLD = sys.version_info < OLDEST_PYTHON
if IS_TOO_OLD:
    from worker.old_python import said_of_this_python

    if sys.version_info < (3, 7):  # noqa: UP036 - not even the hook's path compiles there
        said = said_of_this_python() + ". Edits are not queued before that. Press Sync Recent Scenes afterwards"
        sys.stdout.write(json.dumps({"error": said}))
        sys.exit(1)

PLUGIN_FILE = os.path.abspath(__file__)

from stash.protocol import ProtocolError, Request, log, read_request, reply, reply_error, use_utf8
from storage.database import NewerFormat, is_busy
from worker.data_folder import DataFolder, data_folder
from worker.launcher import DRAINER_ARGUMENT, STANDBY_ARGUMENT


def main() -> int:
    """Handle one invocation; returns the exit code."""
    use_utf8()
    os.umask(0o077)  # what is written down names scenes: it is for Stash's user alone
    folder = data_folder(FOLDER)
    try:
        request = read_request(sys.stdin.buffer)
        folder.create()
        if request.hook_context is not None:
            hook(folder, request)
        if IS_TOO_OLD:
            return fail(said_of_this_python())
        if DRAINER_ARGUMENT in sys.argv:
            return drain(folder, request)
        return task(folder, request)
    except ProtocolError as error:
        return fail(str(error))
    except (OSError, sqlite3.Error, MemoryError) as error:
        return fail(in_words(folder, error))


def hook(folder: DataFolder, request: Request) -> "NoReturn":
    """Make the edit durable, make sure that somebody carries it to Plex, and let the save go on."""
    from worker.hook import handle_hook  # noqa: PLC0415 - a drainer or a task does not need it

    if IS_TOO_OLD:
        log("error", said_of_this_python() + ". Edits wait until then")
    handle_hook(folder, PLUGIN_FILE, request)
    reply("ok")
    # The committed row is safe in the WAL: to fold that into the file would only make the save wait.
    end_at_once()


def drain(folder: DataFolder, request: Request) -> int:
    """Be the drainer until there is no work."""
    from worker.drainer import run_drainer  # noqa: PLC0415 - the hook's path must not import the worker

    return run_drainer(folder, PLUGIN_FILE, request.server_connection, is_standby=STANDBY_ARGUMENT in sys.argv)


def task(folder: DataFolder, request: Request) -> int:
    """Run a button's task or an operation of the same mode."""
    # The hook's path must not import the worker.
    from worker.errors import TaskError  # noqa: PLC0415
    from worker.process.task_runner import run_task  # noqa: PLC0415
    from worker.tasks.registry import is_light  # noqa: PLC0415

    try:
        reply(run_task(folder, PLUGIN_FILE, request))
    except TaskError as error:
        return fail(str(error))
    if is_light(request):
        end_at_once()
    return 0


def end_at_once() -> "NoReturn":
    """End where nothing is left to do: to tear the interpreter down would only make somebody wait for it."""
    sys.stderr.flush()
    os._exit(0)


def in_words(folder: DataFolder, error: "OSError | sqlite3.Error | MemoryError") -> str:
    """What cannot be used, why, and what to do about it."""
    # Only needed where something is wrong.
    from worker.base.shortage import shortage  # noqa: PLC0415
    from worker.base.storage_advice import next_step  # noqa: PLC0415

    said = str(error) if isinstance(error, NewerFormat) else shortage(error)
    if said:
        return said
    if isinstance(error, OSError):
        place = str(error.filename or folder.root)
        return f"{place} cannot be used ({error.strerror or error}). {next_step(error, place)}"
    advice = "If this goes on, restart Stash"
    if isinstance(error, sqlite3.Error) and not is_busy(error):
        advice = next_step(error, folder.queue) or "Is the disk full or the folder read-only?"
    return f"the queue in {folder.queue} cannot be used ({error}). {advice}"


def fail(text: str) -> int:
    """Say what is wrong in the reply, which Stash logs as an error of the plugin (Stash v0.30, plugin tasks)."""
    reply_error(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
