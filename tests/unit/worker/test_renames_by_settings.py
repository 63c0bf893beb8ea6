"""What is edited beside a scene, and shows there under some setting only, reaches the scenes and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import enqueue_fan_out, enqueue_removal
from tests.support.workbench import Workbench

NO_SETTINGS: dict[str, Any] = {}
Act = Callable[[Workbench], None]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Scene 1 has all that there is, scene 2 nothing of it."""
    with Workbench(tmp_path) as bench:
        bench.add_scene(
            title="One", details="d", studio="Studio", performers=("Ann",), tags=("Child",), groups=("Saga",)
        )
        bench.add_scene(title="Two", details="d", studio="Other", tags=("Plain",))
        library = bench.stash.library
        child, parent = library.tags.find_or_add("Child"), library.tags.find_or_add("Top")
        library.tags.update(child, parent_ids=(parent,))
        studio, network = library.studios.find_or_add("Studio"), library.studios.find_or_add("Network")
        library.studios.update(studio, parent_ids=(network,))
        library.performers.update(library.performers.find_or_add("Ann"), tag_ids=(library.tags.find_or_add("Tall"),))
        yield bench


def edited(kind: str, name: str, fields: tuple[str, ...] = ("name",), **changes: Any) -> Act:
    """An edit of a performer, studio, tag or group, and what its hook does."""

    def act(bench: Workbench) -> None:
        table = bench.stash.library.table(kind)
        row_id = table.find_or_add(name)
        ids = {key: tuple(map(table_of(bench, kind, key).find_or_add, value)) for key, value in changes.items()}
        if fields == ("name",):
            table.update(row_id, f"New {name}")
        else:
            table.update(row_id, None, **ids)
        enqueue_fan_out(bench.database, kind, row_id, "hook", bench.clock.now, fields)

    return act


def table_of(bench: Workbench, kind: str, key: str) -> Any:
    return bench.stash.library.tags if key == "tag_ids" else bench.stash.library.table(kind)


def removed(kind: str, name: str) -> Act:
    def act(bench: Workbench) -> None:
        table = bench.stash.library.table(kind)
        bench.stash.library.destroy(table, table.find_or_add(name))
        enqueue_removal(bench.database, kind, "hook", bench.clock.now)

    return act


def loses_its_child(bench: Workbench) -> None:
    """As Stash's own form does: it sends the name along, and the hook passes that alone."""
    tags = bench.stash.library.tags
    tags.update(tags.find_or_add("Child"), parent_ids=())
    enqueue_fan_out(bench.database, "tag", tags.find_or_add("Top"), "hook", bench.clock.now)


CASES: list[tuple[dict[str, Any], Act, dict[str, set[str]]]] = [
    ({"collections_from": "groups"}, edited("group", "Saga"), {"collections": {"New Saga"}}),
    ({"collections_from": "groups"}, removed("group", "Saga"), {"collections": set()}),
    ({"collections_from": "parent_studio"}, edited("studio", "Network"), {"collections": {"New Network"}}),
    (
        {"collections_from": "parent_studio"},
        edited("studio", "Studio", ("parent_id",), parent_ids=["Third"]),
        {"collections": {"Third"}},
    ),
    ({"collections_from": "parent_studio"}, removed("studio", "Network"), {"collections": set()}),
    ({"collections_from": "performers"}, edited("performer", "Ann"), {"collections": {"New Ann"}}),
    ({"collections_from": "tags", "tags_as": "none"}, edited("tag", "Child"), {"collections": {"New Child"}}),
    ({"performer_tags": True}, edited("tag", "Tall"), {"genres": {"Child", "New Tall"}}),
    ({"performer_tags": True}, removed("tag", "Tall"), {"genres": {"Child"}}),
    (
        {"performer_tags": True},
        edited("performer", "Ann", ("tag_ids",), tag_ids=["Short"]),
        {"genres": {"Child", "Short"}},
    ),
    ({"tags_as": "labels"}, edited("tag", "Child"), {"labels": {"New Child"}}),
    ({"tags_only": "Top/"}, edited("tag", "Top"), {"genres": set()}),
    ({"tags_only": "Top/"}, loses_its_child, {"genres": set()}),
    (
        {"tags_only": "Third/"},
        edited("tag", "Child", ("parent_ids",), parent_ids=["Third"]),
        {"genres": {"Child"}},
    ),
]


@pytest.mark.parametrize(("settings", "act", "expected"), CASES)
def test_it_reaches_its_scenes_and_writes_no_other(
    bench: Workbench, settings: dict[str, Any], act: Act, expected: dict[str, set[str]]
) -> None:
    bench.configure(**settings)
    bench.enqueue(1, 2)
    bench.drain()
    shown = {name: set(getattr(bench.item(1), name)) for name in expected}
    edits = bench.item(2).edit_count
    bench.clock.now += 3600
    act(bench)
    bench.run_until(lambda: bench.open_jobs() == 0)
    assert shown != expected
    assert {name: set(getattr(bench.item(1), name)) for name in expected} == expected
    assert bench.item(2).edit_count == edits


def test_an_older_stash_answers_until_a_setting_needs_more_of_it(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.stash.lacking = frozenset({"Scene.groups", "Studio.parent_studio", "Tag.parents", "Performer.tags"})
    bench.enqueue(1)
    bench.drain()
    assert bench.shows(1)
    bench.clock.now += 3600
    bench.configure(collections_from="groups")
    bench.enqueue(1)
    bench.run_for(60)
    assert bench.open_jobs() == 1
    assert any("too old" in text and "groups" in text for text in caplog.messages)
    bench.configure()
    bench.drain()


@pytest.mark.parametrize(
    ("lacking", "settings", "needed_by"),
    [
        ("Scene.groups", {"collections_from": "studio, groups"}, "groups in collections_from"),
        ("Studio.parent_studio", {"collections_from": "parent_studio"}, "parent_studio in collections_from"),
        ("Tag.parents", {"exclude_tags": "Top/"}, "a name that ends with / in a list of tags"),
        ("Performer.tags", {"performer_tags": True}, "performer_tags"),
        ("Performer.image_path", {"performer_photos_url": "http://stash:9999"}, "performer_photos_url"),
        ("Scene.organized", {"only_organized": True}, "only_organized"),
        ("Scene.director", {"write_director": True}, "write_director"),
        ("Scene.code", {"code_as": "tagline"}, "code_as"),
    ],
)
def test_the_setting_that_an_older_stash_has_no_answer_for_is_named(
    bench: Workbench, caplog: pytest.LogCaptureFixture, lacking: str, settings: dict[str, Any], needed_by: str
) -> None:
    bench.stash.lacking = frozenset({lacking})
    bench.configure(**settings)
    bench.enqueue(1)
    bench.run_for(60)
    assert any(f"This Stash is too old for {needed_by}" in text for text in caplog.messages)
    bench.configure()
    bench.drain()


def test_stash_is_asked_for_it_only_where_a_setting_needs_it(bench: Workbench) -> None:
    """An older Stash knows neither groups nor a tag's parents, and still answers."""
    selections: dict[str, dict[str, Any]] = {
        "group {": {"collections_from": "studio, groups"},
        "parent_studio {": {"collections_from": "parent_studio"},
        "performers { tags {": {"performer_tags": True},
        "tags { parents {": {"tags_except": "Top/"},
    }
    for selected, settings in selections.items():
        for values in (NO_SETTINGS, settings, NO_SETTINGS):
            bench.configure(**values)
            bench.clock.now += 3600
            bench.stash.reset_log()
            bench.enqueue(1)
            bench.drain()
            asked = " ".join(request.body.decode() for request in bench.stash.requests)
            assert (selected in asked) is bool(values), selected
