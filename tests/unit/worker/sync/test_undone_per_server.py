"""That a scene was undone is a fact about one Plex server: behind the same address there may be another by now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stash.protocol import Request
from tests.support.workbench import Workbench
from worker.drain.parts import Workplace
from worker.tasks.bulk_sync import BulkSync
from worker.tasks.undo import UndoTask

ONE, OTHER = "a" * 40, "f" * 40


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=1, skip_fields="poster,background,title") as made:
        answer_as(made, ONE, "There before")
        sync_all(made)
        yield made


def answer_as(bench: Workbench, server: str, summary: str) -> None:
    """A server answers at the address, with the same film under the same key, and shows this summary."""
    bench.plex.machine_identifier = server
    bench.plex.edit_as_user(bench.keys[1], lock=summary == "Summary 1", summary=summary)
    bench.clock.sleep(600.0)


def sync_all(bench: Workbench) -> dict[str, int]:
    """The kinds of scenes that there are any of, by the task's account."""
    bench.clock.sleep(1.0)
    task = BulkSync(bench.workplace, clock=bench.clock, wait=bench.clock.sleep)
    account = task.run(bench.workplace.stash.scene_ids(), "All scenes", "all")["account"]
    return {kind: count for kind, count in account.items() if count}


def work(bench: Workbench) -> None:
    """Have a drainer of its own do it: the task that came before took over from the last one."""
    bench.restart()
    bench.drain()


def undo(bench: Workbench) -> None:
    def drain() -> dict[str, Any]:
        work(bench)
        return {"waiting": 0}

    request = Request({}, {"scene_id": 1, "dry_run": False})
    # A workplace of its own, as the task's process has: that of the bench is closed when a drainer takes over.
    workplace = Workplace(bench.folder, bench.stash.server_connection(), bench.clock)
    with closing(workplace):
        UndoTask(workplace, request, drain, bench.clock).undo_scene()


def test_what_was_undone_on_another_server_is_synced_and_undone_on_this_one(bench: Workbench) -> None:
    answer_as(bench, OTHER, "Elsewhere before")
    sync_all(bench)
    undo(bench)
    assert bench.item(1).summary == "Elsewhere before"
    answer_as(bench, ONE, "Of no use")
    assert sync_all(bench) == {"changed": 1}
    assert bench.item(1).summary == "Summary 1"
    undo(bench)
    assert bench.item(1).summary == "There before"


def test_what_was_undone_stays_so_while_another_server_is_synced(bench: Workbench) -> None:
    undo(bench)
    answer_as(bench, OTHER, "Elsewhere before")
    assert sync_all(bench) == {"changed": 1}
    answer_as(bench, ONE, "There before")
    assert sync_all(bench) == {"undone": 1}
    assert bench.item(1).summary == "There before"


def test_an_edit_in_stash_ends_it_on_every_server(bench: Workbench) -> None:
    undo(bench)
    answer_as(bench, OTHER, "Elsewhere before")
    bench.clock.sleep(600.0)
    bench.edit(1, details="Edited")
    work(bench)
    answer_as(bench, ONE, "There before")
    assert sync_all(bench) == {"changed": 1}
    assert bench.item(1).summary == "Edited"
