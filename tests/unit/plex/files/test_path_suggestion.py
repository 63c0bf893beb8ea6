"""Which path map files suggest that both programs have: a table of what each of the two sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.files.path_suggestion import suggest_path_map, unwritable_folders
from validation.config import PathMapping, parse_settings

Sample = tuple[str, list[str]]


def samples(stash_folder: str, *plex_folders: str, count: int = 2) -> list[Sample]:
    """Files of `stash_folder`, each of which is in all of `plex_folders` as well."""
    names = [f"scene-{each}.mp4" for each in range(count)]
    return [(f"{stash_folder}/{name}", [f"{folder}/{name}" for folder in plex_folders]) for name in names]


@pytest.mark.parametrize(
    ("stash_folder", "plex_folder", "expected"),
    [
        ("/data/vid", "/media/videos", ("/data/vid", "/media/videos")),
        ("/data/a/b/c", "/media/a/b/c", ("/data", "/media")),
        ("/data/a/B", "/media/A/b", ("/data", "/media")),
        ("/data/vid", r"D:\Videos", ("/data/vid", r"D:\Videos")),
        (r"\\nas\share\vid", "/share/other", (r"\\nas\share\vid", "/share/other")),
        ("/data/vid", "/mnt/data/vid", ("/data", "/mnt/data")),
        ("/mnt/data/vid", "/data/vid", ("/mnt/data", "/data")),
        ("/data/vid", r"D:\vid", ("/data", "D:")),
        ("/data//vid/", "/media/vid", ("/data", "/media")),
        ("/data/vid", "/data/vid", None),
    ],
)
def test_what_differs_in_front_of_the_common_tail(
    stash_folder: str, plex_folder: str, expected: tuple[str, str] | None
) -> None:
    mapping = PathMapping(*expected) if expected else None
    assert suggest_path_map(samples(stash_folder, plex_folder)) == mapping


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [("/data/vid/scene.mp4", [])],
        samples("/data/vid", "/media/videos", count=1),
        samples("/data/vid", "/media/a", "/media/b"),
        samples("/data/one", "/media/one-of-plex") + samples("/data/two", "/media/two-of-plex"),
    ],
    ids=["no file", "no namesake", "one file alone", "two folders that fit equally well", "two pairs that do"],
)
def test_nothing_is_suggested_where_nothing_is_clear(seen: list[Sample]) -> None:
    assert suggest_path_map(seen) is None


def test_the_pair_that_explains_most_wins() -> None:
    seen = samples("/data/one", "/media/first", count=3) + samples("/data/two", "/media/second", count=2)
    assert suggest_path_map(seen) == PathMapping("/data/one", "/media/first")


def test_the_longest_tail_counts_where_a_file_has_several_namesakes() -> None:
    seen = samples("/data/sub/a", "/media/sub/a", "/media/other/b")
    assert suggest_path_map(seen) == PathMapping("/data", "/media")


def test_one_namesake_in_another_folder_does_not_mislead() -> None:
    seen = [*samples("/data/vid", "/media/videos"), ("/data/vid/odd.mp4", ["/media/odd/odd.mp4"])]
    assert suggest_path_map(seen) == PathMapping("/data/vid", "/media/videos")


def parse(setting: str) -> tuple[PathMapping, ...]:
    """What the settings make of a path map."""
    return parse_settings({"plex_url": "http://plex", "plex_token": "abc", "path_map": setting}, {}).path_map


def test_what_is_suggested_is_a_setting_that_is_allowed() -> None:
    mapping = suggest_path_map(samples("/data/vid", r"D:\vid"))
    assert parse(str(mapping)) == (mapping,)


@pytest.mark.parametrize(
    ("stash_folder", "plex_folder", "unwritable"),
    [
        ("/data/vid", "/media/videos", []),
        ("/data", "D:", []),
        ("/data/a b", r"\\nas\share = > x", []),
        ("/data/a;b", "/media/videos", ["/data/a;b"]),
        ("/data/vid", "/media/a=>b", ["/media/a=>b"]),
        ("/data/a;b", "/media/a=>b", ["/data/a;b", "/media/a=>b"]),
        ("/data/vid ", "/media/videos", ["/data/vid "]),
        (";", "/media/videos", [";"]),
    ],
)
def test_folders_that_the_setting_cannot_hold_are_found(
    stash_folder: str, plex_folder: str, unwritable: list[str]
) -> None:
    mapping = PathMapping(stash_folder, plex_folder)
    assert unwritable_folders(mapping) == unwritable
    if not unwritable:
        assert parse(str(mapping)) == (mapping,)


_names = st.text("ab", min_size=1, max_size=2)
_folders = st.lists(_names, max_size=3).map(lambda names: "".join(f"/{name}" for name in names))


@given(st.text("a/;=> \\:D", min_size=1, max_size=6).map(lambda text: "/" + text.rstrip("/\\")))
def test_what_is_not_among_them_comes_back_as_it_was(folder: str) -> None:
    mapping = PathMapping(folder or "/", "/media")
    if unwritable_folders(mapping) == []:
        assert parse(str(mapping)) == (mapping,)


@given(st.lists(st.tuples(_folders, _folders, _names), max_size=6))
def test_whatever_is_suggested_explains_at_least_two_samples(files: list[tuple[str, str, str]]) -> None:
    seen = [(f"{ours}/{name}", [f"{theirs}/{name}"]) for ours, theirs, name in files]
    mapping = suggest_path_map(seen)
    if mapping is None:
        return
    assert parse(str(mapping)) == (mapping,)
    mapped = [
        theirs
        for ours, (theirs,) in seen
        if ours.startswith(mapping.stash_prefix + "/")
        and mapping.plex_prefix + ours.removeprefix(mapping.stash_prefix) == theirs
    ]
    assert len(mapped) >= 2
