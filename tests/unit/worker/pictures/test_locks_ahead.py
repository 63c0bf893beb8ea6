"""A picture's lock goes ahead of the picture, and is taken back where that does not arrive, also after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import plex.client
from tests.simulators.faults import Fault, drop, status
from tests.support.whole_library import sync_all
from tests.support.workbench import Workbench

UPLOAD: dict[str, Any] = {"method": "POST", "path": r"/library/metadata/\d+/(posters|arts)"}
LOCKS = {"thumb", "art"}


class Killed(BaseException):
    """The process died here."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=1, max_retries=1) as made:
        yield made


def die_after_the_edit(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(point: str) -> None:
        if point == "plex:edited":
            raise Killed

    bench.edit(1, title="New")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(plex.client, "reach", die)
        bench.drain()
    assert bench.item(1).locked >= LOCKS
    bench.restart()


@pytest.mark.parametrize("fault", [status(413), status(400), status(503), drop()], ids=["413", "400", "503", "drop"])
def test_a_lock_without_a_picture_is_taken_back_after_a_crash(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    injected = bench.plex.inject(fault, **UPLOAD)
    die_after_the_edit(bench, monkeypatch)
    bench.drain()
    assert (bench.shows(1), bench.dead_letters()) == (True, [])
    assert not bench.item(1).locked & LOCKS
    injected.remove()
    sync_all(bench)
    assert bench.item(1).locked >= LOCKS
    assert bench.item(1).upload_count == 2


def test_so_it_is_where_a_setting_wants_no_pictures_any_more(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    die_after_the_edit(bench, monkeypatch)
    bench.configure(skip_fields="poster")
    bench.drain()
    assert bench.item(1).locked & LOCKS == {"art"}


def test_where_the_picture_arrives_its_lock_stays(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    die_after_the_edit(bench, monkeypatch)
    bench.drain()
    assert (bench.item(1).locked >= LOCKS, bench.item(1).upload_count) == (True, 2)


def test_a_lock_that_a_person_set_stays(bench: Workbench) -> None:
    bench.item(1).locked |= LOCKS
    bench.plex.inject(status(413), **UPLOAD)
    bench.edit(1, title="New")
    bench.drain()
    assert bench.item(1).locked >= LOCKS
