"""Which scenes take part: what the settings leave out is written nowhere, said once, and gives up what it owned."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stash.scenes import SCENE_SELECTION
from sync_queue.enqueue import enqueue, enqueue_undo
from tests.support.builders import scene
from tests.support.workbench import Workbench
from validation.config import PlexSyncConfig, parse_settings
from validation.scene import StashId
from worker.sync.comparison import Comparison, Verdict
from worker.sync.scope import reason_to_exclude

OUT: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "organized": ({"only_organized": True}, {"organized": False}, {"organized": True}),
    "a Stash ID": (
        {"only_with_stash_id": True},
        {"stash_ids": []},
        {"stash_ids": [{"endpoint": "https://box/graphql", "stash_id": "a-b"}]},
    ),
    "a tag": ({"exclude_tags": '"Work, in progress", private'}, {"tag_ids": ["Private"]}, {"tag_ids": []}),
}
"""By what it is about: the settings, an edit that takes a scene out, and one that takes it back in."""


def config(**values: Any) -> PlexSyncConfig:
    return parse_settings({"plex_url": "http://plex:32400", "plex_token": "token", **values}, {})


@pytest.mark.parametrize(
    ("settings", "values", "reason"),
    [
        ({}, {}, ""),
        ({"only_organized": True}, {}, "it is not organized (only_organized)"),
        ({"only_organized": True}, {"organized": True}, ""),
        ({"only_with_stash_id": True}, {}, "it has no Stash ID (only_with_stash_id)"),
        ({"only_with_stash_id": True}, {"stash_ids": (StashId("https://box/graphql", "a-b"),)}, ""),
        ({"exclude_tags": "Private, raw"}, {"tags": ["One", "RAW"]}, 'it has the tag "RAW" (exclude_tags)'),
        ({"exclude_tags": "Private"}, {"tags": ["Privateer"]}, ""),
        ({"exclude_tags": "Raw, Pri*"}, {"tags": ["One", "privateer"]}, 'it has the tag "privateer" (exclude_tags)'),
        ({"exclude_tags": "Meta/"}, {"tags": ["Meta"]}, ""),
        ({"exclude_tags": '"A, B"'}, {"tags": ["A"]}, ""),
        ({"exclude_tags": '"A, B"'}, {"tags": ["a, b"]}, 'it has the tag "a, b" (exclude_tags)'),
        ({"exclude_paths": "/raw"}, {"files": ("/raw/a.mp4",)}, 'it has a file in "/raw" (exclude_paths)'),
        ({"exclude_paths": "/data/raw/"}, {"files": ("/data/b.mp4", "/data/raw/x/a.mp4")}, "/data/raw"),
        ({"exclude_paths": "/data/raw"}, {"files": ("/data/raw2/a.mp4", "/data/Raw/a.mp4", "/data/raw")}, ""),
        ({"exclude_paths": '"/data/A, B"'}, {"files": ("/data/A, B/a.mp4",)}, "/data/A, B"),
        ({"exclude_paths": r"D:\Raw"}, {"files": (r"d:\raw\a.mp4",)}, r"D:\Raw"),
        ({"exclude_paths": "D:/Raw"}, {"files": (r"D:\Raw\a.mp4",)}, "D:/Raw"),
        ({"exclude_paths": r"\\nas\raw"}, {"files": (r"\\NAS\Raw\a.mp4",)}, r"\\nas\raw"),
        ({"exclude_paths": "/"}, {"files": ("/a.mp4",)}, "/"),
        ({"exclude_paths": "/data/Caf\u00e9"}, {"files": ("/data/Cafe\u0301/a.mp4",)}, "/data/Caf\u00e9"),
    ],
)
def test_who_takes_part(settings: dict[str, Any], values: dict[str, Any], reason: str) -> None:
    found = reason_to_exclude(scene(**values), config(**settings))
    assert reason in found if reason else found == ""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=2) as made:
        yield made


def edit(bench: Workbench, **fields: Any) -> list[str]:
    """Save scene 1 with its title, as a person does; returns the writes to Plex that it led to."""
    if "tag_ids" in fields:
        fields["tag_ids"] = [bench.stash.tag_id(name) for name in fields["tag_ids"]]
    bench.clock.now += 3600
    bench.plex.reset_log()
    bench.edit(1, **fields)
    bench.drain()
    return [request.target for request in bench.plex.requests if request.method != "GET"]


def verdict(bench: Workbench, scene_id: int = 1) -> Verdict:
    return Comparison(bench.workplace.contexts.current(max_age=0.0), bench.database).compare([scene_id])[0].verdict


def test_a_tag_below_another_leaves_a_scene_out_and_another_parent_takes_it_back_in(bench: Workbench) -> None:
    bench.configure(exclude_tags="Meta/")
    raw = bench.stash.tag_id("Raw")
    bench.stash.update_tag(raw, parent_ids=[bench.stash.tag_id("Meta")])
    assert edit(bench, title="One", tag_ids=["Raw"]) == []
    bench.configure(exclude_tags="Meta/", refresh_instead=True)
    assert edit(bench, title="Two") == []
    bench.configure(exclude_tags="Meta/")
    assert edit(bench, title="Three", tag_ids=["Meta"])
    assert bench.shows(1)


@pytest.mark.parametrize(("settings", "out", "into"), OUT.values(), ids=OUT)
def test_a_scene_leaves_the_scope_is_undone_and_comes_back(
    bench: Workbench,
    settings: dict[str, Any],
    out: dict[str, Any],
    into: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bench.configure(**settings)
    assert edit(bench, title="One", **into)
    assert bench.shows(1)
    assert edit(bench, title="Two", **out) == edit(bench, title="Three", **out) == []
    assert bench.item(1).title == "One"
    assert verdict(bench) is Verdict.NOTHING_TO_SYNC
    said = [text for text in caplog.messages if f"({next(iter(settings))})" in text]
    assert len({text.partition(": ")[2] for text in said}) == 1
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()
    assert bench.item(1).summary == ""
    assert edit(bench, title="Four", **into)
    assert bench.shows(1)


def test_it_is_said_once(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench.configure(only_organized=True)
    for _ in range(3):
        edit(bench, title="One")
    assert sum("only_organized" in text for text in caplog.messages) == 1


def test_marking_a_scene_as_organized_sends_it_where_that_matters_and_asks_plex_nothing_elsewhere(
    bench: Workbench,
) -> None:
    for is_used in (True, False):
        bench.configure(only_organized=is_used)
        bench.clock.now += 3600
        bench.stash.save_without_hook(1, organized=True)
        bench.plex.reset_log()
        enqueue(bench.database, 1, ["organized"], "hook", bench.clock.now)
        bench.drain()
        assert (bench.shows(1), bool(bench.plex.requests)) == (True, is_used)


def test_stash_is_asked_for_it_only_where_a_setting_needs_it(bench: Workbench) -> None:
    assert "organized" not in SCENE_SELECTION
    queries = [queries_of_one_sync(bench, is_used) for is_used in (False, True, False)]
    assert ["organized" in text for text in queries] == [False, True, False]


def queries_of_one_sync(bench: Workbench, is_used: bool) -> str:
    bench.configure(only_organized=is_used)
    bench.clock.now += 3600
    bench.stash.reset_log()
    bench.enqueue(1)
    bench.drain()
    return " ".join(request.body.decode() for request in bench.stash.requests)


def test_who_leaves_the_scope_gives_up_the_item_to_another_scene(bench: Workbench) -> None:
    bench.clock.now -= 86_400
    first, rival = (bench.stash.add_scene(f"/data/{name}.mp4", title=name, details="d").id for name in ("one", "two"))
    bench.clock.now += 86_400
    key = bench.plex.add_item(bench.section, ["/media/one.mp4", "/media/two.mp4"])
    bench.configure(exclude_tags="Private")
    bench.enqueue(first, rival)
    bench.drain()
    assert bench.plex.item(key).title == "one"
    bench.edit(first, tag_ids=[bench.stash.tag_id("Private")])
    bench.enqueue(rival)
    bench.drain()
    assert bench.plex.item(key).title == "two"
    bench.edit(first, title="Still out", tag_ids=[bench.stash.tag_id("Private")])
    bench.drain()
    assert bench.plex.item(key).title == "two"
