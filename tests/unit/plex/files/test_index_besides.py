"""What Plex has and Stash does not know: each file of the index is a scene's or on that list, and nothing is twice."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plex.files.index import SECONDS_BETWEEN_SWEEPS, FileIndex
from plex.files.index_besides import BesideFile
from plex.files.index_store import IndexStore, KnownSection
from plex.items import parse_guid
from plex.matcher import Matcher
from plex.reply import parse
from plex.shown import ListedItem
from tests.simulators.plex import PlexSimulator
from tests.support.builders import item
from tests.support.index_examples import FOLDER
from tests.support.plex_examples import Clock, client_of

FILM = "plex://movie/5d776825880197001ec90e3b"


@pytest.fixture
def index(plex: PlexSimulator, clock: Clock, tmp_path: Path) -> Iterator[FileIndex]:
    opened = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url), clock)
    yield opened
    opened.close()


def besides(index: FileIndex, *paths: str) -> list[BesideFile]:
    return list(index.files_besides(paths))


@pytest.mark.parametrize(
    ("guid", "matched"),
    [
        ("plex://movie/5d776825880197001ec90e3b", True),
        ("com.plexapp.agents.imdb://tt0123456?lang=en", True),
        ("tv.plex.agents.custom.example://movie/1", True),
        ("local://1036", False),
        ("com.plexapp.agents.none://8f14e45fceea167a?lang=xn", False),
        ("tv.plex.agents.none://12", False),
        ("", False),
    ],
)
def test_an_agent_s_guid_is_told_from_none(guid: str, matched: bool) -> None:
    container = parse(f'<MediaContainer><Video guid="{guid}"/></MediaContainer>'.encode())
    assert container is not None
    assert parse_guid(container[0]) == (guid if matched else "")


def test_an_item_without_a_guid_is_matched_by_none() -> None:
    container = parse(b"<MediaContainer><Video/></MediaContainer>")
    assert container is not None
    assert parse_guid(container[0]) == ""


def test_a_file_is_told_with_its_library_its_guid_and_its_trash(plex: PlexSimulator, index: FileIndex) -> None:
    plex.add_item(1, f"{FOLDER}/known.mp4")
    key = plex.add_item(1, (f"{FOLDER}/a.mp4", f"{FOLDER}/b.mp4"))
    plex.match(key, FILM)
    gone = plex.add_item(1, f"{FOLDER}/gone.mp4")
    plex.versions.trash(gone)
    index.refresh()
    assert besides(index, f"{FOLDER}/known.mp4") == [
        BesideFile(f"{FOLDER}/a.mp4", key, "Movies", FILM, is_trashed=False),
        BesideFile(f"{FOLDER}/b.mp4", key, "Movies", FILM, is_trashed=False),
        BesideFile(f"{FOLDER}/gone.mp4", gone, "Movies", "", is_trashed=True),
    ]


def test_it_can_be_read_as_often_as_wanted(plex: PlexSimulator, index: FileIndex) -> None:
    plex.add_item(1, f"{FOLDER}/a.mp4")
    index.refresh()
    files = index.files_besides(iter(()))
    assert (len(files), len(list(files)), len(list(files))) == (1, 1, 1)
    assert besides(index, f"{FOLDER}/a.mp4") == []


def test_a_library_that_is_not_meant_any_more_is_left_out(plex: PlexSimulator, clock: Clock, tmp_path: Path) -> None:
    clips = plex.add_section("Clips", locations=["/clips"])
    plex.add_item(clips, "/clips/a.mp4")
    key = plex.add_item(1, f"{FOLDER}/b.mp4")
    whole = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url), clock)
    whole.refresh()
    whole.close()
    part = FileIndex.open(str(tmp_path / "index.db"), client_of(plex.url), clock, ["Movies"])
    assert [file.rating_key for file in besides(part)] == [key]
    part.close()


def test_what_an_agent_matches_is_seen_at_the_next_listing(plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
    key = plex.add_item(1, f"{FOLDER}/a.mp4")
    index.refresh()
    plex.match(key, FILM)
    clock.now += SECONDS_BETWEEN_SWEEPS
    index.refresh(force=True)
    assert [file.guid for file in besides(index)] == [FILM]


def test_a_scan_that_matches_soon_after_is_seen_at_the_next_look(plex: PlexSimulator, index: FileIndex) -> None:
    plex.content_changed_moves_with_edits = True
    keys = [plex.add_item(1, f"{FOLDER}/{number}.mp4") for number in range(120)]
    index.refresh()
    for key in keys:
        plex.match(key, FILM)
    assert not index.refresh().changed
    assert [file.guid for file in besides(index)] == [FILM] * len(keys)


def test_another_guid_casts_no_doubt_on_the_index(plex: PlexSimulator, index: FileIndex) -> None:
    key = plex.add_item(1, f"{FOLDER}/a.mp4")
    index.refresh()
    revision = index.revision
    whole = client_of(plex.url).items([key])[key]
    plex.match(key, FILM)
    assert not index.learn(client_of(plex.url).items([key])[key])
    assert [file.guid for file in besides(index)] == [FILM]
    assert (index.revision, whole.guid) == (revision, "")
    assert index.learn(item(key, 1, (f"{FOLDER}/elsewhere.mp4",)))


def test_however_many_there_are_they_are_held_one_by_one(plex: PlexSimulator, index: FileIndex) -> None:
    for number in range(10_000):
        plex.add_item(1, f"{FOLDER}/{number}.mp4")
    index.refresh()
    tracemalloc.start()
    files = index.files_besides(f"{FOLDER}/{number}.mp4" for number in range(5_000))
    count = sum(1 for _ in files)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(files), count) == (5_000, 5_000)
    assert peak < 100_000  # bytes; as a list they would be over a megabyte


names = st.sampled_from(["a.mp4", "A.mp4", "b.mp4", "é.mp4", "e\u0301.mp4"])
folders = st.lists(st.sampled_from(["x", "X", "in", "media"]), max_size=3)
below = st.builds(lambda above, name: "/".join((*above, name)), folders, names)
in_plex = st.lists(st.builds("/media/{}".format, below), min_size=1, max_size=3)
in_stash = st.builds("{}/{}".format, st.sampled_from(["/data", "/media", "/else"]), below)


@settings(max_examples=150, deadline=None)
@given(st.lists(in_plex, max_size=12), st.lists(in_stash, max_size=12))
def test_property_every_file_is_a_scenes_or_unknown_exactly_once(
    items: Sequence[Sequence[str]], scenes: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        store = IndexStore.open(str(Path(folder) / "index.db"), clock)
        store.put_section(KnownSection(1, "Movies", (FOLDER,), 1, clock.now, clock.now))
        store.put_items(1, [ListedItem(key, tuple(files)) for key, files in enumerate(items, start=1)])
        index = FileIndex(store, client_of("http://127.0.0.1:1"), clock, ())
        matcher = Matcher(index, (), ("/data",), False)
        led_to = {path for scene in scenes for path in matcher.match([scene]).paths}
        unknown = besides(index, *led_to)
        index.close()
    assert not led_to & {file.path for file in unknown}
    listed = Counter((key, path) for key, files in enumerate(items, start=1) for path in set(files))
    assert Counter((file.rating_key, file.path) for file in unknown) == Counter(
        {(key, path): count for (key, path), count in listed.items() if path not in led_to}
    )
