"""Takes back the locks that PlexSync set in Plex, so that an agent can fill the fields again."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from plex.client import PlexClient
from plex.exceptions import PlexError, PlexNotFound
from plex.items import PlexItem
from stash.protocol import progress
from sync_queue.state.discarded import leave_alone
from sync_queue.state.sync_state import SyncState
from validation.fields import PLEX_NAMES
from worker.base.words import counted
from worker.clients.context import read_items
from worker.errors import TaskError
from worker.items.item_identity import has_its_files
from worker.status.standing import FORMAT
from worker.sync.refresh import own_locks
from worker.tasks import arguments
from worker.tasks.doctor.write_test import drain_lock
from worker.tasks.task import Task

logger = logging.getLogger(__name__)


class Locked(NamedTuple):
    """An item that holds locks of ours, our names of the locked fields, and whose item it is (0 = nobody's)."""

    item: PlexItem
    fields: tuple[str, ...]
    scene_id: int


def unlock(task: Task) -> dict[str, Any]:
    """Unlock what we locked, or (with dry_run) only count it.

    Raises ArgumentError, TaskError, ConfigError, StashUnavailable, PlexError.
    """
    if arguments.switch(task.args, "dry_run", default=True):
        locked = _locked(task, _client(task))
        return _reply(locked, dry_run=True, unlocked=0)
    with drain_lock(task.folder):
        task.workplace.supersede()
        plex = _client(task)
        locked = _locked(task, plex)
        if not task.workplace.contexts.read_settings().refresh_instead:  # else nothing locks them again
            leave_alone(task.database, [each.scene_id for each in locked], time.time())
        return _reply(locked, dry_run=False, unlocked=_unlock(plex, locked))


def _client(task: Task) -> PlexClient:
    contexts = task.workplace.contexts
    config = contexts.read_settings()
    if config.paused and not arguments.switch(task.args, "dry_run", default=True):
        raise TaskError("paused is set. Turn Pause off under Settings > Plugins > PlexSync, then try again")
    return contexts.new_client(config)


def _locked(task: Task, plex: PlexClient) -> list[Locked]:
    """Raises PlexError."""
    states = SyncState(task.database, plex.machine_identifier).items_written()
    items = read_items(plex, [state.rating_key for state in states])
    found = [
        Locked(items[state.rating_key], own_locks(items[state.rating_key], state), state.scene_id)
        for state in states
        if state.rating_key in items and has_its_files(state, items[state.rating_key])
    ]
    return [each for each in found if each.fields]


def _unlock(plex: PlexClient, locked: Sequence[Locked]) -> int:
    """Take the locks back; returns of how many items. Raises TaskError where Plex does not let us end."""
    done = 0
    for number, (item, fields, _) in enumerate(locked, start=1):
        try:
            plex.edit(item, [(f"{PLEX_NAMES[name]}.locked", "0") for name in fields])
            done += 1
        except PlexNotFound:  # it went away meanwhile, and its locks with it
            continue
        except PlexError as error:
            raise TaskError(f"{error}. {done} of {counted(len(locked), 'item')} were unlocked. Try again") from error
        progress(number / len(locked))
    logger.info("%s unlocked in Plex", counted(done, "item"))
    return done


def _reply(locked: Sequence[Locked], *, dry_run: bool, unlocked: int) -> dict[str, Any]:
    fields = Counter(name for each in locked for name in each.fields)
    return {"format": FORMAT, "dry_run": dry_run, "items": len(locked), "fields": dict(fields), "unlocked": unlocked}
