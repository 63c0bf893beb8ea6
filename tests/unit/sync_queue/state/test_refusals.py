"""Who is to see to it that what Plex refused is tried again."""

from __future__ import annotations

import pytest

from storage.database import Database
from sync_queue.state.refusals import is_try_awaited
from sync_queue.state.sync_state import ItemState, SyncState
from tests.support.queue_examples import NOW

MINUTE, WEEK = 60.0, 604_800.0


@pytest.mark.parametrize(
    ("tries", "next_try_at", "scene_id", "expected"),
    [
        (0, NOW + MINUTE, 1, True),
        (2, NOW + MINUTE, 1, True),
        (3, NOW + MINUTE, 1, False),
        (3, NOW - MINUTE, 1, True),
        (3, NOW, 1, True),
        (0, NOW - WEEK - MINUTE, 1, False),
        (9, NOW - WEEK - MINUTE, 1, False),
        (0, NOW - MINUTE, 0, False),
    ],
)
def test_a_drainer_is_started_for_what_is_due_and_for_the_first_tries(
    database: Database, tries: int, next_try_at: float, scene_id: int, expected: bool
) -> None:
    refusal = {"asked": "A", "shown": "", "since": NOW, "plex_version": "1", "tries": tries, "next_try_at": next_try_at}
    state = ItemState(7, refused={"summary": refusal}, scene_id=scene_id)
    SyncState(database, "server").save_items([state])
    assert is_try_awaited(database, 3, NOW - WEEK, NOW, NOW + WEEK) is expected


def test_nobody_waits_where_nothing_is_refused(database: Database) -> None:
    assert not is_try_awaited(database, 3, NOW - WEEK, NOW, NOW + WEEK)
