"""Which libraries the index holds, by the setting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.exceptions import PlexLibraryUnknown
from plex.files.index import FileIndex
from tests.simulators.faults import rewritten
from tests.simulators.plex import PlexSimulator
from tests.support.index_examples import FOLDER, add, found
from tests.support.plex_examples import TOKEN, client_of


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    with PlexSimulator(token=TOKEN) as simulator:
        simulator.add_section("Movies", locations=[FOLDER])
        simulator.add_section("Scenes", locations=["/media/scenes"])
        simulator.add_section("Shows", "show")
        add(simulator, 1, section=1)
        add(simulator, 2, section=2)
        yield simulator


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "index.db")


def test_only_they_are_indexed(plex: PlexSimulator, path: str) -> None:
    index = FileIndex.open(path, client_of(plex.url), libraries=(" scenes",))
    index.refresh()
    assert found(index, 1, 2) == [2]
    index.close()


def test_an_unknown_one_is_named_with_those_that_exist(plex: PlexSimulator, path: str) -> None:
    index = FileIndex.open(path, client_of(plex.url), libraries=("Scnes", "Movies", "Shows"))
    with pytest.raises(PlexLibraryUnknown) as caught:
        index.refresh()
    assert str(caught.value).startswith('Plex has no movie library "Scnes" (plex_library under Settings')
    assert 'It has "Movies", "Scenes". Did you mean "Scenes"?' in str(caught.value)
    assert caught.value.available == ("Movies", "Scenes")
    index.close()


def test_a_plex_that_shows_none_keeps_the_index_as_it_is(plex: PlexSimulator, path: str) -> None:
    index = FileIndex.open(path, client_of(plex.url))
    index.refresh()
    plex.inject(rewritten(lambda body: b'<MediaContainer size="0"/>'), prefix="/library/sections")
    with pytest.raises(PlexLibraryUnknown):
        index.refresh()
    assert found(index, 1, 2) == [1, 2]
    index.close()
