"""What Plex showed before the plugin's first write, and whether an undo of every scene brings it back.

What Plex shows after a kill tells only that the sync is right. Whether the old values were remembered in time, only an
undo tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.world import World

NOT_UNDONE = frozenset({"thumb", "art", "files"})
"""Attributes that are not compared: an undo leaves the pictures."""
PICTURES = frozenset({"thumb", "art"})
Shown = Mapping[str, Any]


def type_in_plex(world: World, scene_id: int) -> None:
    """Give the scene's item values in Plex that are somebody's own, without locks."""
    key, name = world.keys[scene_id], f"scene {scene_id}"
    world.plex.edit_as_user(key, lock=False, summary=f"Typed for {name}.", genres=["Old", name], user_rating=4.0)


def shown_before(world: World) -> dict[int, Shown]:
    """What Plex shows of each scene, as far as an undo is to bring it back."""
    return {scene_id: _undoable(world, scene_id) for scene_id in world.keys}


def undo_all(world: World) -> None:
    """Undo every scene that was ever written, as a person would."""
    world.stash.run_operation("PlexSync", mode="undo_since", since="2020-01-01", dry_run=False)
    world.wait_until_drained()


def not_restored(world: World, before: Mapping[int, Shown], scene_ids: Iterable[int] = ()) -> list[str]:
    """Where Plex shows something else than before the first write, in words. Without ids: of all scenes."""
    found = []
    for scene_id in scene_ids or before:
        now, then = _undoable(world, scene_id), before[scene_id]
        wrong = [name for name in then if now[name] != then[name]]
        found += [f"scene {scene_id}: undone, {name} is {now[name]!r:.60} and was {then[name]!r:.60}" for name in wrong]
    return found


def _undoable(world: World, scene_id: int) -> dict[str, Any]:
    shown = world.item(scene_id).snapshot()
    shown["locked"] -= PICTURES
    return {name: value for name, value in shown.items() if name not in NOT_UNDONE}
