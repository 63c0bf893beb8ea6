"""A Plex that notes every part of a write which changes nothing: what was sent lay beyond the differences."""

from __future__ import annotations

from tests.e2e.watchful_plex import WatchfulPlex
from tests.simulators.plex_edits import TAG_FIELDS, TEXT_FIELDS, Edit


class StrictPlex(WatchfulPlex):
    """Like WatchfulPlex, but each field of an edit has to change something by itself."""

    def apply(self, edit: Edit, section_key: int | None) -> None:
        """Apply one PUT, and note the fields that it leaves as they were."""
        with self.lock:
            items = [self.items[key] for key in edit.rating_keys if key in self.items]
            before = [{name: getattr(item, name) for name in _names_of(edit)} for item in items]
            super().apply(edit, section_key)
            for item, values in zip(items, before, strict=True):
                same = [name for name, value in values.items() if _content(getattr(item, name)) == _content(value)]
                self.repeated += [f"{name} of item {item.rating_key}: {edit}" for name in same]


def _names_of(edit: Edit) -> set[str]:
    """The attributes of an item that an edit is about."""
    lists = {TAG_FIELDS[kind] for kind in edit.tags} | {TAG_FIELDS[kind] for kind, _ in edit.removals}
    return lists | {TEXT_FIELDS[name] for name in edit.text}


def _content(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value
