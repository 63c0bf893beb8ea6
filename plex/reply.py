"""Plex's XML, read in bounded memory: a tree takes some 60 bytes for an element of four, so that a reply of 62 MB of
tiny ones would take a gigabyte.

The parser is Python's own, as python-plexapi's is: expat bounds what entities expand to (from 2.4.1 on).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring, iterparse

from plexapi.utils import cleanXMLString

MAX_ELEMENTS = 500_000
"""Elements of a reply that is held as a whole: 50 items with 2,000 people each have 100,000, and take some 50 MB."""

Parsed = TypeVar("Parsed")


class TooManyElements(ValueError):
    """A reply that nobody can have asked for."""


def parse(body: bytes) -> Element | None:
    """The reply as a tree, None where it is empty. Raises ParseError, TooManyElements.

    What XML does not allow is left out, as python-plexapi does, for titles in Plex may hold it.
    """
    if not body.strip():
        return None
    if body.count(b"<") > 2 * MAX_ELEMENTS:  # each element begins with one, and most end with another
        raise TooManyElements(f"more than {MAX_ELEMENTS} elements")
    try:
        return fromstring(body)  # noqa: S314 - see above
    except ParseError:
        return fromstring(_cleaned(body))  # noqa: S314 - see above


def read_children(body: bytes, tag: str, read: Callable[[Element], Parsed]) -> tuple[Element, list[Parsed]]:
    """The outermost element without its children, and what `read` makes of each child of this tag.

    No child stays in memory. Raises ParseError, and what `read` raises.
    """
    try:
        return _children(body, tag, read)
    except ParseError:
        return _children(_cleaned(body), tag, read)


def _children(body: bytes, tag: str, read: Callable[[Element], Parsed]) -> tuple[Element, list[Parsed]]:
    source = io.BytesIO(body)
    events: Iterator[tuple[str, Element]] = iterparse(source, events=("start", "end"))  # noqa: S314 - see above
    _, root = next(events)
    outermost = Element(root.tag, dict(root.attrib))
    found = []
    depth = 1
    for event, element in events:
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 1:
            if element.tag == tag:
                found.append(read(element))
            root.clear()
    return outermost, found


def _cleaned(body: bytes) -> bytes:
    return str(cleanXMLString(body.decode("utf-8", "replace"))).encode("utf-8")
