"""Paths as two programs on two systems write them, made comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_SEPARATORS = re.compile(r"[/\\]+")


@dataclass(frozen=True)
class Parts:
    """A path's components, in three forms of the same length.

    written: as they came. exact: in Unicode's composed form, because macOS decomposes names. folded: without case too.
    """

    written: tuple[str, ...]
    exact: tuple[str, ...]
    folded: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.written)

    def __getitem__(self, part: slice) -> Parts:
        return Parts(self.written[part], self.exact[part], self.folded[part])

    def __add__(self, below: Parts) -> Parts:
        return Parts(self.written + below.written, self.exact + below.exact, self.folded + below.folded)

    def is_below(self, folder: Parts) -> bool:
        """Whether `folder` holds this path, or is it."""
        return self.folded[: len(folder)] == folder.folded

    def common_tail(self, other: Parts) -> int:
        """How many of the last components are the same, without regard to case."""
        length = 0
        for one, another in zip(reversed(self.folded), reversed(other.folded), strict=False):
            if one != another:
                break
            length += 1
        return length


def split_path(path: str) -> Parts:
    """The components of a path with / or \\ between them."""
    written = tuple(part for part in _SEPARATORS.split(path) if part)
    exact = tuple(unicodedata.normalize("NFC", part) for part in written)
    return Parts(written, exact, tuple(part.casefold() for part in exact))


def comparable_name(path: str) -> str:
    """The file name of a path in the form in which names are looked up; "" for a path that has none."""
    return "".join(split_path(path).folded[-1:])


def length_below(path: Parts, roots: Iterable[Parts]) -> int:
    """How many components lie below the innermost root that holds the path; all of them where none does."""
    return len(path) - max((len(root) for root in roots if path.is_below(root)), default=0)
