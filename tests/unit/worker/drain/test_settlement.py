"""A batch is settled as a whole: what is done, retried and given up is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.faults import status
from tests.support.workbench import Workbench, only_for


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Scene 1 will be done, scene 2 retried, scene 3 given up."""
    with Workbench(tmp_path, scenes=3) as made:
        made.plex.inject(only_for([made.keys[2]], status(500)), method="PUT")
        made.plex.add_item(made.plex.add_section("More", locations=["/more"]), "/more/scene-3.mp4")
        made.enqueue(1, 2, 3)
        yield made


def statuses(bench: Workbench) -> list[int]:
    return [row[0] for row in bench.database.all("SELECT status FROM ack_queue_default ORDER BY scene_id")]


def endings(statements: list[str]) -> list[int]:
    """How many jobs each transaction ended or put back, of those that did."""
    counts, count = [], 0
    for statement in statements:
        if statement.startswith("UPDATE ack_queue_default") and "status = 2" in statement.partition("WHERE")[2]:
            count += 1
        elif statement == "COMMIT":
            counts.append(count)
            count = 0
    return [count for count in counts if count]


def test_a_batch_costs_one_commit(bench: Workbench) -> None:
    statements: list[str] = []
    connection = bench.workplace.manager.database.connection
    connection.set_trace_callback(statements.append)
    bench.step()
    connection.set_trace_callback(None)
    assert statuses(bench) == [5, 1, 9]
    assert endings(statements) == [3]


def test_where_one_job_cannot_be_settled_none_is(bench: Workbench) -> None:
    """As after a kill: all are still claimed, and the next holder of the lock puts them back."""
    connection = bench.workplace.manager.database.connection
    connection.execute(
        "CREATE TEMP TRIGGER failure BEFORE INSERT ON dead_letters BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="disk I/O error"):
        bench.step()
    assert (statuses(bench), bench.dead_letters()) == ([2, 2, 2], [])
    assert bench.worker.progress.handled == 0
    connection.execute("DROP TRIGGER failure")
    bench.workplace.manager.put_back_unacknowledged()
    bench.step()
    assert statuses(bench) == [5, 1, 9]
