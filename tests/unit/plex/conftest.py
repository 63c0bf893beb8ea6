"""What the tests of the index share: a Plex with one library, and a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.plex import PlexSimulator
from tests.support.index_examples import FOLDER
from tests.support.plex_examples import TOKEN, Clock


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    with PlexSimulator(token=TOKEN) as simulator:
        simulator.add_section("Movies", locations=[FOLDER])
        yield simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()
