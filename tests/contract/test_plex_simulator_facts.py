"""The Plex simulator over bare HTTP: what the Plex API description says, line by line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import requests

from tests.simulators.plex import DEFAULT_TOKEN, PlexSimulator
from tests.simulators.plex_edits import EditMode
from tests.support.plex_requests import EDITS, Client, Pairs, add

JPEG = b"\xff\xd8\xff\xe0" + bytes(64)


# --- server


def test_identity_needs_no_token_and_root_does(plex: PlexSimulator) -> None:
    identity = requests.get(plex.url + "/identity", timeout=10)
    assert identity.status_code == 200
    root = ElementTree.fromstring(identity.text)  # noqa: S314 - our own reply
    assert (root.get("machineIdentifier"), root.get("version")) == (plex.machine_identifier, plex.version)
    assert requests.get(plex.url + "/", timeout=10).status_code == 401


def test_a_token_in_the_address_works_and_is_noticed(plex: PlexSimulator) -> None:
    assert requests.get(plex.url + "/", params={"X-Plex-Token": DEFAULT_TOKEN}, timeout=10).status_code == 200
    assert len(plex.tokens_in_urls()) == 1


def test_json_on_request(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, genres=["G"], originally_available_at="2020-01-02")
    reply = client.ask("GET", f"/library/metadata/{key}", headers={"Accept": "application/json"}).json()
    (item,) = reply["MediaContainer"]["Metadata"]
    assert item["ratingKey"] == str(key)
    assert item["Media"][0]["Part"][0]["file"] == "/media/movies/a.mp4"
    assert (item["Genre"][0]["tag"], item["year"], item["addedAt"]) == ("G", 2020, plex.item(key).added_at)
    sections = client.ask("GET", "/library/sections", headers={"Accept": "application/json"}).json()
    assert sections["MediaContainer"]["Directory"][0]["Location"][0]["path"] == "/media/movies"


def test_sections_say_when_their_content_changed(plex: PlexSimulator, client: Client) -> None:
    section = client.xml("/library/sections")[0]
    assert [section.get(name) for name in ("key", "type", "title", "refreshing")] == ["1", "movie", "Movies", "0"]
    assert section.find("Location").get("path") == "/media/movies"  # type: ignore[union-attr]
    assert {"contentChangedAt", "scannedAt", "updatedAt"} <= set(section.attrib)


@pytest.mark.parametrize("moves", [False, True])
def test_content_changed_at_moves_with_items_and_perhaps_with_edits(
    plex: PlexSimulator, client: Client, moves: bool
) -> None:
    plex.content_changed_moves_with_edits = moves

    def changed_at() -> int:
        return int(client.xml("/library/sections")[0].get("contentChangedAt", ""))

    seen = [changed_at()]
    key = add(plex)
    seen.append(changed_at())
    plex.move_file("/media/movies/a.mp4", "/media/movies/b.mp4")
    seen.append(changed_at())
    plex.remove_item(key)
    seen.append(changed_at())
    assert seen == sorted(set(seen))
    edited = add(plex)
    before = changed_at()
    assert client.edit(edited, ("title.value", "T")) == 200
    assert (changed_at() > before) is moves


# --- listings


def test_listings_are_paged_by_header_or_query(plex: PlexSimulator, client: Client) -> None:
    for number in range(25):
        add(plex, f"{number:02d}")
    by_header = client.xml(EDITS, **{"X-Plex-Container-Start": "20", "X-Plex-Container-Size": "10"})
    by_query = client.xml(EDITS + "?X-Plex-Container-Start=20&X-Plex-Container-Size=10")
    for page in (by_header, by_query):
        assert (page.get("size"), page.get("totalSize"), page.get("offset"), len(page)) == ("5", "25", "20", 5)
    assert len(client.xml(EDITS + "?X-Plex-Container-Start=30&X-Plex-Container-Size=10")) == 0
    nothing = client.xml(EDITS + "?X-Plex-Container-Start=0&X-Plex-Container-Size=0")
    assert (nothing.get("totalSize"), len(nothing)) == ("25", 0)
    assert client.xml(EDITS).get("totalSize") is None


def test_default_and_largest_page_are_the_servers(plex: PlexSimulator, client: Client) -> None:
    for number in range(25):
        add(plex, f"{number:02d}")
    plex.listings.default_page_size = 10
    plex.listings.max_page_size = 20
    assert len(client.xml(EDITS)) == 10
    page = client.xml(EDITS, **{"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "100"})
    assert (page.get("size"), page.get("totalSize")) == ("20", "25")


def test_listings_are_sorted_and_filtered_by_time(plex: PlexSimulator, client: Client) -> None:
    keys = [add(plex, str(number), added_at=1_700_000_000 + number) for number in range(4)]
    newest_first = [item.get("ratingKey") for item in client.xml(EDITS + "?type=1&sort=addedAt:desc")]
    assert newest_first == [str(key) for key in reversed(keys)]
    recent = client.xml(EDITS + "?type=1&addedAt>>=1700000001")
    assert [item.get("ratingKey") for item in recent] == [str(key) for key in keys[2:]]
    add(plex, "late", added_at=1_800_000_000)
    assert client.xml(EDITS + "?type=1&sort=addedAt:desc")[0].get("title") == "late"


def test_there_is_no_filter_by_file(plex: PlexSimulator, client: Client) -> None:
    add(plex, "a")
    add(plex, "b")
    assert len(client.xml(EDITS + "?type=1&file=/media/movies/a.mp4")) == 2


def test_listed_items_are_partial(plex: PlexSimulator, client: Client) -> None:
    names = [f"N{number}" for number in range(9)]
    key = add(plex, genres=names, roles=names, collections=["C"], labels=["L"], locked={"title"})
    listed = client.xml(EDITS + "?type=1")[0]
    full = client.xml(f"/library/metadata/{key}")[0]
    counts = [[len(item.findall(tag)) for tag in ("Genre", "Role", "Field", "Collection")] for item in (listed, full)]
    assert counts == [[3, 3, 0, 0], [9, 9, 1, 1]]
    for item in (listed, full):
        assert [part.get("file") for part in item.findall("Media/Part")] == ["/media/movies/a.mp4"]


def test_ten_thousand_items_listed_in_pages(plex: PlexSimulator, client: Client) -> None:
    for number in range(10_000):
        plex.add_item(1, f"/media/movies/{number % 50}/{number}.mp4")
    files: set[str | None] = set()
    for start in range(0, 10_000, 500):
        page = client.xml(f"{EDITS}?type=1&sort=addedAt:desc&X-Plex-Container-Start={start}&X-Plex-Container-Size=500")
        files.update(part.get("file") for part in page.iter("Part"))
    assert len(files) == 10_000


def test_several_items_in_one_request(plex: PlexSimulator, client: Client) -> None:
    keys = [add(plex, name) for name in "abc"]
    found = client.xml(f"/library/metadata/{keys[2]},{keys[0]},99")
    assert [item.get("ratingKey") for item in found] == [str(keys[2]), str(keys[0])]
    assert client.ask("GET", "/library/metadata/98,99").status_code == 404


# --- edits


@pytest.mark.parametrize("mode", ["replace", "add", "single_removal"])
def test_the_whole_list_and_what_must_go_in_one_request(plex: PlexSimulator, client: Client, mode: EditMode) -> None:
    plex.edit_mode = mode
    key = add(plex, genres=["Old, one", "Kept", "Older"])
    removal = ",".join(quote(name, safe="") for name in ("Old, one", "Older"))
    code = client.edit(
        key,
        ("title.value", "T"),
        ("title.locked", "1"),
        ("genre[0].tag.tag", "Kept"),
        ("genre[1].tag.tag", "New"),
        ("genre[].tag.tag-", removal),
        ("genre.locked", "1"),
    )
    assert code == 200
    assert plex.item(key).locked == {"title", "genre"}
    left_behind = {"Older"} if mode == "single_removal" else set()
    assert set(plex.item(key).genres) == {"Kept", "New"} | left_behind
    assert plex.item(key).edit_count == 1


def test_only_the_first_removal_of_a_request_counts(plex: PlexSimulator, client: Client) -> None:
    plex.edit_mode = "single_removal"
    key = add(plex, genres=["A", "B"], roles=["R"])
    client.edit(key, ("genre[].tag.tag-", "A,B"), ("actor[].tag.tag-", "R"))
    assert (plex.item(key).genres, plex.item(key).roles) == (("B",), ("R",))
    client.edit(key, ("genre[].tag.tag-", "B"))
    assert plex.item(key).genres == ()


def test_indexed_tags_keep_the_order_of_their_indices(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    client.edit(key, *((f"actor[{number}].tag.tag", f"N{number}") for number in (10, 2, 0, 1)))
    assert plex.item(key).roles == ("N0", "N1", "N2", "N10")


def test_an_emptied_field_is_empty(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, studio="S", originally_available_at="2020-01-01")
    client.edit(key, ("studio.value", ""), ("originallyAvailableAt.value", ""))
    item = client.xml(f"/library/metadata/{key}")[0]
    assert (item.get("studio"), item.get("originallyAvailableAt"), item.get("year")) == (None, None, None)


def test_edits_by_item_address(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    assert client.ask("PUT", f"/library/metadata/{key}", [("title.value", "T"), ("title.locked", "1")]).ok
    assert plex.item(key).title == "T"
    assert plex.item(key).locked == {"title"}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("id", "99"), ("type", "1")], 404),
        ([("id", "1"), ("type", "2")], 400),
        ([("id", "1"), ("type", "1"), ("originallyAvailableAt.value", "May 2020")], 400),
    ],
)
def test_edits_that_are_refused(plex: PlexSimulator, client: Client, pairs: Pairs, expected: int) -> None:
    key = add(plex, title="Before")
    before = plex.snapshot()
    assert client.ask("PUT", EDITS, pairs).status_code == expected
    assert plex.snapshot() == before
    assert plex.item(key).edit_count == 0


def test_text_may_be_stored_in_a_form_of_its_own(plex: PlexSimulator, client: Client) -> None:
    plex.mangle = lambda field, value: value.upper() if field in ("title", "genre") else value
    key = add(plex, title="before")
    client.edit(key, ("title.value", "after"), ("studio.value", "s"), ("genre[0].tag.tag", "g"))
    assert (plex.item(key).title, plex.item(key).studio, plex.item(key).genres) == ("AFTER", "s", ("G",))


def test_a_refresh_overwrites_what_is_not_locked(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    client.edit(key, ("title.value", "Mine"), ("title.locked", "1"), ("studio.value", "Mine"))
    plex.edit_as_user(key, genres=["Mine"])
    plex.refresh_metadata(key, title="Agent", studio="Agent", genres=["Agent"], thumb=JPEG)
    item = plex.item(key)
    assert (item.title, item.studio, item.genres, item.shown("thumb")) == ("Mine", "Agent", ("Mine",), JPEG)


# --- images, ratings, scans


def test_images_are_served_as_uploaded(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    for name in ("posters", "arts"):
        assert client.ask("POST", f"/library/metadata/{key}/{name}", data=JPEG).status_code == 200
    for address in (plex.item(key).thumb, plex.item(key).art):
        reply = client.ask("GET", address)
        assert (reply.content, reply.headers["Content-Type"]) == (JPEG, "image/jpeg")
    first = plex.item(key).thumb
    client.ask("POST", f"/library/metadata/{key}/posters", data=JPEG)
    assert plex.item(key).thumb != first
    (listed,) = client.xml(f"/library/metadata/{key}/posters")
    assert client.ask("GET", listed.get("key", "")).content == JPEG


def test_ratings_are_from_0_to_10(plex: PlexSimulator, client: Client) -> None:
    key = add(plex)
    pairs = [("key", str(key)), ("identifier", "com.plexapp.plugins.library")]
    assert client.ask("PUT", "/:/rate", [*pairs, ("rating", "8.5")]).status_code == 200
    assert client.ask("PUT", "/:/rate", [*pairs, ("rating", "11")]).status_code == 400
    assert plex.item(key).user_rating == 8.5


def test_partial_scans_are_noted(plex: PlexSimulator, client: Client) -> None:
    assert client.ask("GET", "/library/sections/1/refresh", [("path", "/media/movies/a b")]).status_code == 200
    assert plex.scans == [(1, "/media/movies/a b")]


# --- the simulator's own conveniences


def test_items_by_file_follow_moves_and_removals(plex: PlexSimulator) -> None:
    plex.add_section("Copy", locations=["/media/movies"])
    keys = (plex.add_item(1, ["/m/a", "/m/b"]), plex.add_item(2, "/m/a"))
    assert tuple(item.rating_key for item in plex.items_by_file("/m/a")) == keys
    plex.move_file("/m/a", "/m/c")
    assert plex.items_by_file("/m/a") == ()
    assert plex.item(keys[0]).files == ("/m/c", "/m/b")
    plex.remove_item(keys[0])
    assert [item.rating_key for item in plex.items_by_file("/m/c")] == [keys[1]]
    assert plex.items_by_file("/m/b") == ()


def test_snapshots_compare_what_is_seen(plex: PlexSimulator, client: Client) -> None:
    key = add(plex, genres=["A", "B"])
    before = plex.snapshot()
    client.edit(key, ("genre[0].tag.tag", "B"), ("genre[1].tag.tag", "A"))
    assert plex.snapshot() == before
    plex.edit_as_user(key, thumb=JPEG)
    assert plex.snapshot() != before


def test_parallel_edits_all_arrive(plex: PlexSimulator) -> None:
    keys = [add(plex, str(number)) for number in range(40)]
    plex.reset_log()
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda key: Client(plex).edit(key, ("title.value", f"T{key}")), keys))
    assert set(codes) == {200}
    assert [plex.item(key).title for key in keys] == [f"T{key}" for key in keys]
    assert plex.count("PUT", EDITS) == plex.count() == 40
