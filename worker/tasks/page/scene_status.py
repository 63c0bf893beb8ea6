"""How one scene stands. Light, unless it is to be compared with Plex."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from plex.files.index_reader import items_with_keys, server_id
from sync_queue.state.activity import known_titles
from sync_queue.state.pins import Pins
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from sync_queue.views.job_list import FailedJob, job_of_scene
from worker.base.known_settings import KnownSettings, read_known_settings
from worker.base.paths import file_title, shown_path
from worker.status.standing import FORMAT
from worker.tasks import arguments
from worker.tasks.page.job_shapes import JobShapes
from worker.tasks.task import Task


def scene_status(task: Task) -> dict[str, Any]:
    """The answer of `scene_status`. Raises ArgumentError, ConfigError, StashUnavailable."""
    scene_id = arguments.whole_number(task.args, "scene_id")
    if scene_id is None:
        raise arguments.missing("scene_status", "scene_id", "7")
    status = known_status(task, scene_id)
    if arguments.switch(task.args, "compare"):
        workplace = task.workplace  # first of all: it sees to the packages, which the module needs
        # Heavy: it asks Stash and Plex.
        from worker.tasks.page.scene_comparison import compared  # noqa: PLC0415

        return compared(task, workplace, status)
    return status


def known_status(task: Task, scene_id: int) -> dict[str, Any]:
    """What is known of the scene without asking anybody."""
    server = server_id(task.folder.file_index)
    state = SyncState(task.database, server)
    known = state.scenes([scene_id]).get(scene_id)
    job = job_of_scene(task.database, scene_id)
    own = state.items_of_scenes([scene_id])
    keys = dict.fromkeys((*(known.rating_keys if known else ()), *(item.rating_key for item in own)))
    items = list(state.items(list(keys)).values())
    shown = JobShapes(task.folder, task.database, time.time()).shapes([job]) if job else []
    warnings = known.warnings if known else ()
    if job is not None:
        name, reason = ("failed" if isinstance(job, FailedJob) else "waiting"), shown[0]["error_text"]
    elif known is None:
        name, reason = "never_synced", ""
    elif known.undone:
        name, reason = "undone", ""
    elif _is_shown_by_another(known, scene_id, items):
        name, reason = "shown_by_another", "; ".join(warnings)
    else:
        name, reason = "in_step", "; ".join(warnings)
    return {
        "format": FORMAT,
        "scene_id": scene_id,
        "title": known_titles(task.database, [scene_id]).get(scene_id, ""),
        "state": name,
        "reason": reason,
        "last_synced_at": known.synced_at if known and known.synced_at else None,
        "can_undo": any(item.originals for item in own),
        "job": shown[0] if shown else None,
        "differences": None,
        "differences_reason": "",
        "items": _items(task, scene_id, items, server),
    }


def _is_shown_by_another(known: SceneState, scene_id: int, items: list[ItemState]) -> bool:
    """Whether every item that the scene leads to belongs to another one by now."""
    if not known.rating_keys:
        return bool(known.warnings)
    owners = {item.rating_key: item.scene_id for item in items}
    return all(owners.get(key, 0) not in (0, scene_id) for key in known.rating_keys)


def _items(task: Task, scene_id: int, items: list[ItemState], server: str) -> list[dict[str, Any]]:
    settings = read_known_settings(task.folder.known_settings)
    indexed = items_with_keys(task.folder.file_index, [item.rating_key for item in items])
    owners = {item.rating_key: item.scene_id or scene_id for item in items}
    titles = known_titles(task.database, list(owners.values()))
    pins = [(pin.scene_id, pin.rating_key) for pin in Pins(task.database, server).all()]
    shapes = []
    for item in items:
        found = indexed.get(item.rating_key)
        path = item.files[0] if item.files else found.path if found else ""
        owner = owners[item.rating_key]
        shapes.append(
            {
                "rating_key": item.rating_key,
                "title": _title(item) or ("" if settings.obfuscate_paths else file_title(path)),
                "library": found.library if found else "",
                "path": shown_path(path, settings.obfuscate_paths) if path else "",
                "web_url": _web_url(settings, server, item.rating_key),
                "owner_scene_id": owner,
                "owner_title": titles.get(owner, ""),
                "is_pinned": (owner, item.rating_key) in pins,
            }
        )
    return shapes


def _title(item: ItemState) -> str:
    """What Plex showed after the last write, "" where no title was written."""
    title = item.shown.get("title", item.written.get("title"))
    return title if isinstance(title, str) else ""


def _web_url(settings: KnownSettings, server: str, rating_key: int) -> str:
    """Plex's own page of the item, "" where its address is not known (Plex Web, as its address bar shows it)."""
    if not settings.plex_url or not server:
        return ""
    key = quote(f"/library/metadata/{rating_key}", safe="")
    return f"{settings.plex_url}/web/index.html#!/server/{server}/details?key={key}"
