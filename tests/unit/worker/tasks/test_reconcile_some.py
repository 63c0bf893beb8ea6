"""A reconcile of scenes that somebody chose."""

from __future__ import annotations

from pathlib import Path

from stash.protocol import Request
from tests.support.workbench import Workbench
from worker.tasks.reconcile_some import reconcile_some
from worker.tasks.task import Task


def test_what_plex_refused_before_is_tried_again_for_who_asks(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=2) as bench:
        bench.plex.writes.ignored = frozenset({"summary"})
        bench.enqueue(1, 2)
        bench.drain()
        bench.plex.writes.ignored = frozenset()
        request = Request({}, {"scene_ids": [1]})
        task = Task(bench.folder, request, bench.database, lambda: None, lambda: bench.workplace)
        assert reconcile_some(task)["enqueued"] == 1
        bench.drain()
        assert (bench.shows(1), bench.shows(2)) == (True, False)
