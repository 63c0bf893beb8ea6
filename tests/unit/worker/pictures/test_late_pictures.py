"""A picture that Stash does not give holds up no text: neither its own scene's nor another one's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stash.exceptions import StashSilent, StashUnavailable
from tests.simulators.faults import Answer, Waiting, status
from tests.simulators.http_server import Request, Response
from tests.simulators.pictures import cover
from tests.support.agreement import disagreements
from tests.support.workbench import Workbench
from worker.pictures.picture import GLANCE, LONG, MOST_SILENCES, Patience, Picture

SCENES = 6
PHOTOS_URL = "http://192.168.1.10:9999"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=SCENES) as made:
        yield made


class Pictures:
    """Stash's pictures, which say nothing as long as a scene's text is missing in Plex."""

    def __init__(self, bench: Workbench) -> None:
        self.silent: list[str] = []
        self.answered: list[str] = []
        self._bench = bench

    def __call__(self, request: Request, answer: Answer, waiting: Waiting) -> Response:
        if not all(map(self._bench.shows, self._bench.keys)):
            self.silent.append(request.path)
            waiting.released.wait()
            return Response(cut_after=0)
        self.answered.append(request.path)
        return answer()


@pytest.mark.parametrize("silent", [1, 3, SCENES])
def test_a_cover_that_hangs(bench: Workbench, silent: int) -> None:
    pictures = Pictures(bench)
    injected = bench.stash.inject(pictures, path=f"/scene/{silent}/screenshot")
    bench.enqueue(*bench.keys)
    bench.drain()
    injected.remove()
    assert len(pictures.silent) == len(pictures.answered) == 1
    assert disagreements(bench, bench.keys) == []
    assert all(bench.item(scene_id).shown("thumb") == bench.scene(scene_id).cover for scene_id in bench.keys)


def test_where_all_hang_no_more_are_tried(bench: Workbench) -> None:
    pictures = Pictures(bench)
    injected = bench.stash.inject(pictures, path=r"/scene/\d+/screenshot")
    bench.enqueue(*bench.keys)
    bench.drain()
    injected.remove()
    assert len(pictures.silent) == MOST_SILENCES
    assert len(pictures.answered) == SCENES
    assert disagreements(bench, bench.keys) == []


def test_a_photo_that_hangs(bench: Workbench) -> None:
    bench.configure(performer_photos_url=PHOTOS_URL)
    for name in ("Ann", "Bob"):
        bench.stash.update_performer(bench.stash.performer_id(name), image=cover(name))
    for scene_id in bench.keys:
        bench.stash.save_without_hook(
            scene_id, performer_ids=[bench.stash.performer_id(each) for each in ("Ann", "Bob")]
        )
    pictures = Pictures(bench)
    injected = bench.stash.inject(pictures, path=f"/performer/{bench.stash.performer_id('Bob')}/image")
    bench.enqueue(*bench.keys)
    bench.drain()
    injected.remove()
    assert pictures.answered
    assert sorted(bench.plex.tags.photos) == ["Ann", "Bob"]


def test_what_fails_at_once_is_not_asked_for_twice(bench: Workbench) -> None:
    bench.stash.inject(status(500), path="/scene/1/screenshot", times=1)
    bench.enqueue(*bench.keys)
    bench.run_until(lambda: bench.pending() == [1])
    assert bench.stash.count("GET", "/scene/1/screenshot") == 1


def test_nor_is_any_after_two_long_silences() -> None:
    patience = Patience()
    asked: list[float] = []

    def silent(seconds: float) -> bytes | None:
        asked.append(seconds)
        raise StashSilent("nothing came")

    for phase in (patience.glance, patience.take_time, patience.glance, patience.take_time):
        phase()
        for _ in range(3):
            with pytest.raises(StashSilent):
                patience.fetch(silent)
    assert asked == [GLANCE] * MOST_SILENCES + [LONG] * MOST_SILENCES


@pytest.mark.parametrize(("error", "tries"), [(StashSilent("nothing came"), 2), (StashUnavailable("no"), 1)])
def test_only_silence_is_forgotten(error: StashUnavailable, tries: int) -> None:
    asked: list[StashUnavailable] = []

    def fail() -> bytes | None:
        asked.append(error)
        raise error

    picture = Picture(fail)
    for _ in range(2):
        assert not picture.can_be_sent(1)
        with pytest.raises(StashUnavailable):
            picture.read()
        picture.forget_silence()
    assert len(asked) == tries
