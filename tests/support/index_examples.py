"""What the tests of the index share: items by number, and how often Plex was asked for a listing."""

from __future__ import annotations

from plex.files.index import FileIndex
from tests.simulators.plex import PlexSimulator

FOLDER = "/media/movies"


def add(plex: PlexSimulator, *numbers: int, section: int = 1) -> list[int]:
    return [plex.add_item(section, f"{FOLDER}/{number}.mp4", added_at=number) for number in numbers]


def found(index: FileIndex, *numbers: int) -> list[int]:
    return [number for number in numbers if index.lookup(f"{number}.mp4")]


def listings(plex: PlexSimulator) -> int:
    return sum(request.path.endswith("/all") for request in plex.requests)
