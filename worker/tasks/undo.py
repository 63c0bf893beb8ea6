"""The tasks that undo: first what would change, then (with dry_run false) the change itself, through the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from plex.client import PlexClient
from plex.editing.edits import FieldEdit, as_json
from plex.items import PlexItem
from stash.protocol import Request, progress
from sync_queue.enqueue import enqueue_undo
from sync_queue.state.sync_state import ItemState, SyncState, scenes_written_since
from worker.base.words import counted, local_time, value_in_words
from worker.clients.context import SyncContext
from worker.drain.parts import Workplace
from worker.errors import ArgumentError
from worker.reconcile.index_copy import open_index_copy
from worker.sync.undo import ItemUndo, SceneUndo, look_up
from worker.tasks import arguments
from worker.tasks.foreground import drain
from worker.tasks.task import Task

logger = logging.getLogger(__name__)

SHOWN = 20
"""Scenes that the log names one by one; the result has them all."""

STAYS = "Once undone, the scene is left alone until you edit it in Stash or sync it by hand"


@dataclass
class UndoPlan:
    """By scene: what would change, what would be left alone, and why nothing would change; see docs/status.md.

    `undone`: the scenes that are left alone from then on. A scene of which no field goes back is among them where
    PlexSync wrote to it: its values in Plex are what a person wants there. `server_id`: the Plex that shows them.
    """

    server_id: str = ""

    scenes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    left_alone: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    unchanged: dict[int, str] = field(default_factory=dict)
    undone: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Its part of the task's result."""
        parts: dict[str, Mapping[int, Any]] = {
            "scenes": self.scenes,
            "left_alone": self.left_alone,
            "unchanged": self.unchanged,
        }
        by_scene = {name: {str(key): each for key, each in part.items()} for name, part in parts.items()}
        return {**by_scene, "undone": self.undone}


def undo_scene(task: Task) -> dict[str, Any]:
    """Bring one scene's items back to what they showed before the first write."""
    return UndoTask(task.workplace, task.request, partial(drain, task)).undo_scene()


def undo_since(task: Task) -> dict[str, Any]:
    """The same for every scene synced since a moment."""
    return UndoTask(task.workplace, task.request, partial(drain, task)).undo_since()


class UndoTask:
    """One invocation. `drain` works the queue off and returns its result."""

    def __init__(
        self,
        workplace: Workplace,
        request: Request,
        drain: Callable[[], dict[str, Any]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._workplace = workplace
        self._args = request.args
        self._drain = drain
        self._clock = clock

    def undo_scene(self) -> dict[str, Any]:
        """Undo one scene. Raises ArgumentError, ConfigError, StashUnavailable, PlexError."""
        scene_id = arguments.whole_number(self._args, "scene_id")
        if scene_id is None:
            raise ArgumentError(
                _missing("undo_scene", "scene_id", "7", "The number stands in the address of the scene's page")
            )
        return self._undo([scene_id])

    def undo_since(self) -> dict[str, Any]:
        """Undo every scene that was written to Plex since a moment. Raises as undo_scene."""
        since = arguments.point_in_time(self._args, "since")
        if since is None:
            raise ArgumentError(
                _missing("undo_since", "since", '"2026-11-20"', "A time may follow the date: 2026-11-20T18:30")
            )
        scene_ids = scenes_written_since(self._workplace.manager.database, since)
        if not scene_ids:
            logger.info("No scene was written to Plex since %s, so there is nothing to undo", local_time(since))
        return self._undo(scene_ids)

    def _undo(self, scene_ids: Sequence[int]) -> dict[str, Any]:
        dry_run = arguments.switch(self._args, "dry_run", default=True)
        asked_at = self._clock()  # whoever edits a scene from now on wants to see that
        plan = self._plan(scene_ids)
        _log(plan, len(scene_ids), dry_run)
        result = {"dry_run": dry_run, **plan.as_json(), "refused": {}}
        if dry_run:
            return result
        enqueue_undo(self._workplace.manager.database, plan.undone, asked_at)
        drained = self._drain()
        return {**result, "refused": self._refused(plan), **drained}

    def _refused(self, plan: UndoPlan) -> dict[str, list[str]]:
        """By undone scene, in words, what Plex did not bring back."""
        states = SyncState(self._workplace.manager.database, plan.server_id).scenes(list(plan.scenes))
        return {str(key): list(each.warnings) for key, each in states.items() if each.undone and each.warnings}

    def _plan(self, scene_ids: Sequence[int]) -> UndoPlan:
        with ExitStack() as stack:
            contexts, database = self._workplace.contexts, self._workplace.manager.database
            plex = contexts.new_client(contexts.read_settings())
            return self._planned(scene_ids, SceneUndo(plex, database, self._finder_of(plex, stack)))

    def _finder_of(self, plex: PlexClient, stack: ExitStack) -> Callable[[int], Sequence[tuple[PlexItem, ItemState]]]:
        """What finds a scene's items, in a copy of the index that is made when it is first needed."""
        workplace = self._workplace

        @cache
        def context() -> SyncContext:
            config = workplace.contexts.read_settings()
            copy = open_index_copy(workplace.folder.file_index, plex, config.plex_library)
            return workplace.contexts.over(stack.enter_context(copy), config, plex)

        return lambda scene_id: look_up(context(), workplace.manager.database, scene_id)

    def _planned(self, scene_ids: Sequence[int], undo: SceneUndo) -> UndoPlan:
        plan = UndoPlan(undo.server_id)
        for done, scene_id in enumerate(scene_ids):
            items = undo.plan(scene_id)
            edits = [_as_json(edit) for item in items for edit in item.edits]
            stays = [each for item in items for each in item.left_alone.items()]
            plan.scenes |= {scene_id: edits} if edits else {}
            plan.left_alone |= (
                {scene_id: [{"field": name, "value": as_json(value)} for name, value in stays]} if stays else {}
            )
            plan.unchanged |= {} if edits else {scene_id: self._why_nothing(undo, scene_id, items)}
            plan.undone += [scene_id] if any(item.state.originals for item in items) else []
            progress(done / len(scene_ids))
        return plan

    def _why_nothing(self, undo: SceneUndo, scene_id: int, items: Sequence[ItemUndo]) -> str:
        """Why there is nothing to undo of a scene. Raises StashUnavailable, PlexError."""
        if any(item.left_alone for item in items):
            return f"all that PlexSync wrote was edited in Plex since. {STAYS}"
        if any(item.state.originals for item in items):
            return f"Plex shows what it showed before already. {STAYS}"
        if not items and (taken_over := undo.taken_over(scene_id)):
            return taken_over
        if not items and undo.rating_keys(scene_id):
            return "Plex no longer has its file"
        if not items:
            scenes = self._workplace.stash.scenes([scene_id])
            if scene_id not in scenes and scene_id not in scenes.unreadable:
                return f"Stash has no scene {scene_id}"
        return "PlexSync wrote none of its fields to Plex, or that is undone already"


def _log(plan: UndoPlan, asked: int, dry_run: bool) -> None:
    """Say it to a person; `asked` is how many scenes were looked at."""
    undone = plan.undone
    if asked:
        verb = "would be" if dry_run else "is being" if 1 in (asked, len(undone)) else "are being"
        logger.info("%d of %s %s undone", len(undone), counted(asked, "scene"), verb)
    for scene_id, edits in list(plan.scenes.items())[:SHOWN]:
        steps = "; ".join(f"{edit['field']} back to {value_in_words(edit['to'])}" for edit in edits)
        logger.info("Scene %d: %s", scene_id, steps)
    for scene_id, reason in list(plan.unchanged.items())[:SHOWN]:
        words = "Scene %d: nothing goes back, because %s" if scene_id in undone else "Scene %d has nothing to undo: %s"
        logger.info(words, scene_id, reason)
    for scene_id, left in list(plan.left_alone.items())[:SHOWN]:
        stays = "; ".join(f"{each['field']}, now {value_in_words(each['value'])}" for each in left)
        logger.info("Scene %d: left alone, because it was edited in Plex since (%s)", scene_id, stays)
    if dry_run and undone:
        logger.info("Nothing was changed. Start it again with dry_run set to false")


def _missing(mode: str, argument: str, example: str, hint: str) -> str:
    """What somebody is told who passed none."""
    return (
        f"{argument} is missing. Call it through Stash's GraphQL with mutation"
        f' {{ runPluginOperation(plugin_id: "PlexSync", args: {{mode: "{mode}", {argument}: {example},'
        f" dry_run: true}}) }}. {hint}; with dry_run false it is done."
    )


def _as_json(edit: FieldEdit) -> dict[str, Any]:
    return {"field": edit.field, "from": as_json(edit.old), "to": as_json(edit.new)}
