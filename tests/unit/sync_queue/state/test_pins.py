"""Which item a person chose for a scene, in a real file."""

from __future__ import annotations

from sync_queue.manager import QueueManager
from sync_queue.state.pins import Pin, Pins

ONE = Pin(7, 51, ("/media/a.mp4", "/media/b.mp4"))


def test_a_pin_is_kept_by_server(manager: QueueManager) -> None:
    Pins(manager.database, "one").set(ONE)
    assert Pins(manager.database, "one").all() == [ONE]
    assert Pins(manager.database, "two").all() == []


def test_an_item_has_one_pinned_scene_be_its_key_another_by_now(manager: QueueManager) -> None:
    pins = Pins(manager.database, "one")
    pins.set(ONE)
    pins.set(Pin(8, 52, ("/media/b.mp4",)))
    assert [(pin.scene_id, pin.rating_key) for pin in pins.all()] == [(8, 52)]


def test_one_scene_can_have_several(manager: QueueManager) -> None:
    pins = Pins(manager.database, "one")
    pins.set(ONE)
    pins.set(Pin(7, 60, ("/media/c.mp4",)))
    assert pins.remove(7, 51) == 1
    assert [pin.rating_key for pin in pins.all()] == [60]
    assert (pins.remove(7), pins.remove(7)) == (1, 0)


def test_it_means_the_item_that_has_one_of_its_files() -> None:
    assert ONE.holds_for(["/media/x.mp4", "/media/b.mp4"])
    assert not ONE.holds_for(["/media/x.mp4"])
