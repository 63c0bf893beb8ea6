"""What Plex refused or ignored for a while leaves nothing behind: once it is well, an item shows what settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sync_queue.enqueue import enqueue_undo
from tests.simulators.plex_writes import NO_FIELD, WriteFaults
from tests.support.filled_settings import BEFORE, shown, sync, world
from tests.support.workbench import Workbench

NO_LISTS = {"tags_as": "none", "collections_from": "none"}


class Step(NamedTuple):
    """Settings, and what Plex does not take while they come into force.

    It refuses the fields `refused`. To `ignored` it answers 200 without effect, in `ignored_requests` requests or
    (None) in all. Of `only_locked` it takes nothing but the lock.
    """

    values: dict[str, Any]
    refused: frozenset[str] = NO_FIELD
    ignored: frozenset[str] = NO_FIELD
    ignored_requests: int | None = None
    only_locked: frozenset[str] = NO_FIELD


def take(bench: Workbench, always: dict[str, Any], step: Step) -> None:
    """Sync under a step's settings while Plex is not well, and let what failed be tried again until it is given up."""
    bench.plex.writes = WriteFaults(
        refused=step.refused,
        ignored=step.ignored,
        ignored_requests=step.ignored_requests,
        ignored_values=step.only_locked,
    )
    sync(bench, {**always, **step.values})
    bench.plex.writes = WriteFaults()


def not_taking(fault: str, field: str) -> Step:
    """No settings, and one field that Plex does not take."""
    fields = frozenset({field})
    return Step({}, refused=fields) if fault == "refused" else Step({}, ignored=fields)


@pytest.mark.parametrize("fault", ["refused", "ignored"])
@pytest.mark.parametrize("field", ["collection", "label", "director", "genre"])
def test_a_name_that_plex_does_not_let_go_once_is_ours_still(tmp_path: Path, field: str, fault: str) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, NO_LISTS)
        before = shown(bench.item(1))
        sync(bench, {**NO_LISTS, "collections_from": "studio", "label_all": "Stash", "write_director": True})
        sync(bench, {"tags_as": "both", "collections_from": "studio", "label_all": "Stash", "write_director": True})
        take(bench, NO_LISTS, not_taking(fault, field))
        assert shown(bench.item(1)) != before
        sync(bench, NO_LISTS)
        assert shown(bench.item(1)) == before


@pytest.mark.parametrize("fault", ["refused", "ignored"])
def test_another_studio_takes_the_place_of_the_one_that_plex_did_not_let_go(tmp_path: Path, fault: str) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, {})
        bench.stash.save_without_hook(1, studio_id=bench.stash.studio_id("Other"))
        take(bench, {}, not_taking(fault, "collection"))
        assert set(bench.item(1).collections) == {"Mine", "Studio"}
        sync(bench, {})
        assert set(bench.item(1).collections) == {"Mine", "Other"}
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert bench.item(1).collections == ("Mine",)
