"""How tests come by dead letters."""

from __future__ import annotations

from tests.simulators.faults import Fault
from tests.support.workbench import only_for
from tests.world import World, wait_until


def give_up(world: World, fault: Fault, *scene_ids: int) -> None:
    """Have the fault meet each edit of these scenes until each is given up."""
    count = world.dead_letters().get_count() + len(scene_ids)
    injection = world.plex.inject(only_for([world.keys[each] for each in scene_ids], fault), method="PUT")
    for scene_id in scene_ids:
        world.edit(scene_id, title=f"Title {scene_id}", details="d")
    wait_until(lambda: world.dead_letters().get_count() == count, f"scenes {scene_ids} to be given up")
    injection.remove()
