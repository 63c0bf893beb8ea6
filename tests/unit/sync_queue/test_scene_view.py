"""How one scene stands, as people see it, is what the sync state says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.manager import QueueManager
from sync_queue.state.sync_state import ItemState, SceneState, SyncState
from sync_queue.state.undone import Undone
from sync_queue.views.scene_view import ItemView, SceneView, item_views, scene_view


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    manager = QueueManager.open(str(tmp_path))
    yield manager.database
    manager.close()


def test_a_scene_is_as_it_was_left_on_this_server(database: Database) -> None:
    assert scene_view(database, "one", 1) is None
    SyncState(database, "one").save_scene(SceneState(1, 5.0, "", (7, 8), ("a warning",), undone=Undone(6.0, "")))
    assert scene_view(database, "one", 1) == SceneView(5.0, (7, 8), ("a warning",), True)
    assert scene_view(database, "two", 1) == SceneView(5.0, (7, 8), ("a warning",), False)


def test_its_items_are_those_it_led_to_known_or_not_and_then_the_others_that_are_its_own(database: Database) -> None:
    state = SyncState(database, "one")
    state.save_items(
        [
            ItemState(8, scene_id=2, files=("/media/a.mp4",), written={"title": "Asked"}, shown={"title": "Shown"}),
            ItemState(9, scene_id=1, originals={"title": {"value": "Old"}}, written={"title": "Asked"}),
            ItemState(10, scene_id=3),
        ]
    )
    SyncState(database, "two").save_items([ItemState(11, scene_id=1)])
    assert item_views(database, "one", 1, (8, 7)) == [
        ItemView(8, 2, ("/media/a.mp4",), "Shown"),
        ItemView(7),
        ItemView(9, 1, (), "Asked", True),
    ]
