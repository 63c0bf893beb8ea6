"""The Plex simulator's ways to understand edits: names, removals, ratings, what follows what, further fields."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plexapi.server import PlexServer

from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_dialect import EVERY_DIALECT, Dialect, TagNames
from tests.simulators.plex_edits import EditMode, parse_edit
from tests.simulators.plex_library import PlexLibrary
from tests.support.plex_requests import EDITS, Client, add

every_dialect = pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=str)
every_edit_mode = pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])


# --- the modes


def test_the_dialects_use_every_mode() -> None:
    assert len(set(EVERY_DIALECT)) == len(EVERY_DIALECT) >= 6
    for attribute in fields(Dialect):
        assert len({getattr(dialect, attribute.name) for dialect in EVERY_DIALECT}) > 1, attribute.name


def test_a_dialect_changes_while_the_server_runs(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, genres=["A"])
    plex.dialect = Dialect("add")
    assert plex.edit_mode == "add"
    plex.edit_mode = "replace"
    plex.change_dialect(trims_text=True)
    assert plex.dialect == Dialect("replace", trims_text=True)
    client.edit(key, ("genre[0].tag.tag", " B "), ("title.value", " T "))
    assert (plex.item(key).genres, plex.item(key).title) == (("B",), "T")


@every_dialect
def test_a_list_can_be_changed_under_every_dialect(plex: PlexSimulator, dialect: Dialect) -> None:
    plex.dialect = dialect
    key = add(plex, genres=["Old"])
    item = PlexServer(plex.url, DEFAULT_TOKEN).fetchItem(key).reload()
    item.addGenre(["New"]).removeGenre(["Old"])
    assert plex.item(key).genres == ("New",)


# --- names


@every_edit_mode
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("as_sent", {"blue hat", "Day of rest"}),
        ("first_spelling", {"Blue Hat", "Day of rest"}),
        ("capitals", {"Blue Hat", "Day Of Rest"}),
    ],
)
def test_a_name_is_spelled_by_the_servers_row(
    plex: PlexSimulator, client: Client, mode: EditMode, names: TagNames, expected: set[str]
) -> None:
    plex.dialect = Dialect(mode, names)
    add(plex, "other", genres=["Blue Hat"])
    key = add(plex)
    client.edit(key, ("genre[0].tag.tag", "blue hat"), ("genre[1].tag.tag", "Day of rest"))
    assert set(plex.item(key).genres) == expected
    shown = client.xml(f"/library/metadata/{key}")[0]
    assert {genre.get("tag") for genre in shown.findall("Genre")} == expected


def test_spellings_coexist_only_as_sent(plex: PlexSimulator, client: Client) -> None:
    plex.edit_mode = "add"
    key = add(plex, labels=["Blue Hat"])
    client.edit(key, ("label[0].tag.tag", "blue hat"))
    assert plex.item(key).labels == ("Blue Hat", "blue hat")
    plex.change_dialect(tag_names="first_spelling")
    other = add(plex, "b", labels=["blue hat", "BLUE HAT"])
    assert plex.item(other).labels == ("Blue Hat",)


def test_a_row_belongs_to_its_kind_and_outlives_its_items(plex: PlexSimulator) -> None:
    plex.change_dialect(tag_names="first_spelling")
    plex.remove_item(add(plex, genres=["Blue Hat"]))
    key = add(plex, "b", genres=["blue hat"], labels=["blue hat"])
    assert (plex.item(key).genres, plex.item(key).labels) == (("Blue Hat",), ("blue hat",))


def test_names_may_be_respelled_for_some_kinds_only(plex: PlexSimulator) -> None:
    plex.change_dialect(tag_names="capitals", respelled_kinds=frozenset({"label"}))
    key = add(plex, genres=["blue hat"], labels=["blue hat"])
    assert (plex.item(key).genres, plex.item(key).labels) == (("blue hat",), ("Blue Hat",))


@pytest.mark.parametrize("names", ["first_spelling", "capitals"])
def test_letters_that_only_fold_alike_are_two_names(plex: PlexSimulator, names: TagNames) -> None:
    plex.change_dialect(tag_names=names)
    assert len(plex.item(add(plex, genres=["Straße", "Strasse"])).genres) == 2


@pytest.mark.parametrize(("ignores_case", "left"), [(False, ("Blue Hat",)), (True, ())])
@every_edit_mode
def test_a_removal_regards_case_or_not(
    plex: PlexSimulator, client: Client, mode: EditMode, ignores_case: bool, left: tuple[str, ...]
) -> None:
    plex.dialect = Dialect(mode, removal_ignores_case=ignores_case)
    key = add(plex, genres=["Blue Hat", "blue hat"])
    client.edit(key, ("genre[].tag.tag-", "blue hat"))
    assert plex.item(key).genres == left


def test_a_removal_that_ignores_case_takes_what_the_same_request_sets(plex: PlexSimulator, client: Client) -> None:
    plex.dialect = Dialect("add", removal_ignores_case=True)
    key = add(plex, genres=["Blue Hat"])
    client.edit(key, ("genre[0].tag.tag", "blue hat"), ("genre[].tag.tag-", "Blue Hat"))
    assert plex.item(key).genres == ()


@given(
    dialect=st.sampled_from(EVERY_DIALECT),
    names=st.lists(st.sampled_from(["a b", "A b", "A B", "of", "Of", "ß", "ss", "é", "É", "A, b"]), max_size=6),
)
def test_what_a_server_shows_it_keeps_when_it_is_sent_again(dialect: Dialect, names: list[str]) -> None:
    library = PlexLibrary(dialect=dialect)
    library.add_section("Movies")
    key = add(library, genres=names)
    shown = library.item(key).genres
    if dialect.tag_names != "as_sent" and "genre" in dialect.respelled_kinds:
        assert len({name.lower() for name in shown}) == len(shown)
    pairs = [(f"genre[{number}].tag.tag", name) for number, name in enumerate(shown)]
    library.apply(parse_edit((key,), pairs), 1)
    assert library.item(key).genres == shown


@given(
    dialect=st.sampled_from(EVERY_DIALECT),
    known=st.lists(st.sampled_from(["Blue Hat", "of"]), max_size=2),
    sent=st.lists(st.sampled_from(["blue hat", "Blue Hat", "Of", " of "]), max_size=1),
    rating=st.sampled_from([0.0, 0.4, 5.0, 7.3, 10.0]),
)
def test_a_server_tells_in_what_form_it_shows_a_value(
    dialect: Dialect, known: list[str], sent: list[str], rating: float
) -> None:
    library = PlexLibrary(dialect=dialect)
    library.add_section("Movies")
    add(library, "known", genres=known)
    key = add(library)
    expected = {"title": " T ", "genres": sent, "user_rating": rating, "thumb": b"1"}
    expected = {name: library.shown_as(name, value) for name, value in expected.items()}
    pairs = [("title.value", " T "), *((f"genre[{number}].tag.tag", name) for number, name in enumerate(sent))]
    library.apply(parse_edit((key,), pairs), 1)
    library.rate(key, rating)
    item = library.item(key)
    shown = {"title": item.title, "genres": set(item.genres), "user_rating": item.user_rating, "thumb": b"1"}
    assert shown == expected


# --- ratings, and fields that follow others


@pytest.mark.parametrize(
    ("ratings", "kept"), [("as_sent", [7.3, 0.4, 9.0]), ("half_stars", [7, 0, 9]), ("whole_stars", [8, 0, 10])]
)
def test_ratings_may_be_rounded(plex: PlexSimulator, client: Client, ratings: str, kept: list[float]) -> None:
    plex.change_dialect(ratings=ratings)
    key = add(plex)
    shown = []
    for rating in (7.3, 0.4, 9.0):
        assert client.rate(key, rating) == 200
        shown.append(plex.item(key).user_rating)
    assert shown == kept
    client.rate(key, -1)
    assert plex.item(key).user_rating is None


@pytest.mark.parametrize(("follows", "years"), [(True, ["2001", None]), (False, ["1990", "1990"])])
def test_the_year_may_follow_the_date(
    plex: PlexSimulator, client: Client, follows: bool, years: list[str | None]
) -> None:
    plex.change_dialect(year_follows=follows)
    key = add(plex, originally_available_at="1990-05-05")
    shown = []
    for date in ("2001-02-03", ""):
        client.edit(key, ("originallyAvailableAt.value", date))
        shown.append(client.xml(f"/library/metadata/{key}")[0].get("year"))
    assert shown == years


@pytest.mark.parametrize(
    ("follows", "expected"), [(True, [None, "End", "End", "Mine"]), (False, ["S", "S", "S", "Mine"])]
)
def test_the_sort_title_may_follow_the_title(
    plex: PlexSimulator, client: Client, follows: bool, expected: list[str | None]
) -> None:
    plex.change_dialect(title_sort_follows=follows)
    key = add(plex, title="Start", title_sort="S")
    shown = []
    for pairs in (
        [("title.value", "Another")],
        [("title.value", "The End")],
        [("title.value", "The Very End"), ("titleSort.locked", "1")],
        [("title.value", "A Start"), ("titleSort.value", "Mine")],
    ):
        client.edit(key, *pairs)
        shown.append(client.xml(f"/library/metadata/{key}")[0].get("titleSort"))
    assert shown == expected


# --- further fields, and an edit without id


def test_further_fields_are_edited_and_shown(plex: PlexSimulator) -> None:
    key = add(plex)
    server = PlexServer(plex.url, DEFAULT_TOKEN)
    item = server.fetchItem(key).reload()
    item.batchEdits().editContentRating("R").editSortTitle("S").editOriginalTitle("O").editTagline("T")
    item.editEditionTitle("E").addDirector(["D1", "D2"]).addLabel("L").saveEdits()
    shown = server.fetchItem(key).reload()
    values = (shown.contentRating, shown.titleSort, shown.originalTitle, shown.tagline, shown.editionTitle)
    assert values == ("R", "S", "O", "T", "E")
    assert [tag.tag for tag in shown.directors] == ["D1", "D2"]
    assert [tag.tag for tag in shown.labels] == ["L"]
    expected = {"contentRating", "titleSort", "originalTitle", "tagline", "editionTitle", "director", "label"}
    assert {field.name for field in shown.fields} == expected


def test_actors_have_parts_and_a_photo_for_the_whole_server(plex: PlexSimulator, client: Client) -> None:
    first, second = add(plex), add(plex, "b", roles=["Ann", "Bob"])
    cast = (
        ("actor[0].tag.tag", "Ann"),
        ("actor[0].tagging.text", "Queen"),
        ("actor[0].tag.thumb", "http://pictures.example/ann.jpg"),
        ("actor[1].tag.tag", "Bob"),
    )
    client.edit(first, *cast)
    ann, bob = client.xml(f"/library/metadata/{first}")[0].findall("Role")
    assert (ann.get("role"), ann.get("thumb")) == ("Queen", "http://pictures.example/ann.jpg")
    assert (bob.get("role"), bob.get("thumb")) == (None, None)
    reply = client.ask("GET", f"/library/metadata/{second}", headers={"Accept": "application/json"}).json()
    other = reply["MediaContainer"]["Metadata"][0]["Role"][0]
    assert (other["tag"], other.get("role"), other["thumb"]) == ("Ann", None, "http://pictures.example/ann.jpg")
    role = PlexServer(plex.url, DEFAULT_TOKEN).fetchItem(first).reload().roles[0]
    assert (role.tag, role.role) == ("Ann", "Queen")


@pytest.mark.parametrize(("mode", "kept"), [("replace", {}), ("add", {"Ann": "Queen"})])
def test_a_part_stays_where_lists_are_added_to(
    plex: PlexSimulator, client: Client, mode: EditMode, kept: dict[str, str]
) -> None:
    plex.edit_mode = mode
    key = add(plex, roles=["Ann"], characters={"Ann": "Queen"})
    client.edit(key, ("actor[0].tag.tag", "Ann"), ("actor[1].tag.tag", "Bob"))
    assert plex.item(key).characters == kept
    client.edit(key, ("actor[].tag.tag-", "Ann"))
    assert plex.item(key).characters == {}


def test_an_edit_without_id_is_for_every_item_of_its_type(plex: PlexSimulator, client: Client) -> None:
    plex.add_section("Other")
    keys = [add(plex, name) for name in "ab"] + [add(plex, "c", type="episode"), plex.add_item(2, "/o/d.mp4")]
    assert client.ask("PUT", EDITS, [("type", "1"), ("studio.value", "All")]).status_code == 200
    assert [plex.item(key).studio for key in keys] == ["All", "All", "", ""]
