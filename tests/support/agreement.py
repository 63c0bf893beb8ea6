"""Does Plex show what Stash says? And what the queue's file says of jobs that are long done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_edits import EditMode
from tests.simulators.plex_items import ImageKind, Item
from tests.simulators.stash import StashSimulator
from tests.simulators.stash_library import Scene
from tests.world import World, wait_until

EDIT_MODES: tuple[EditMode, ...] = ("replace", "add", "single_removal")
"""What a real Plex may make of a list: sources disagree, so what depends on it is tried with each."""

PICTURES: dict[str, ImageKind] = {"thumb": "thumb", "art": "art"}
"""The pictures' attributes, which hold an address: their bytes are what counts."""


class BothServers(Protocol):
    """What the two can be compared by."""

    stash: StashSimulator

    @property
    def plex(self) -> PlexSimulator:
        """The Plex, of whatever kind."""

    def scene(self, scene_id: int) -> Scene:
        """The scene in Stash."""

    def item(self, scene_id: int) -> Item:
        """The scene's item in Plex."""


def wanted_in_plex(world: BothServers, scene_id: int) -> dict[str, Any]:
    """What Plex has to show of a scene, by attribute of the simulator's items; without what may be anything.

    A Plex that has a form of its own (other case, half stars) has to show that one: see the simulator's dialects.
    """
    scene, library = world.scene(scene_id), world.stash.library
    studio = library.studios.rows[scene.studio_id].name if scene.studio_id else ""
    wanted: dict[str, Any] = {
        "summary": scene.details,
        "studio": studio,
        "originally_available_at": scene.date or "",
        "roles": {library.performers.rows[each].name for each in scene.performer_ids},
        "genres": {library.tags.rows[each].name for each in scene.tag_ids},
        "thumb": scene.cover or b"",
        "art": scene.cover or b"",
    }
    if scene.title:
        wanted["title"] = scene.title
    if scene.rating100 is not None:
        wanted["user_rating"] = scene.rating100 / 10
    if studio:
        wanted["collections"] = {studio}
    return {name: world.plex.shown_as(name, value) for name, value in wanted.items()}


def disagreements(world: BothServers, scene_ids: Iterable[int]) -> list[str]:
    """Where Plex shows something else than Stash says, in words; [] where everything has arrived."""
    found = []
    for scene_id in scene_ids:
        item = world.item(scene_id)
        for name, wanted in wanted_in_plex(world, scene_id).items():
            shown = item.shown(PICTURES[name]) if name in PICTURES else getattr(item, name)
            if shown != wanted and (not isinstance(wanted, set) or set(shown) != wanted):
                found.append(f"scene {scene_id}: {name} is {shown!r:.60} and should be {wanted!r:.60}")
        if not item.locked >= PICTURES.keys():
            found.append(f"scene {scene_id}: its pictures are not locked, only {sorted(item.locked)}")
    return found


def wait_until_in_step(world: World, scene_ids: Iterable[int]) -> None:
    """Wait until no job is open, and require that Plex shows what Stash says."""
    world.wait_until_drained()
    found = disagreements(world, scene_ids)
    assert not found, "\n".join(found)


def job_rows(world: World) -> list[dict[str, Any]]:
    """Every job in the queue's file, those that ended included, each as its stored JSON with its `status`."""
    with sqlite3.connect(Path(world.data.queue, "plexsync.db")) as connection:
        rows = connection.execute("SELECT data, status FROM ack_queue_default ORDER BY _id").fetchall()
    return [{**json.loads(data), "status": status} for data, status in rows]


def logged_times(world: World, text: str) -> int:
    """How many lines of Stash's log hold a text."""
    return sum(text in line.text for line in world.stash.logs)


def wait_until_logged(world: World, text: str) -> None:
    """Wait until the drainer's log file or Stash's log holds a text."""
    wait_until(lambda: text in world.logged(), f'"{text}" in the log')
