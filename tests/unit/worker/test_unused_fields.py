"""What only a setting could make matter, while none does: dropped without a request to Plex."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.database import Database
from sync_queue.enqueue import enqueue, enqueue_fan_out, enqueue_removal
from sync_queue.fan_out import FanOut
from tests.support.workbench import Workbench
from validation.config import parse_settings
from validation.fields import OPTIONAL_INPUTS, concerns_plex
from validation.in_force import inputs_used
from worker.upkeep.expansion import concerns_all

CONNECTION = {"plex_url": "http://plex", "plex_token": "token"}
CHANGES: dict[str, Callable[[Database, float], object]] = {
    "a scene's": lambda database, now: enqueue(database, 1, ["organized", "director"], "hook", now),
    "its Stash IDs": lambda database, now: enqueue(database, 1, ["stash_ids"], "hook", now),
    "a performer's": lambda database, now: enqueue_fan_out(database, "performer", 1, "hook", now, ["image", "tag_ids"]),
    "a studio's": lambda database, now: enqueue_fan_out(database, "studio", 1, "hook", now, ["parent_id"]),
    "a tag's": lambda database, now: enqueue_fan_out(database, "tag", 1, "hook", now, ["child_ids"]),
    "a group's": lambda database, now: enqueue_fan_out(database, "group", 1, "hook", now),
    "a group that is gone": lambda database, now: enqueue_removal(database, "group", "hook", now),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, 2) as bench:
        bench.enqueue(1, 2)
        bench.drain()
        yield bench


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_asks_plex_nothing_and_says_so_once(
    bench: Workbench, change: Callable[[Database, float], object], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.plex.reset_log()
    for _ in range(2):
        change(bench.database, bench.clock.now)
        assert bench.open_jobs() == 1
        bench.drain()
    assert bench.plex.requests == ()
    assert sum("setting" in text for text in caplog.messages) == 1


def test_what_is_edited_beside_it_arrives(bench: Workbench) -> None:
    bench.stash.save_without_hook(1, title="New", organized=True)
    enqueue(bench.database, 1, ["organized"], "hook", bench.clock.now)
    enqueue(bench.database, 1, ["title"], "hook", bench.clock.now)
    bench.drain()
    assert bench.shows(1)


def test_nobody_knows_what_changed_where_no_field_is_named() -> None:
    used = inputs_used(parse_settings(CONNECTION, {}))
    assert concerns_plex((), ())
    assert not concerns_plex(tuple(OPTIONAL_INPUTS), used)
    assert concerns_plex(("organized", "title"), used)


@pytest.mark.parametrize(
    ("settings", "used", "unused"),
    [
        ({}, "title tag_ids performer_ids studio_id name:tag removed:studio", "organized code tag_ids:performer"),
        ({"only_organized": True}, "organized", "code stash_ids"),
        ({"only_with_stash_id": True}, "stash_ids", "code organized"),
        ({"title_format": "{title} {code}"}, "code", "director"),
        ({"tags_as": "none"}, "performer_ids", "tag_ids name:tag removed:tag"),
        ({"tags_as": "none", "exclude_tags": "Private"}, "tag_ids name:tag", "tag_ids:performer"),
        ({"tags_as": "none", "exclude_tags": "A/"}, "tag_ids parent_ids:tag child_ids:tag", "tag_ids:performer"),
        ({"tags_as": "labels"}, "tag_ids name:tag", "tag_ids:performer"),
        ({"skip_fields": "tags", "tags_as": "labels"}, "tag_ids", "code"),
        ({"skip_fields": "tags"}, "title", "tag_ids name:tag"),
        ({"skip_fields": "studio"}, "studio_id name:studio", "code"),
        ({"skip_fields": "studio, collection"}, "title", "studio_id name:studio removed:studio"),
        ({"skip_fields": "performers", "sort_title_format": "{performers}"}, "performer_ids name:performer", "code"),
        ({"performer_tags": True}, "performer_ids tag_ids:performer name:tag", "parent_ids:tag"),
        ({"performer_tags": True, "tags_as": "none"}, "performer_ids", "tag_ids:performer name:tag"),
        ({"tags_only": "A, B*"}, "tag_ids", "parent_ids:tag child_ids:tag"),
        ({"tags_except": "A/"}, "tag_ids parent_ids:tag child_ids:tag", "tag_ids:performer"),
        ({"collections_from": "groups"}, "groups group_ids movies name:group removed:group", "parent_id:studio"),
        ({"collections_from": "parent_studio", "skip_fields": "studio"}, "studio_id parent_id:studio", "name:group"),
        ({"collections_from": "tags", "tags_as": "none"}, "tag_ids name:tag", "parent_ids:tag"),
        ({"collections_from": "tag:A/", "tags_as": "none"}, "tag_ids child_ids:tag", "tag_ids:performer"),
        ({"collections_from": "none", "skip_fields": "studio"}, "tag_ids", "studio_id name:studio"),
        ({"collections_from": "performers", "skip_fields": "performers"}, "performer_ids", "code"),
        ({"tags_only": "A/", "tags_as": "none"}, "performer_ids", "tag_ids parent_ids:tag"),
    ],
)
def test_what_matters_depends_on_the_settings(settings: dict[str, object], used: str, unused: str) -> None:
    in_force = inputs_used(parse_settings({**CONNECTION, **settings}, {}))
    assert [name for name in used.split() if not concerns_plex((name,), in_force)] == []
    assert [name for name in unused.split() if concerns_plex((name,), in_force)] == []


def test_where_plexs_agent_fills_all_no_tag_concerns_every_scene() -> None:
    for refreshes in (False, True):
        config = parse_settings({**CONNECTION, "tags_only": "Top/", "refresh_instead": refreshes}, {})
        tag = FanOut(1, "tag", 1, 0)
        assert concerns_all(tag, config) is not refreshes
