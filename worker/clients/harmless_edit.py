"""Does Plex take edits at all? Found out by one that changes nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from plex.client import PlexClient
from plex.editing.writer import unchanged_lock
from plex.exceptions import PlexError, PlexNotFound
from plex.files.index import FileIndex
from plex.items import PlexItem

MOST_KEYS = 2
"""Items that are asked at most, and questions: the first may be at fault, too."""
MOST_EDITS = 2
"""Fields that an item is asked with at most."""
FIELDS_TO_ASK_WITH = ("title", "summary", "studio", "date", "tags", "performers", "collection")
"""Fields whose lock an item is given as it has it, the first ones first."""


def fault_of_edits(plex: PlexClient, index: FileIndex, besides: Collection[int]) -> str | None:
    """Why Plex takes no edit now, "" where it does, None where it has no item to try it with.

    A field of an item is locked, or not, as it is. `besides` holds the rating keys of items that may be at fault
    themselves: they are asked where there is no other. That has to be refused MOST_KEYS times, but one silence is
    enough, as each takes its time.
    """
    fault = _fault_of_editing(plex, index.two_keys(besides))
    return fault if fault is not None else _fault_of_editing(plex, sorted(besides)[:MOST_KEYS])


def takes_edits(plex: PlexClient, item: PlexItem, besides: Collection[str] = ()) -> bool:
    """Whether Plex takes an edit of this item that changes nothing, and that is not about the fields `besides`."""
    try:
        _edit_harmlessly(plex, item, besides)
    except PlexError:
        return False
    return True


def _edit_harmlessly(plex: PlexClient, item: PlexItem, besides: Collection[str]) -> None:
    """Lock or unlock a field of an item as it is; a second one where Plex does not take the first. Raises PlexError.

    One silence is enough, as each takes its time.
    """
    fields = [name for name in FIELDS_TO_ASK_WITH if name not in besides] or list(FIELDS_TO_ASK_WITH)
    *first, last = fields[:MOST_EDITS]
    for name in first:
        try:
            plex.edit(item, unchanged_lock(item, name))
        except PlexError as error:
            if error.status is None:
                raise
        else:
            return
    plex.edit(item, unchanged_lock(item, last))


def _fault_of_editing(plex: PlexClient, rating_keys: Iterable[int]) -> str | None:
    fault = None
    waiting = deque(rating_keys)
    # Each time another field: the first may be one that this Plex does not take.
    fields = deque(FIELDS_TO_ASK_WITH[:MOST_KEYS])
    while waiting and fields:
        rating_key = waiting.popleft()
        try:
            item = plex.items([rating_key]).get(rating_key)
            if item is None:
                continue
            plex.edit(item, unchanged_lock(item, fields[0]))
        except PlexNotFound:  # it went away in between
            continue
        except PlexError as error:
            fault = str(error)
            if error.status is None:
                return fault
            fields.popleft()
            waiting.append(rating_key)
        else:
            return ""
    return fault
