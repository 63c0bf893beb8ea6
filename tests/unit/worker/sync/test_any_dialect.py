"""Whatever a Plex makes of what it is sent: one sync is enough, and an undo leads back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync_queue.enqueue import enqueue_undo
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS
from tests.simulators.plex_items import Item
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench

AN_HOUR = 3600.0
TEXTS = (*TEXT_FIELDS.values(), "user_rating", "title_sort")
LISTS = tuple(TAG_FIELDS.values())
PICTURES = {"thumb", "art"}

names = st.lists(st.sampled_from(["blue hat", "Blue Hat", "house of x", "A, B", "é", "ß", "ss"]), max_size=4)
unique_names = st.lists(st.sampled_from(["blue hat", "house of x", "A, B", "é", "ß", "ss"]), unique=True, max_size=4)
texts = st.sampled_from(["", "One", "two"])
ratings = st.none() | st.integers(1, 100)


@dataclass
class Before:
    """What an item showed at first, without what may be anything."""

    values: dict[str, Any]
    locked: frozenset[str]

    @classmethod
    def of(cls, item: Item) -> Before:
        values = {name: getattr(item, name) for name in TEXTS if name != "title_sort"}
        values |= {name: set(getattr(item, name)) for name in LISTS}
        values["characters"] = {name: item.characters.get(name) for name in item.roles}
        return cls(values, item.locked - PICTURES)


def sync(bench: Workbench, *scene_ids: int) -> list[str]:
    """Sync scenes once more; returns the writes that it took."""
    bench.clock.now += AN_HOUR
    bench.plex.reset_log()
    for scene_id in scene_ids:
        bench.enqueue(scene_id)
    bench.drain()
    return [request.target for request in bench.plex.requests if request.method != "GET"]


wishes = st.fixed_dictionaries(
    {"title": texts, "details": texts, "rating100": ratings, "tags": unique_names, "performers": unique_names}
)
beginnings = st.fixed_dictionaries(
    {"summary": texts, "genres": names, "roles": names, "user_rating": st.none() | st.integers(1, 10)}
)


@settings(
    max_examples=45,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink would start hundreds of servers
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    dialect=st.sampled_from(EVERY_DIALECT),
    wish=wishes,
    beginning=beginnings,
    locked=st.frozensets(st.sampled_from(["summary", "genre"])),
    edit=wishes,
)
def test_a_second_sync_writes_nothing_and_an_undo_restores_everything_but_pictures(
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    dialect: Dialect,
    wish: dict[str, Any],
    beginning: dict[str, Any],
    locked: frozenset[str],
    edit: dict[str, Any],
) -> None:
    caplog.set_level(logging.WARNING)
    folder: Path = tmp_path_factory.mktemp("bench")
    with Workbench(folder, scenes=1) as bench:
        bench.plex.change_dialect(**vars(dialect))
        if beginning["user_rating"] is not None:
            beginning = {**beginning, "user_rating": dialect.rounded(beginning["user_rating"])}
        bench.plex.edit_as_user(bench.keys[1], lock=False, **beginning)
        bench.item(1).characters = {name: f"{name} the Nurse" for name in bench.item(1).roles}
        bench.plex.item(bench.keys[1]).locked = locked
        before = Before.of(bench.item(1))
        for step in (wish, edit):
            save(bench, step)
            sync(bench, 1)
            caplog.clear()
            assert sync(bench, 1) == [], "a second sync"
            assert not caplog.messages
            if step["title"] and step["rating100"]:
                assert disagreements(bench, [1]) == []
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert Before.of(bench.item(1)) == before


def save(bench: Workbench, wish: dict[str, Any]) -> None:
    stash = bench.stash
    fields = {name: wish[name] for name in ("title", "details", "rating100")}
    fields["tag_ids"] = [stash.tag_id(name) for name in wish["tags"]]
    fields["performer_ids"] = [stash.performer_id(name) for name in wish["performers"]]
    stash.save_without_hook(1, **fields)
