"""The client against a Plex on a real socket: what it asks, what it makes of the answers, what it refuses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, get_args

import plexapi
import pytest

from plex.client import MAX_ITEMS_PER_REQUEST, PlexClient
from plex.editing.answers import remaining
from plex.editing.difference import ANY_SERVER, difference
from plex.editing.edits import ItemHistory, WriteRules
from plex.editing.writer import MAX_URL_BYTES, edit_requests, plain_edit_requests
from plex.exceptions import (
    PlexAuthError,
    PlexError,
    PlexNotFound,
    PlexPermanentError,
    PlexRequestFailed,
    PlexServerDown,
    PlexTemporaryError,
)
from plex.shown import Section
from tests.simulators.faults import maintenance, not_xml, rewritten, status, truncated_body
from tests.simulators.plex import PlexSimulator, wrong_ids
from tests.simulators.plex_edits import EditMode
from tests.support.builders import item, wanted
from tests.support.plex_examples import IDENTITY, TOKEN, client_of
from validation.fields import IMAGE_FIELDS

JPEG = b"\xff\xd8\xff an image"


@pytest.fixture
def plex() -> Iterator[PlexSimulator]:
    with PlexSimulator(token=TOKEN) as simulator:
        simulator.add_section("Movies", locations=["/media/movies", "/media/more"])
        yield simulator


@pytest.fixture
def client(plex: PlexSimulator) -> PlexClient:
    return client_of(plex.url)


def add_full_item(plex: PlexSimulator, file: str = "/media/movies/a.mp4") -> int:
    return plex.add_item(
        1,
        (file, file + ".part2"),
        title='A "title" & <more>',
        studio="Studio",
        summary="two\nlines",
        originally_available_at="2020-01-02",
        roles=("Actor, the", "Ärger"),
        genres=("Drama", "100%"),
        collections=("Mine",),
        user_rating=7.5,
        locked={"title", "genre"},
        thumb=JPEG,
    )


class TestConnecting:
    def test_happens_once_and_at_the_first_request(self, plex: PlexSimulator, client: PlexClient) -> None:
        assert plex.count() == 0
        assert client.machine_identifier == plex.machine_identifier
        client.sections()
        assert [request.path for request in plex.requests] == ["/", "/library/sections"]

    def test_is_tried_again_after_a_failure(self, plex: PlexSimulator, client: PlexClient) -> None:
        plex.inject(maintenance(), times=1)
        with pytest.raises(PlexServerDown):
            client.sections()
        assert client.sections()

    def test_with_a_wrong_token_says_so(self, plex: PlexSimulator) -> None:
        with pytest.raises(PlexAuthError, match="plex_token"):
            client_of(plex.url, "wrong").sections()

    @pytest.mark.parametrize("body", [b"", b"<html/>", b"<MediaContainer size='x'/>", b"not XML", b"<a><b></a>"])
    def test_to_something_else_is_a_malformed_reply(self, plex: PlexSimulator, client: PlexClient, body: bytes) -> None:
        plex.inject(status(200, body))
        with pytest.raises(PlexRequestFailed, match="malformed reply"):
            client.connect()

    def test_keeps_the_token_out_of_urls_whatever_plexapi_is_told(
        self, plex: PlexSimulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("PLEXAPI_LOG_SHOW_SECRETS", "true")
        monkeypatch.setenv("PLEXAPI_AUTH_SERVER_TOKEN", "another token of the user")
        monkeypatch.setattr(plexapi.log, "level", logging.DEBUG)
        with caplog.at_level(logging.DEBUG):
            client_of(plex.url).sections()
        assert plex.tokens_in_urls() == ()
        assert TOKEN not in caplog.text

    def test_shows_plex_one_device(self, plex: PlexSimulator, client: PlexClient) -> None:
        client.sections()
        assert plex.client_identifiers() == {IDENTITY.identifier}


def test_sections_are_those_of_movies(plex: PlexSimulator, client: PlexClient) -> None:
    plex.add_section("Shows", "show")
    changed_at = plex.sections[1].content_changed_at
    assert client.sections() == (Section(1, "Movies", "movie", changed_at, ("/media/movies", "/media/more")),)


class TestListing:
    def test_is_paged_newest_first(self, plex: PlexSimulator, client: PlexClient) -> None:
        keys = [plex.add_item(1, f"/media/movies/{number}.mp4", added_at=number) for number in range(5)]
        page = client.list_page(1, 1, 2)
        assert [listed.rating_key for listed in page.items] == [keys[3], keys[2]]
        assert page.items[0].files == ("/media/movies/3.mp4",)
        assert page.total == 5

    def test_beyond_the_end_is_empty(self, client: PlexClient) -> None:
        assert client.list_page(1, 10, 2).items == ()

    def test_takes_items_without_files(self, plex: PlexSimulator, client: PlexClient) -> None:
        plex.add_item(1, ())
        assert client.list_page(1, 0, 2).items[0].files == ()

    def test_of_a_section_that_is_gone_is_no_scenes_fault(self, client: PlexClient) -> None:
        with pytest.raises(PlexRequestFailed):
            client.list_page(9, 0, 2)


class TestItems:
    def test_are_read_whole(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        assert client.items([key])[key] == item(
            rating_key=key,
            section_key=1,
            files=("/media/movies/a.mp4", "/media/movies/a.mp4.part2"),
            title='A "title" & <more>',
            studio="Studio",
            summary="two\nlines",
            date="2020-01-02",
            performers=("Actor, the", "Ärger"),
            tags=("Drama", "100%"),
            collection=("Mine",),
            rating=7.5,
            locked=frozenset({"title", "genre"}),
            poster=plex.item(key).thumb,
        )

    def test_many_cost_one_request_and_reload_nothing(self, plex: PlexSimulator, client: PlexClient) -> None:
        keys = [plex.add_item(1, f"/media/movies/{number}.mp4") for number in range(MAX_ITEMS_PER_REQUEST)]
        client.connect()
        plex.reset_log()
        assert client.items(keys).keys() == set(keys)
        assert plex.count() == 1

    @pytest.mark.parametrize(("limit", "requests"), [("default_page_size", 1), ("max_page_size", 3)])
    def test_are_all_read_from_a_server_that_sends_few_at_a_time(
        self, plex: PlexSimulator, client: PlexClient, limit: str, requests: int
    ) -> None:
        keys = [plex.add_item(1, f"/media/movies/{number}.mp4") for number in range(9)]
        setattr(plex.listings, limit, 4)
        assert client.items(keys).keys() == set(keys)
        assert plex.count("GET", "/library/metadata") == requests

    def test_that_end_early_are_a_malformed_reply(self, plex: PlexSimulator, client: PlexClient) -> None:
        keys = [plex.add_item(1, f"/media/movies/{number}.mp4") for number in range(3)]
        client.connect()
        plex.inject(rewritten(lambda body: b'<MediaContainer size="0" totalSize="3"/>'))
        with pytest.raises(PlexTemporaryError, match="0 of 3 items"):
            client.items(keys)

    def test_none_cost_none(self, plex: PlexSimulator, client: PlexClient) -> None:
        assert client.items([]) == {}
        assert plex.requests == ()

    def test_too_many_are_the_callers_mistake(self, client: PlexClient) -> None:
        with pytest.raises(ValueError, match="51 items"):
            client.items(range(1, 52))

    def test_that_are_gone_are_absent(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        assert client.items([key, 998, 999]).keys() == {key}
        assert client.items([998, 999]) == {}

    def test_whose_name_stands_in_two_roles_have_it_once(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        role = b'<Role tag="\xc3\x84rger" role="another"/></Video>'
        plex.inject(rewritten(lambda body: body.replace(b"</Video>", role)), prefix="/library/metadata")
        assert client.items([key])[key].value("performers") == ("Actor, the", "Ärger")


def test_a_field_that_is_named_but_not_locked_is_free(plex: PlexSimulator, client: PlexClient) -> None:
    key = add_full_item(plex)
    free = b'<Field name="summary" locked="0"/></Video>'
    plex.inject(rewritten(lambda body: body.replace(b"</Video>", free)), prefix="/library/metadata")
    assert client.items([key])[key].locked == {"title", "genre"}


READS: list[Callable[[PlexClient], Any]] = [
    lambda client: client.sections(),
    lambda client: client.list_page(1, 0, 5),
    lambda client: client.items([1]),
]


def test_an_item_without_a_title_is_an_item(plex: PlexSimulator, client: PlexClient) -> None:
    key = add_full_item(plex)
    plex.inject(rewritten(lambda body: body.replace(b" title=", b" was=", 1)), prefix="/library/metadata")
    assert client.items([key])[key].value("title") == ""


def test_reads_have_plex_analyse_no_files(plex: PlexSimulator, client: PlexClient) -> None:
    client.items([add_full_item(plex)])
    assert plex.refreshing_reads() == ()


class TestMalformedReplies:
    @pytest.mark.parametrize("read", READS)
    @pytest.mark.parametrize(
        "fault", [not_xml(), truncated_body(), status(200, b""), status(200, b"<html/>"), status(204)]
    )
    def test_that_are_not_plexs_xml(
        self, plex: PlexSimulator, client: PlexClient, read: Callable[[PlexClient], Any], fault: Any
    ) -> None:
        add_full_item(plex)
        client.connect()
        plex.inject(fault)
        self.is_malformed(client, read)

    @pytest.mark.parametrize(
        ("read", "attribute", "value"),
        [
            (READS[0], b"key", None),
            (READS[0], b"title", None),
            (READS[0], b"path", None),
            (READS[0], b"contentChangedAt", b"soon"),
            (READS[1], b"totalSize", b"many"),
            (READS[2], b"ratingKey", None),
            (READS[2], b"ratingKey", b"x"),
            (READS[2], b"librarySectionID", None),
            (READS[2], b"userRating", b"good"),
            (READS[2], b"tag", None),
        ],
    )
    def test_where_what_is_needed_is_missing_or_no_number(
        self,
        plex: PlexSimulator,
        client: PlexClient,
        read: Callable[[PlexClient], Any],
        attribute: bytes,
        value: bytes | None,
    ) -> None:
        add_full_item(plex)
        client.connect()
        change = b" was-" + attribute + b"=" if value is None else b" " + attribute + b'="' + value + b'" was='
        plex.inject(rewritten(lambda body: body.replace(b" " + attribute + b"=", change, 1)))
        if attribute == b"librarySectionID":
            plex.clear_faults()
            plex.inject(rewritten(lambda body: body.replace(b" librarySectionID=", b" was=")))
        self.is_malformed(client, read)

    def test_with_items_that_were_not_asked_for(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        client.connect()
        plex.inject(wrong_ids())
        self.is_malformed(client, lambda client: client.items([key]))

    def is_malformed(self, client: PlexClient, read: Callable[[PlexClient], Any]) -> None:
        with pytest.raises((PlexTemporaryError, PlexRequestFailed), match="malformed reply") as caught:
            read(client)
        assert caught.value.suspect_outage or caught.value.request


class TestWriting:
    @pytest.mark.parametrize("mode", get_args(EditMode))
    def test_an_edit_arrives_as_it_was_meant(self, mode: EditMode) -> None:
        with PlexSimulator(token=TOKEN, edit_mode=mode) as plex:
            plex.add_section("Movies")
            client = client_of(plex.url)
            key = add_full_item(plex)
            wish = wanted(title="Ö & ü=1%", summary="x" * 5000, tags=("A, B", "名前", "50% & more"), date="2021-01-01")
            before = client.items([key])[key]
            edits = difference(wish, before, WriteRules(), ItemHistory())
            for parameters in edit_requests(edits):
                client.edit(before, parameters)
            for parameters in plain_edit_requests(remaining(edits, client.items([key])[key], ANY_SERVER)):
                client.edit(before, parameters)
            after = client.items([key])[key]
            assert remaining(edits, after, ANY_SERVER) == ()
            assert (after.value("studio"), after.value("performers")) == ("", ())
            assert after.value("collection") == before.value("collection")
            assert after.locked == {"title", "studio", "summary", "originallyAvailableAt", "actor", "genre"}

    def test_the_url_is_as_long_as_was_reckoned(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        edits = difference(
            wanted(tags=tuple(f"é,[{number}]" for number in range(150)), summary="s" * 3000),
            client.items([key])[key],
            WriteRules(),
            ItemHistory(),
        )
        requests = edit_requests(edits)
        for parameters in requests:
            client.edit(client.items([key])[key], parameters)
        targets = [request.target for request in plex.requests if request.method == "PUT"]
        assert len(targets) == len(requests) > 1
        assert all(len(target) <= MAX_URL_BYTES for target in targets)

    def test_of_an_item_that_is_gone_is_not_found(self, client: PlexClient) -> None:
        with pytest.raises(PlexNotFound):
            client.edit(item(), [("title.value", "A")])

    def test_that_plex_refuses_is_permanent(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        with pytest.raises(PlexPermanentError):
            client.edit(item(rating_key=key), [("originallyAvailableAt.value", "yesterday")])

    def test_that_something_else_confirmed_did_not_happen(self, plex: PlexSimulator, client: PlexClient) -> None:
        client.connect()
        plex.inject(not_xml())
        with pytest.raises(PlexTemporaryError, match="malformed reply"):
            client.edit(item(), [("title.value", "A")])

    @pytest.mark.parametrize("rating", [0.0, 7.3, 10.0])
    def test_a_rating(self, plex: PlexSimulator, client: PlexClient, rating: float) -> None:
        key = add_full_item(plex)
        client.rate(key, rating)
        assert plex.item(key).user_rating == rating

    @pytest.mark.parametrize("rating", [-1.0, 10.1, float("nan")])
    def test_what_is_no_rating_is_the_callers_mistake(self, client: PlexClient, rating: float) -> None:
        with pytest.raises(ValueError, match="0 to 10"):
            client.rate(1, rating)

    def test_images(self, plex: PlexSimulator, client: PlexClient) -> None:
        key = add_full_item(plex)
        client.upload_poster(key, JPEG + b"1")
        client.upload_background(key, JPEG + b"2")
        assert (plex.item(key).shown("thumb"), plex.item(key).shown("art")) == (JPEG + b"1", JPEG + b"2")
        shown = client.items([key])[key]
        assert [client.fetch_image(str(shown.value(name))) for name in IMAGE_FIELDS] == [JPEG + b"1", JPEG + b"2"]

    @pytest.mark.parametrize("path", ["http://elsewhere/a.jpg", "//elsewhere/a.jpg", "a.jpg", ""])
    def test_an_image_elsewhere_does_not_get_the_token(
        self, plex: PlexSimulator, client: PlexClient, path: str
    ) -> None:
        with pytest.raises(PlexPermanentError):
            client.fetch_image(path)
        assert plex.requests == ()

    def test_a_scan_of_one_folder(self, plex: PlexSimulator, client: PlexClient) -> None:
        client.scan_folder(1, "/media/movies/A & B, 100%")
        assert plex.scans == [(1, "/media/movies/A & B, 100%")]


def test_a_plex_that_goes_down_in_between_is_told_from_a_fault(plex: PlexSimulator, client: PlexClient) -> None:
    client.connect()
    plex.refuse()
    for read in READS:
        with pytest.raises(PlexError) as caught:
            read(client)
        assert type(caught.value) is PlexServerDown
    plex.accept()
    assert client.sections()
