"""Whatever the settings are: one sync is enough, an undo leads back, and what is switched off again was never there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from sync_queue.enqueue import enqueue_undo
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.support.filled_settings import BEFORE, FILLED, SCENE, shown, sync, world
from tests.support.workbench import Workbench

CHOICES: list[dict[str, Any]] = [
    *(values for values, _ in FILLED),
    {"title_from_filename": True},
    {"max_tags": 1},
    {"poster_fit": "crop"},
    {"poster_fit": "blur"},
    {"performer_photos_url": "http://192.168.1.10:9999"},
    {"title_format": "The {code}"},
]
LEAVING_ALONE: list[dict[str, Any]] = [
    {"refresh_instead": True},
    {"skip_fields": "tags, sort_title"},
    {"skip_fields": "collection, labels, title"},
    {"preserve_plex_edits": True},
    {"only_organized": True},
    {"exclude_tags": "One"},
]
some_settings = st.lists(st.sampled_from(CHOICES + LEAVING_ALONE), max_size=6).map(
    lambda chosen: {name: value for values in chosen for name, value in values.items()}
)
EVERYTHING = {name: value for values in CHOICES for name, value in values.items()}


def standing(bench: Workbench) -> dict[str, Any]:
    """What the item shows."""
    return shown(bench.item(1))


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink would start hundreds of servers
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(dialect=EVERY_DIALECT[0], before=BEFORE, said=frozenset(SCENE), always={}, steps=[EVERYTHING])
@example(dialect=EVERY_DIALECT[5], before=BEFORE, said=frozenset(SCENE), always={}, steps=[EVERYTHING, {}])
@example(
    dialect=EVERY_DIALECT[0],
    before=BEFORE,
    said=frozenset({"code", "director", "groups"}),  # without a setting, nothing of that is used
    always={},
    steps=[{"title_from_filename": True}, {"code_as": "tagline"}, {"write_director": True}],
)
@given(
    dialect=st.sampled_from(EVERY_DIALECT),
    before=st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in BEFORE.items()}),
    said=st.frozensets(st.sampled_from(list(SCENE))),
    always=st.sampled_from([{}, {"preserve_plex_edits": True}]),
    steps=st.lists(some_settings, min_size=1, max_size=3),
)
def test_property_one_sync_is_enough_and_all_goes_back(
    tmp_path_factory: pytest.TempPathFactory,
    dialect: Dialect,
    before: dict[str, Any],
    said: frozenset[str],
    always: dict[str, Any],
    steps: list[dict[str, Any]],
) -> None:
    folder: Path = tmp_path_factory.mktemp("bench")
    with world(folder, said, **before) as bench:
        bench.plex.change_dialect(**vars(dialect))
        untouched = standing(bench)
        sync(bench, always)
        without = standing(bench)
        for values in steps:
            sync(bench, {**always, **values})
            assert sync(bench, {**always, **values}) == [], "a second sync"
        sync(bench, always)
        assert sync(bench, always) == [], "a second sync"
        assert standing(bench) == without
        sync(bench, {**always, **steps[-1]})
        enqueue_undo(bench.database, [1], bench.clock.now)
        bench.drain()
        assert standing(bench) == untouched
