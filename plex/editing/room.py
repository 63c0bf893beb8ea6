"""How much of a long list or text a server takes, be it Plex or a proxy before it. That shows when it is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plex.editing.edits import FieldEdit, ServerWays, WriteRules, names
from plex.editing.writer import LONGEST_ID, edit_path, edit_requests
from validation.fields import COMPARED_FIELDS, LIST_FIELDS, PLEX_NAMES, FieldValue
from validation.limits import cut_to_url_bytes, url_bytes

LONGEST_ADDRESS = 100_000
"""Bytes up to which the address of a text's edit is tried. Chosen: about 11,000 characters of Japanese, or 70,000 of
English. Python's own server takes 65,536, and common proxies 8,192."""


def as_far_as(field: str, value: FieldValue, max_url_bytes: int) -> FieldValue:
    """A list's names, from the first, or a text's beginning, that fit into one edit's address of so many bytes."""
    used = _bytes_around(field)
    if isinstance(value, str):
        return cut_to_url_bytes(value, max(0, max_url_bytes - used))
    for index, name in enumerate(names(value)):
        used += len(f"&{PLEX_NAMES[field]}%5B{index}%5D.tag.tag=") + url_bytes(name)
        if used > max_url_bytes:
            return names(value)[:index]
    return value


def what_fits(field: str, value: FieldValue, ways: ServerWays) -> FieldValue:
    """As much of a value as is known to fit; a value that is neither text nor list is whole."""
    if field not in PLEX_NAMES:
        return value
    if isinstance(value, str):
        return as_far_as(field, value, ways.address_bytes or LONGEST_ADDRESS)
    if field in LIST_FIELDS:
        longest = ways.longest_lists.get(field)
        if longest is not None:  # found with a list; what a text showed says less
            return names(value)[:longest]
        return value if ways.address_bytes is None else as_far_as(field, value, ways.address_bytes)
    return value


def left_out(value: FieldValue, fits: FieldValue) -> tuple[str, ...]:
    """What there is no room for: of a list the other names, of a text its end; () where all of it fits."""
    if isinstance(value, str) and isinstance(fits, str):
        return (value[len(fits) :],) if len(fits) < len(value) else ()
    return names(value)[len(names(fits)) :]


def all_left_out(
    wanted: Mapping[str, FieldValue], rules: WriteRules, ways: ServerWays
) -> Iterator[tuple[str, FieldValue, tuple[str, ...]]]:
    """Each field of which not all fits, with as much as does, and what is left out."""
    for name in COMPARED_FIELDS:
        if name in rules.skip_fields or name in rules.unfilled or name not in wanted:
            continue
        fits = what_fits(name, wanted[name], ways)
        if rest := left_out(wanted[name], fits):
            yield name, fits, rest


def address_bytes(edit: FieldEdit) -> int:
    """How long the longest address is by which an edit is sent, in bytes."""
    return max(len(edit_path(LONGEST_ID, LONGEST_ID, each)) for each in edit_requests([edit]))


def _bytes_around(field: str) -> int:
    """What an edit's address has besides a list's names, or a text's characters."""
    name = PLEX_NAMES[field]
    lock, value = (f"{name}.locked", "1"), (f"{name}.value", "")
    return len(edit_path(LONGEST_ID, LONGEST_ID, [lock] if field in LIST_FIELDS else [value, lock]))
