"""Which file in Plex is which file of a scene: a table of cases, and what must never match."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.files.index import FileIndex
from plex.files.paths import length_below, split_path
from plex.matcher import Matcher, MatchResult, ScanTarget
from tests.simulators.plex import PlexSimulator
from tests.support.plex_examples import TOKEN, client_of
from validation.config import PathMapping

ROOTS = ("/data",)


class World:
    """A Plex with these folders and files, in the order of their rating keys, and an index of it."""

    def __init__(self, plex: PlexSimulator, path: str) -> None:
        self._plex = plex
        self._index = FileIndex.open(path, client_of(plex.url))

    def add(self, location: str, *files: str) -> World:
        section = self._plex.add_section(f"Section {location}", locations=[location])
        for file in files:
            self._plex.add_item(section, file)
        return self

    def matcher(
        self,
        roots: Sequence[str] = ROOTS,
        path_map: Mapping[str, str] | None = None,
        allow_ambiguous: bool = False,
    ) -> Matcher:
        self._index.refresh()
        mappings = [PathMapping(stash, plex) for stash, plex in (path_map or {}).items()]
        return Matcher(self._index, mappings, tuple(roots), allow_ambiguous)

    def close(self) -> None:
        self._index.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with PlexSimulator(token=TOKEN) as plex:
        made = World(plex, str(tmp_path / "index.db"))
        yield made
        made.close()


@pytest.mark.parametrize(
    ("location", "in_plex", "roots", "in_stash"),
    [
        pytest.param("/media", "/media/studio/a.mp4", ROOTS, "/data/studio/a.mp4", id="another mount point"),
        pytest.param("/data", "/data/studio/a.mp4", ROOTS, "/data/studio/a.mp4", id="the same mount point"),
        pytest.param("/media", "/media/a.mp4", ROOTS, "/data/a.mp4", id="directly in both roots"),
        pytest.param("/media", "/media/b/a.mp4", ("/data",), "/data/x/b/a.mp4", id="all that Plex has below its root"),
        pytest.param("/media", "/media/x/b/a.mp4", ("/data",), "/data/b/a.mp4", id="all that Stash has below its root"),
        pytest.param("/media", "/media/b/a.mp4", (), "/somewhere/b/a.mp4", id="Stash's root is not known"),
        pytest.param("D:\\Media", "D:\\Media\\b\\a.mp4", ROOTS, "/data/b/a.mp4", id="Plex on Windows"),
        pytest.param("/media", "/media/b/a.mp4", ("E:\\data",), "E:\\data\\b\\a.mp4", id="Stash on Windows"),
        pytest.param("\\\\nas\\media", "\\\\nas\\media\\b\\a.mp4", ROOTS, "/data/b/a.mp4", id="a network share"),
        pytest.param("/media", "/media/Studio/A.MP4", ROOTS, "/data/studio/a.mp4", id="another case"),
        pytest.param(
            "/media",
            unicodedata.normalize("NFD", "/media/b/ä.mp4"),
            ROOTS,
            unicodedata.normalize("NFC", "/data/b/ä.mp4"),
            id="another composition",
        ),
        pytest.param("/", "/b/a.mp4", ("/",), "/b/a.mp4", id="roots that are the root"),
    ],
)
def test_the_same_file_is_found(world: World, location: str, in_plex: str, roots: Sequence[str], in_stash: str) -> None:
    assert world.add(location, in_plex).matcher(roots).match([in_stash]) == MatchResult(rating_keys=(1,))


@pytest.mark.parametrize(
    ("in_plex", "in_stash"),
    [
        pytest.param("/media/one/a.mp4", "/data/two/a.mp4", id="the same name in another folder"),
        pytest.param("/media/a.mp4", "/data/two/a.mp4", id="a bare name in Plex"),
        pytest.param("/media/one/a.mp4", "/data/a.mp4", id="a bare name in Stash"),
        pytest.param("/media/x/b/a.mp4", "/data/y/b/a.mp4", id="a tail that covers neither side"),
        pytest.param("/media/b/xa.mp4", "/data/b/a.mp4", id="a name that ends alike"),
        pytest.param("/media/xb/a.mp4", "/data/b/a.mp4", id="a folder that ends alike"),
        pytest.param("/elsewhere/a.mp4", "/data/a.mp4", id="a file outside of Plex's own folders"),
    ],
)
def test_another_file_is_not(world: World, in_plex: str, in_stash: str) -> None:
    assert world.add("/media", in_plex).matcher().match([in_stash]) == MatchResult(missing=(in_stash,))


class TestRivals:
    def test_the_longest_tail_wins(self, world: World) -> None:
        world.add("/media", "/media/b/a.mp4", "/media/x/b/a.mp4")
        assert world.matcher().match(["/data/x/b/a.mp4"]).rating_keys == (2,)

    def test_the_exact_case_wins(self, world: World) -> None:
        world.add("/media", "/media/b/A.mp4", "/media/b/a.mp4")
        assert world.matcher().match(["/data/b/a.mp4"]).rating_keys == (2,)
        assert world.matcher().match(["/data/b/A.mp4"]).rating_keys == (1,)

    def test_equal_ones_at_different_paths_are_ambiguous(self, world: World) -> None:
        world.add("/media/1", "/media/1/b/a.mp4").add("/media/2", "/media/2/b/a.mp4")
        result = world.matcher().match(["/data/b/a.mp4"])
        assert result == MatchResult(ambiguous=("/media/1/b/a.mp4", "/media/2/b/a.mp4"), unclear=("/data/b/a.mp4",))

    def test_unless_all_of_them_are_welcome(self, world: World) -> None:
        world.add("/media/1", "/media/1/b/a.mp4").add("/media/2", "/media/2/b/a.mp4")
        assert world.matcher(allow_ambiguous=True).match(["/data/b/a.mp4"]) == MatchResult(rating_keys=(1, 2))

    def test_two_that_differ_only_in_a_case_that_is_neither_are_ambiguous(self, world: World) -> None:
        world.add("/media", "/media/b/A.mp4", "/media/B/a.mp4")
        assert len(world.matcher().match(["/data/b/a.mp4"]).ambiguous) == 2

    def test_one_path_in_two_libraries_is_two_items_of_one_file(self, world: World) -> None:
        world.add("/media", "/media/b/a.mp4").add("/media", "/media/b/a.mp4")
        assert world.matcher().match(["/data/b/a.mp4"]) == MatchResult(rating_keys=(1, 2))


class TestPathMap:
    def test_the_mapped_path_counts_alone(self, world: World) -> None:
        world.add("/media", "/media/b/a.mp4", "/media/other/b/a.mp4")
        matcher = world.matcher(path_map={"/data": "/media/other"})
        assert matcher.match(["/data/b/a.mp4"]) == MatchResult(rating_keys=(2,))
        assert matcher.match(["/data/c/a.mp4"]) == MatchResult(missing=("/data/c/a.mp4",))

    def test_the_longest_prefix_wins_and_ends_at_a_separator(self, world: World) -> None:
        world.add("/media", "/media/short/sub/a.mp4", "/media/long/a.mp4", "/media/short/subway/a.mp4")
        matcher = world.matcher(path_map={"/data": "/media/short", "/data/sub": "/media/long"})
        assert matcher.match(["/data/sub/a.mp4"]).rating_keys == (2,)
        assert matcher.match(["/data/subway/a.mp4"]).rating_keys == (3,)

    def test_other_folders_are_matched_by_their_tails(self, world: World) -> None:
        world.add("/media", "/media/b/a.mp4")
        matcher = world.matcher(roots=("/more",), path_map={"/data": "/elsewhere"})
        assert matcher.match(["/more/b/a.mp4"]).rating_keys == (1,)

    def test_separators_and_case_may_differ_and_the_exact_case_wins(self, world: World) -> None:
        world.add("D:\\Media", "D:\\Media\\B\\a.mp4", "D:\\Media\\b\\a.mp4")
        matcher = world.matcher(path_map={"/data": "d:\\media"})
        assert len(matcher.match(["/data/b/a.mp4"]).ambiguous) == 2  # the drive's case fits neither
        assert world.matcher(path_map={"/data": "D:\\Media"}).match(["/data/b/a.mp4"]).rating_keys == (2,)

    def test_one_path_in_two_libraries(self, world: World) -> None:
        world.add("/media", "/media/a.mp4").add("/media", "/media/a.mp4")
        assert world.matcher(path_map={"/data": "/media"}).match(["/data/a.mp4"]).rating_keys == (1, 2)


def test_all_files_of_a_scene_count(world: World) -> None:
    world.add("/media", "/media/b/1.mp4", "/media/b/2.mp4").add("/more", "/more/b/1.mp4").add("/most", "/most/c/3.mp4")
    result = world.matcher().match(["/data/b/1.mp4", "/data/b/2.mp4", "/data/c/3.mp4", "/data/c/4.mp4"])
    assert result == MatchResult((2, 4), ("/media/b/1.mp4", "/more/b/1.mp4"), ("/data/c/4.mp4",), ("/data/b/1.mp4",))


def test_an_item_with_two_files_of_the_scene_is_named_once(tmp_path: Path) -> None:
    with PlexSimulator(token=TOKEN) as plex:
        plex.add_item(plex.add_section("Movies", locations=["/media"]), ("/media/b/1.mp4", "/media/b/2.mp4"))
        world = World(plex, str(tmp_path / "index.db"))
        assert world.matcher().match(["/data/b/1.mp4", "/data/b/2.mp4"]).rating_keys == (1,)
        world.close()


@pytest.mark.parametrize("files", [[], [""], ["/"]])
def test_no_file_is_no_match(world: World, files: list[str]) -> None:
    matcher = world.add("/media", "/media/a.mp4").matcher()
    assert (matcher.match(files).rating_keys, matcher.may_match([files])) == ((), [False])


def test_what_may_match_is_told_for_many_at_once_and_by_the_mapped_name(world: World) -> None:
    matcher = world.add("/media", "/media/sub/Ä.mp4").matcher(path_map={"/data/b.mp4": "/media/sub/ä.mp4"})
    scenes = [["/x/a\u0308.MP4"], ["/data/b.mp4"], ["/data/none.mp4", "/data/ä.mp4"], ["/ä.mp4/none"], []]
    assert matcher.may_match(scenes) == [True, True, True, False, False]


class TestScanTargets:
    def test_are_the_same_folder_below_each_of_plexs(self, world: World) -> None:
        matcher = world.add("/media").add("D:\\More").matcher()
        assert matcher.scan_targets("/data/b/c/a.mp4") == (
            ScanTarget(1, "/media/b/c"),
            ScanTarget(2, "D:\\More\\b\\c"),
        )
        assert matcher.scan_targets("/data/a.mp4") == (ScanTarget(1, "/media"), ScanTarget(2, "D:\\More"))

    def test_or_the_mapped_folder_in_the_library_that_holds_it(self, world: World) -> None:
        matcher = world.add("/media").add("/more").matcher(path_map={"/data": "/more/x"})
        assert matcher.scan_targets("/data/b/a.mp4") == (ScanTarget(2, "/more/x/b"),)
        assert matcher.scan_targets("/data/a.mp4") == (ScanTarget(2, "/more/x"),)

    def test_keep_names_as_they_are_written(self, world: World) -> None:
        decomposed = unicodedata.normalize("NFD", "ä")
        assert world.add("/media").matcher().scan_targets(f"/data/{decomposed}/a.mp4") == (
            ScanTarget(1, f"/media/{decomposed}"),
        )


components = st.lists(st.sampled_from(["a", "B", "ä", "x.mp4", "A", " "]), min_size=1, max_size=6)


@given(components, st.lists(st.sampled_from(["/", "\\", "//"]), min_size=6, max_size=6))
def test_property_separators_do_not_matter(names: list[str], separators: list[str]) -> None:
    written = "".join(separator + name for separator, name in zip(separators, names, strict=False))
    assert split_path(written) == split_path("/".join(names)) == split_path(written + "/")


@given(components, components)
def test_property_the_common_tail_is_symmetric_and_as_long_as_it_can_be(one: list[str], other: list[str]) -> None:
    here, there = split_path("/".join(one)), split_path("/".join(other))
    length = here.common_tail(there)
    assert length == there.common_tail(here) <= min(len(here), len(there))
    assert here[len(here) - length :].folded == there[len(there) - length :].folded
    if length < min(len(here), len(there)):
        assert here.folded[-length - 1] != there.folded[-length - 1]


def test_the_innermost_root_counts() -> None:
    roots = [split_path("/data"), split_path("/data/in"), split_path("/data/inner")]
    assert length_below(split_path("/data/in/a/b.mp4"), roots) == 2
    assert length_below(split_path("/other/a/b.mp4"), roots) == 3


def test_the_same_place_below_both_libraries_beats_the_same_tail_elsewhere(world: World) -> None:
    matcher = world.add("/media", "/media/Studio A/x.mp4", "/media/old/Studio A/x.mp4").matcher()
    assert matcher.match(["/data/Studio A/x.mp4"]) == MatchResult(rating_keys=(1,))
