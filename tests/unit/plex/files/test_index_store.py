"""The index's own file where the disk is full: said as that, and well again once there is room."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from plex.files.index_store import IndexStore
from plex.shown import ListedItem

ITEMS = [ListedItem(number, (f"/media/{'long folder ' * 20}/{number}.mp4",)) for number in range(1, 2_001)]


def test_a_full_disk_is_said_and_leaves_no_transaction_behind(tmp_path: Path) -> None:
    store = IndexStore.open(str(tmp_path / "index.db"), lambda: 0.0)
    (pages,) = store._database.connection.execute("PRAGMA page_count").fetchone()
    store._database.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.put_items(1, ITEMS)
    store._database.connection.execute("PRAGMA max_page_count = 100000")
    assert store.put_items(1, ITEMS)
    assert store.count_items(1) == len(ITEMS)
    store.close()
