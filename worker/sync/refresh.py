"""With `refresh_instead`: when Plex is asked to refresh an item, and what of ours keeps its agent from filling it."""

from __future__ import annotations

from collections.abc import Collection

from plex.items import PlexItem
from stash.client import parse_time
from sync_queue.fan_out import SOURCE as RENAME
from sync_queue.models import Job
from sync_queue.sources import is_asked_by
from sync_queue.state.sync_state import ItemState
from validation.fields import PLEX_NAMES
from validation.scene import Scene

HOOK = "hook"
STASH_TIME_STEP = 2.0
"""Seconds after which an `updated_at` cannot be given again: Stash v0.30 stores whole seconds; one more to be safe."""


def is_settled(updated_at: str, read_at: float) -> bool:
    """Whether no further edit can have the same `updated_at`; `read_at`: when it was read, seconds since the epoch."""
    return read_at - parse_time(updated_at).timestamp() >= STASH_TIME_STEP


def is_refresh_due(scene: Scene, state: ItemState, job: Job | None = None) -> bool:
    """Whether the scene changed since Plex was last asked to refresh this item of it.

    Two edits within a second have the same `updated_at`: where the last refresh may have come between them, the hook of
    the second one tells. So does a rename, which moves no scene's time. Without a job: whether a reconcile would ask.
    """
    if not state.refreshed:
        return True
    read_at = state.refreshed["read_at"]
    if parse_time(scene.updated_at) != parse_time(state.refreshed["updated_at"]):
        return True  # newer, or earlier where Stash's clock was set back
    if job is None or job.enqueued_at <= read_at:
        return False
    is_edit = is_asked_by(job.source, HOOK) and not is_settled(scene.updated_at, read_at)
    return is_edit or is_asked_by(job.source, RENAME)


def own_locks(item: PlexItem, state: ItemState) -> tuple[str, ...]:
    """The fields that are locked in Plex, and were not before we wrote to the item."""
    ours = {name for name, original in state.originals.items() if not original["locked"]} | state.images.keys()
    return tuple(name for name, lock in PLEX_NAMES.items() if name in ours and lock in item.locked)


def locks_in_words(fields: Collection[str]) -> str:
    """What somebody is told, once, whose agent cannot fill what we locked."""
    return (
        f"PlexSync locked {', '.join(fields)} here before, so Plex's agent leaves that as it is, and so in other items."
        " Press Take locks back on PlexSync's page under Setup"
    )
