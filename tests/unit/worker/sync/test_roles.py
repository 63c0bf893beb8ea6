"""What actors play, which Stash does not know, stays with those who stay and comes back with those who come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.enqueue import enqueue_undo
from tests.simulators.pictures import jpeg
from tests.simulators.plex import PlexSimulator
from tests.simulators.plex_dialect import EVERY_DIALECT
from tests.simulators.plex_edits import Edit
from tests.simulators.plex_items import RequestError
from tests.support.filled_settings import sync
from tests.support.workbench import Workbench

PLAYED = {"Star": "The Hero & Co.", "Ann": "Nurse, the first"}


@pytest.fixture(params=EVERY_DIALECT, ids=str)
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workbench]:
    with Workbench(tmp_path) as made:
        made.plex.change_dialect(**vars(request.param))
        made.add_scene(title="T", performers=("Ann",))
        made.plex.edit_as_user(made.keys[1], lock=False, roles=tuple(PLAYED), characters=PLAYED)
        yield made


def undo(bench: Workbench) -> None:
    enqueue_undo(bench.database, [1], bench.clock.now)
    bench.drain()


def played(bench: Workbench) -> dict[str, Any]:
    item = bench.item(1)
    return {name: item.characters.get(name) for name in item.roles}


def cast(bench: Workbench, *people: str) -> None:
    bench.edit(1, performer_ids=[bench.stash.performer_id(name) for name in people])
    bench.drain()


def test_who_stays_plays_what_they_played_and_who_comes_back_does_again(bench: Workbench) -> None:
    sync(bench, {})
    assert played(bench) == {"Ann": PLAYED["Ann"]}
    cast(bench, "Ann", "Bob")
    assert played(bench) == {"Ann": PLAYED["Ann"], "Bob": None}
    cast(bench, "Bob", "Star")
    assert played(bench) == {"Star": PLAYED["Star"], "Bob": None}
    assert sync(bench, {}) == []
    undo(bench)
    assert played(bench) == PLAYED


def test_so_it_is_where_names_of_others_are_kept_and_where_photos_are_sent(bench: Workbench) -> None:
    performers = bench.stash.library.performers
    performers.update(performers.find_or_add("Ann"), image=jpeg("Ann"))
    settings = {"preserve_plex_edits": True, "performer_photos_url": "http://192.168.1.10:9999"}
    bench.edit(1, performer_ids=[bench.stash.performer_id(name) for name in ("Ann", "Bob")])
    sync(bench, settings)
    assert played(bench) == {**PLAYED, "Bob": None}
    performers.update(performers.find_or_add("Ann"), image=jpeg("Ann, older"))
    assert sync(bench, settings) != []
    assert played(bench) == {**PLAYED, "Bob": None}
    undo(bench)
    assert played(bench) == PLAYED


def test_what_somebody_plays_by_an_edit_in_plex_stays(bench: Workbench) -> None:
    sync(bench, {})
    bench.plex.edit_as_user(bench.keys[1], lock=False, characters={"Ann": "Doctor"})
    cast(bench, "Ann", "Bob")
    undo(bench)
    assert played(bench) == {**PLAYED, "Ann": "Doctor"}


class WithoutRoles(PlexSimulator):
    """One that refuses every edit that says what an actor plays."""

    def apply(self, edit: Edit, section_key: int | None) -> None:
        if edit.characters:
            raise RequestError(400, "tagging.text is unknown")
        super().apply(edit, section_key)


def test_a_plex_that_takes_no_roles_gets_the_names(tmp_path: Path) -> None:
    with Workbench(tmp_path, plex_type=WithoutRoles) as bench:
        bench.add_scene(title="T", performers=("Ann", "Bob"))
        bench.plex.edit_as_user(bench.keys[1], lock=False, roles=("Ann",), characters=PLAYED)
        sync(bench, {})
        assert set(bench.item(1).roles) == {"Ann", "Bob"}
        assert bench.item(1).title == "T"
