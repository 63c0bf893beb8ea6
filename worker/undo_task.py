"""The tasks that undo: first what would change, then (with dry_run false) the change itself, through the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from plex.metadata import FieldEdit
from stash.protocol import Request, progress
from sync_queue.enqueue import enqueue_undo
from sync_queue.sync_state import scenes_written_since
from worker import arguments
from worker.arguments import ArgumentError
from worker.assembly import Workplace
from worker.item_sync import as_json
from worker.undo import SceneUndo
from worker.words import counted

logger = logging.getLogger(__name__)

SHOWN = 20
"""Scenes that the log names one by one; the result has them all."""


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
        since = arguments.moment(self._args, "since")
        if since is None:
            raise ArgumentError(
                _missing("undo_since", "since", '"2026-11-20"', "A time may follow the date: 2026-11-20T18:30")
            )
        return self._undo(scenes_written_since(self._workplace.manager.database, since))

    def _undo(self, scene_ids: Sequence[int]) -> dict[str, Any]:
        dry_run = arguments.switch({"dry_run": "true", **self._args}, "dry_run")
        changes = self._changes(scene_ids)
        verb = "would be undone" if dry_run else "are being undone"
        logger.info("%d of %s %s", len(changes), counted(len(scene_ids), "scene"), verb)
        for scene_id, edits in list(changes.items())[:SHOWN]:
            logger.info("Scene %d: %s", scene_id, "; ".join(f"{edit['field']} back to {edit['to']}" for edit in edits))
        result: dict[str, Any] = {"dry_run": dry_run, "scenes": {str(key): edits for key, edits in changes.items()}}
        if dry_run:
            logger.info("Nothing was changed: start it again with dry_run set to false")
            return result
        enqueue_undo(self._workplace.manager.database, changes, self._clock())
        return {**result, **self._drain()}

    def _changes(self, scene_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """What would change, by scene; scenes that would not are absent."""
        sessions = self._workplace.sessions
        undo = SceneUndo(sessions.new_client(sessions.read_settings()), self._workplace.manager.database)
        changes = {}
        for done, scene_id in enumerate(scene_ids):
            edits = [edit for _, _, edits in undo.plan(scene_id) for edit in edits]
            if edits:
                changes[scene_id] = [_as_json(edit) for edit in edits]
            progress(done / len(scene_ids))
        return changes


def _missing(mode: str, argument: str, example: str, hint: str) -> str:
    """What somebody is told who pressed the button."""
    return (
        f"{argument} is missing, and Stash's page of tasks cannot pass it: call it through Stash's GraphQL, mutation"
        f' {{ runPluginOperation(plugin_id: "PlexSync", args: {{mode: "{mode}", {argument}: {example},'
        f" dry_run: true}}) }}. {hint}; with dry_run false it is done."
    )


def _as_json(edit: FieldEdit) -> dict[str, Any]:
    return {"field": edit.field, "from": as_json(edit.old), "to": as_json(edit.new)}
