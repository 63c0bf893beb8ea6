"""How one scene stands. Light, unless it is to be compared with Plex."""

from __future__ import annotations

import time
from typing import Any

from plex.files.index_reader import items_with_keys, server_id
from sync_queue.state.activity import known_titles
from sync_queue.state.pins import Pins
from sync_queue.views.job_list import FailedJob, job_of_scene
from sync_queue.views.scene_view import ItemView, SceneView, item_views, scene_view
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
    known = scene_view(task.database, server, scene_id)
    job = job_of_scene(task.database, scene_id)
    items = item_views(task.database, server, scene_id, known.rating_keys if known else ())
    shown = JobShapes(task.folder, task.database, time.time()).shapes([job]) if job else []
    warnings = known.warnings if known else ()
    if job is not None:
        name, reason = ("failed" if isinstance(job, FailedJob) else "waiting"), shown[0]["error_text"]
    elif known is None:
        name, reason = "never_synced", ""
    elif known.is_undone:
        name, reason = "undone", "; ".join(warnings)
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
        "can_undo": any(item.has_originals for item in items if item.scene_id == scene_id),
        "job": shown[0] if shown else None,
        "differences": None,
        "differences_reason": "",
        "items": _items(task, scene_id, items, server),
    }


def _is_shown_by_another(known: SceneView, scene_id: int, items: list[ItemView]) -> bool:
    """Whether every item that the scene leads to belongs to another one by now."""
    if not known.rating_keys:
        return bool(known.warnings)
    owners = {item.rating_key: item.scene_id for item in items}
    return all(owners.get(key, 0) not in (0, scene_id) for key in known.rating_keys)


def _items(task: Task, scene_id: int, items: list[ItemView], server: str) -> list[dict[str, Any]]:
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
                "title": item.title or ("" if settings.obfuscate_paths else file_title(path)),
                "library": found.library if found else "",
                "path": shown_path(path, settings.obfuscate_paths) if path else "",
                "web_url": _web_url(settings, server, item.rating_key),
                "owner_scene_id": owner,
                "owner_title": titles.get(owner, ""),
                "is_pinned": (owner, item.rating_key) in pins,
            }
        )
    return shapes


def _web_url(settings: KnownSettings, server: str, rating_key: int) -> str:
    """Plex's own page of the item, "" where its address is not known (Plex Web, as its address bar shows it)."""
    if not settings.plex_url or not server:
        return ""
    key = f"%2Flibrary%2Fmetadata%2F{rating_key}"  # a path within a fragment (RFC 3986, 2.1)
    return f"{settings.plex_url}/web/index.html#!/server/{server}/details?key={key}"
