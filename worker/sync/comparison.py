"""How scenes stand with Plex, by the same comparison that a sync makes. Reads only.

Of images only the lock is compared: that they differ shows in their bytes alone, and those would have to be fetched
for each scene.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from plex.editing.difference import difference
from plex.editing.edits import FieldEdit, ServerWays
from plex.editing.room import all_left_out
from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexLibraryUnknown,
    PlexRequestFailed,
    PlexServerDown,
)
from plex.items import PlexItem
from storage.database import Database
from sync_queue.state.pins import Pins
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from validation.fields import IMAGE_FIELDS, FieldValue
from validation.metadata import WantedMetadata, wanted_from_scene
from validation.scene import Scene
from worker.base.one_by_one import together_or_one_by_one
from worker.circuit_breaker import FAILURE_THRESHOLD
from worker.clients.context import SyncContext
from worker.items.item import REFRESH, history_of, was_refused
from worker.items.server import known_server
from worker.items.verdict import left_out_in_words
from worker.outage.probe import Probe
from worker.pictures.images import is_fit_another, is_unlocked
from worker.pictures.photos import PHOTOS, PhotoSync, people_after
from worker.pictures.poster_fit import fit_in
from worker.sync.ownership import Ownership, Settled, Yielded
from worker.sync.refresh import is_refresh_due
from worker.sync.scope import is_undone, part_taker, reason_not_to_sync, rules_for


class Verdict(str, Enum):
    """How a scene stands with Plex."""

    IN_STEP = "in_step"
    DIFFERS = "differs"
    NOT_IN_PLEX = "not_in_plex"
    AMBIGUOUS = "ambiguous"
    NOTHING_TO_SYNC = "nothing_to_sync"
    UNDONE = "undone"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True)
class Difference:
    """One field of one Plex item: what Plex shows, and what a sync would make of it.

    `is_lock`: the value stays, and its lock alone would be set. `is_refused`: Plex refused just this before. Where the
    `field` is REFRESH, both are Stash's time of the scene: at the last refresh, and now.
    """

    rating_key: int
    field: str
    was: FieldValue
    will_be: FieldValue
    is_lock: bool = False
    is_refused: bool = False


@dataclass(frozen=True)
class SceneComparison:
    """One scene; `path` is its first file as Stash sees it, `candidates` are paths of equal rivals in Plex.

    `reason` says why a scene of verdict FAILED could not be compared, why one of NOTHING_TO_SYNC is left alone, and of
    any other what does not fit into Plex. `elsewhere`: items in which another scene shows. `guids`: of those of its
    items that an agent has matched to a film, by rating key. `paths`: the files in Plex that are its own, or that these
    cannot be told from, whether it takes part or not.
    """

    scene_id: int
    verdict: Verdict
    title: str = ""
    path: str = ""
    differences: tuple[Difference, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str = ""
    elsewhere: tuple[Yielded, ...] = ()
    guids: Mapping[int, str] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()

    @property
    def differs_in_refused_only(self) -> bool:
        """Whether Plex refused all that differs, so that only a person's wish is reason to try again."""
        return bool(self.differences) and all(each.is_refused for each in self.differences)


_NOT_LOOKED_FOR = (Verdict.FAILED, Verdict.NOTHING_TO_SYNC, Verdict.UNDONE)


class Comparison:
    """Compares scenes over one context, with what earlier syncs know. Raises PlexError where Plex is not there."""

    def __init__(self, context: SyncContext, database: Database, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._context = context
        self._database = database
        self._clock = clock
        self._state = SyncState(database, context.plex.machine_identifier)
        self._ownership = Ownership(context, database, part_taker(context.config, context.mapping_rules))
        self._scenes: dict[int, Scene] = {}
        self._silences = 0

    def compare(self, scene_ids: Sequence[int]) -> list[SceneComparison]:
        """One result for each scene, in the same order.

        Where Plex fails for some of them only, these are FAILED. Raises StashUnavailable, and PlexError where Plex is
        not well: it is down, silent, refuses the token, or fails for every scene and for other items, too.
        """
        self._scenes.clear()
        self._silences = 0
        results: list[SceneComparison | PlexError] = together_or_one_by_one(
            scene_ids,
            self._compare_together,
            errors=PlexError,
            raise_if_shared=self._raise_if_shared,
            failed=self._failed,
            has_seen_enough=lambda: self._silences >= FAILURE_THRESHOLD,
        )
        errors = [result for result in results if isinstance(result, PlexError)]
        is_cut_short = len(results) < len(scene_ids)
        if errors and (is_cut_short or (len(errors) == len(results) and not self._reads_others())):
            raise errors[-1]
        return self._with_paths(
            SceneComparison(scene_id, Verdict.FAILED, reason=str(result)) if isinstance(result, PlexError) else result
            for scene_id, result in zip(scene_ids, results, strict=True)
        )

    def _raise_if_shared(self, _scene_ids: Sequence[int], error: PlexError) -> None:
        """Where Plex is not well, the error is no scene's own. A proxy may say of one item what it says of a Plex that
        is down, so Plex is asked."""
        is_shared = isinstance(error, PlexAuthError | PlexLibraryUnknown | PlexRequestFailed)
        may_be_shared = error.suspect_outage or isinstance(error, PlexServerDown)
        if is_shared or (may_be_shared and self._context.probe(Probe.IDENTITY)):
            raise error

    def _failed(self, _scene_id: int, error: PlexError) -> PlexError:
        """What took its time, or may be Plex's state, is not to be met for each scene of a page."""
        self._silences += error.status is None or isinstance(error, PlexServerDown)
        return error

    def _reads_others(self) -> bool:
        """Whether Plex answers for other items, where it failed for each scene of a page. One silence is enough."""
        for rating_key in self._context.index.two_keys(()):
            try:
                if self._context.plex.items([rating_key]):
                    return True
            except PlexError as error:
                if error.status is None:
                    return False
        return False

    def _with_paths(self, results: Iterable[SceneComparison]) -> list[SceneComparison]:
        """The results, with the files in Plex also of those that were not looked for: by Stash, and where it cannot
        tell, by the items that they were shown on."""
        compared = list(results)
        others = [each.scene_id for each in compared if each.verdict in _NOT_LOOKED_FOR]
        if not others:
            return compared
        paths = {key: set[str]() for key in others}
        for state in self._state.items_of_scenes([key for key in others if key not in self._scenes]):
            paths[state.scene_id].update(state.files)
        pins = Pins(self._database, self._context.plex.machine_identifier).all()
        for key in others:
            files = self._scenes[key].files if key in self._scenes else ()
            pinned = [path for pin in pins if pin.scene_id == key for path in pin.files]
            paths[key].update(self._context.finder.paths_of(files, pinned))
        return [replace(each, paths=frozenset(paths.get(each.scene_id, each.paths))) for each in compared]

    def _compare_together(self, scene_ids: Sequence[int]) -> list[SceneComparison | PlexError]:
        scenes = self._context.stash.scenes(scene_ids)
        self._scenes.update(scenes)
        known = self._state.scenes(scene_ids)
        wanted = {key: wanted_from_scene(scene, self._context.mapping_rules) for key, scene in scenes.items()}
        config = self._context.config
        reasons = {key: reason_not_to_sync(scenes[key], wanted[key], known.get(key), config) for key in scenes}
        comparable = [key for key in scenes if not reasons[key]]
        settled = self._ownership.find([scenes[key] for key in comparable])
        server = known_server(self._context, self._database, self._clock)
        server.recall(wanted[key] for key in comparable)
        results = {key: _left_alone(scenes[key], wanted[key], known.get(key), reasons[key]) for key in scenes}
        for key, error in scenes.unreadable.items():
            results[key] = SceneComparison(key, Verdict.FAILED, reason=str(error))
        for key, result in zip(comparable, settled, strict=True):
            results[key] = self._compared(scenes[key], wanted[key], result, server.ways)
        self._silences = 0
        return [results.get(key) or SceneComparison(key, Verdict.GONE) for key in scene_ids]

    def _compared(self, scene: Scene, wanted: WantedMetadata, settled: Settled, ways: ServerWays) -> SceneComparison:
        standing = all_left_out(wanted.values, self._context.rules, ways) if settled.items else ()
        found = SceneComparison(
            scene.id,
            Verdict.IN_STEP,
            wanted.title,
            scene.path,
            reason="; ".join(left_out_in_words(*each) for each in standing),
            candidates=settled.candidates,
            elsewhere=settled.yielded,
            guids={item.rating_key: item.guid for item, _ in settled.items if item.guid},
            paths=settled.found.paths,
        )
        if found.candidates or not (settled.items or settled.yielded):
            return replace(found, verdict=Verdict.AMBIGUOUS if found.candidates else Verdict.NOT_IN_PLEX)
        differences = tuple(
            each for item, state in settled.items for each in self._differences(scene, wanted, item, state, ways)
        ) + self._refreshes(scene, settled)
        return replace(found, verdict=Verdict.DIFFERS, differences=differences) if differences else found

    def _differences(
        self, scene: Scene, wanted: WantedMetadata, item: PlexItem, state: ItemState, ways: ServerWays
    ) -> list[Difference]:
        rules = rules_for(scene, wanted, self._context.config, self._context.rules)
        edits = difference(wanted, item, rules, history_of(state), ways)
        found = [
            Difference(
                item.rating_key,
                edit.field,
                edit.old,
                edit.new,
                is_lock=edit.is_lock_only,
                is_refused=was_refused(state, edit, wanted.value(edit.field)),
            )
            for edit in edits
        ]
        if "poster" in state.images and is_fit_another(self._context, "poster", state.made):
            was, will_be = fit_in(state.made.get("poster", "")), self._context.config.poster_fit
            if "poster" not in self._context.rules.skip_fields:
                found.append(Difference(item.rating_key, "poster", was, will_be))
        for name in IMAGE_FIELDS:
            is_loose = is_unlocked(name, item, state.images, ways.loose_locks)
            if name not in self._context.rules.skip_fields and (is_loose or name in state.refused):
                shown, is_refused = item.value(name), name in state.refused
                found.append(Difference(item.rating_key, name, shown, shown, not is_refused, is_refused))
        return found + self._photos(scene, item, edits)

    def _photos(self, scene: Scene, item: PlexItem, edits: Sequence[FieldEdit]) -> list[Difference]:
        """Whose photos Plex was not told of yet; whether one is another by now shows in its bytes alone."""
        unsent = PhotoSync(self._context, self._database).unsent(item, scene, people_after(edits, item))
        return [Difference(item.rating_key, PHOTOS, None, unsent)] if unsent else []

    def _refreshes(self, scene: Scene, settled: Settled) -> tuple[Difference, ...]:
        """Which items Plex would be asked to refresh: since when not, and for which change of the scene."""
        if not self._context.config.refresh_instead:
            return ()
        return tuple(
            Difference(item.rating_key, REFRESH, state.refreshed.get("updated_at"), scene.updated_at)
            for item, state in settled.items
            if is_refresh_due(scene, state)
        )


def _left_alone(scene: Scene, wanted: WantedMetadata, known: SceneState | None, reason: str) -> SceneComparison:
    verdict = Verdict.UNDONE if is_undone(scene, known) else Verdict.NOTHING_TO_SYNC
    return SceneComparison(scene.id, verdict, wanted.title, scene.path, reason=reason)
