"""A spelling that a server has not met is tried out by one scene of a batch; the others take it that it is kept as is.

Without that, a tag of a thousand scenes that Plex shows in other case would be written a thousand times.
"""

from __future__ import annotations

from plex.editing.edits import names
from validation.fields import LIST_FIELDS
from validation.metadata import WantedMetadata
from validation.names import name_key
from worker.items.item import ItemSync
from worker.items.server import KnownServer


def assume_from(item: ItemSync, server: KnownServer) -> None:
    """Assume that Plex will go on to show the spellings beside which this item's edits try out others."""
    for edit in item.edits:
        outdated = {name_key(each): each for each in edit.outdated}
        for asked in edit.added:
            if name_key(asked) in outdated:
                server.assume(edit.field, asked, outdated[name_key(asked)])


def rests_on_assumption(
    item: ItemSync, wanted: WantedMetadata, server: KnownServer, *, once_learned: bool = False
) -> bool:
    """Whether the item shows a name in a spelling that was only assumed to stay.

    `once_learned`: whether that turned out to be wrong, or was never found out.
    """
    for field in LIST_FIELDS:
        have = names(item.item.value(field))
        for asked in names(wanted.value(field)):
            assumed = server.assumption(field, asked)
            is_used = assumed is not None and asked not in have and assumed in have
            if is_used and not (once_learned and server.form(field, asked) == assumed):
                return True
    return False
