"""Names that a person lists in one setting, separated by commas; one that has a comma itself stands in quotes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|[“”„‟«»]([^“”„‟«»]*)[“”„‟«»])\s*(?=,|$)|([^,]+)')
"""One name: in quotes, as people type or paste them, so that it may hold commas; or up to the next comma."""
_OPENING = tuple('"“„‟«»')
_SEPARATOR = re.compile("[;\r\n]")
_FOLDER_BEHIND = re.compile(r"(?:;|\r|\n|=>)\s*(?:[/\\]|[A-Za-z]:[/\\])")
_ALL_WITHIN = re.compile(r"[/\\]\*+$")


def listed_names(text: str, checked: Callable[[str], str] = str) -> tuple[str, ...]:
    """The names in their order, each once.

    `checked` gets those that stand in no quotes, and returns what is meant. Raises ValueError for a quote that is never
    closed, and what `checked` raises.
    """
    names = (_quoted(found) or checked(_closed(found[-1].strip())) for found in _ITEM.findall(text))
    return tuple(dict.fromkeys(name for name in names if name))


def checked_tag(name: str) -> str:
    """The name of a tag. Raises ValueError for what is nearly a list."""
    if _SEPARATOR.search(name):
        raise ValueError('names are separated by commas, and one that holds a ; itself stands in "quotes"')
    return name


def checked_folder(path: str) -> str:
    """The folder; of all that is in one, that one. Raises ValueError for what is nearly a list, or a pattern."""
    if _FOLDER_BEHIND.search(path):
        raise ValueError('folders are separated by commas, and one that holds a ; itself stands in "quotes"')
    folder = _ALL_WITHIN.sub("", path) or path[:1]
    if "*" in folder:
        raise ValueError('a folder is named whole, without a *, and one that holds a * itself stands in "quotes"')
    return folder


def _quoted(found: tuple[str, str, str]) -> str:
    straight, typographic, _ = found
    return straight.replace('""', '"').strip() or typographic.strip()


def _closed(name: str) -> str:
    """The name. Raises ValueError where it begins with a quote that is never closed: it may be half of a name."""
    is_open = name.count('"') % 2 if name.startswith('"') else name.startswith(_OPENING)
    if is_open:
        raise ValueError(f"the quote before {name[1:] or 'nothing'} is never closed")
    return name
