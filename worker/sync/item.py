"""One Plex item on its way: the difference, its writing, and what the sync state will say of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plex.client import PlexClient
from plex.items import PlexItem
from plex.metadata import FieldEdit, ItemHistory, WriteRules, difference, remaining
from plex.writer import edit_requests, plain_edit_requests
from sync_queue.sync_state import ItemState
from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from validation.metadata import WantedMetadata
from worker.base.words import value_in_words


@dataclass(frozen=True)
class Original:
    """A field's value before our first overwrite, and whether somebody had locked it."""

    value: FieldValue
    locked: bool

    def as_json(self) -> dict[str, Any]:
        """As the sync state stores it."""
        return {"value": as_json(self.value), "locked": self.locked}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Original:
        """The inverse of as_json."""
        value = stored["value"]
        return cls(tuple(value) if isinstance(value, list) else value, stored["locked"])


class ItemSync:
    """The difference between `wanted` and `item`, and the item's state as it changes."""

    def __init__(self, item: PlexItem, state: ItemState, wanted: WantedMetadata, rules: WriteRules) -> None:
        self.item = item
        self.state = state
        self._wanted = wanted
        self.edits = difference(wanted, item, rules, history_of(state))
        self.changed: list[str] = [edit.field for edit in self.edits]
        self.failed_images: list[str] = []
        self._remaining: tuple[FieldEdit, ...] = ()
        self._shown: PlexItem | None = None

    @property
    def rating_key(self) -> int:
        """Plex's number of the item."""
        return self.item.rating_key

    def intent(self) -> ItemState:
        """The state to store before the first write: a crash after it must not lose old values or what is ours."""
        originals, written = dict(self.state.originals), dict(self.state.written)
        shown, asked = dict(self.state.shown), dict(self.state.asked)
        for edit in self.edits:
            is_locked = PLEX_NAMES.get(edit.field) in self.item.locked
            originals.setdefault(edit.field, Original(edit.old, is_locked).as_json())
            shown.pop(edit.field, None)
            asked.pop(edit.field, None)
            if edit.field in LIST_FIELDS:
                written[edit.field] = _joined(written.get(edit.field), edit.added)
        # What an earlier run was writing stays: it may have arrived, and is then ours.
        writing = dict(self.state.writing)
        writing |= {edit.field: as_json(edit.new) for edit in self.edits if edit.field not in LIST_FIELDS}
        self.state = replace(
            self.state, originals=originals, written=written, writing=writing, shown=shown, asked=asked
        )
        return self.state

    def arrived(self, now: float) -> ItemState:
        """The state once everything is written, by this run or by an earlier one that could not say so any more.

        `now`: seconds since the epoch.
        """
        written = dict(self.state.written)
        for edit in self.edits:
            if edit.field in LIST_FIELDS:
                written[edit.field] = [name for name in written.get(edit.field, []) if name not in edit.removed]
        current = {name: as_json(self.item.value(name)) for name in self.state.writing}
        edited = {edit.field for edit in self.edits}
        sent = {name: value for name, value in self.state.writing.items() if name in edited or value == current[name]}
        written_at = now if sent.keys() - edited else self.state.written_at
        self.state = replace(self.state, written={**written, **sent}, writing={}, written_at=written_at)
        return self.state

    def write(self, plex: PlexClient, locks: Sequence[str], now: float) -> None:
        """Write the difference in as few requests as it takes, `locks` along with it. Raises PlexError.

        `now`: seconds since the epoch.
        """
        if self.edits:
            for parameters in edit_requests(self.edits, extra_locks=locks):
                plex.edit(self.item, parameters)
                self.state = replace(self.state, written_at=now)
            self._rate(plex, self.edits)
            self.state = replace(self.state, written_at=now)

    def differs_from(self, shown: PlexItem | None) -> bool:
        """Whether Plex, read back, shows something else than was written; an item that is gone does not count."""
        self._shown = shown
        self._remaining = remaining(self.edits, shown) if shown else ()
        return bool(self._remaining)

    def write_plainly(self, plex: PlexClient) -> None:
        """Write what differs once more, each in a request of its own. Raises PlexError."""
        for parameters in plain_edit_requests(self._remaining):
            plex.edit(self.item, parameters)
        self._rate(plex, self._remaining)

    def accept_what_is_shown(self) -> list[str]:
        """Remember what Plex makes of our values, so that it is not written for ever; returns warnings."""
        assert self._shown is not None  # noqa: S101 - differs_from said so
        shown, asked = dict(self.state.shown), dict(self.state.asked)
        warnings = []
        for edit in self._remaining:
            value = self._shown.value(edit.field)
            shown[edit.field] = as_json(value)
            asked[edit.field] = as_json(self._wanted.value(edit.field))
            warnings.append(f"{edit.field}: sent {value_in_words(edit.new)}, but Plex shows {value_in_words(value)}")
        self.state = replace(self.state, shown=shown, asked=asked)
        return warnings

    def _rate(self, plex: PlexClient, edits: Sequence[FieldEdit]) -> None:
        for edit in edits:
            if edit.field == "rating" and isinstance(edit.new, int | float):
                plex.rate(self.rating_key, edit.new)


def history_of(state: ItemState) -> ItemHistory:
    """What the sync state knows, as the comparison wants it."""
    return ItemHistory(
        written=_from_json(state.written),
        shown=_from_json(state.shown),
        asked=_from_json(state.asked),
        writing=_from_json(state.writing),
    )


def as_json(value: FieldValue) -> Any:
    """A field's value as the sync state stores it."""
    return list(value) if isinstance(value, tuple) else value


def _from_json(values: Mapping[str, Any]) -> dict[str, FieldValue]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _joined(names: Any, added: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*(names or []), *added]))
