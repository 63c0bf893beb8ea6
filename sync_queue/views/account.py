"""What became of scenes since a time, read from what the queue remembers, whichever process did the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum

from storage.database import IN_LIST, Database, as_list
from sync_queue.schema import CLAIMED, PENDING
from sync_queue.state.discarded import discarded_since
from sync_queue.state.undone import undone_among


class Standing(str, Enum):
    """How a scene stands; each scene stands in one way only, so that the counts add up to all of them."""

    CHANGED = "changed"
    IN_STEP = "in_step"
    NOT_IN_PLEX = "not_in_plex"
    WAITING = "waiting"
    GIVEN_UP = "given_up"
    REMOVED = "removed"
    UNDONE = "undone"
    NOTHING_TO_SYNC = "nothing_to_sync"


def account_of(database: Database, server_id: str, pages: Iterable[Sequence[int]], since: float) -> dict[Standing, int]:
    """How many scenes of `pages` stand how on a server, `since` in seconds since the epoch; every Standing is a key.

    IN_STEP are those in which nothing had to be changed; NOT_IN_PLEX wait, too. REMOVED are those whose job a person
    took out of the queue.
    """
    counts = Counter(standing for page in pages for standing in _standings(database, server_id, page, since))
    return {standing: counts[standing] for standing in Standing}


def _standings(database: Database, server_id: str, scene_ids: Sequence[int], since: float) -> list[Standing]:
    listed = as_list(scene_ids)
    # One statement for each index: together they would scan the acknowledged jobs, too.
    waiting: dict[int, str | None] = {}
    for condition in (CLAIMED, PENDING):
        waiting |= dict(
            database.all(
                "SELECT scene_id, json_extract(CAST(data AS TEXT), '$.last_error_type') FROM ack_queue_default"
                f" WHERE {condition} AND scene_id {IN_LIST}",
                (listed,),
            )
        )
    buried = database.all(
        f"SELECT scene_id FROM dead_letters WHERE buried_at >= ? AND scene_id {IN_LIST}", (since, listed)
    )
    given_up = {scene_id for (scene_id,) in buried}
    rows = database.all(
        "SELECT scene_id, synced_at >= ?, changed_at >= ?"
        " OR EXISTS (SELECT 1 FROM json_each(rating_keys) AS key"
        " JOIN item_state ON item_state.rating_key = key.value WHERE written_at >= ?)"
        f" FROM scene_state WHERE scene_id {IN_LIST}",
        (since, since, since, listed),
    )
    left = dict.fromkeys(undone_among(database, server_id, scene_ids), Standing.UNDONE)
    left |= dict.fromkeys(discarded_since(database, since, scene_ids), Standing.REMOVED)
    done = {
        scene_id: Standing.CHANGED if was_written else Standing.IN_STEP
        for scene_id, was_synced, was_written in rows
        if was_synced
    }
    return [_standing(scene_id, waiting, given_up, {**left, **done}) for scene_id in scene_ids]


def _standing(
    scene_id: int, waiting: dict[int, str | None], given_up: set[int], others: dict[int, Standing]
) -> Standing:
    if scene_id in waiting:
        return Standing.NOT_IN_PLEX if waiting[scene_id] == "PlexNotFound" else Standing.WAITING
    if scene_id in given_up:
        return Standing.GIVEN_UP
    return others.get(scene_id, Standing.NOTHING_TO_SYNC)
