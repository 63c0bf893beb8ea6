"""Does Plex take edits at all? Found out by one that changes nothing."""

from __future__ import annotations

from collections.abc import Collection

from plex.client import PlexClient
from plex.exceptions import PlexError, PlexNotFound
from plex.index import FileIndex
from plex.writer import unchanged_title


def fault_of_edits(plex: PlexClient, index: FileIndex, besides: Collection[int]) -> str | None:
    """Why Plex takes no edit now, "" where it does, None where it has no item to try it with.

    An item gets the title and the lock that it has; `besides` holds the rating keys of items that are not asked, as
    they may be at fault themselves. Two items have to be refused, for the first may be at fault, too; but one silence
    is enough, as each takes its time.
    """
    fault = None
    for rating_key in index.two_keys(besides):
        try:
            item = plex.items([rating_key]).get(rating_key)
            if item is None or not item.value("title"):
                continue
            plex.edit(item, unchanged_title(item))
        except PlexNotFound:  # it went away in between
            continue
        except PlexError as error:
            fault = str(error)
            if error.status is None:
                return fault
        else:
            return ""
    return fault
