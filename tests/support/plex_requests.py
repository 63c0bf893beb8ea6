"""A client of the Plex simulator that speaks bare HTTP, for what python-plexapi does not ask or hides."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import requests

from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_library import PlexLibrary

EDITS = "/library/sections/1/all"
RATES = "/:/rate"
Pairs = list[tuple[str, str]]


class Client:
    """The simulator's address and token with a keep-alive connection."""

    def __init__(self, plex: PlexSimulator, token: str = DEFAULT_TOKEN) -> None:
        self.plex = plex
        self.session = requests.Session()
        self.session.headers["X-Plex-Token"] = token

    def ask(self, method: str, path: str, pairs: Pairs | None = None, **options: Any) -> requests.Response:
        return self.session.request(method, self.plex.url + path, params=pairs, timeout=10, **options)

    def xml(self, path: str, **headers: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.ask("GET", path, headers=headers).text)  # noqa: S314 - our own reply

    def edit(self, key: int, *pairs: tuple[str, str]) -> int:
        return self.ask("PUT", EDITS, [("type", "1"), ("id", str(key)), *pairs]).status_code

    def rate(self, key: int, rating: float) -> int:
        pairs = [("key", str(key)), ("identifier", "com.plexapp.plugins.library"), ("rating", str(rating))]
        return self.ask("PUT", RATES, pairs).status_code

    def upload(self, key: int, data: bytes, name: str = "posters") -> int:
        return self.ask("POST", f"/library/metadata/{key}/{name}", data=data).status_code

    def listed(self, key: int, name: str = "posters") -> list[tuple[str | None, str | None]]:
        """The listed pictures, each as (ratingKey, selected)."""
        return [(each.get("ratingKey"), each.get("selected")) for each in self.xml(f"/library/metadata/{key}/{name}")]


def add(plex: PlexLibrary, name: str = "a", **values: Any) -> int:
    """Add an item to the first library; returns its rating key."""
    return plex.add_item(1, f"/media/movies/{name}.mp4", **values)
