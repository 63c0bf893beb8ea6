"""A scene in whose place another one shows goes on once that one has left the place."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

from plex.exceptions import AmbiguousMatch
from plex.files.paths import split_path
from stash.exceptions import SceneGone, StashUnavailable
from storage.database import Database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.dlq_recovery import redrive
from sync_queue.sources import RIVAL
from sync_queue.state.sync_state import ItemState, SyncState
from worker.backoff import NothingToSync
from worker.clients.context import SyncContext
from worker.sync.outcome import Outcome
from worker.sync.ownership import path_pattern

logger = logging.getLogger(__name__)

_NOBODY_WAITS = frozenset({"all", RIVAL})
"""Who asks for all scenes asks for those that follow, too; and one that follows has none behind it."""


def names_left(database: Database, outcomes: Iterable[Outcome]) -> frozenset[str]:
    """The names, without their case, of the files whose items these outcomes' scenes give up."""
    left = [SyncState(database, each.server_id).items(each.left) for each in outcomes if each.left]
    return frozenset(_name(path) for states in left for state in states.values() for path in state.files)


def bring_back_rivals(database: Database, names: Collection[str], now: float) -> int:
    """Put the ambiguous dead letters of files with these names back into the queue; returns how many went."""
    letters = DeadLetterQueue(database).of_type(AmbiguousMatch.__name__) if names else []
    return redrive(database, [letter for letter in letters if _name(letter.failure.path) in names], now)


def scenes_behind(database: Database, context: SyncContext, outcomes: Iterable[Outcome]) -> list[int]:
    """The scenes that lead to items which these outcomes' scenes give up. One request to Stash, where there may be any.

    Where Stash does not answer, the next comparison of the library finds them.
    """
    state = SyncState(database, context.index.server_id)
    leaving = [(each.job.scene_id, _given_up(state, each)) for each in outcomes if each.job.source not in _NOBODY_WAITS]
    several = context.finder.has_several_roots
    files = [path for _, items in leaving for item in items if several or len(item.files) > 1 for path in item.files]
    tails = context.finder.stash_tails_of(files)
    if not tails:
        return []
    try:
        found = context.stash.scene_ids_with_path(path_pattern(tails))
    except StashUnavailable as error:
        logger.debug("Which scenes follow in Plex cannot be told: %s", error)
        return []
    left = {scene_id for scene_id, items in leaving if items}
    return [scene_id for scene_id in found if scene_id not in left]


def _given_up(state: SyncState, outcome: Outcome) -> list[ItemState]:
    """What is known of the items that showed the outcome's scene and show it no more."""
    if isinstance(outcome.error, SceneGone | NothingToSync):
        return state.items_of_scenes([outcome.job.scene_id])
    return list(state.items(outcome.left).values()) if outcome.left else []


def _name(path: str) -> str:
    parts: Sequence[str] = split_path(path).folded
    return parts[-1] if parts else ""
