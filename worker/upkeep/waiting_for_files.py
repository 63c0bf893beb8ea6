"""Scenes of which Plex lacks files wait for Plex, not for a timer: who looks, how often, and what then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from plex.exceptions import PlexError
from plex.files.index import FileIndex
from plex.matcher import MatchResult
from storage.database import Database
from sync_queue.waiting.partly_found import enqueue_found, partly_found_scenes, partly_found_since
from sync_queue.waiting.waiting_files import WaitingScene, set_back, waiting_scenes, waiting_since, wake, wake_unlisted
from worker.base.words import counted
from worker.clients.context import SyncContext

logger = logging.getLogger(__name__)

HOUR, DAY = 3_600.0, 86_400.0
PACES = ((HOUR, 15.0), (DAY, 60.0))
"""Seconds between two looks at Plex, while the scene that came last has waited for less than so many seconds."""
SLOWEST_PACE = 600.0
PATIENCE_FOR_ANOTHER = HOUR
"""Seconds for which Plex is looked at for a further file of a scene that is in step. It may never come, as nobody needs
all copies of a scene in Plex. Whenever something else has Plex looked at, it is found as well."""


class WaitingForFiles:
    """Looks at Plex while scenes wait for their files. `clock` gives seconds since the epoch.

    A look costs one request, and one for the server's identity, where nothing has changed, however many scenes wait.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._looked_at: float | None = None
        self._compared: tuple[int, int, float] | None = None
        self._unlisted: set[int] | None = None
        """Keys of the libraries that could not be listed at the last look, None before it."""
        self._led_to: dict[int, frozenset[str]] = {}
        """Where scenes led when they were looked up last, by scene: paths in Plex."""
        self._further: dict[int, frozenset[str]] = {}
        """Likewise, of further files of scenes that are in step."""

    def seconds_to_look(self) -> float | None:
        """Seconds until the next look, 0.0 = now; None where nobody waits."""
        ages = [age for age in (self._age_of_waiting(), self._age_of_missing()) if age is not None]
        if not ages:
            return None
        pace = next((pace for limit, pace in PACES if min(ages) < limit), SLOWEST_PACE)
        return 0.0 if self._looked_at is None else max(0.0, pace - abs(self._clock() - self._looked_at))

    def keeps_alive(self) -> bool:
        """Whether a drainer should live on for those who wait: for a day, or PATIENCE_FOR_ANOTHER."""
        waiting, missing = self._age_of_waiting(), self._age_of_missing()
        return (waiting is not None and waiting < DAY) or (missing is not None and missing < PATIENCE_FOR_ANOTHER)

    def _age_of_waiting(self) -> float | None:
        """Seconds since the last scene began to wait."""
        return self._age(waiting_since(self._database))

    def _age_of_missing(self) -> float | None:
        """Seconds since a further file of a scene was missed last, DAY from PATIENCE_FOR_ANOTHER on."""
        age = self._age(partly_found_since(self._database))
        return age if age is None or age < PATIENCE_FOR_ANOTHER else max(age, DAY)

    def _age(self, since: float | None) -> float | None:
        if since is None:
            return None
        now = self._clock()
        if since > now:
            set_back(self._database, now)
        return max(0.0, now - since)

    def put_off(self) -> None:
        """Count this moment as a look, be it that none can be made now."""
        self._looked_at = self._clock()

    def look(self, context: SyncContext) -> int:
        """Make the jobs due whose files Plex has now, and jobs for scenes that have further files; returns how many."""
        self.put_off()
        try:
            has_moved = bool(context.index.refresh(eager=True).moved)
            woken = 0
            if has_moved or self._has_news(context.index):  # else nobody need be looked up
                woken = self._wake_waiting(context, has_moved) + self._enqueue_found(context)
            is_relieved = self._is_relieved(context.index)
        except PlexError as error:
            logger.debug("Whether Plex has the missing files by now cannot be told: %s", error)
            return 0
        if is_relieved:  # what is not there either is not found, and no longer waits for a listing
            woken += wake_unlisted(self._database, self._clock())
        return woken

    def _wake_waiting(self, context: SyncContext, has_moved: bool) -> int:
        found = self._found(context, has_moved)
        woken = wake(self._database, [scene.scene_id for scene in found], self._clock())
        if woken:
            logger.info("Plex has the files of %s that waited for them", counted(woken, "scene"))
        return woken

    def _enqueue_found(self, context: SyncContext) -> int:
        """Have the scenes synced of which Plex has further files now."""
        matches = _matches(context, partly_found_scenes(self._database))
        before, self._further = self._further, {scene_id: match.paths for scene_id, match in matches.items()}
        # Of rivals one has to be told once, and what became of them.
        scene_ids = [
            scene_id
            for scene_id, match in matches.items()
            if match.rating_keys or match.paths != before.get(scene_id, frozenset())
        ]
        enqueued = enqueue_found(self._database, scene_ids, self._clock()) if scene_ids else 0
        if enqueued:
            logger.info("Plex has further files of %s", counted(enqueued, "scene"))
        return enqueued

    def _is_relieved(self, index: FileIndex) -> bool:
        """Whether a library can be listed, and believed, that could not at the last look."""
        before, self._unlisted = self._unlisted, {section.key for section in index.unlisted}
        return not self._unlisted if before is None else bool(before - self._unlisted)

    def _found(self, context: SyncContext, has_moved: bool) -> list[WaitingScene]:
        """Those who wait whose files Plex has. Raises PlexError."""
        scenes = waiting_scenes(self._database)
        matches = _matches(context, scenes)
        if has_moved and not all(map(_is_answered, matches.values())):
            # Something changed, and it is none of the newest items: another version of an older one, perhaps.
            context.index.refresh(force=True, eager=True)
            matches = _matches(context, scenes)
        self._compared = (id(context.index), context.index.revision, self._clock())
        found = [scene for scene in scenes if self._is_found(scene, matches[scene.scene_id])]
        self._led_to = {scene_id: match.paths for scene_id, match in matches.items()}
        return found

    def _is_found(self, scene: WaitingScene, match: MatchResult) -> bool:
        """Whether a try may go better than the last one. A file whose name is not quite its own may be another scene's,
        so that there is one try for it."""
        return match.is_certain or (_is_answered(match) and match.paths != self._led_to.get(scene.scene_id))

    def _has_news(self, index: FileIndex) -> bool:
        """Whether the index says something else than when all were looked up last, or that is long ago."""
        if self._compared is None:
            return True
        identity, revision, compared_at = self._compared
        is_old = abs(self._clock() - compared_at) >= SLOWEST_PACE
        return is_old or (identity, revision) != (id(index), index.revision)


def _matches(context: SyncContext, scenes: Iterable[WaitingScene]) -> dict[int, MatchResult]:
    return {scene.scene_id: context.finder.match(scene.files) for scene in scenes}


def _is_answered(match: MatchResult) -> bool:
    return bool(match.paths)
