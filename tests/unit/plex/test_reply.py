"""Plex's XML in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from plex.client import PlexClient
from plex.exceptions import PlexError
from plex.health import check_identity
from plex.reply import MAX_ELEMENTS, TooManyElements, parse, read_children
from tests.simulators.faults import tiny_elements
from tests.simulators.plex import PlexSimulator
from tests.support.plex_examples import TOKEN, client_of

BYTES = 20_000_000
PEAK = 6 * BYTES
"""As text, cleaned and encoded again at the most; as a tree, tiny elements take over 20 times their bytes."""


@pytest.mark.parametrize(
    "read",
    [
        lambda client: client.connect(),
        lambda client: client.sections(),
        lambda client: client.list_page(1, 0, 50),
        lambda client: client.items([1]),
        lambda client: client.rate(1, 5.0),
        lambda client: client.scan_folder(1, "/media"),
    ],
)
def test_tiny_elements_take_no_memory(read: Callable[[PlexClient], object]) -> None:
    with PlexSimulator(token=TOKEN) as plex:
        client = client_of(plex.url, read_timeout=30.0)
        client.connect()
        plex.inject(tiny_elements(BYTES))
        tracemalloc.start()
        try:
            read(client)
        except PlexError as error:
            assert "malformed reply" in str(error)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < PEAK


def test_nor_in_the_answer_to_a_probe() -> None:
    with PlexSimulator(token=TOKEN) as plex:
        plex.inject(tiny_elements(BYTES))
        assert not check_identity(plex.url, timeout=30.0, verify=True).up


def test_what_is_too_much() -> None:
    with pytest.raises(TooManyElements):
        parse(b"<m>" + b"<a/>" * (2 * MAX_ELEMENTS) + b"</m>")


def test_children_are_read_one_by_one() -> None:
    body = b'<m n="2"><Video k="1"><Video k="inner"/></Video><other/><Video k="2"/></m>'
    root, keys = read_children(body, "Video", lambda element: element.get("k"))
    assert (root.tag, root.get("n"), keys) == ("m", "2", ["1", "2"])


def test_what_xml_does_not_allow_is_left_out() -> None:
    element = parse(b'<m title="a\x01b"/>')
    assert element is not None
    assert element.get("title") == "ab"
    assert read_children(b'<m><v t="a\x01b"/></m>', "v", lambda each: each.get("t"))[1] == ["ab"]


def test_nothing_is_no_tree() -> None:
    assert parse(b" \n") is None
