"""What earlier syncs know survives a round trip through the file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Database
from sync_queue.creation import create_schema
from sync_queue.state.sync_state import ItemState, SceneState, SyncState, forget_scene, stash_times
from sync_queue.views.counts import last_synced_at, synced_since
from tests.support.queue_examples import NOW

SERVER = "0123456789abcdef"
VALUES = st.dictionaries(
    st.sampled_from(["title", "tags", "rating"]),
    st.none() | st.text(max_size=10) | st.floats(allow_nan=False) | st.lists(st.text(max_size=5), max_size=3),
)
DIGESTS = st.dictionaries(st.sampled_from(["poster", "background"]), st.text(max_size=8))
STATES = st.builds(
    ItemState,
    rating_key=st.integers(1, 2**53),
    originals=VALUES,
    written=VALUES,
    shown=VALUES,
    asked=VALUES,
    images=DIGESTS,
    uploading=DIGESTS,
)


@pytest.fixture
def state(database: Database) -> SyncState:
    return SyncState(database, SERVER)


def scene_state(scene_id: int, synced_at: float = NOW) -> SceneState:
    return SceneState(scene_id, synced_at, "2026-11-20T10:11:12+01:00", (7, 8), ("title: shown otherwise",))


def test_a_scene_comes_back_as_it_was_saved(state: SyncState) -> None:
    state.save_scene(scene_state(1))
    state.save_scene(scene_state(1, NOW + 5))
    state.save_scene(SceneState(2, NOW, "", ()))
    assert state.scenes([1, 2, 3]) == {1: scene_state(1, NOW + 5), 2: SceneState(2, NOW, "", ())}


@settings(max_examples=50, deadline=None)
@given(STATES)
def test_an_item_comes_back_as_it_was_saved(saved: ItemState) -> None:
    database = Database.open(":memory:")
    create_schema(database)
    SyncState(database, SERVER).save_items([saved])
    assert SyncState(database, SERVER).items([saved.rating_key]) == {saved.rating_key: saved}
    database.close()


def test_an_item_that_was_never_written_has_an_empty_state(state: SyncState) -> None:
    assert state.items([5]) == {5: ItemState(5)}


def test_a_later_state_replaces_the_earlier_one(state: SyncState) -> None:
    state.save_items([ItemState(5, written={"title": "one"}), ItemState(6, written={"title": "six"})])
    state.save_items([ItemState(5, images={"poster": "abc"})])
    assert state.items([5, 6]) == {
        5: ItemState(5, images={"poster": "abc"}),
        6: ItemState(6, written={"title": "six"}),
    }


def test_another_servers_keys_are_other_items(database: Database, state: SyncState) -> None:
    state.save_items([ItemState(5, written={"title": "here"})])
    elsewhere = SyncState(database, "another")
    assert elsewhere.items([5]) == {5: ItemState(5)}
    elsewhere.save_items([ItemState(5, written={"title": "there"})])
    assert state.items([5])[5].written == {"title": "here"}


def test_any_number_of_scenes_and_items_may_be_asked_for(database: Database, state: SyncState) -> None:
    many = list(range(1, 2_502))
    with database.transaction():
        for scene_id in many:
            state.save_scene(scene_state(scene_id))
    state.save_items(ItemState(key, written={"title": str(key)}) for key in many)
    assert list(state.scenes(many)) == many
    assert [item.written["title"] for item in state.items(many).values()] == [str(key) for key in many]
    assert len(stash_times(database, many)) == len(many)
    assert (state.scenes([]), state.items([]), stash_times(database, [])) == ({}, {}, {})


def test_saving_may_be_part_of_a_larger_transaction(database: Database, state: SyncState) -> None:
    with pytest.raises(KeyError), database.transaction():
        state.save_items([ItemState(5, written={"title": "one"})])
        state.save_scene(scene_state(1))
        raise KeyError
    assert (state.scenes([1]), state.items([5])) == ({}, {5: ItemState(5)})


def test_a_scene_that_is_gone_is_forgotten(database: Database, state: SyncState) -> None:
    state.save_scene(scene_state(1))
    forget_scene(database, 1)
    forget_scene(database, 2)
    assert state.scenes([1]) == {}


def test_when_scenes_were_synced(database: Database, state: SyncState) -> None:
    assert (last_synced_at(database), synced_since(database, 0.0)) == (None, 0)
    for scene_id in (1, 2, 3):
        state.save_scene(scene_state(scene_id, NOW + scene_id))
    assert last_synced_at(database) == NOW + 3
    assert [synced_since(database, NOW + seconds) for seconds in (0, 2, 4)] == [3, 2, 0]


def test_stash_times_of_what_was_synced(database: Database, state: SyncState) -> None:
    state.save_scene(scene_state(1))
    assert stash_times(database, [1, 2]) == {1: "2026-11-20T10:11:12+01:00"}
