"""A scene that was given up because another one shows in its place goes on once that one has left the place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from plex.exceptions import AmbiguousMatch
from plex.files.paths import split_path
from storage.database import Database
from sync_queue.dlq import DeadLetterQueue
from sync_queue.dlq_recovery import redrive
from sync_queue.state.sync_state import SyncState
from worker.sync.outcome import Outcome


def names_left(database: Database, outcomes: Iterable[Outcome]) -> frozenset[str]:
    """The names, without their case, of the files whose items these outcomes' scenes give up."""
    left = [SyncState(database, each.server_id).items(each.left) for each in outcomes if each.left]
    return frozenset(_name(path) for states in left for state in states.values() for path in state.files)


def bring_back_rivals(database: Database, names: Collection[str], now: float) -> int:
    """Put the ambiguous dead letters of files with these names back into the queue; returns how many went."""
    letters = DeadLetterQueue(database).of_type(AmbiguousMatch.__name__) if names else []
    return redrive(database, [letter for letter in letters if _name(letter.failure.path) in names], now)


def _name(path: str) -> str:
    parts: Sequence[str] = split_path(path).folded
    return parts[-1] if parts else ""
