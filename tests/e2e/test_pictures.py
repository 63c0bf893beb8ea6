"""Posters and backgrounds: Plex keeps every upload, so only what changed goes there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.faults import hang, status
from tests.simulators.pictures import cover
from tests.simulators.plex_edits import EditMode
from tests.support.agreement import EDIT_MODES, wait_until_in_step
from tests.support.buttons import press
from tests.support.covers import as_input, cover_of, decoded
from tests.support.watchful_plex import WatchfulPlex
from tests.world import TOKEN, World, wait_until


@pytest.mark.parametrize("mode", EDIT_MODES)
def test_a_picture_is_uploaded_once_over_many_edits(tmp_path: Path, mode: EditMode) -> None:
    with World(tmp_path, scenes=1, plex=WatchfulPlex(token=TOKEN, edit_mode=mode)) as world:
        for number in range(5):
            world.edit(1, title=f"Title {number}", tag_ids=[world.stash.tag_id(f"Tag {number}")])
            wait_until_in_step(world, [1])
        item = world.item(1)
        assert (len(item.uploads("thumb")), len(item.uploads("art"))) == (1, 1)
        assert {"thumb", "art"} <= item.locked


def test_a_changed_cover_is_uploaded_and_nothing_else_is_written(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        for number in range(2):
            world.plex.reset_log()
            world.edit(1, cover_image=cover(f"cover {number}"))
            wait_until_in_step(world, [1])
            assert world.plex.count("POST") == 2
            assert world.plex.count("PUT") == 0
        assert len(world.item(1).uploads("thumb")) == 3


def test_a_cover_changed_within_the_second_of_the_last_edit_arrives(tmp_path: Path) -> None:
    """Stash keeps whole seconds, so both edits have the same updated_at."""
    with World(tmp_path, scenes=1) as world:
        soon = world.stash.clock.now() + 60.0  # Stash's second must not be over before both edits are done
        world.stash.clock.now = lambda: soon
        world.edit(1, title="Title", details="d")
        wait_until_in_step(world, [1])
        world.edit(1, cover_image=cover("another"))
        wait_until_in_step(world, [1])


def test_a_scene_without_a_picture_keeps_plexs_own(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        scene_id = world.add_scene(cover=None)
        world.plex.edit_as_user(world.keys[scene_id], thumb=b"\xff\xd8\xff plex's own")
        world.edit(scene_id, title="No cover", details="d")
        world.wait_until_drained()
        assert world.item(scene_id).title == "No cover"
        assert world.item(scene_id).upload_count == 0
        assert "art" not in world.item(scene_id).locked
        assert world.item(scene_id).shown("thumb") == b"\xff\xd8\xff plex's own"


def test_a_picture_that_plex_refuses_fails_alone(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1, max_retries=1) as world:
        world.plex.inject(status(400), method="POST")
        world.edit(1, title="Title", details="d")
        wait_until(lambda: world.item(1).title == "Title", "the other fields in Plex")
        wait_until(lambda: "poster" in world.logged(), "the warning")
        world.plex.clear_faults()
        world.wait_until_drained()
        assert world.dead_letters().get_count() == 0
        assert "thumb" in world.item(1).locked


def test_a_kill_between_upload_and_lock_leaves_the_picture_locked_in_the_end(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.edit_as_user(world.keys[1], lock=False, title="Same", summary="Same")
        world.stash.library.change_scene(1, details="Same")
        held = world.plex.inject(hang(), times=1, method="PUT")
        world.edit(1, title="Same")
        wait_until(lambda: held.hits == 1, "the request that locks the picture")
        assert world.kill_drainer() == 1
        held.stop()
        world.edit(1, title="Same")
        wait_until_in_step(world, [1])
        assert (len(world.item(1).uploads("thumb")), len(world.item(1).uploads("art"))) == (1, 1)


def test_posters_and_photos_by_the_real_processes(tmp_path: Path) -> None:
    photos = "http://192.168.1.10:9999"
    with World(tmp_path, scenes=1, poster_fit="blur", performer_photos_url=photos) as world:
        ann = world.stash.performer_id("Ann")
        world.stash.update_performer(ann, image=cover("Ann"))
        world.edit(1, title="Title", performer_ids=[ann], cover_image=as_input(cover_of()))
        world.wait_until_drained()
        item = world.item(1)
        assert (decoded(item.shown("thumb")).size, item.shown("art")) == ((1000, 1500), cover_of())
        assert world.plex.tags.photos["Ann"].startswith(f"{photos}/performer/{ann}/image?t=")
        edits = item.edit_count
        press(world, "Sync All Scenes")
        world.wait_until_drained()
        assert (item.edit_count, item.upload_count) == (edits, 2)
