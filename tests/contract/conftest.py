"""What the contract tests of the simulated Plex share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.plex import PlexSimulator
from tests.support.plex_requests import Client


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    simulator = PlexSimulator()
    with simulator:
        simulator.add_section("Movies", locations=["/media/movies"])
        yield simulator
    assert simulator.errors == []


@pytest.fixture
def client(plex: PlexSimulator) -> Client:
    return Client(plex)
