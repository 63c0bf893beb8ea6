"""What only a setting could make matter, while none does: dropped without a request to Plex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.enqueue import enqueue, enqueue_fan_out, enqueue_removal
from tests.support.workbench import Workbench
from validation.fields import OPTIONAL_INPUTS, concerns_plex

CHANGES: dict[str, Callable[[Database, float], object]] = {
    "a scene's": lambda database, now: enqueue(database, 1, ["organized", "director"], "hook", now),
    "a performer's": lambda database, now: enqueue_fan_out(database, "performer", 1, "hook", now, ["image", "tag_ids"]),
    "a studio's": lambda database, now: enqueue_fan_out(database, "studio", 1, "hook", now, ["parent_id"]),
    "a tag's": lambda database, now: enqueue_fan_out(database, "tag", 1, "hook", now, ["child_ids"]),
    "a group's": lambda database, now: enqueue_fan_out(database, "group", 1, "hook", now),
    "a group that is gone": lambda database, now: enqueue_removal(database, "group", "hook", now),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, 2) as bench:
        bench.enqueue(1, 2)
        bench.drain()
        yield bench


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_asks_plex_nothing(bench: Workbench, change: Callable[[Database, float], object]) -> None:
    bench.plex.reset_log()
    change(bench.database, bench.clock.now)
    assert bench.open_jobs() == 1
    bench.drain()
    assert bench.plex.requests == ()


def test_what_is_edited_beside_it_arrives(bench: Workbench) -> None:
    bench.stash.save_without_hook(1, title="New", organized=True)
    enqueue(bench.database, 1, ["organized"], "hook", bench.clock.now)
    enqueue(bench.database, 1, ["title"], "hook", bench.clock.now)
    bench.drain()
    assert bench.shows(1)


def test_nobody_knows_what_changed_where_no_field_is_named() -> None:
    assert concerns_plex(())
    assert not concerns_plex(tuple(OPTIONAL_INPUTS))
    assert concerns_plex(("organized", "title"))
