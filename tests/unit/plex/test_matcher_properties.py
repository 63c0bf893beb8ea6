"""The matcher looks at a few files only, and finds what a look at all of them would find."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from plex.files.index import FileIndex
from plex.files.index_store import IndexStore, KnownSection
from plex.files.paths import Parts, length_below, split_path
from plex.matcher import Matcher
from plex.shown import ListedItem
from tests.support.plex_examples import Clock, client_of

ROOTS = ("/data", "/data/in")
LOCATIONS = ("/media", "/media/x", "/m")
FOLDERS = ["x", "X", "in", "data", "media", "é", "e\u0301", "ß", "ss", "m"]
NAMES = ["a.mp4", "A.mp4", "\uf022.mp4", ":.mp4"]

folders = st.lists(st.sampled_from(FOLDERS), max_size=3)
below = st.builds(lambda above, name: "/".join((*above, name)), folders, st.sampled_from(NAMES))
in_plex = st.builds("/".join, st.tuples(st.sampled_from([*LOCATIONS, ""]), below))
in_stash = st.builds("/".join, st.tuples(st.sampled_from([*ROOTS, "", "/elsewhere"]), below))


def best_of_all(wanted: Parts, files: Sequence[str], trashed: frozenset[str]) -> set[str]:
    """The paths that a look at every file would choose, by the rule as docs/architecture.md states it."""
    locations, roots = [split_path(each) for each in LOCATIONS], [split_path(each) for each in ROOTS]
    ranks: dict[str, tuple[int, bool, bool, int]] = {}
    for path in files:
        found = split_path(path)
        length = wanted.common_tail(found)
        covers = length >= length_below(wanted, roots), length >= length_below(found, locations)
        if length and (all(covers) if length == 1 else any(covers)):
            one, other = wanted.tail(length), found.tail(length)
            likeness = (one.written == other.written) + (one.exact == other.exact)
            ranks[path] = (length, all(covers), path not in trashed, likeness)
    return {path for path, rank in ranks.items() if rank == max(ranks.values())}


@settings(max_examples=300, deadline=None)
@given(st.lists(in_plex, min_size=1, max_size=12, unique=True), in_stash, st.sets(st.integers(0, 11)))
def test_property_it_finds_what_a_look_at_all_files_finds(files: list[str], wanted: str, gone: set[int]) -> None:
    trashed = frozenset(path for number, path in enumerate(files) if number in gone)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        store = IndexStore.open(str(Path(folder) / "index.db"), clock)
        store.put_section(KnownSection(1, "Movies", LOCATIONS, 1, clock.now, clock.now))
        items = [ListedItem(key, (path,), trashed & {path}) for key, path in enumerate(files, start=1)]
        store.put_items(1, items)
        index = FileIndex(store, client_of("http://127.0.0.1:1"), clock, ())
        matcher = Matcher(index, (), ROOTS, False)
        result, (may_match,) = matcher.match([wanted]), matcher.may_match([[wanted]])
        index.close()
    best = best_of_all(split_path(wanted), files, trashed)
    if len(best) > 1:
        assert set(result.ambiguous) == best
    else:
        assert {files[key - 1] for key in result.rating_keys} == best
    assert bool(result.missing) == (not best)
    assert may_match == any(split_path(wanted).common_tail(split_path(path)) for path in files)
