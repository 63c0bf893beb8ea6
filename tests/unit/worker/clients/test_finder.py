"""From files to items as they are now: the index may be behind, but nothing wrong is ever found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plex.exceptions import PlexServerDown
from plex.files.index import SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_SWEEPS, FileIndex
from plex.matcher import Matcher
from tests.simulators.faults import maintenance, not_xml, status
from tests.simulators.plex import PlexSimulator
from tests.support.clock import Clock
from tests.support.plex_examples import TOKEN, client_of
from validation.config import PathMapping
from worker.clients.context import read_items
from worker.clients.finder import Found, ItemFinder

METADATA = "/library/metadata/"


class Library:
    """A Plex with a library of movies at /media, and a finder for scenes of a Stash whose library is /data."""

    def __init__(self, plex: PlexSimulator, path: str) -> None:
        self.plex = plex
        self.clock = Clock()
        self.section = plex.add_section("Movies", locations=["/media"])
        self.client = client_of(plex.url)
        self._path = path
        self.index = FileIndex.open(path, self.client, self.clock)
        self.finder = self.new_finder()

    def new_finder(self, *, allow_ambiguous: bool = False, path_map: Sequence[PathMapping] = ()) -> ItemFinder:
        matcher = Matcher(self.index, path_map, ("/data",), allow_ambiguous)
        return ItemFinder(self.index, matcher, partial(read_items, self.client), self.client.scan_folder)

    def add(self, *files: str) -> int:
        return self.plex.add_item(self.section, files)

    def find(self, *files: str) -> Found:
        (found,) = self.finder.find([files])
        return found

    def requests(self) -> list[str]:
        """What was asked of Plex since the last look, but for connecting."""
        asked = [request.path for request in self.plex.requests if request.path not in ("/", "/identity")]
        self.plex.reset_log()
        return asked


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with PlexSimulator(token=TOKEN) as plex:
        made = Library(plex, str(tmp_path / "index.db"))
        yield made
        made.index.close()


def keys(found: Found) -> list[int]:
    return [item.rating_key for item in found.items]


def test_an_indexed_item_costs_one_request(library: Library) -> None:
    key = library.add("/media/a/one.mp4")
    assert keys(library.find("/data/a/one.mp4")) == [key]
    library.requests()
    (item,) = library.find("/data/a/one.mp4").items
    assert (item.rating_key, item.files) == (key, ("/media/a/one.mp4",))
    assert library.requests() == [f"{METADATA}{key}"]


def test_many_scenes_share_requests(library: Library) -> None:
    wanted = {f"/data/a/{number}.mp4": library.add(f"/media/a/{number}.mp4") for number in range(120)}
    library.find(next(iter(wanted)))
    library.requests()
    found = library.finder.find([[file] for file in wanted])
    assert [keys(each) for each in found] == [[key] for key in wanted.values()]
    assert len(library.requests()) == 3


def test_all_files_of_a_scene_count(library: Library) -> None:
    one, two = library.add("/media/a/one.mp4"), library.add("/media/b/two.mp4", "/media/b/extra.mp4")
    assert keys(library.find("/data/a/one.mp4", "/data/b/two.mp4", "/data/b/extra.mp4")) == [one, two]


def test_the_same_file_in_two_libraries_is_two_items(library: Library) -> None:
    other = library.plex.add_section("More", locations=["/media"])
    expected = [library.add("/media/a/one.mp4"), library.plex.add_item(other, "/media/a/one.mp4")]
    assert sorted(keys(library.find("/data/a/one.mp4"))) == expected


def test_no_scenes(library: Library) -> None:
    assert library.finder.find([]) == []
    assert library.requests() == []


# --- an index that is behind


def test_an_item_that_came_later_is_found(library: Library) -> None:
    library.add("/media/a/one.mp4")
    library.find("/data/a/one.mp4")
    key = library.add("/media/a/two.mp4")
    assert keys(library.find("/data/a/two.mp4")) == [key]


def test_an_item_that_is_gone_is_not_found(library: Library) -> None:
    key = library.add("/media/a/one.mp4")
    library.find("/data/a/one.mp4")
    library.plex.remove_item(key)
    assert library.find("/data/a/one.mp4") == Found(())


def test_an_item_that_plex_made_anew_is_found_under_its_new_key(library: Library) -> None:
    library.plex.remove_item(_known(library, "/media/a/one.mp4"))
    key = library.add("/media/a/one.mp4")
    assert keys(library.find("/data/a/one.mp4")) == [key]


def test_an_item_whose_file_has_moved_is_not_taken_for_the_old_place(library: Library) -> None:
    key = _known(library, "/media/a/one.mp4")
    library.plex.move_file("/media/a/one.mp4", "/media/b/one.mp4")
    assert library.find("/data/a/one.mp4") == Found(())
    assert keys(library.find("/data/b/one.mp4")) == [key]


def test_two_items_that_have_swapped_files_are_told_apart(library: Library) -> None:
    one, two = _known(library, "/media/a/one.mp4"), _known(library, "/media/a/two.mp4")
    library.plex.move_file("/media/a/one.mp4", "/media/a/aside.mp4")
    library.plex.move_file("/media/a/two.mp4", "/media/a/one.mp4")
    library.plex.move_file("/media/a/aside.mp4", "/media/a/two.mp4")
    found = library.finder.find([["/data/a/one.mp4"], ["/data/a/two.mp4"]])
    assert [keys(each) for each in found] == [[two], [one]]


def _known(library: Library, file: str) -> int:
    """An item that is in the index."""
    key = library.add(file)
    assert keys(library.find(file.replace("/media", "/data"))) == [key]
    return key


def test_a_rival_that_came_since_is_seen_within_ten_minutes(library: Library) -> None:
    known = _known(library, "/media/a/x/one.mp4")
    library.add("/media/b/x/one.mp4")
    library.requests()
    assert keys(library.find("/data/x/one.mp4")) == [known]
    assert library.requests() == [f"{METADATA}{known}"]
    library.clock.sleep(SECONDS_BETWEEN_LOOKS)
    assert set(library.find("/data/x/one.mp4").candidates) == {"/media/a/x/one.mp4", "/media/b/x/one.mp4"}


def test_a_look_for_rivals_that_finds_nothing_new_is_not_repeated(library: Library) -> None:
    known = _known(library, "/media/a/one.mp4")
    library.clock.sleep(SECONDS_BETWEEN_LOOKS)
    library.requests()
    for expected in (["/library/sections", f"{METADATA}{known}"], [f"{METADATA}{known}"]):
        assert keys(library.find("/data/a/one.mp4")) == [known]
        assert library.requests() == expected


@pytest.mark.parametrize("fault", [status(500), status(400), status(404), not_xml()], ids=["500", "400", "404", "page"])
def test_a_look_for_rivals_that_fails_holds_up_nobody(library: Library, fault: Any) -> None:
    """Be it the listing of another library: what is known will do until the next look."""
    known = _known(library, "/media/a/one.mp4")
    library.clock.sleep(SECONDS_BETWEEN_LOOKS)
    library.plex.inject(fault, prefix="/library/sections")
    library.requests()
    for expected in (["/library/sections", f"{METADATA}{known}"], [f"{METADATA}{known}"]):
        assert keys(library.find("/data/a/one.mp4")) == [known]
        assert library.requests() == expected


# --- what is not there


def test_a_miss_costs_one_request_while_nothing_has_changed(library: Library) -> None:
    _known(library, "/media/a/one.mp4")
    library.requests()
    for _ in range(3):
        assert library.find("/data/a/missing.mp4") == Found(())
        assert library.requests() == ["/library/sections"]


def test_after_ten_minutes_a_miss_lists_the_whole_library_once(library: Library) -> None:
    _known(library, "/media/a/one.mp4")
    library.clock.sleep(SECONDS_BETWEEN_SWEEPS)
    library.requests()
    library.find("/data/a/missing.mp4")
    assert f"/library/sections/{library.section}/all" in library.requests()
    library.find("/data/a/missing.mp4")
    assert library.requests() == ["/library/sections"]


def test_one_miss_among_many_holds_up_nobody(library: Library) -> None:
    key = library.add("/media/a/one.mp4")
    found = library.finder.find([["/data/a/missing.mp4"], ["/data/a/one.mp4"]])
    assert [keys(each) for each in found] == [[], [key]]


def test_a_file_of_the_same_name_in_another_folder_is_not_it(library: Library) -> None:
    library.add("/media/other/one.mp4")
    assert library.find("/data/a/one.mp4") == Found(())


# --- rivals


def test_equal_rivals_are_named(library: Library) -> None:
    library.plex.add_section("More", locations=["/more"])
    library.add("/media/a/one.mp4")
    library.plex.add_item(2, "/more/a/one.mp4")
    found = library.find("/data/a/one.mp4")
    assert (found.items, sorted(found.candidates)) == ((), ["/media/a/one.mp4", "/more/a/one.mp4"])


def test_rivals_of_another_file_are_a_warning(library: Library) -> None:
    library.plex.add_section("More", locations=["/more"])
    library.add("/media/a/one.mp4")
    library.plex.add_item(2, "/more/a/one.mp4")
    key = library.add("/media/b/two.mp4")
    found = library.find("/data/a/one.mp4", "/data/b/two.mp4")
    assert (keys(found), found.candidates) == ([key], ())
    (warning,) = found.warnings
    assert "path_map" in warning


def test_all_of_them_where_that_is_allowed(library: Library) -> None:
    library.plex.add_section("More", locations=["/more"])
    both = [library.add("/media/a/one.mp4"), library.plex.add_item(2, "/more/a/one.mp4")]
    (found,) = library.new_finder(allow_ambiguous=True).find([["/data/a/one.mp4"]])
    assert sorted(keys(found)) == both


# --- scans and outages


def test_a_scan_is_asked_for_where_the_file_should_be(library: Library) -> None:
    _known(library, "/media/a/one.mp4")
    library.finder.request_scan(["/data/new/two.mp4"])
    assert library.plex.scans == [(library.section, "/media/new")]


def test_a_mapped_path_is_scanned_where_the_map_says(library: Library) -> None:
    _known(library, "/media/a/one.mp4")
    finder = library.new_finder(path_map=[PathMapping("/data", "/media/deep")])
    finder.request_scan(["/data/new/two.mp4"])
    assert library.plex.scans == [(library.section, "/media/deep/new")]


def test_an_outage_is_raised_and_spoils_nothing(library: Library) -> None:
    key = _known(library, "/media/a/one.mp4")
    library.plex.inject(maintenance())
    for file in ("/data/a/one.mp4", "/data/a/missing.mp4"):
        with pytest.raises(PlexServerDown):
            library.find(file)
    library.plex.clear_faults()
    assert keys(library.find("/data/a/one.mp4")) == [key]
