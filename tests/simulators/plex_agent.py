"""Metadata agents of the simulated Plex: what a refresh brings for an item.

    plex = PlexSimulator(agent=film_agent)         # or plex.agent = film_agent, at any time
    plex.refresh_everything()

A refresh overwrites every attribute that is not locked. Without an agent, as in libraries of "Personal Media", a
refresh brings nothing; it is on record all the same (`refresh_requests`, and `refresh_count` of an item).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulators.plex_items import Item

Agent = Callable[[Item], Mapping[str, Any]]
"""Returns attributes of `Item` that the agent brings; `thumb` and `art` are the bytes of a picture."""


def film_agent(item: Item) -> dict[str, Any]:
    """Take an item for a film, and bring every field that Plex's own agents know, each with a value of its own."""
    number = item.rating_key
    return {
        "title": f"The Film {number}",
        "title_sort": f"Film {number}",
        "original_title": f"Le film {number}",
        "edition_title": f"Edition {number}",
        "summary": f"What film {number} is about.",
        "tagline": f"Tagline {number}",
        "studio": f"Film Studio {number}",
        "content_rating": "PG-13",
        "originally_available_at": "1999-12-31",
        "year": 1999,
        "genres": ("Film", f"Film Genre {number}"),
        "roles": ("Film Star", f"Film Actor {number}"),
        "directors": (f"Film Director {number}",),
        "collections": (f"Film Collection {number}",),
        "thumb": b"\xff\xd8\xff\xe0 the agent's poster %d" % number,
        "art": b"\xff\xd8\xff\xe0 the agent's background %d" % number,
    }
