"""Which scene shows on which item, as a person chose it. Light: the item is known from the index of Plex's files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from plex.files.index_reader import files_of, items_with_keys, server_id
from sync_queue.enqueue import enqueue_many
from sync_queue.state.activity import known_titles
from sync_queue.state.pins import Pin, Pins
from worker.base.known_settings import read_known_settings
from worker.base.paths import file_title, shown_path
from worker.errors import ArgumentError
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.task import Task

SOURCE = "pin"


def list_pins(task: Task) -> dict[str, Any]:
    """A page of the pins, the newest first. Raises ArgumentError."""
    limit, after = arguments.page(task.args)
    with arguments.valid_cursor(task.args):
        first = int(after or 0)
    pins = sorted(_pins(task).all(), key=lambda pin: (-pin.pinned_at, pin.scene_id, pin.rating_key))
    page = pins[first : first + limit]
    following = str(first + limit) if len(pins) > first + limit else None
    return {"format": FORMAT, "count": len(pins), "next": following, "pins": _shapes(task, page)}


def pin(task: Task) -> dict[str, Any]:
    """Have a scene show on an item, and sync it. Raises ArgumentError."""
    scene_id = _needed(task, "pin", "scene_id", "7")
    rating_key = _needed(task, "pin", "rating_key", "51")
    files = files_of(task.folder.file_index, rating_key)
    if not files:
        raise ArgumentError(f"rating_key is {rating_key}, but no item that is known in Plex has it: reload the page")
    now = time.time()
    chosen = Pin(scene_id, rating_key, files, now)
    with task.database.transaction():
        _pins(task).set(chosen)
        enqueue_many(task.database, [scene_id], SOURCE, now)
    task.start_drainer()
    return {"format": FORMAT, "enqueued": True, "pin": _shapes(task, [chosen])[0]}


def unpin(task: Task) -> dict[str, Any]:
    """Remove a scene's pin to an item, or all of its pins. Raises ArgumentError."""
    scene_id = _needed(task, "unpin", "scene_id", "7")
    rating_key = arguments.whole_number(task.args, "rating_key")
    removed = _pins(task).remove(scene_id, rating_key)
    if removed:
        enqueue_many(task.database, [scene_id], SOURCE, time.time())
        task.start_drainer()
    return {"format": FORMAT, "unpinned": removed}


def _pins(task: Task) -> Pins:
    return Pins(task.database, server_id(task.folder.file_index))


def _needed(task: Task, mode: str, name: str, example: str) -> int:
    number = arguments.whole_number(task.args, name)
    if number is None:
        raise arguments.missing(mode, name, example)
    return number


def _shapes(task: Task, pins: Sequence[Pin]) -> list[dict[str, Any]]:
    hides = read_known_settings(task.folder.known_settings).obfuscate_paths
    items = items_with_keys(task.folder.file_index, [each.rating_key for each in pins])
    titles = known_titles(task.database, [each.scene_id for each in pins])
    return [
        {
            "scene_id": each.scene_id,
            "title": titles.get(each.scene_id, ""),
            "rating_key": each.rating_key if each.rating_key in items else None,
            "item_title": "" if hides else file_title(each.files[0]),
            "path": shown_path(each.files[0], hides),
            "library": items[each.rating_key].library if each.rating_key in items else "",
            "pinned_at": each.pinned_at,
        }
        for each in pins
    ]
