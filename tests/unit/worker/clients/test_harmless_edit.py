"""The edit that finds out whether Plex takes any leaves the item that it is tried with as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.support.workbench import Workbench
from worker.clients.harmless_edit import fault_of_edits, takes_edits


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
@pytest.mark.parametrize("locked", [frozenset(), frozenset({"title"}), frozenset({"titleSort"})], ids=",".join)
def test_an_item_stays_as_it_is_whatever_follows_its_title(
    tmp_path: Path, dialect: Dialect, locked: frozenset[str]
) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        bench.plex.change_dialect(**vars(dialect))
        bench.plex.edit_as_user(bench.keys[1], lock=False, title="The Film", title_sort="Somebody's")
        bench.item(1).locked = locked
        before = bench.item(1).snapshot()
        context = bench.workplace.contexts.current(max_age=0.0)
        (item,) = context.plex_items([bench.keys[1]]).values()
        assert takes_edits(context.plex, item)
        assert bench.plex.requests[-1].method == "PUT"
        assert bench.item(1).snapshot() == before


def test_so_does_the_item_that_tells_whether_a_failure_is_another_scenes_own(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2) as bench:
        bench.plex.change_dialect(title_sort_follows=True)
        bench.plex.edit_as_user(bench.keys[2], lock=False, title="The Film", title_sort="Typed by somebody")
        bench.plex.writes.refused, bench.plex.writes.refused_status = frozenset({"title"}), 500
        bench.plex.writes.refused_items = frozenset({bench.keys[1]})
        bench.enqueue(1)
        bench.drain()
        assert any(request.query.get("id") == str(bench.keys[2]) for request in bench.plex.requests)
        assert bench.item(2).title_sort == "Typed by somebody"


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_an_item_that_went_away_answers_no_question(tmp_path: Path, gone: int) -> None:
    with Workbench(tmp_path, scenes=3) as bench:
        bench.enqueue(*bench.keys)
        bench.drain()
        bench.plex.remove_item(bench.keys.pop(gone))
        besides = bench.keys.pop(3 if gone != 3 else 2)
        bench.plex.writes.refused = frozenset({"title"})
        context = bench.workplace.contexts.current(max_age=3600.0)
        assert fault_of_edits(context.plex, context.index, [besides]) == ""
        bench.plex.writes.failing_status = 400
        assert fault_of_edits(context.plex, context.index, [besides])
