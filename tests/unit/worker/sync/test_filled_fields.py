"""Settings that fill fields, end to end: what Plex shows, that a second sync writes nothing, and that all goes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import enqueue_undo
from tests.support.filled_settings import BEFORE, COLLECTIONS, FILLED, GENRES, shown, sync, world
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, SceneComparison, Verdict


def compared(bench: Workbench) -> SceneComparison:
    return Comparison(bench.workplace.contexts.current(max_age=0.0), bench.database).compare([1])[0]


@pytest.mark.parametrize(("values", "expected"), FILLED)
def test_a_setting_shows_costs_one_edit_and_goes_back(
    tmp_path: Path, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, {})
        without = shown(bench.item(1))
        assert {name: without[name] for name in BEFORE} == {
            name: set(value) if isinstance(value, tuple) else value for name, value in BEFORE.items()
        }
        bench.configure(**values)
        assert compared(bench).verdict is Verdict.DIFFERS
        assert len(sync(bench, values)) == 1
        assert compared(bench).verdict is Verdict.IN_STEP
        assert {name: shown(bench.item(1))[name] for name in expected} == expected
        given_back = {
            name
            for name, kind, before in (("genre", "genres", GENRES), ("collection", "collections", COLLECTIONS))
            if expected.get(kind) == set(before)
        }
        assert shown(bench.item(1))["locked"] >= without["locked"] - given_back
        assert sync(bench, values) == []
        assert len(sync(bench, {})) == 1
        assert shown(bench.item(1)) == without
        assert sync(bench, {}) == []


def test_a_scene_without_a_title_shows_its_files_name(tmp_path: Path) -> None:
    with Workbench(tmp_path) as bench:
        bench.add_scene()
        assert sync(bench, {}) == []
        sync(bench, {"title_from_filename": True})
        assert bench.item(1).title == "scene-1"
        assert sync(bench, {"title_from_filename": True}) == []


def test_what_somebody_typed_in_plex_since_stays_when_the_setting_goes(tmp_path: Path) -> None:
    with world(tmp_path, **BEFORE) as bench:
        sync(bench, {"code_as": "tagline", "label_all": "Stash"})
        bench.plex.edit_as_user(bench.keys[1], tagline="Typed", labels=("Stash", "Theirs"))
        sync(bench, {})
        item = bench.item(1)
        assert (item.tagline, set(item.labels)) == ("Typed", {"Kept", "Theirs"})


def test_what_was_mirrored_away_is_back_after_an_undo_whatever_was_set_between(tmp_path: Path) -> None:
    with world(tmp_path, ("title",)) as bench:
        untouched = shown(bench.item(1))
        sync(bench, {})
        bench.edit(1, tag_ids=[bench.stash.tag_id("One")])
        sync(bench, {})
        bench.edit(1, tag_ids=[])
        sync(bench, {"preserve_plex_edits": True})
        assert shown(bench.item(1))["genres"] == set()
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert shown(bench.item(1)) == untouched
