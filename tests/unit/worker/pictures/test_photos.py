"""Photos of performers: Plex gets an address that it can fetch, once for each picture and person, and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from sync_queue.enqueue import enqueue_fan_out, enqueue_many
from tests.simulators.faults import status
from tests.simulators.pictures import cover
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect
from tests.simulators.stash_library import unix_seconds
from tests.support.workbench import Workbench
from worker.sync.comparison import Comparison, SceneComparison, Verdict

PHOTOS_URL = "http://192.168.1.10:9999"
AN_HOUR = 3600.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """Three scenes with Ann, who has a picture, and Bob, who has none; all in step but for the photos."""
    with Workbench(tmp_path, skip_fields="poster, background") as made:
        for number in range(1, 4):
            made.add_scene(title=f"Title {number}", performers=("Ann", "Bob"))
        picture(made, "Ann", "first")
        made.enqueue(1, 2, 3)
        made.drain()
        made.configure(performer_photos_url=f"{PHOTOS_URL}/")
        made.clock.now += AN_HOUR
        made.plex.reset_log()
        yield made


def picture(bench: Workbench, name: str, content: str) -> None:
    bench.stash.update_performer(bench.stash.performer_id(name), image=cover(content))


def sync_all(bench: Workbench) -> list[dict[str, str]]:
    """Sync every scene; returns the parameters of each edit that it took."""
    bench.plex.reset_log()
    enqueue_many(bench.database, list(bench.keys), "all", bench.clock.now)
    bench.drain()
    return [dict(parse_qsl(urlsplit(each.target).query)) for each in bench.plex.requests if each.method == "PUT"]


def address(bench: Workbench, name: str = "Ann") -> str:
    performer = bench.stash.library.performers.rows[bench.stash.performer_id(name)]
    return f"{PHOTOS_URL}/performer/{performer.id}/image?t={unix_seconds(performer.updated_at)}"


def compare(bench: Workbench, scene_id: int = 1) -> SceneComparison:
    return Comparison(bench.workplace.contexts.current(0.0), bench.database).compare([scene_id])[0]


def test_one_scene_brings_the_photo_for_all_and_a_second_sync_writes_nothing(bench: Workbench) -> None:
    edits = sync_all(bench)
    assert [edit["actor[0].tag.thumb"] for edit in edits] == [address(bench)]
    assert "actor[1].tag.thumb" not in edits[0]
    assert bench.plex.tags.photos == {"Ann": address(bench)}
    assert bench.item(1).roles == ("Ann", "Bob")
    assert sync_all(bench) == []


def test_it_goes_along_with_what_is_edited(bench: Workbench) -> None:
    bench.edit(2, title="New")
    bench.drain()
    puts = [each for each in bench.plex.requests if each.method == "PUT"]
    assert (len(puts), bench.item(2).title) == (1, "New")
    assert bench.plex.tags.photos == {"Ann": address(bench)}


@pytest.mark.parametrize("content", ["first", "second"])
def test_only_another_picture_is_sent(bench: Workbench, content: str) -> None:
    sync_all(bench)
    before = address(bench)
    bench.clock.now += AN_HOUR
    picture(bench, "Ann", content)
    assert address(bench) != before
    enqueue_fan_out(bench.database, "performer", bench.stash.performer_id("Ann"), "hook", bench.clock.now, ["image"])
    bench.plex.reset_log()
    bench.drain()
    edits = [each for each in bench.plex.requests if each.method == "PUT"]
    assert len(edits) == (content == "second")
    assert bench.plex.tags.photos == {"Ann": address(bench) if content == "second" else before}
    fetched = [each for each in bench.stash.requests if each.path.endswith("/image")]
    assert sync_all(bench) == []
    assert [each for each in bench.stash.requests if each.path.endswith("/image")] == fetched


def test_another_address_is_sent_once(bench: Workbench) -> None:
    sync_all(bench)
    bench.configure(performer_photos_url="https://pictures.example.com/stash")
    bench.clock.now += AN_HOUR
    assert [edit["actor[0].tag.thumb"] for edit in sync_all(bench)] == [
        address(bench).replace(PHOTOS_URL, "https://pictures.example.com/stash")
    ]
    assert sync_all(bench) == []


def test_comparing_tells_whose_photos_are_missing(bench: Workbench) -> None:
    told = compare(bench)
    assert told.verdict is Verdict.DIFFERS
    assert [(each.field, each.will_be) for each in told.differences] == [("performer_photos", ("Ann",))]
    sync_all(bench)
    assert compare(bench).verdict is Verdict.IN_STEP


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
def test_however_plex_spells_names_and_takes_lists(tmp_path: Path, dialect: Dialect) -> None:
    with Workbench(tmp_path, skip_fields="poster, background", performer_photos_url=PHOTOS_URL) as bench:
        bench.plex.change_dialect(**vars(dialect))
        for number, name in enumerate(("ann of the sea", "Ann Of The Sea"), start=1):
            bench.add_scene(title=f"Title {number}", performers=(name, "Bob"))
        picture(bench, "ann of the sea", "first")
        bench.clock.now += AN_HOUR
        sync_all(bench)
        assert len(bench.plex.tags.photos) == 1
        assert sync_all(bench) == []
        assert [compare(bench, scene_id).verdict for scene_id in bench.keys] == [Verdict.IN_STEP] * 2


def test_people_whom_plex_keeps_for_itself_are_given_nothing(tmp_path: Path) -> None:
    with Workbench(tmp_path, skip_fields="poster, background", preserve_plex_edits=True) as bench:
        bench.configure(performer_photos_url=PHOTOS_URL)
        bench.add_scene(title="Title", performers=("Ann",))
        picture(bench, "Ann", "first")
        bench.plex.edit_as_user(bench.keys[1], roles=("Somebody",))
        bench.clock.now += AN_HOUR
        sync_all(bench)
        assert compare(bench).verdict is Verdict.IN_STEP
        assert sync_all(bench) == []


@pytest.mark.parametrize("off", [{"performer_photos_url": ""}, {"skip_fields": "performers, poster, background"}])
def test_without_the_setting_or_the_field_nothing_is_sent(bench: Workbench, off: dict[str, str]) -> None:
    bench.configure(**{"performer_photos_url": PHOTOS_URL, **off})
    bench.clock.now += AN_HOUR
    assert sync_all(bench) == []
    assert compare(bench).verdict is Verdict.IN_STEP


def test_a_photo_of_plexs_own_is_kept_where_that_is_wanted(bench: Workbench) -> None:
    bench.plex.tags.photos["Ann"] = "https://metadata-static.plex.tv/people/ann.jpg"
    bench.configure(performer_photos_url=PHOTOS_URL, preserve_plex_edits=True)
    bench.clock.now += AN_HOUR
    assert sync_all(bench) == []
    bench.configure(performer_photos_url=PHOTOS_URL)
    bench.clock.now += AN_HOUR
    assert len(sync_all(bench)) == 1


def test_of_two_performers_with_one_name_the_first_one_stays(bench: Workbench) -> None:
    sync_all(bench)
    first = address(bench)
    twin = bench.stash.library.performers.add("ann")
    bench.stash.update_performer(twin, image=cover("twin"))
    bench.stash.save_without_hook(2, performer_ids=[twin])
    bench.clock.now += AN_HOUR
    sync_all(bench)
    assert bench.plex.tags.photos["Ann"] == first
    assert sync_all(bench) == []


def test_a_plex_that_takes_no_photos_takes_the_rest_and_is_asked_once(bench: Workbench) -> None:
    refuses_photos(bench)
    bench.edit(1, title="New", performer_ids=[bench.stash.performer_id("Ann"), bench.stash.performer_id("Cleo")])
    bench.drain()
    assert (bench.item(1).title, bench.item(1).roles) == ("New", ("Ann", "Cleo"))
    assert (bench.plex.tags.photos, bench.dead_letters()) == ({}, [])
    assert sync_all(bench) == []


def refuses_photos(bench: Workbench) -> None:
    refuse = status(400)
    bench.plex.inject(
        lambda request, answer, waiting: (
            refuse(request, answer, waiting) if "tag.thumb" in request.target else answer()
        ),
        method="PUT",
    )


def test_a_busy_plex_gets_them_later(bench: Workbench) -> None:
    bench.plex.inject(status(500), method="PUT", times=2)
    bench.edit(1, rating100=None)
    bench.drain()
    assert bench.plex.tags.photos == {"Ann": address(bench)}
    assert bench.dead_letters() == []


def test_a_picture_that_stash_cannot_give_now_is_sent_later(bench: Workbench) -> None:
    bench.stash.inject(status(500), path=r"/performer/\d+/image", times=1)
    sync_all(bench)
    bench.drain()
    assert bench.plex.tags.photos == {"Ann": address(bench)}
