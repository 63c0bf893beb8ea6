"""The Plex simulator as unmodified python-plexapi sees it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.server import PlexServer

from tests.simulators.faults import maintenance, status
from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_edits import EditMode

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
MODES: tuple[EditMode, ...] = ("replace", "add", "single_removal")


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    simulator = PlexSimulator()
    with simulator:
        simulator.add_section("Movies", locations=["/media/movies", "/media/more"])
        simulator.add_section("Series", type="show", locations=["/media/series"])
        yield simulator
    assert simulator.errors == []


@pytest.fixture
def server(plex: PlexSimulator) -> Any:
    return PlexServer(plex.url, DEFAULT_TOKEN)


def add(plex: PlexSimulator, title: str = "First", **fields: Any) -> int:
    return plex.add_item(1, f"/media/movies/{title}.mp4", title=title, **fields)


def movie(server: Any, rating_key: int) -> Any:
    """Fetch one item as a whole, with its section cached, so that the next request is the edit."""
    server.library.sections()
    return server.fetchItem(rating_key).reload()


def test_server_reads_the_root_once(plex: PlexSimulator, server: Any) -> None:
    assert server.machineIdentifier == plex.machine_identifier
    assert server.version == plex.version
    assert [(request.method, request.path) for request in plex.requests] == [("GET", "/")]


def test_a_bad_token_is_unauthorized(plex: PlexSimulator) -> None:
    with pytest.raises(Unauthorized):
        PlexServer(plex.url, "another")


def test_a_revoked_token_is_unauthorized(plex: PlexSimulator, server: Any) -> None:
    plex.token = "renewed"
    with pytest.raises(Unauthorized):
        server.library.sections()


def test_maintenance_is_a_bad_request_that_begins_with_503(plex: PlexSimulator, server: Any) -> None:
    plex.inject(maintenance())
    with pytest.raises(BadRequest, match=r"^\(503\) .*database migrations"):
        server.fetchItem(1)


@pytest.mark.parametrize("code", [429, 500])
def test_other_statuses_are_bad_requests_too(plex: PlexSimulator, server: Any, code: int) -> None:
    plex.inject(status(code))
    with pytest.raises(BadRequest, match=rf"^\({code}\)"):
        server.library.sections()


def test_sections(server: Any) -> None:
    movies = server.library.section("movies")
    assert (movies.key, movies.type, movies.locations) == (1, "movie", ["/media/movies", "/media/more"])
    assert [section.title for section in server.library.sections()] == ["Movies", "Series"]
    with pytest.raises(NotFound):
        server.library.section("Films")


def test_fetching_by_rating_key(plex: PlexSimulator, server: Any) -> None:
    keys = [add(plex, title) for title in ("A", "B", "C")]
    plex.reset_log()
    found = server.fetchItems([*keys, 999])
    assert [item.title for item in found] == ["A", "B", "C"]
    assert found[0].locations == ["/media/movies/A.mp4"]
    assert plex.count() == 1
    with pytest.raises(NotFound):
        server.fetchItems([998, 999])


def test_every_attribute_arrives(plex: PlexSimulator, server: Any) -> None:
    text = 'Line one\nline "two" <&> \N{SNOWMAN}\ttabbed'
    key = add(plex, title="Ä & B", title_sort="b", studio="S", summary=text, tagline="T", user_rating=7.5)
    plex.edit_as_user(key, originally_available_at="2024-05-06", genres=["G, H"], roles=["R"], collections=["C"])
    item = movie(server, key)
    assert (item.title, item.titleSort, item.studio, item.summary, item.tagline) == ("Ä & B", "b", "S", text, "T")
    assert (item.originallyAvailableAt.strftime("%Y-%m-%d"), item.year, item.userRating) == ("2024-05-06", 2024, 7.5)
    names = [[tag.tag for tag in tags] for tags in (item.genres, item.roles, item.collections, item.labels)]
    assert names == [["G, H"], ["R"], ["C"], []]
    assert {field.name for field in item.fields if field.locked} == plex.item(key).locked
    assert "genre" in plex.item(key).locked
    assert item.librarySectionID == 1


def test_search_pages_through_everything(plex: PlexSimulator, server: Any) -> None:
    for number in range(250):
        add(plex, f"Title {number:03d}")
    section = server.library.section("Movies")
    plex.reset_log()
    assert [item.title for item in section.all()] == [f"Title {number:03d}" for number in range(250)]
    assert plex.count("GET", "/library/sections/1/all") == 3
    assert [item.title for item in section.search(title="title 24", maxresults=3)] == [
        "Title 240",
        "Title 241",
        "Title 242",
    ]
    assert section.totalSize == 250
    assert section.get("Title 007").title == "Title 007"


def test_search_with_validated_sort_and_filters(plex: PlexSimulator, server: Any) -> None:
    for number, genre in enumerate(["Drama", "Comedy", "Drama"]):
        add(plex, f"T{number}", added_at=1_700_000_000 + number * 86_400, genres=[genre])
    section = server.library.section("Movies")
    assert [item.title for item in section.search(sort="addedAt:desc")] == ["T2", "T1", "T0"]
    assert [item.title for item in section.search(genre="Drama")] == ["T0", "T2"]
    assert [item.title for item in section.search(**{"addedAt>>": "2023-11-15"})] == ["T1", "T2"]
    assert [choice.title for choice in section.listFilterChoices("genre")] == ["Comedy", "Drama"]


def test_hub_search_and_collections(plex: PlexSimulator, server: Any) -> None:
    add(plex, "Needle", collections=["Studio"])
    assert [item.title for item in server.search("needle", mediatype="movie")] == ["Needle"]
    assert [each.title for each in server.library.section("Movies").collections()] == ["Studio"]


def test_partial_objects_reload_themselves(plex: PlexSimulator, server: Any) -> None:
    key = add(plex, genres=["A", "B", "C", "D"], collections=["X"])
    item = server.library.section("Movies").all()[0]
    plex.reset_log()
    assert len(item.genres) == 3
    assert plex.count() == 0
    assert [each.tag for each in item.collections] == ["X"]
    assert plex.count("GET", f"/library/metadata/{key}") == 1
    assert len(item.genres) == 4


def test_items_fetched_by_key_are_partial_to_plexapi(plex: PlexSimulator, server: Any) -> None:
    item = server.fetchItem(add(plex))
    plex.reset_log()
    assert item.tagline is None
    assert plex.count("GET", "/library/metadata") == 1
    item = server.fetchItem(item.ratingKey)
    item._autoReload = False
    plex.reset_log()
    assert item.tagline is None
    assert plex.count() == 0


def test_single_edits_set_and_lock(plex: PlexSimulator, server: Any) -> None:
    key = add(plex)
    item = movie(server, key)
    item.editTitle("New & improved").editSummary("a\nb").editStudio("", locked=False)
    item.editOriginallyAvailable("2020-02-03")
    stored = plex.item(key)
    assert (stored.title, stored.summary, stored.originally_available_at) == ("New & improved", "a\nb", "2020-02-03")
    assert stored.locked == {"title", "summary", "originallyAvailableAt"}
    item.editTitle("Again", locked=False)
    assert plex.item(key).locked == {"summary", "originallyAvailableAt"}
    assert plex.edit_counts() == {key: 5}


@pytest.mark.parametrize("mode", MODES)
def test_batched_edits_are_one_request(plex: PlexSimulator, server: Any, mode: EditMode) -> None:
    plex.edit_mode = mode
    key = add(plex, genres=["Old", "Kept"])
    item = movie(server, key)
    plex.reset_log()
    item.batchEdits().editTitle("T").addGenre(["New"]).addCollection("C").removeLabel("L").rate(8.0)
    item.editTags("actor", ["One", "Two"]).saveEdits()
    assert [request.path for request in plex.requests] == ["/:/rate", "/library/sections/1/all"]
    stored = plex.item(key)
    assert (stored.title, stored.roles, stored.collections) == ("T", ("One", "Two"), ("C",))
    assert set(stored.genres) == {"Old", "Kept", "New"}
    assert stored.locked == {"title", "genre", "collection", "label", "actor"}
    assert plex.edit_counts() == {key: 1}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("replace", {"C"}), ("add", {"C"}), ("single_removal", {"B %2C", "C"})],
)
def test_removed_tags_may_hold_commas_and_percent_signs(
    plex: PlexSimulator, server: Any, mode: EditMode, expected: set[str]
) -> None:
    plex.edit_mode = mode
    key = add(plex, genres=["A, b/c", "B %2C", "C"])
    movie(server, key).removeGenre(["A, b/c", "B %2C"])
    assert set(plex.item(key).genres) == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("replace", {"B"}), ("add", {"A", "B"}), ("single_removal", {"A", "B"})]
)
def test_the_indexed_form_replaces_or_adds(
    plex: PlexSimulator, server: Any, mode: EditMode, expected: set[str]
) -> None:
    plex.edit_mode = mode
    key = add(plex, genres=["A"])
    movie(server, key).edit(**{"genre[0].tag.tag": "B"})
    assert set(plex.item(key).genres) == expected


def test_edits_of_several_items(plex: PlexSimulator, server: Any) -> None:
    keys = [add(plex, title) for title in ("A", "B")]
    section = server.library.section("Movies")
    section.batchMultiEdits(section.all()).editStudio("Same").addLabel("L")
    section.saveMultiEdits()
    assert [(plex.item(key).studio, plex.item(key).labels) for key in keys] == [("Same", ("L",))] * 2


def test_locks_of_images(plex: PlexSimulator, server: Any) -> None:
    key = add(plex)
    item = movie(server, key)
    item.lockPoster().lockArt()
    assert plex.item(key).locked == {"thumb", "art"}
    item.unlockPoster()
    assert item.reload().isLocked("art")
    assert not item.isLocked("thumb")


def test_images_are_kept_once_and_the_last_is_shown(plex: PlexSimulator, server: Any, tmp_path: Path) -> None:
    file = tmp_path / "poster.jpg"
    file.write_bytes(JPEG)
    key = add(plex)
    item = movie(server, key)
    item.uploadPoster(filepath=PNG).uploadPoster(filepath=str(file)).uploadPoster(filepath=PNG)
    item.uploadArt(filepath=JPEG)
    assert plex.item(key).uploads("thumb") == (PNG, JPEG, PNG)
    assert plex.upload_counts() == {key: 4}
    assert plex.item(key).locked == frozenset()
    posters = item.posters()
    assert [poster.selected for poster in posters] == [True, False]
    posters[1].select()
    assert plex.item(key).shown("thumb") == JPEG
    item.reload().deletePoster()
    assert plex.item(key).shown("thumb") == b""
    assert item.reload().thumb is None
    assert item.art == plex.item(key).art


def test_ratings(plex: PlexSimulator, server: Any) -> None:
    key = add(plex)
    item = movie(server, key)
    item.rate(7.3)
    assert item.reload().userRating == 7.3
    item.rate(None)
    assert item.reload().userRating is None
    assert plex.item(key).rating_count == 2


def test_scans(plex: PlexSimulator, server: Any) -> None:
    plex.stage_file(1, "/media/movies/new/a.mp4", title="A")
    plex.stage_file(1, "/media/movies/newer/b.mp4", title="B")
    section = server.library.section("Movies")
    section.update(path="/media/movies/new")
    assert [item.title for item in section.all()] == ["A"]
    section.update()
    assert [item.title for item in section.all()] == ["A", "B"]
    assert plex.scans == [(1, "/media/movies/new"), (1, "")]


def test_show_sections(plex: PlexSimulator, server: Any) -> None:
    plex.add_item(2, (), title="A show")
    plex.add_item(2, "/media/series/e1.mp4", title="An episode", type="episode")
    section = server.library.section("Series")
    assert [item.title for item in section.all()] == ["A show"]
    assert [item.locations for item in section.search(libtype="episode")] == [["/media/series/e1.mp4"]]


def test_no_token_reaches_an_address(plex: PlexSimulator, server: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        movie(server, add(plex)).editTitle("T")
    assert plex.tokens_in_urls() == ()
    assert len(plex.client_identifiers()) == 1
