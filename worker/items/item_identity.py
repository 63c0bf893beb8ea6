"""Is it the same Plex item? State is about files: a rescan, a split or a restored backup gives keys to other files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from plex.editing.edits import is_locked, keys, names, same_value
from plex.items import PlexItem
from sync_queue.schema import PARKED
from sync_queue.state.sync_state import ItemState
from validation.fields import LIST_FIELDS, is_empty
from worker.items.item import history_of


def is_same_item(state: ItemState, item: PlexItem, leading: Collection[int], has_file: Callable[[str], bool]) -> bool:
    """Whether the item under a key is the one of which `state` was kept.

    It is while it shares a file with that, or while the same scene leads to it and the old files are nowhere else in
    Plex: then they were renamed. `leading`: ids of the scenes that lead to it.
    """
    if has_its_files(state, item):
        return True
    return state.scene_id in leading and not any(map(has_file, state.files))


def has_its_files(state: ItemState, item: PlexItem) -> bool:
    """Whether the item has one of the files at least that it had when `state` was kept."""
    return not state.files or not set(state.files).isdisjoint(item.files)


def is_gone(item: PlexItem, shown: PlexItem | None) -> bool:
    """Whether an item is no longer what its key shows: it is not there, or all of its files are another item's."""
    return shown is None or (bool(item.files) and set(item.files).isdisjoint(shown.files))


def adopted(item: PlexItem, states: Iterable[ItemState]) -> ItemState:
    """What is known of an item that has a new key: of the state that was kept of its files, all that it still shows.

    A bare new item shows nothing of ours, and nothing of another one's past is put into it. What was uploaded is looked
    at before it is sent again.
    """
    fresh = ItemState(item.rating_key)
    of_its_files = [each for each in states if not set(each.files).isdisjoint(item.files)]
    if not of_its_files:
        return fresh
    kept = max(of_its_files, key=lambda each: each.written_at)
    ours = {name for name in kept.originals if _shows_ours(name, item, kept)}
    return replace(
        fresh,
        originals=_only(kept.originals, ours),
        written=_only(kept.written, ours),
        writing=_only(kept.writing, ours),
        shown=_only(kept.shown, ours),
        asked=_only(kept.asked, ours),
        uploading={name: digest for name, digest in {**kept.images, **kept.uploading}.items() if item.value(name)},
        written_at=kept.written_at,
    )


def parked(state: ItemState, files: Sequence[str] | None = None) -> ItemState:
    """The state of a film whose key another one has now, under a key that no item has: its files tell of what it is.

    `files`: those of them that it is kept for, all unless given. As Plex does not have that key, it is forgotten in
    time like that of any item which is gone.
    """
    files = state.files if files is None else files
    return replace(state, rating_key=state.rating_key % PARKED + PARKED, files=files, refused={})


def _shows_ours(name: str, item: PlexItem, state: ItemState) -> bool:
    current, history = item.value(name), history_of(state)
    if is_empty(current):  # so does a bare item; but we locked what we emptied
        was_emptied = is_empty(history.asked.get(name)) if name in LIST_FIELDS else history.is_ours(name, current)
        return was_emptied and is_locked(name, item.locked)
    if name in LIST_FIELDS:
        return not keys(names(history.written.get(name))).isdisjoint(keys(names(current)))
    sent = [part[name] for part in (history.written, history.shown, history.writing) if name in part]
    return any(same_value(current, value) for value in sent)


def _only(values: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in fields}
