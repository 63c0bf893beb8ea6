"""A look into the file index by somebody who does not hold the lock."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plex.exceptions import PlexServerDown
from tests.support.workbench import Workbench
from worker.reconcile.index_copy import open_index_copy


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        made.enqueue(1, 2)
        made.drain()
        yield made


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go, so that it can be seen what is left of them."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def paths_of(bench: Workbench, name: str, source: str | None = None) -> list[str]:
    """The paths that a copy knows for a file name."""
    contexts = bench.workplace.contexts
    plex = contexts.new_client(contexts.read_settings())
    with open_index_copy(source or bench.folder.file_index, plex, ()) as index:
        return [found.path for found in index.lookup(name)]


def test_it_knows_what_is_new_and_the_original_does_not(bench: Workbench, temporary: Path) -> None:
    bench.plex.add_item(bench.section, "/media/new.mp4")
    before = Path(bench.folder.file_index).read_bytes()
    assert paths_of(bench, "new.mp4") == ["/media/new.mp4"]
    assert Path(bench.folder.file_index).read_bytes() == before
    assert [*temporary.iterdir()] == []


def test_it_costs_no_listing_where_nothing_has_changed(bench: Workbench) -> None:
    bench.plex.reset_log()
    assert paths_of(bench, "scene-1.mp4") == ["/media/scene-1.mp4"]
    assert bench.plex.count(prefix="/library/sections/1/all") == 0


def test_a_writer_at_work_is_no_hindrance(bench: Workbench) -> None:
    with closing(sqlite3.connect(bench.folder.file_index, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        assert paths_of(bench, "scene-1.mp4") == ["/media/scene-1.mp4"]


def test_where_there_is_none_all_is_listed(bench: Workbench, tmp_path: Path) -> None:
    assert paths_of(bench, "scene-2.mp4", str(tmp_path / "no.db")) == ["/media/scene-2.mp4"]
    assert not (tmp_path / "no.db").exists()


def test_a_plex_that_is_away_leaves_nothing_behind(bench: Workbench, temporary: Path) -> None:
    bench.plex.refuse()
    with pytest.raises(PlexServerDown):
        paths_of(bench, "scene-1.mp4")
    assert [*temporary.iterdir()] == []
