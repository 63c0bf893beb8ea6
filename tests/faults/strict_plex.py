"""A Plex that notes every part of a write which changes nothing: what was sent lay beyond the differences."""

from __future__ import annotations

from typing import Any

from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS, Edit
from tests.simulators.plex_items import ImageKind, Item
from tests.support.agreement import PICTURES
from tests.support.watchful_plex import WatchfulPlex, tries_out


class StrictPlex(WatchfulPlex):
    """Like WatchfulPlex, but each field of an edit has to change something by itself, and a picture that was chosen
    anew may come once more."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._chosen: set[tuple[int, ImageKind, bytes]] = set()

    def expect_picture(self, rating_key: int, data: bytes) -> None:
        """A user chose this picture. If another one took its place since it came, it has to come again."""
        self._chosen |= {(rating_key, kind, data) for kind in PICTURES.values()}

    def is_repeated(self, item: Item, kind: ImageKind, data: bytes) -> bool:
        """Whether nobody asked for this upload: a choice is good for one, and for none where it is shown already."""
        choice = (item.rating_key, kind, data)
        if item.shown(kind) != data and choice in self._chosen:
            self._chosen.remove(choice)
            return False
        return super().is_repeated(item, kind, data)

    def apply(self, edit: Edit, section_key: int | None) -> None:
        """Apply one PUT, and note the fields that it leaves as they were."""
        with self.lock:
            items = [self.items[key] for key in edit.rating_keys if key in self.items]
            before = [{name: getattr(item, name) for name in _names_of(edit)} for item in items]
            super().apply(edit, section_key)
            for item, values in [] if tries_out(edit) else zip(items, before, strict=True):
                same = {name for name, value in values.items() if _content(getattr(item, name)) == _content(value)}
                # A Plex that heeds one removal a request leaves the other lists as they were. Those were no repetition.
                same -= {TAG_FIELDS[kind] for kind, name in edit.removals if name in getattr(item, TAG_FIELDS[kind])}
                self.repeated += [f"{name} of item {item.rating_key}: {edit}" for name in sorted(same)]


def _names_of(edit: Edit) -> set[str]:
    """The attributes of an item that an edit is about."""
    lists = {TAG_FIELDS[kind] for kind in edit.tags} | {TAG_FIELDS[kind] for kind, _ in edit.removals}
    return lists | {TEXT_FIELDS[name] for name in edit.text}


def _content(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value
