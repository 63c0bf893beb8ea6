"""What the tests of the Stash simulator ask it with."""

from __future__ import annotations

import logging
from typing import Any

import requests
from stashapi.classes import GQLWrapper

from tests.simulators.stash import StashSimulator

SCENES = """
query Scenes($ids: [ID!], $scene_filter: SceneFilterType, $filter: FindFilterType) {
  findScenes(ids: $ids, scene_filter: $scene_filter, filter: $filter) {
    count
    scenes {
      id title details date rating100 organized created_at updated_at urls
      files { path basename } paths { screenshot }
      studio { id name } performers { id name } tags { id name }
      stash_ids { endpoint stash_id } groups { group { name } }
    }
  }
}
"""
UPDATE = "mutation Update($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id title updated_at } }"
HALF_PAST_TEN = 1_795_257_000.123456789  # 2026-11-21T10:30:00 UTC


class Clock:
    """A time in seconds that stands still until it is moved."""

    def __init__(self, now: float = HALF_PAST_TEN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Wrapper(GQLWrapper):  # type: ignore[misc]
    """The transport of stashapp-tools without the round trips of its interface."""

    def __init__(self, stash: StashSimulator) -> None:
        super().__init__()
        self.url = stash.url + "/graphql"
        self.log = logging.getLogger("stash")
        self.fragments: dict[str, str] = {}


def post(stash: StashSimulator, query: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
    """Return the reply to a query; `options` are those of requests."""
    body = {"query": query, "variables": variables or {}}
    return requests.post(stash.url + "/graphql", json=body, timeout=5, **options)


def data(stash: StashSimulator, query: str, **variables: Any) -> Any:
    """Return the data of a query that has to succeed."""
    reply = post(stash, query, variables)
    assert reply.status_code == 200
    assert "errors" not in reply.json()
    return reply.json()["data"]


def error(stash: StashSimulator, query: str, **variables: Any) -> str:
    """Return the first message of a query that is well formed and has to fail."""
    reply = post(stash, query, variables)
    assert reply.status_code == 200
    return str(reply.json()["errors"][0]["message"])
