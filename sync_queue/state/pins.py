"""Which Plex item a person chose for a scene. A pin is kept as server and files: rating keys are given out anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from storage.database import Database


class Pin(NamedTuple):
    """A scene and the item that is to show it: its key when it was last seen, and its files, as Plex sees them.

    `pinned_at`: when a person chose it, in seconds since the epoch.
    """

    scene_id: int
    rating_key: int
    files: tuple[str, ...]
    pinned_at: float = 0.0

    def holds_for(self, files: Sequence[str]) -> bool:
        """Whether an item with these files is the one meant."""
        return not set(self.files).isdisjoint(files)


class Pins:
    """The pins on one Plex server (`server_id` is its machineIdentifier). What writes may be part of a transaction."""

    def __init__(self, database: Database, server_id: str) -> None:
        self._database = database
        self._server_id = server_id

    def all(self) -> list[Pin]:
        """Every pin, by scene."""
        rows = self._database.all(
            "SELECT scene_id, rating_key, files, pinned_at FROM pins WHERE server_id = ? ORDER BY scene_id, rating_key",
            (self._server_id,),
        )
        return [Pin(scene_id, rating_key, tuple(json.loads(files)), at) for scene_id, rating_key, files, at in rows]

    def set(self, pin: Pin) -> None:
        """Pin a scene to an item; whatever scene was pinned to that item before is so no longer."""
        with self._database.transaction():
            for other in self.all():
                if other.rating_key == pin.rating_key or other.holds_for(pin.files):
                    self._delete(other)
            self._database.execute(
                "INSERT INTO pins (server_id, scene_id, rating_key, files, pinned_at) VALUES (?, ?, ?, ?, ?)",
                (self._server_id, pin.scene_id, pin.rating_key, json.dumps(pin.files), pin.pinned_at),
            )

    def remove(self, scene_id: int, rating_key: int | None = None) -> int:
        """Remove a scene's pin to an item, or all of its pins; returns how many there were."""
        gone = [pin for pin in self.all() if pin.scene_id == scene_id and rating_key in (None, pin.rating_key)]
        with self._database.transaction():
            for pin in gone:
                self._delete(pin)
        return len(gone)

    def _delete(self, pin: Pin) -> None:
        self._database.execute(
            "DELETE FROM pins WHERE server_id = ? AND scene_id = ? AND rating_key = ?",
            (self._server_id, pin.scene_id, pin.rating_key),
        )
