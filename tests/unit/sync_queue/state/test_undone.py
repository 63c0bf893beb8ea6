"""The marks of undone scenes, one for each server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.database import open_queue_database
from sync_queue.migration import migrate
from sync_queue.state.gone import SCENES, WHOLE_SERVER, forget_scenes, forget_servers, note
from sync_queue.state.sync_state import SceneState, SyncState, forget_scene
from sync_queue.state.undone import Undone, undone_scenes
from tests.support import formats

NOW = 1_795_000_000.0
MARK = Undone(NOW, "2026-11-20T10:11:12+01:00")


def undo(database: Database, server: str, *scene_ids: int) -> None:
    for scene_id in scene_ids:
        SyncState(database, server).save_scene(SceneState(scene_id, NOW, "", (), undone=MARK))


def listed(database: Database, server: str) -> list[int]:
    return [scene_id for scene_id, _ in undone_scenes(database, server, 10, None)[0]]


def test_a_mark_is_one_servers(database: Database) -> None:
    undo(database, "one", 1)
    assert SyncState(database, "one").scenes([1])[1].undone == MARK
    assert SyncState(database, "other").scenes([1])[1].undone is None


def test_a_sync_takes_away_the_mark_of_its_server_alone(database: Database) -> None:
    undo(database, "one", 1)
    undo(database, "other", 1)
    SyncState(database, "one").save_scene(SceneState(1, NOW + 1, "", (7,)))
    assert (listed(database, "one"), listed(database, "other")) == ([], [1])


def test_pages_are_of_one_server(database: Database) -> None:
    undo(database, "one", 1, 2, 3)
    undo(database, "other", 4)
    first, following, count = undone_scenes(database, "one", 2, None)
    last, end, _ = undone_scenes(database, "one", 2, following)
    assert ([scene_id for scene_id, _ in (*first, *last)], count, end) == ([3, 2, 1], 3, None)


@pytest.mark.parametrize("way", ["gone", "missing", "server"])
def test_no_mark_outlives_what_it_is_about(database: Database, way: str) -> None:
    undo(database, "one", 1)
    if way == "gone":
        forget_scene(database, 1)
    elif way == "missing":
        note(database, SCENES, [], [1], NOW)
        forget_scenes(database, NOW)
    else:
        note(database, "one", [], [WHOLE_SERVER], NOW)
        forget_servers(database, NOW)
    assert listed(database, "one") == []


def test_a_file_from_before_the_first_release_is_brought_up(tmp_path: Path) -> None:
    open_queue_database(str(tmp_path)).close()
    new = formats.shape(tmp_path / "plexsync.db")
    with closing(sqlite3.connect(tmp_path / "plexsync.db")) as connection:
        connection.executescript(
            "DROP TABLE undone; ALTER TABLE scene_state ADD COLUMN undone_at REAL NOT NULL DEFAULT 0;"
            "CREATE INDEX undone_scenes ON scene_state (undone_at, scene_id) WHERE undone_at > 0"
        )
    with closing(open_queue_database(str(tmp_path))) as database:
        migrate(database)
        undo(database, "one", 1)
    assert formats.shape(tmp_path / "plexsync.db") == new
