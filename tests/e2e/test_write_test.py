"""Try Writing to Plex, as Stash runs it: a process of its own, killed at whatever step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage.crash_points import VARIABLE
from tests.contract.operation_shapes import OPERATIONS
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_dialect import Dialect
from tests.simulators.stash_graphql import ResolverError
from tests.support.buttons import operate, press
from tests.world import TOKEN, World, wait_until

KILLED_AT = (
    *(f"plex:edited@{number}" for number in (1, 2, 5, 9, 14, 18, 21, 23, 25, 26)),
    "plex:rated@1",
    "plex:rated@2",
)
"""From the first write, before which the old values are stored, to the last one that is put back."""


def type_in_plex(world: World, scene_id: int) -> None:
    """Give the item something in every field that the test touches."""
    fields: dict[str, Any] = {
        "labels": ("Zebra", "Mine"),
        "genres": ("Drama", "Blue Hat"),
        "tagline": "Secret tagline.",
    }
    fields |= {"originally_available_at": "2019-05-06", "year": 2019}
    world.plex.edit_as_user(world.keys[scene_id], **fields)


def seen(world: World, scene_id: int) -> tuple[Any, ...]:
    """All that a person sees of the item, lists in their order."""
    item = world.item(scene_id)
    return item.snapshot(), item.labels, item.genres


def test_it_says_how_plex_takes_edits_and_leaves_nothing_behind(tmp_path: Path) -> None:
    plex = PlexSimulator(token=TOKEN, dialect=Dialect("add", "capitals", removal_ignores_case=True))
    with World(tmp_path, scenes=2, plex=plex) as world:
        world.stash.save_without_hook(2, title="Secret title")
        type_in_plex(world, 2)
        before = seen(world, 2)
        press(world, "Try Writing to Plex")
        result = operate(world, "write_test", scene_id=2)
        assert seen(world, 2) == before
        OPERATIONS["write_test"].model_validate(result)
        assert result["ok"] is True
        details = {check["name"]: check["detail"] for check in result["checks"]}
        assert details["List edits (labels)"] == "What is sent is added to the list"
        assert details["Case of names (genres)"] == "Plex gives each word a capital letter"
        assert details["Put back"] == "Everything is as it was"
        assert 'Test values are written to Scene 2 "Secret title" in Plex' in world.logged()

        report = (Path(world.data.reports) / "plex-dialect.json").read_text(encoding="utf-8")
        assert json.loads(report)["answers"]["label.list"] == "adds"
        secrets = ("Secret", "scene-", "/media", "Movies", world.plex.machine_identifier, world.plex.url, "127.", TOKEN)
        assert [each for each in (*secrets, "Zebra", "Drama") if each in report] == []


def test_a_drainer_that_idles_makes_room(tmp_path: Path) -> None:
    with World(tmp_path, scenes=2, idle_seconds=600.0) as world:
        world.edit(1, title="Edited")
        world.wait_until_drained()
        assert operate(world, "write_test", scene_id=2)["ok"] is True


@pytest.mark.parametrize("point", KILLED_AT)
def test_a_kill_leaves_nothing_behind(point: str, tmp_path: Path) -> None:
    with World(tmp_path, scenes=2) as world:
        type_in_plex(world, 2)
        before = seen(world, 2)
        world.stash.plugins.environment[VARIABLE] = point
        with pytest.raises(ResolverError):
            operate(world, "write_test", scene_id=2)
        del world.stash.plugins.environment[VARIABLE]
        assert json.loads(Path(world.data.write_test).read_text(encoding="utf-8")) != {}
        operate(world, "queue_status")
        wait_until(lambda: json.loads(Path(world.data.write_test).read_text(encoding="utf-8")) == {}, "it is put back")
        assert seen(world, 2) == before


def test_a_scene_that_plex_lacks_is_told(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1) as world:
        world.plex.remove_item(world.keys[1])
        with pytest.raises(ResolverError, match="Scene 1 is not in Plex"):
            operate(world, "write_test", scene_id=1)
        with pytest.raises(ResolverError, match="Press Test Plex Connection"):
            operate(world, "write_test")
