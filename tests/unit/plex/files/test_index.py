"""The index against a Plex on a real socket: what it finds, what a refresh costs, what it survives."""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from plex.exceptions import PlexServerDown
from plex.files import listing
from plex.files.index import SECONDS_BETWEEN_SWEEPS, FileIndex, RefreshResult
from plex.files.index_store import IndexedFile
from tests.simulators.faults import maintenance, rewritten
from tests.simulators.plex import PlexSimulator
from tests.support.builders import item
from tests.support.index_examples import FOLDER, add, found, listings
from tests.support.plex_examples import TOKEN, Clock, client_of


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "index.db")


@pytest.fixture
def index(plex: PlexSimulator, clock: Clock, path: str) -> Iterator[FileIndex]:
    opened = FileIndex.open(path, client_of(plex.url), clock)
    yield opened
    opened.close()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "NEWEST_PAGE_SIZE", 2)
    monkeypatch.setattr(listing, "SWEEP_PAGE_SIZE", 3)


class TestFinding:
    def test_every_file_of_an_item_by_its_name(self, plex: PlexSimulator, index: FileIndex) -> None:
        key = plex.add_item(1, (f"{FOLDER}/a.mp4", f"{FOLDER}/sub/b.mp4"))
        assert index.refresh() == RefreshResult(requests=2, changed=True)
        assert index.lookup("b.mp4") == (IndexedFile(f"{FOLDER}/sub/b.mp4", key, 1),)

    @pytest.mark.parametrize(
        "name", ["Übung.MP4", "übung.mp4", "/another/place/ÜBUNG.mp4", unicodedata.normalize("NFD", "Übung.mp4")]
    )
    def test_whatever_the_case_and_the_composition(self, plex: PlexSimulator, index: FileIndex, name: str) -> None:
        plex.add_item(1, f"{FOLDER}/{unicodedata.normalize('NFD', 'Übung.mp4')}")
        index.refresh()
        assert index.lookup(name)

    def test_names_of_windows(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.add_item(1, "D:\\Movies\\a.mp4")
        index.refresh()
        assert index.lookup("D:\\x\\a.mp4")
        assert index.lookup("a.mp4")

    def test_nothing_by_nothing(self, index: FileIndex) -> None:
        index.refresh()
        assert index.lookup("") == index.lookup("/") == ()

    def test_where_the_sections_are(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.add_section("Clips", locations=["/media/clips", "/more"])
        plex.add_section("Shows", "show", locations=["/shows"])
        index.refresh()
        assert index.locations() == ((1, FOLDER), (2, "/media/clips"), (2, "/more"))


@pytest.mark.usefixtures("small_pages")
class TestRefreshing:
    def test_costs_two_requests_where_nothing_has_changed(self, plex: PlexSimulator, index: FileIndex) -> None:
        add(plex, *range(10))
        index.refresh()
        plex.reset_log()
        assert index.refresh() == RefreshResult(requests=1, changed=False)
        assert [plex.count("GET", path) for path in ("/identity", "/library/sections")] == [1, 1]
        assert plex.count() == 2

    def test_costs_one_page_where_only_metadata_has(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.content_changed_moves_with_edits = True
        keys = add(plex, *range(10))
        index.refresh()
        plex.rate(keys[0], 5)
        assert index.refresh() == RefreshResult(requests=2, changed=False)
        assert index.refresh() == RefreshResult(requests=1, changed=False)

    def test_reads_new_items_newest_first(self, plex: PlexSimulator, index: FileIndex) -> None:
        add(plex, *range(10))
        index.refresh()
        add(plex, 10, 11, 12)
        assert index.refresh() == RefreshResult(requests=1 + 3, changed=True)
        assert found(index, 10, 11, 12) == [10, 11, 12]

    def test_notices_that_items_went(self, plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
        keys = add(plex, *range(10))
        index.refresh()
        plex.remove_item(keys[4])
        clock.now += SECONDS_BETWEEN_SWEEPS
        assert index.refresh().changed
        assert found(index, 4, 5) == [5]

    def test_looks_for_them_later_if_it_has_just_looked(
        self, plex: PlexSimulator, index: FileIndex, clock: Clock
    ) -> None:
        keys = add(plex, *range(10))
        index.refresh()
        plex.remove_item(keys[4])
        assert index.refresh() == RefreshResult(requests=2, changed=False)
        clock.now += SECONDS_BETWEEN_SWEEPS
        assert index.refresh().changed
        assert found(index, 4) == []

    def test_finds_new_items_that_plex_dates_back(self, plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
        add(plex, *range(10, 20))
        index.refresh()
        add(plex, 1)
        clock.now += SECONDS_BETWEEN_SWEEPS
        index.refresh()
        assert found(index, 1) == [1]

    def test_keeps_counting_right_with_items_that_have_no_file(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.add_item(1, ())
        add(plex, *range(5))
        index.refresh()
        add(plex, 6)
        index.refresh()
        plex.reset_log()
        index.refresh()
        assert listings(plex) == 0

    def test_drops_sections_that_are_gone(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.add_section("Clips")
        add(plex, 1, section=2)
        index.refresh()
        plex.remove_section(2)
        assert index.refresh().changed
        assert found(index, 1) == []
        assert index.locations() == ((1, FOLDER),)

    def test_sees_that_a_section_has_moved(self, plex: PlexSimulator, index: FileIndex) -> None:
        add(plex, 1)
        index.refresh()
        plex.sections[1].locations = ("/elsewhere",)
        index.refresh()
        assert index.locations() == ((1, "/elsewhere"),)

    def test_works_with_a_server_that_sends_smaller_pages(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.listings.max_page_size = 2
        add(plex, *range(9))
        index.refresh()
        assert found(index, *range(9)) == list(range(9))


@pytest.mark.usefixtures("small_pages")
class TestForcedRefresh:
    def test_finds_what_no_sign_pointed_to(self, plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
        add(plex, *range(10))
        index.refresh()
        plex.move_file(f"{FOLDER}/0.mp4", f"{FOLDER}/moved.mp4")
        assert index.refresh() == RefreshResult(requests=2)
        clock.now += SECONDS_BETWEEN_SWEEPS
        assert index.refresh(force=True).changed
        assert index.lookup("moved.mp4")
        assert found(index, 0) == []

    def test_that_finds_nothing_else_says_so(self, plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
        add(plex, *range(10))
        index.refresh()
        clock.now += SECONDS_BETWEEN_SWEEPS
        assert index.refresh(force=True) == RefreshResult(requests=5, changed=False)

    def test_asks_nothing_before_its_time(self, plex: PlexSimulator, index: FileIndex, clock: Clock) -> None:
        add(plex, 1)
        index.refresh()
        plex.reset_log()
        clock.now += SECONDS_BETWEEN_SWEEPS - 1
        assert index.refresh(force=True) == RefreshResult()
        assert plex.requests == ()

    def test_is_not_put_off_for_ever_by_a_clock_that_was_set_back(
        self, plex: PlexSimulator, index: FileIndex, clock: Clock
    ) -> None:
        index.refresh()
        clock.now -= 365 * 86400
        assert index.refresh(force=True).requests == 2


class TestLearningAndForgetting:
    def test_an_item_that_is_gone_is_forgotten(self, plex: PlexSimulator, index: FileIndex) -> None:
        keys = add(plex, 1, 2)
        index.refresh()
        index.forget(keys[0])
        assert found(index, 1, 2) == [2]

    def test_an_item_that_was_read_is_learnt(self, plex: PlexSimulator, index: FileIndex) -> None:
        keys = add(plex, 1)
        index.refresh()
        moved = item(rating_key=keys[0], files=(f"{FOLDER}/new.mp4", f"{FOLDER}/new.mp4"))
        assert index.learn(moved)
        assert not index.learn(moved)
        assert index.lookup("new.mp4") == (IndexedFile(f"{FOLDER}/new.mp4", keys[0], 1),)
        assert found(index, 1) == []

    def test_into_another_section_too(self, plex: PlexSimulator, index: FileIndex) -> None:
        plex.add_section("Clips")
        keys = add(plex, 1)
        index.refresh()
        index.learn(item(rating_key=keys[0], section_key=2, files=(f"{FOLDER}/1.mp4",)))
        assert [each.section_key for each in index.lookup("1.mp4")] == [2]


class TestSurviving:
    def test_a_restart(self, plex: PlexSimulator, index: FileIndex, clock: Clock, path: str) -> None:
        add(plex, 1)
        index.refresh()
        index.close()
        plex.reset_log()
        again = FileIndex.open(path, client_of(plex.url), clock)
        assert found(again, 1) == [1]
        assert plex.requests == ()
        assert not again.refresh().changed
        assert listings(plex) == 0
        again.close()

    @pytest.mark.usefixtures("small_pages")
    def test_a_sweep_that_is_cut_short_leaves_the_old_index(
        self, plex: PlexSimulator, index: FileIndex, clock: Clock, path: str
    ) -> None:
        keys = add(plex, *range(10))
        index.refresh()
        plex.remove_item(keys[0])
        clock.now += SECONDS_BETWEEN_SWEEPS
        pages = plex.inject(rewritten(lambda body: body), times=3, prefix="/library/sections/1/all")
        plex.inject(maintenance(), prefix="/library/sections/1/all")
        with pytest.raises(PlexServerDown):
            index.refresh()
        assert pages.hits == 3
        copy = FileIndex.open(path, client_of(plex.url), clock)  # what a kill would have left
        assert found(copy, *range(10)) == list(range(10))
        copy.close()
        plex.clear_faults()
        index.refresh()
        assert found(index, *range(10)) == list(range(1, 10))

    def test_a_disk_that_fails_while_the_new_is_put_in_place(
        self, plex: PlexSimulator, index: FileIndex, clock: Clock, path: str
    ) -> None:
        add(plex, 1)
        index.refresh()
        with sqlite3.connect(path) as connection:
            connection.execute(
                "CREATE TRIGGER failing BEFORE INSERT ON sections BEGIN SELECT RAISE(ABORT, 'disk fails'); END"
            )
        connection.close()
        plex.remove_item(1)
        add(plex, 2)
        clock.now += SECONDS_BETWEEN_SWEEPS
        with pytest.raises(sqlite3.DatabaseError, match="disk fails"):
            index.refresh(force=True)
        assert found(index, 1) == [1]

    @pytest.mark.usefixtures("small_pages")
    def test_news_that_are_cut_short_are_read_again(self, plex: PlexSimulator, index: FileIndex) -> None:
        add(plex, *range(5))
        index.refresh()
        add(plex, *range(5, 10))
        plex.inject(rewritten(lambda body: body), times=1, prefix="/library/sections/1/all")
        plex.inject(maintenance(), times=1, prefix="/library/sections/1/all")
        with pytest.raises(PlexServerDown):
            index.refresh()
        index.refresh()
        assert found(index, *range(10)) == list(range(10))

    def test_a_listing_that_counts_items_and_shows_none_drops_nothing(
        self, plex: PlexSimulator, index: FileIndex, clock: Clock
    ) -> None:
        add(plex, 1, 2)
        index.refresh()
        clock.now += SECONDS_BETWEEN_SWEEPS
        plex.inject(
            rewritten(lambda body: b'<MediaContainer size="0" totalSize="2"/>'), prefix="/library/sections/1/all"
        )
        for _ in range(3):
            (unlisted,) = index.refresh(force=True).unlisted
            assert "none of 2 items" in str(unlisted.error)
            assert found(index, 1, 2) == [1, 2]
            clock.now += SECONDS_BETWEEN_SWEEPS

    @pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\x00" + b"\xff" * 5000])
    def test_a_file_that_is_no_database(self, plex: PlexSimulator, clock: Clock, path: str, content: bytes) -> None:
        Path(path).write_bytes(content)
        Path(path + "-journal").write_bytes(b"of the old file")
        add(plex, 1)
        index = FileIndex.open(path, client_of(plex.url), clock)
        index.refresh()
        assert found(index, 1) == [1]
        index.close()
        assert Path(f"{path}.corrupt-{int(clock.now)}").read_bytes() == content
        assert not os.path.exists(path + "-journal")

    def test_damage_in_the_middle(self, plex: PlexSimulator, clock: Clock, path: str) -> None:
        add(plex, *range(500))
        index = FileIndex.open(path, client_of(plex.url), clock)
        index.refresh()
        index.close()
        content = bytearray(Path(path).read_bytes())
        content[8192:16384] = b"\x5a" * 8192
        Path(path).write_bytes(content)
        index = FileIndex.open(path, client_of(plex.url), clock)
        assert found(index, *range(500)) == []
        index.refresh()
        assert found(index, *range(500)) == list(range(500))
        index.close()

    def test_a_file_of_another_version(self, plex: PlexSimulator, index: FileIndex, clock: Clock, path: str) -> None:
        index.close()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        again = FileIndex.open(path, client_of(plex.url), clock)
        assert again.locations() == ()
        again.refresh()
        assert again.locations() != ()
        again.close()
        assert not list(Path(path).parent.glob("*.corrupt-*"))

    def test_an_empty_file(self, plex: PlexSimulator, clock: Clock, path: str) -> None:
        Path(path).touch()
        index = FileIndex.open(path, client_of(plex.url), clock)
        assert index.lookup("a.mp4") == ()
        index.close()
        assert len(os.listdir(os.path.dirname(path))) == 1

    def test_a_folder_that_is_missing_is_no_damage(self, plex: PlexSimulator, tmp_path: Path) -> None:
        with pytest.raises(sqlite3.OperationalError):
            FileIndex.open(str(tmp_path / "missing" / "index.db"), client_of(plex.url))

    def test_another_server_empties_it(self, plex: PlexSimulator, index: FileIndex, clock: Clock, path: str) -> None:
        add(plex, 1)
        index.refresh()
        index.close()
        with PlexSimulator(token=TOKEN, machine_identifier="another") as other:
            other.add_section("Movies", locations=[FOLDER])
            add(other, 2)
            moved = FileIndex.open(path, client_of(other.url), clock)
            assert moved.refresh().changed
            assert found(moved, 1, 2) == [2]
            moved.close()


def test_a_report_adds_up() -> None:
    assert RefreshResult(1, False) + RefreshResult(2, True) == RefreshResult(3, True)
