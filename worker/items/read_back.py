"""Reads what was written, and writes once more, in the plainest form, what is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from plex.editing.answers import is_beginning, missing_names, remaining
from plex.editing.edits import FieldEdit, keys, names
from plex.items import PlexItem
from validation.fields import LIST_FIELDS
from validation.names import name_key
from worker.items.item_identity import is_gone
from worker.items.server import KnownServer
from worker.items.verdict import judge
from worker.items.writing import ItemWriting

ROUNDS = 4
"""Looks at most: the write, the plain one, an old spelling that had to go, and the wanted one that went with it."""

Read = Callable[[Sequence[int]], dict[int, PlexItem]]
WriteAgain = Callable[[ItemWriting, Sequence[FieldEdit]], None]


def read_back(
    items: Sequence[ItemWriting], read: Read, write_again: WriteAgain, server: KnownServer
) -> dict[int, PlexItem]:
    """Judge every item's edits by what Plex shows; returns that, by rating key. One that is gone is absent.

    `read` gives whole items; `write_again` writes an item's edits plainly, and keeps what goes wrong with it. Raises
    PlexError.
    """
    looks = [_Look(item, server) for item in items]
    shown: dict[int, PlexItem] = {}
    waiting = looks
    for _ in range(ROUNDS):
        asked = [look.item.rating_key for look in waiting]
        found = read(asked)
        waiting = [look for look in waiting if not is_gone(look.item.item, found.get(look.item.rating_key))]
        there = {look.item.rating_key for look in waiting}
        shown = {key: item for key, item in {**shown, **found}.items() if key in there or key not in asked}
        left = [(look, look.edits_left(shown[look.item.rating_key])) for look in waiting]
        waiting = [look for look, edits in left if edits]
        for look, edits in left:
            if edits:
                write_again(look.item, edits)
        if not waiting:
            break
    for item in items:
        if item.rating_key in shown:
            item.shown = current = shown[item.rating_key]
            again = {edit.field for edit in item.edits if item.was_refused(edit)}
            item.verdict = judge(item.item, item.edits, item.failures, current, server, again)
    return shown


class _Look:
    """One item that is looked at again and again."""

    def __init__(self, item: ItemWriting, server: KnownServer) -> None:
        self.item = item
        self._server = server
        self._last: Sequence[FieldEdit] = item.edits
        self._seen = item.item
        self._is_first = True

    def edits_left(self, shown: PlexItem) -> list[FieldEdit]:
        """What is worth another write now: at first all that is not there, later only what our own write brought up."""
        self._note_removals(shown)
        self.item.edits = tuple(_with_gone(edit, shown) for edit in self.item.edits)
        edits = [edit for edit in self.item.edits if not self._is_refused_again(edit, shown)]
        left = list(remaining(edits, shown, self._server.ways))
        if not self._is_first:
            left = [edit for edit in left if edit.field in LIST_FIELDS and self._is_news(edit)]
        self._seen, self._last, self._is_first = shown, left, False
        return left

    def _is_refused_again(self, edit: FieldEdit, shown: PlexItem) -> bool:
        """Whether Plex did not take it, or shows what it showed when it refused just this before."""
        is_as_before = shown.value(edit.field) == edit.old
        return edit.field in self.item.failures or (is_as_before and self.item.was_refused(edit))

    def _is_news(self, edit: FieldEdit) -> bool:
        """Whether the last write took names away, be they wanted or in the way of one, or an old spelling turns out to
        stay beside the wanted one."""
        tried = {name for last in self._last if last.field == edit.field for name in last.respelled}
        was_there = names(self._seen.value(edit.field))
        gone = {each for each in was_there if each in edit.seen_gone}
        if any(is_beginning(each, name) for each in gone for name in edit.added):
            return True
        return any(name in was_there for name in edit.added) or any(name not in tried for name in edit.respelled)

    def _note_removals(self, shown: PlexItem) -> None:
        """Notice where to take a spelling away took the wanted one along."""
        for edit in self._last:
            if edit.field not in LIST_FIELDS:
                continue
            lost = missing_names(edit, names(shown.value(edit.field)), self._server.ways)
            was_there = names(self._seen.value(edit.field))
            if any(name in was_there and name_key(name) in keys(edit.respelled) for name in lost):
                self._server.learn_removal_ignores_case()


def _with_gone(edit: FieldEdit, shown: PlexItem) -> FieldEdit:
    have = names(shown.value(edit.field))
    gone = tuple(each for each in names(edit.old) if each not in have)
    return replace(edit, seen_gone=tuple(dict.fromkeys((*edit.seen_gone, *gone)))) if gone else edit
