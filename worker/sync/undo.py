"""Brings Plex items back to what they showed before the first write, as far as nobody edited them in Plex since."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from plex.client import PlexClient
from plex.editing.difference import ANY_SERVER, give_back, with_what_goes_along
from plex.editing.edits import FieldEdit, ServerWays, as_json, keys, names, same_value
from plex.items import PlexItem
from storage.crash_points import reach
from storage.database import Database
from sync_queue.models import Job
from sync_queue.schema import PARKED
from sync_queue.state.activity import Change
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from sync_queue.state.undone import Undone
from validation.fields import LIST_FIELDS, FieldValue
from validation.names import name_key
from worker.backoff import NothingArrived, NothingToSync, PartlySynced
from worker.clients.context import SyncContext, read_items
from worker.items.item import history_of
from worker.items.item_identity import has_its_files
from worker.items.read_back import read_back
from worker.items.server import KnownServer
from worker.items.writing import ItemWriting
from worker.sync.outcome import Outcome
from worker.sync.ownership import Ownership
from worker.sync.scope import part_taker

NOTHING_WRITTEN = "nothing was ever written for this scene"


def undo_edits(item: PlexItem, state: ItemState, ways: ServerWays = ANY_SERVER) -> tuple[FieldEdit, ...]:
    """What brings the item back. A value that is no longer the one we wrote was edited in Plex, and is left alone.

    Of a list, the names that we added go and the old ones come back; names that others added since stay.
    """
    history = history_of(state)
    edits = (give_back(name, item, history, ways) for name in state.originals)
    return with_what_goes_along((edit for edit in edits if edit is not None), item, history)


def left_alone(item: PlexItem, state: ItemState) -> dict[str, FieldValue]:
    """What an undo leaves, by field, as it was edited in Plex since we wrote it; of a list, the names of others."""
    left: dict[str, FieldValue] = {}
    history = history_of(state)
    for name, original in history.originals.items():
        current = item.value(name)
        if name in LIST_FIELDS:
            # Another spelling of a name of ours is nobody's edit.
            known = keys((*names(original.value), *names(history.written.get(name))))
            others = tuple(each for each in names(current) if name_key(each) not in known)
            left |= {name: others} if others else {}
        elif not history.is_ours(name, current) and not same_value(current, original.value):
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
    where the keys that the last sync found do not lead to the same files any more. `clock` gives seconds since the
    epoch.
    """

    def __init__(
        self,
        plex: PlexClient,
        database: Database,
        look_up: Callable[[int], Sequence[tuple[PlexItem, ItemState]]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._plex = plex
        self._database = database
        self._look_up = look_up
        self._clock = clock

    @property
    def server_id(self) -> str:
        """The machineIdentifier of the Plex that is asked. Raises PlexError."""
        return self._plex.machine_identifier

    def plan(self, scene_id: int) -> list[ItemUndo]:
        """What would be undone; [] where nothing was ever written. Reads only. Raises PlexError, StashUnavailable."""
        keys = self._keys(scene_id)
        states, items = self._state().items(keys), read_items(self._plex, keys)
        found = {
            key: (items[key], states[key]) for key in keys if key in items and _is_of(scene_id, states[key], items[key])
        }
        if len(found) < len(keys):
            found = {**self._moved(scene_id), **found}
        ways = self._server().ways
        return [
            ItemUndo(item, state, undo_edits(item, state, ways), left_alone(item, state))
            for item, state in found.values()
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

    def taken_over(self, scene_id: int) -> str:
        """That other scenes show on the scene's items by now, in words; "" where none does. Raises PlexError."""
        known = self._state().scenes([scene_id]).get(scene_id)
        if known is None:
            return ""
        owners = {state.scene_id for state in self._state().items(known.rating_keys).values()} - {0, scene_id}
        if owners:
            scenes = " and ".join(f"scene {owner}" for owner in sorted(owners))
            return f"Plex shows {scenes} in its place by now, and to undo that brings back what Plex had before"
        return "" if known.rating_keys else "; ".join(known.warnings)

    def _keys(self, scene_id: int) -> tuple[int, ...]:
        """The scene's items as the last sync found them, and those on this server that it may not have been about: the
        scene's own state knows no server, that of an item does."""
        kept = [state.rating_key for state in self._state().items_of_scenes([scene_id]) if state.rating_key < PARKED]
        return tuple(dict.fromkeys((*self.rating_keys(scene_id), *kept)))

    def undo(self, job: Job, stash_updated_at: str) -> Outcome:
        """Undo one scene. Raises PlexError.

        `stash_updated_at` (Stash's time of the scene, "" where it is gone) counts as in step from now on: otherwise the
        next catch-up would take the scene for missed, and write it again.
        """
        begun_at = self._clock()
        plan = self.plan(job.scene_id)
        if not plan:
            return Outcome(job, NothingToSync(self.taken_over(job.scene_id) or NOTHING_WRITTEN))
        items = [ItemWriting(each.item, each.edits) for each in plan if each.edits]
        self._write(items, is_first_try=job.retry_count == 0)
        warnings = [text for item in items for text in item.verdict.warnings]
        done = replace(self._done(job, plan, items, stash_updated_at), warnings=tuple(warnings), begun_at=begun_at)
        passing = [text for item in items for text in item.verdict.passing]
        is_ignored = any(item.verdict.has_ignored_all for item in items)
        if not (is_ignored or passing):
            return done
        error = NothingArrived("; ".join(warnings)) if is_ignored else PartlySynced("; ".join(passing))
        arrived = replace(done, warnings=(), undone=(), scene_state=None)
        return replace(arrived, error=error, given_up=replace(done, error=error))

    def _done(self, job: Job, plan: Sequence[ItemUndo], items: Sequence[ItemWriting], stash_updated_at: str) -> Outcome:
        """The outcome; what Plex refused to bring back can be undone another time."""
        now = self._clock()
        refused = {item.rating_key: item.verdict.refused for item in items if item.verdict.refused}
        went_back = [
            (key, edit)
            for each in plan
            for key in [each.item.rating_key]
            for edit in each.edits
            if edit.field not in refused.get(key, {})
        ]
        return Outcome(
            job,
            changed=tuple(sorted({edit.field for _, edit in went_back})),
            changes=tuple(Change(key, edit.field, as_json(edit.old), as_json(edit.new)) for key, edit in went_back),
            undone=self._known_by(job.scene_id, [each.item for each in plan if each.item.rating_key not in refused]),
            scene_state=SceneState(
                job.scene_id,
                now,
                stash_updated_at,
                tuple(sorted(refused)),
                warnings=tuple(item.verdict.refusal_in_words(name) for item in items for name in item.verdict.refused),
                undone=Undone(now, stash_updated_at),
            ),
            server_id=self._plex.machine_identifier,
        )

    def _state(self) -> SyncState:
        return SyncState(self._database, self._plex.machine_identifier)

    def _server(self) -> KnownServer:
        server = KnownServer(self._database, self._plex.machine_identifier, self._plex.version, self._clock)
        server.recall(())
        return server

    def _write(self, items: Sequence[ItemWriting], *, is_first_try: bool) -> None:
        server = self._server()
        for item in items:
            item.send(self._plex, (), server, is_first_try=is_first_try)
            reach("undo:sent")

        def write_again(item: ItemWriting, edits: Sequence[FieldEdit]) -> None:
            item.write_plainly(self._plex, edits, server)

        read_back(items, lambda keys: read_items(self._plex, keys), write_again, server)
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
    ownership = Ownership(context, database, part_taker(context.config, context.mapping_rules))
    return [each for result in ownership.find([scene]) for each in result.items]
