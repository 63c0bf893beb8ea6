"""Brings Plex items back to what they showed before the first write, as far as nobody edited them in Plex since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from plex.client import PlexClient
from plex.items import PlexItem
from plex.metadata import FieldEdit, names, remaining, same_value
from plex.writer import edit_requests, plain_edit_requests
from storage.crash_points import reach
from storage.database import Database
from sync_queue.models import Job
from sync_queue.sync_state import ItemState, SceneState, SyncState
from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from worker.backoff import NothingToSync
from worker.sync.comparison import part_taker
from worker.sync.context import SyncContext, read_items
from worker.sync.item import Original
from worker.sync.item_identity import has_its_files
from worker.sync.ownership import Ownership
from worker.sync.scene import Outcome


def undo_edits(item: PlexItem, state: ItemState) -> tuple[FieldEdit, ...]:
    """What brings the item back. A value that is no longer the one we wrote was edited in Plex, and is left alone.

    Of a list, the names that we added go and the old ones come back; names that others added since stay.
    """
    edits = (_undo_edit(name, Original.from_json(stored), item, state) for name, stored in state.originals.items())
    return tuple(edit for edit in edits if edit is not None)


def left_alone(item: PlexItem, state: ItemState) -> dict[str, FieldValue]:
    """What an undo leaves, by field, as it was edited in Plex since we wrote it; of a list, the names of others."""
    left: dict[str, FieldValue] = {}
    for name, stored in state.originals.items():
        original, current = Original.from_json(stored).value, item.value(name)
        if name in LIST_FIELDS:
            # Plex's own form of a name of ours is nobody's edit.
            known = {*names(original), *names(state.written.get(name)), *names(state.shown.get(name))}
            others = tuple(each for each in names(current) if each not in known)
            left |= {name: others} if others else {}
        elif not _is_ours(name, current, state) and not same_value(current, original):
            left[name] = current
    return left


class ItemUndo(NamedTuple):
    """One item: what an undo would do to it, and (by field) what it would leave there as somebody else's."""

    item: PlexItem
    state: ItemState
    edits: tuple[FieldEdit, ...]
    left_alone: dict[str, FieldValue]


class SceneUndo:
    """Undoes what was written for a scene.

    `look_up` gives the items that the scene leads to now and would own, each with what is known of it. It is asked only
    where the keys that the last sync found do not lead to the same files any more.
    """

    def __init__(
        self, plex: PlexClient, database: Database, look_up: Callable[[int], Sequence[tuple[PlexItem, ItemState]]]
    ) -> None:
        self._plex = plex
        self._database = database
        self._look_up = look_up

    def plan(self, scene_id: int) -> list[ItemUndo]:
        """What would be undone; [] where nothing was ever written. Reads only. Raises PlexError, StashUnavailable."""
        keys = self.rating_keys(scene_id)
        states, items = self._state().items(keys), read_items(self._plex, keys)
        found = {
            key: (items[key], states[key]) for key in keys if key in items and _is_of(scene_id, states[key], items[key])
        }
        if len(found) < len(keys):
            found = {**self._moved(scene_id), **found}
        return [
            ItemUndo(item, state, undo_edits(item, state), left_alone(item, state)) for item, state in found.values()
        ]

    def _moved(self, scene_id: int) -> dict[int, tuple[PlexItem, ItemState]]:
        """The scene's items as they are found now, by key; without those that were written for another scene."""
        found = {item.rating_key: (item, state) for item, state in self._look_up(scene_id)}
        stored = self._state().items(list(found))
        return {
            key: (item, state)
            for key, (item, state) in found.items()
            if stored[key].scene_id in (0, scene_id) or not has_its_files(stored[key], item)
        }

    def _known_by(self, scene_id: int, items: Sequence[PlexItem]) -> tuple[int, ...]:
        """The keys under which something is known of the scene's items, be they theirs still or not."""
        stored = self._state().items([item.rating_key for item in items])
        now = {item.rating_key for item in items if _is_of(scene_id, stored[item.rating_key], item)}
        kept = self._state().items_of_scenes([scene_id])
        earlier = {state.rating_key for state in kept if any(has_its_files(state, item) for item in items)}
        return tuple(sorted(now | earlier))

    def rating_keys(self, scene_id: int) -> tuple[int, ...]:
        """The scene's items in Plex as the last sync found them, () for none. Raises PlexError."""
        known = self._state().scenes([scene_id]).get(scene_id)
        return known.rating_keys if known else ()

    def undo(self, job: Job, stash_updated_at: str, now: float) -> Outcome:
        """Undo one scene. Raises PlexError.

        `stash_updated_at` (Stash's time of the scene, "" where it is gone) counts as in step from `now` on (seconds
        since the epoch): otherwise the next catch-up would take the scene for missed, and write it again.
        """
        plan = self.plan(job.scene_id)
        if not plan:
            return Outcome(job, NothingToSync("nothing was ever written for this scene"))
        for each in plan:
            self._write(each.item, each.state, each.edits)
        return Outcome(
            job,
            changed=tuple(sorted({edit.field for each in plan for edit in each.edits})),
            undone=self._known_by(job.scene_id, [each.item for each in plan]),
            scene_state=SceneState(job.scene_id, now, stash_updated_at, ()),
            server_id=self._plex.machine_identifier,
        )

    def _state(self) -> SyncState:
        return SyncState(self._database, self._plex.machine_identifier)

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


def _is_of(scene_id: int, state: ItemState, item: PlexItem) -> bool:
    """Whether a state was kept for this scene and of the item that its key means now."""
    return state != ItemState(item.rating_key) and state.scene_id in (0, scene_id) and has_its_files(state, item)


def look_up(context: SyncContext, database: Database, scene_id: int) -> list[tuple[PlexItem, ItemState]]:
    """The items that a scene leads to now and would own, each with what is known of it.

    None for a scene that Stash no longer has. Raises PlexError, StashUnavailable.
    """
    scene = context.stash.scenes([scene_id]).get(scene_id)
    if scene is None:
        return []
    ownership = Ownership(context, database, part_taker(context.mapping_rules))
    return [each for result in ownership.find([scene]) for each in result.items]


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
    if not _is_ours(name, current, state) or same_value(current, original.value):
        return None
    return FieldEdit(name, current, original.value)


def _is_ours(name: str, current: FieldValue, state: ItemState) -> bool:
    """Whether a value in Plex is the one that we wrote, or Plex's form of it."""
    return any(name in ours and same_value(current, ours[name]) for ours in (state.written, state.shown, state.writing))


def _undo_list(name: str, before: tuple[str, ...], current: tuple[str, ...], ours: tuple[str, ...]) -> FieldEdit | None:
    removed = tuple(each for each in current if each in ours and each not in before)
    added = tuple(each for each in before if each not in current)
    if not removed and not added:
        return None
    kept: FieldValue = (*before, *(each for each in current if each not in before and each not in removed))
    return FieldEdit(name, current, kept, added, removed)
