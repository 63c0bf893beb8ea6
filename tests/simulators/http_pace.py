"""How a reply goes out that is slow or too large to hold: a byte at a time, or made while it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Literal

ENDLESS_LENGTH = 1 << 24  # bytes that an endless body promises; http.client makes room for all of them

DrippingPart = Literal["head", "body", "all"]


@dataclass(frozen=True)
class Drip:
    """A reply that goes out one byte after the other.

    Attributes:
        interval: seconds before each byte.
        part: "head" (status line and headers), "body" (behind a head that comes at once) or "all".
        endless: the head goes on with a header that never ends, or the body with spaces that never do.
        ended: where set, the rest comes at once; an endless reply is cut off.
    """

    interval: float
    part: DrippingPart
    endless: bool
    ended: threading.Event

    def plan(self, head: bytes, body: bytes) -> tuple[bytes, Iterator[int], bytes]:
        """Return what of a reply goes out at once, what drips, and what comes at once behind that."""
        if self.part == "head":
            if self.endless:
                return b"", chain(head[:-2], b"X-Padding: ", repeat(ord("a"))), b""
            return b"", iter(head), body
        spaces = repeat(ord(" ")) if self.endless else ()
        if self.part == "body":
            return head, chain(body, spaces), b""
        return b"", chain(head, body, spaces), b""


@dataclass(frozen=True)
class Stream:
    """A body that is made while it is sent, so that nobody holds the whole of it; `length` is in bytes."""

    length: int
    chunks: Callable[[], Iterator[bytes]]
