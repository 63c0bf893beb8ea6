"""Brings Plex items back to what they showed before the first write, as far as nobody edited them in Plex since."""

from __future__ import annotations

from collections.abc import Sequence

from plex.client import PlexClient
from plex.items import PLEX_NAMES, PlexItem
from plex.metadata import FieldEdit, names, remaining, same_value
from plex.writer import edit_requests, plain_edit_requests
from storage.crash_points import reach
from sync_queue.database import Database
from sync_queue.models import Job
from sync_queue.sync_state import ItemState, SceneState, SyncState
from validation.fields import LIST_FIELDS, FieldValue
from worker.backoff import NothingToSync
from worker.item_sync import Original
from worker.scene_sync import Outcome
from worker.sessions import read_items


def undo_edits(item: PlexItem, state: ItemState) -> tuple[FieldEdit, ...]:
    """What brings the item back. A value that is no longer the one we wrote was edited in Plex, and is left alone.

    Of a list, the names that we added go and the old ones come back; names that others added since stay.
    """
    edits = (_undo_edit(name, Original.from_json(stored), item, state) for name, stored in state.originals.items())
    return tuple(edit for edit in edits if edit is not None)


class SceneUndo:
    """Undoes what was written for a scene."""

    def __init__(self, plex: PlexClient, database: Database) -> None:
        self._plex = plex
        self._database = database

    def plan(self, scene_id: int) -> list[tuple[PlexItem, ItemState, tuple[FieldEdit, ...]]]:
        """What would be undone, by item; [] where nothing was ever written. Reads only. Raises PlexError."""
        state = SyncState(self._database, self._plex.machine_identifier)
        known = state.scenes([scene_id]).get(scene_id)
        keys = known.rating_keys if known else ()
        items, states = read_items(self._plex, keys), state.items(keys)
        return [(items[key], states[key], undo_edits(items[key], states[key])) for key in keys if key in items]

    def undo(self, job: Job, stash_updated_at: str, now: float) -> Outcome:
        """Undo one scene. Raises PlexError.

        `stash_updated_at` (Stash's time of the scene, "" where it is gone) counts as in step from `now` on (seconds
        since the epoch): otherwise the next catch-up would take the scene for missed, and write it again.
        """
        plan = self.plan(job.scene_id)
        if not plan:
            return Outcome(job, NothingToSync("nothing was ever written for this scene"))
        for item, state, edits in plan:
            self._write(item, state, edits)
        return Outcome(
            job,
            changed=tuple(sorted({edit.field for _, _, edits in plan for edit in edits})),
            undone=tuple(item.rating_key for item, _, _ in plan),
            scene_state=SceneState(job.scene_id, now, stash_updated_at, ()),
            server_id=self._plex.machine_identifier,
        )

    def _write(self, item: PlexItem, state: ItemState, edits: Sequence[FieldEdit]) -> None:
        plex = self._plex
        unlocked = {
            f"{PLEX_NAMES[name]}.locked"
            for name, stored in state.originals.items()
            if name in PLEX_NAMES and not Original.from_json(stored).locked
        }
        if not edits:
            return
        _send(plex, item, edit_requests(edits), unlocked)
        reach("undo:sent")
        _rate(plex, item, edits)
        shown = plex.items([item.rating_key]).get(item.rating_key)
        left = remaining(edits, shown) if shown else ()
        _send(plex, item, plain_edit_requests(left), unlocked)
        reach("undo:read_back")


def _send(plex: PlexClient, item: PlexItem, requests: Sequence[Sequence[tuple[str, str]]], unlocked: set[str]) -> None:
    """Write, and leave a field that nobody had locked before us to Plex's own agent again."""
    for parameters in requests:
        plex.edit(item, [(name, "0" if name in unlocked else value) for name, value in parameters])


def _rate(plex: PlexClient, item: PlexItem, edits: Sequence[FieldEdit]) -> None:
    for edit in edits:
        if edit.field == "rating":
            plex.rate(item.rating_key, edit.new if isinstance(edit.new, int | float) else None)


def _undo_edit(name: str, original: Original, item: PlexItem, state: ItemState) -> FieldEdit | None:
    current = item.value(name)
    if name in LIST_FIELDS:
        return _undo_list(name, names(original.value), names(current), names(state.written.get(name)))
    ours = (state.written, state.shown, state.writing)
    is_ours = any(name in known and same_value(current, known[name]) for known in ours)
    if not is_ours or same_value(current, original.value):
        return None
    return FieldEdit(name, current, original.value)


def _undo_list(name: str, before: tuple[str, ...], current: tuple[str, ...], ours: tuple[str, ...]) -> FieldEdit | None:
    removed = tuple(each for each in current if each in ours and each not in before)
    added = tuple(each for each in before if each not in current)
    if not removed and not added:
        return None
    kept: FieldValue = (*before, *(each for each in current if each not in before and each not in removed))
    return FieldEdit(name, current, kept, added, removed)
