"""How scenes stand with Plex, by the same comparison that a sync makes. Reads only.

Images are not compared: that they differ shows in their bytes alone, and those would have to be fetched for each scene.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexLibraryUnknown,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from plex.items import PlexItem
from plex.metadata import difference
from storage.database import Database
from sync_queue.sync_state import ItemState, SyncState
from validation.fields import FieldValue
from validation.metadata import WantedMetadata, wanted_from_scene
from validation.scene import Scene
from worker.sync.context import SyncContext
from worker.sync.finder import Found
from worker.sync.item import history_of


class Verdict(str, Enum):
    """How a scene stands with Plex."""

    IN_STEP = "in_step"
    DIFFERS = "differs"
    NOT_IN_PLEX = "not_in_plex"
    AMBIGUOUS = "ambiguous"
    NOTHING_TO_SYNC = "nothing_to_sync"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True)
class Difference:
    """One field of one Plex item: what Plex shows, and what a sync would make of it."""

    rating_key: int
    field: str
    was: FieldValue
    will_be: FieldValue


@dataclass(frozen=True)
class SceneComparison:
    """One scene; `path` is its first file as Stash sees it, `candidates` are paths of equal rivals in Plex.

    `reason` says why a scene of verdict FAILED could not be compared.
    """

    scene_id: int
    verdict: Verdict
    title: str = ""
    path: str = ""
    differences: tuple[Difference, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str = ""


class Comparison:
    """Compares scenes over one context, with what earlier syncs know. Raises PlexError where Plex is not there."""

    def __init__(self, context: SyncContext, database: Database) -> None:
        self._context = context
        self._state = SyncState(database, context.plex.machine_identifier)

    def compare(self, scene_ids: Sequence[int]) -> list[SceneComparison]:
        """One result for each scene, in the same order.

        Where Plex fails for some of them only, these are FAILED. Raises StashUnavailable, and PlexError where Plex is
        not well: it is down, silent, refuses the token, or fails for every scene.
        """
        try:
            return self._compare_together(scene_ids)
        except (PlexServerDown, PlexAuthError, PlexLibraryUnknown):
            raise
        except PlexError as error:
            if len(scene_ids) == 1 or (isinstance(error, PlexTemporaryError) and error.suspect_outage):
                raise
            return self._compare_each(scene_ids, error)

    def _compare_each(self, scene_ids: Sequence[int], shared_error: PlexError) -> list[SceneComparison]:
        """Which scene made the shared request fail cannot be told: each on its own."""
        results = []
        for scene_id in scene_ids:
            try:
                results += self.compare([scene_id])
            except (PlexTemporaryError, PlexPermanentError, PlexNotFound) as error:
                results.append(SceneComparison(scene_id, Verdict.FAILED, reason=str(error)))
        if all(result.verdict is Verdict.FAILED for result in results):
            raise shared_error
        return results

    def _compare_together(self, scene_ids: Sequence[int]) -> list[SceneComparison]:
        scenes = self._context.stash.scenes(scene_ids)
        known = self._state.scenes(scene_ids)
        wanted = {key: wanted_from_scene(scene, self._context.mapping_rules) for key, scene in scenes.items()}
        comparable = [key for key in scenes if not reason_not_to_sync(scenes[key], wanted[key], key in known)]
        found = self._context.finder.find([scenes[key].files for key in comparable])
        states = self._state.items([item.rating_key for result in found for item in result.items])
        results = {key: _without_items(scenes[key], wanted[key], Verdict.NOTHING_TO_SYNC) for key in scenes}
        for key, result in zip(comparable, found, strict=True):
            results[key] = self._compared(scenes[key], wanted[key], result, states)
        return [results.get(key) or SceneComparison(key, Verdict.GONE) for key in scene_ids]

    def _compared(
        self, scene: Scene, wanted: WantedMetadata, found: Found, states: Mapping[int, ItemState]
    ) -> SceneComparison:
        if not found.items:
            verdict = Verdict.AMBIGUOUS if found.candidates else Verdict.NOT_IN_PLEX
            return replace(_without_items(scene, wanted, verdict), candidates=found.candidates)
        differences = tuple(
            each for item in found.items for each in self._differences(wanted, item, states[item.rating_key])
        )
        verdict = Verdict.DIFFERS if differences else Verdict.IN_STEP
        return replace(_without_items(scene, wanted, verdict), differences=differences)

    def _differences(self, wanted: WantedMetadata, item: PlexItem, state: ItemState) -> list[Difference]:
        edits = difference(wanted, item, self._context.rules, history_of(state))
        return [Difference(item.rating_key, edit.field, edit.old, edit.new) for edit in edits]


def reason_not_to_sync(scene: Scene, wanted: WantedMetadata, was_synced: bool) -> str:
    """Why there is nothing that Plex could be told of a scene, "" where there is something."""
    if not scene.files:
        return "the scene has no file"
    if not wanted.has_details and not was_synced:
        return "the scene has nothing but a title yet"
    return ""


def _without_items(scene: Scene, wanted: WantedMetadata, verdict: Verdict) -> SceneComparison:
    return SceneComparison(wanted.scene_id, verdict, wanted.title, scene.path)
