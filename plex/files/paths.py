"""Paths as two programs on two systems write them, made comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_SHOWN_BY_SMB = str.maketrans(
    {0xF000 + code: code for code in range(1, 0x20)}
    | dict(zip(range(0xF020, 0xF02A), '"*:<>?\\| .', strict=True))
    | {0xF000 + ord(character): character for character in "*:<>?\\|"}
)
"""What an SMB share shows in the place of characters that Windows allows in no file name, and the characters meant.

U+F001 to U+F029 is Apple's mapping (Samba's vfs_fruit, `fruit:encoding = private`; Linux's cifs, `mapposix`); U+F02A to
U+F07C is that of Services for Unix and Cygwin (cifs, `mapchars`).
"""
_SEPARATORS = re.compile(r"[/\\\uf026\uf05c]+")
"""A backslash that SMB shows as another character separates, too, as it would in the name that is meant."""


@dataclass(frozen=True)
class Parts:
    """A path's components, in three forms of the same length.

    written: as they came. exact: in Unicode's composed form, because macOS decomposes names, and with the characters
    that SMB shows otherwise. folded: without case too, character by character, so that ß is not ss.
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

    def tail(self, length: int) -> Parts:
        """The last `length` components."""
        return self[len(self) - length :]

    def reversed_key(self) -> str:
        """The folded components from the last on, each with a / behind it: what ends alike begins alike here."""
        return "".join(f"{part}/" for part in reversed(self.folded))

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
    exact = tuple(map(_exact, written))
    return Parts(written, exact, tuple(map(fold_case, exact)))


def _exact(name: str) -> str:
    if name.isascii():
        return name
    return unicodedata.normalize("NFC", name.translate(_SHOWN_BY_SMB))


def fold_case(name: str) -> str:
    """A name without its case, character by character (Unicode's simple case folding): ß is not ss."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", "".join(map(_folded_character, name)))


def _folded_character(character: str) -> str:
    """One character stays one (CaseFolding.txt, C and S), as on disks without case."""
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def length_below(path: Parts, roots: Iterable[Parts]) -> int:
    """How many components lie below the innermost root that holds the path; all of them where none does."""
    return len(path) - max((len(root) for root in roots if path.is_below(root)), default=0)
