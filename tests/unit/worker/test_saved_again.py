"""Who saves a field that Plex refused wants it shown: it is tried again, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import EVERYTHING
from sync_queue.state.sync_state import SyncState
from tests.simulators.faults import status
from tests.simulators.plex_writes import NO_FIELD
from tests.support.agreement import disagreements
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench

A_MINUTE = 60.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        sync_all(made)
        yield made


def save(bench: Workbench, **fields: object) -> list[str]:
    """Save a scene a minute later; returns the writes that it took."""
    bench.clock.now += A_MINUTE
    bench.plex.reset_log()
    bench.edit(1, **fields)
    bench.drain()
    return [each.target for each in bench.plex.requests if each.method != "GET"]


def refused(bench: Workbench) -> set[str]:
    key = bench.keys[1]
    return set(SyncState(bench.database, bench.plex.machine_identifier).items([key])[key].refused)


@pytest.mark.parametrize("is_ignored", [False, True], ids=["answered 400", "ignored"])
def test_what_is_saved_again_arrives_once_plex_takes_it(bench: Workbench, is_ignored: bool) -> None:
    fields = frozenset({"summary", "genre"})
    bench.plex.writes.ignored, bench.plex.writes.refused = (fields, NO_FIELD) if is_ignored else (NO_FIELD, fields)
    tags = [bench.stash.tag_id("x")]
    save(bench, title="A", details="B", tag_ids=tags)
    assert refused(bench) == {"summary", "tags"}
    assert len(save(bench, details="B")) == 1, "once, while Plex does not take it"
    bench.plex.writes.ignored = bench.plex.writes.refused = NO_FIELD
    save(bench, details="B")
    assert (bench.item(1).summary, refused(bench)) == ("B", {"tags"})
    save(bench, title="A", details="B", tag_ids=tags)
    assert (refused(bench), disagreements(bench, [1])) == (set(), [])


def test_a_click_on_a_star_tries_nothing_but_the_rating(bench: Workbench) -> None:
    bench.plex.writes.refused = frozenset({"collection"})
    save(bench, title="A", studio_id=bench.stash.studio_id("Studio"))
    assert refused(bench) == {"collection"}
    assert ["/:/rate" in each for each in save(bench, rating100=40)] == [True]
    bench.plex.writes.refused = NO_FIELD
    save(bench, rating100=60)
    assert refused(bench) == {"collection"}
    save(bench, studio_id=bench.stash.studio_id("Studio"))
    assert (refused(bench), bench.item(1).collections) == (set(), ("Studio",))


def test_a_rating_and_a_cover_are_saved_again_too(tmp_path: Path) -> None:
    with Workbench(tmp_path, scenes=1) as bench:
        injected = [
            bench.plex.inject(status(413), method="POST"),
            bench.plex.inject(status(400), method="PUT", path="/:/rate"),
        ]
        save(bench, title="A", rating100=80)
        assert refused(bench) == {"rating", "poster", "background"}
        for each in injected:
            each.remove()
        save(bench, rating100=80)
        assert refused(bench) == {"poster", "background"}
        bench.clock.now += A_MINUTE
        bench.enqueue(1, fields=["cover_image"])
        bench.drain()
        assert (refused(bench), disagreements(bench, [1])) == (set(), [])


@pytest.mark.parametrize(
    ("setting", "plex_name", "fields"),
    [
        ({"sort_title_format": "{date} {title}"}, "titleSort", {"date": "2026-01-02"}),
        ({"code_as": "tagline"}, "tagline", {"code": "X-1"}),
        ({"tags_as": "labels"}, "label", {"tag_ids": ["x"]}),
    ],
    ids=["sort title", "code", "labels"],
)
def test_so_is_what_a_setting_makes_of_a_field(
    tmp_path: Path, setting: dict[str, Any], plex_name: str, fields: dict[str, object]
) -> None:
    with Workbench(tmp_path, scenes=1, **setting) as bench:
        sync_all(bench)
        if "tag_ids" in fields:
            fields = {"tag_ids": [bench.stash.tag_id("x")]}
        bench.plex.writes.refused = frozenset({plex_name})
        save(bench, details="Newer", **fields)
        assert len(refused(bench)) == 1
        bench.plex.writes.refused = NO_FIELD
        save(bench, details="Newest")
        assert len(refused(bench)) == 1
        save(bench, **fields)
        assert refused(bench) == set()


@pytest.mark.parametrize("fields", [(), (EVERYTHING,)], ids=str)
def test_an_edit_of_which_nobody_can_say_what_was_saved_tries_all(bench: Workbench, fields: tuple[str, ...]) -> None:
    bench.plex.writes.refused = frozenset({"summary"})
    save(bench, title="A", details="B")
    assert refused(bench) == {"summary"}
    bench.plex.writes.refused = NO_FIELD
    bench.enqueue(1, fields=fields)
    bench.drain()
    assert (bench.item(1).summary, refused(bench)) == ("B", set())
