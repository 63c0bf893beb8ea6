"""poster_fit: what Plex shows as poster and background, that nothing is sent twice, and life without Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many
from tests.simulators.plex_images import MAX_IMAGE_BYTES
from tests.simulators.plex_items import Item
from tests.support.covers import cover_of, decoded, heavy_cover
from tests.support.workbench import Workbench
from worker.packages.pictures import PicturePackages, Pictures
from worker.packages.requirements import packages_name
from worker.pictures.poster_fit import make
from worker.sync.comparison import Comparison, SceneComparison, Verdict

AN_HOUR = 3600.0
COVER = cover_of()
FITS = ("letterbox", "blur", "crop")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path, scenes=1) as made:
        change_cover(made, COVER)
        yield made


def change_cover(bench: Workbench, data: bytes) -> None:
    bench.stash.library.change_scene(1, cover=data)


def poster(fit: str, cover: bytes = COVER) -> bytes:
    return make(fit, cover, MAX_IMAGE_BYTES)


def uploads(item: Item) -> tuple[int, int]:
    return len(item.uploads("thumb")), len(item.uploads("art"))


def sync(bench: Workbench, source: str = "all") -> None:
    """Let an hour pass, so that Stash's time says something, and sync the scene."""
    bench.clock.now += AN_HOUR
    enqueue_many(bench.database, [1], source, bench.clock.now)
    bench.drain()


def compare(bench: Workbench) -> SceneComparison:
    return Comparison(bench.workplace.contexts.current(0.0), bench.database).compare([1])[0]


@pytest.mark.parametrize("fit", FITS)
def test_the_poster_is_made_and_the_background_is_the_cover(bench: Workbench, fit: str) -> None:
    bench.configure(poster_fit=fit)
    sync(bench)
    assert (bench.item(1).shown("thumb"), bench.item(1).shown("art")) == (poster(fit), COVER)
    assert {"thumb", "art"} <= bench.item(1).locked


def test_an_unchanged_cover_is_not_sent_again(bench: Workbench) -> None:
    bench.configure(poster_fit="crop")
    sync(bench)
    bench.edit(1, title="Another title")
    sync(bench)
    bench.restart()
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)
    assert compare(bench).verdict is Verdict.IN_STEP


def test_another_cover_is_sent_once(bench: Workbench) -> None:
    bench.configure(poster_fit="crop")
    sync(bench)
    change_cover(bench, cover_of(seed=2))
    sync(bench)
    sync(bench)
    assert uploads(bench.item(1)) == (2, 2)
    assert bench.item(1).shown("thumb") == poster("crop", cover_of(seed=2))


def test_switching_sends_the_poster_once_and_comparing_tells_before(bench: Workbench) -> None:
    shown, count = "", 1
    sync(bench)
    for fit in ("crop", "blur", "", "letterbox"):
        bench.configure(poster_fit=fit)
        bench.clock.now += AN_HOUR
        told = compare(bench)
        assert told.verdict is Verdict.DIFFERS
        assert [(each.field, each.was, each.will_be) for each in told.differences] == [("poster", shown, fit)]
        sync(bench)
        sync(bench)
        shown, count = fit, count + 1
        assert uploads(bench.item(1)) == (count, 1)
        assert bench.item(1).shown("thumb") == (poster(fit) if fit else COVER)
        assert compare(bench).verdict is Verdict.IN_STEP


@pytest.mark.parametrize("field", ["poster", "poster, background"])
def test_a_field_to_leave_alone_stays(bench: Workbench, field: str) -> None:
    sync(bench)
    bench.configure(poster_fit="crop", skip_fields=field)
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)
    assert compare(bench).verdict is Verdict.IN_STEP


def test_a_lock_that_is_gone_brings_ours_back_without_another_copy(bench: Workbench) -> None:
    bench.configure(poster_fit="crop")
    sync(bench)
    bench.plex.upload(bench.keys[1], "thumb", cover_of(seed=9))
    bench.item(1).locked -= {"thumb"}
    sync(bench)
    assert bench.item(1).shown("thumb") == poster("crop")
    assert "thumb" in bench.item(1).locked
    assert len(bench.item(1).uploads("thumb")) == 2  # ours, and that of somebody else


def test_what_plex_would_refuse_for_its_size_is_made_smaller(bench: Workbench) -> None:
    heavy = heavy_cover((2000, 2000))
    assert len(heavy) > MAX_IMAGE_BYTES
    change_cover(bench, heavy)
    sync(bench)
    assert uploads(bench.item(1)) == (0, 0)
    bench.configure(poster_fit="letterbox")
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)
    assert decoded(bench.item(1).shown("thumb")).size == (1000, 1500)
    assert decoded(bench.item(1).shown("art")).size[0] == decoded(bench.item(1).shown("art")).size[1]
    sync(bench)
    bench.edit(1, title="New")
    bench.drain()
    assert uploads(bench.item(1)) == (1, 1)
    assert (bench.dead_letters(), compare(bench).verdict) == ([], Verdict.IN_STEP)


def test_a_cover_that_cannot_be_read_is_sent_as_it_is(bench: Workbench) -> None:
    broken = COVER[:400]
    change_cover(bench, broken)
    bench.configure(poster_fit="crop")
    sync(bench)
    sync(bench)
    assert bench.item(1).shown("thumb") == bench.item(1).shown("art") == broken
    assert uploads(bench.item(1)) == (1, 1)


# --- without Pillow


def without_pillow(bench: Workbench, tmp_path: Path, *, failed: bool) -> None:
    """As on a system where it is missing; `failed`: and where it could not be fetched just now."""
    (tmp_path / "requirements-pictures.txt").write_text("plexsync-no-such-package==1.0.0\n")
    lock = tmp_path / "requirements-pictures.lock"
    lock.write_text("plexsync-no-such-package==1.0.0\n")
    bench.workplace.contexts.close()
    bench.workplace.contexts.pictures = PicturePackages(bench.folder, str(tmp_path), bench.clock)
    if failed:
        note = {"packages": packages_name(str(lock)), "at": bench.clock.now, "problem": "it could not be installed."}
        JsonFile(bench.folder.pictures_failure).save(note)
    assert bench.workplace.contexts.pictures.state() is (Pictures.MISSING if failed else Pictures.ARRIVING)


def test_where_it_cannot_be_had_covers_are_sent_as_they_are_and_a_sentence_says_so(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.configure(poster_fit="crop")
    without_pillow(bench, tmp_path, failed=True)
    enqueue_many(bench.database, [1], "all", bench.clock.now)
    bench.drain()
    assert (bench.shows(1), bench.item(1).shown("thumb"), uploads(bench.item(1))) == (True, COVER, (1, 1))
    assert compare(bench).verdict is Verdict.IN_STEP
    contexts = bench.workplace.contexts
    assert contexts.missing(contexts.read_settings()) == {
        "poster_fit": "poster_fit is crop, but it could not be installed."
    }
    bench.restart()
    sync(bench)
    assert (bench.item(1).shown("thumb"), uploads(bench.item(1))) == (poster("crop"), (2, 1))


def test_what_was_made_before_it_went_missing_stays(bench: Workbench, tmp_path: Path) -> None:
    bench.configure(poster_fit="crop")
    sync(bench)
    bench.clock.now += AN_HOUR
    without_pillow(bench, tmp_path, failed=True)
    bench.edit(1, title="New")
    bench.drain()
    assert (bench.shows(1), bench.item(1).shown("thumb"), uploads(bench.item(1))) == (True, poster("crop"), (1, 1))


def test_while_it_is_fetched_the_poster_waits_and_nothing_else(bench: Workbench, tmp_path: Path) -> None:
    bench.configure(poster_fit="crop")
    without_pillow(bench, tmp_path, failed=False)
    enqueue_many(bench.database, [1], "all", bench.clock.now)
    bench.step()
    assert (bench.shows(1), uploads(bench.item(1)), bench.pending()) == (True, (0, 1), [1])
    bench.run_for(1800.0)
    assert (bench.pending(), bench.retries_counted()) == ([1], 0)
    bench.restart()
    bench.drain()
    assert (bench.item(1).shown("thumb"), uploads(bench.item(1))) == (poster("crop"), (1, 1))


def test_without_the_setting_nobody_asks_for_it(bench: Workbench, tmp_path: Path) -> None:
    without_pillow(bench, tmp_path, failed=True)
    sync(bench)
    assert uploads(bench.item(1)) == (1, 1)
    contexts = bench.workplace.contexts
    assert contexts.missing(contexts.read_settings()) == {}
