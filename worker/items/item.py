"""One Plex item on its way: the difference, its writing, and what the sync state will say of it afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plex.client import PlexClient
from plex.editing.difference import ANY_SERVER, difference
from plex.editing.edits import (
    FieldEdit,
    ItemHistory,
    Original,
    ServerWays,
    WriteRules,
    as_json,
    from_json,
    is_locked,
    keys,
    names,
)
from plex.editing.writer import Parameters
from plex.exceptions import PlexItemGone, PlexNotFound
from plex.items import PlexItem
from stash.exceptions import StashSilent, StashUnavailable
from sync_queue.state.activity import Change
from sync_queue.state.sync_state import ItemState
from validation.fields import FIELDS, IMAGE_FIELDS, LIST_FIELDS, FieldValue
from validation.metadata import WantedMetadata
from validation.names import name_key
from worker.backoff import refused_delay
from worker.items.server import KnownServer
from worker.items.writing import ItemWriting

REFRESH = "refresh"
"""What reports call it, where they name a field otherwise; then both values are Stash's time of the scene."""

UNKNOWN = ""
"""Stands for the SHA-1 of a picture that failed, whichever it was: another try is always another matter."""


@dataclass
class ImageResults:
    """What became of an item's pictures, by field.

    `changed` show another one, `locked` were locked by an edit of their own, `done` are as they should be, `check`
    (SHA-1) is to be looked for in Plex. `failures` may be gone at the next try, `warnings` not; by field, in words.
    `silences`: failures of what did not come from Stash in time. `awaited`: why those wait that cannot be made yet.
    `refused`: the SHA-1 of what Plex does not take. `locks_along`: Plex's names of those whose lock goes along with
    other edits, `locks_taken_back` of those whose lock was set without a picture to follow.
    """

    changed: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    check: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    silences: dict[str, str] = field(default_factory=dict)
    awaited: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    locks_along: list[str] = field(default_factory=list)
    locks_taken_back: list[str] = field(default_factory=list)

    @property
    def unfinished(self) -> list[str]:
        """Why pictures are not as they should be, though they may be at the next try."""
        return [*dict.fromkeys((*self.failures.values(), *self.silences.values())), *self.awaited]

    def note(self, fields: Sequence[str], error: StashUnavailable) -> None:
        """Stash could not give a picture, of which these were to be made."""
        failures = self.silences if isinstance(error, StashSilent) else self.failures
        failures.update(dict.fromkeys(fields, f"{', '.join(fields)}: {error}"))


class ItemSync(ItemWriting):
    """The difference between `wanted` and `item`, and the item's state as it changes.

    Of what Plex refused before, only the fields that `tries_refused` names are written, a picture only where it refused
    that before `asked_at` (seconds since the epoch). `is_refresh_due`: whether Plex's agent is to fill it anew. `also`:
    what was done besides, as it is told.
    """

    def __init__(
        self,
        item: PlexItem,
        state: ItemState,
        wanted: WantedMetadata,
        rules: WriteRules,
        ways: ServerWays = ANY_SERVER,
        *,
        tries_refused: Collection[str] = frozenset(FIELDS),
        asked_at: float = 0.0,
    ) -> None:
        super().__init__(item, ())
        self.state = state
        self.asked_at = asked_at
        self.images = ImageResults()
        self.is_refresh_due = False
        self.also: list[Change] = []
        self._wanted = wanted
        self._known = state
        every = difference(wanted, item, rules, history_of(state), ways)
        self.edits = tuple(edit for edit in every if edit.field in tries_refused or not self.was_refused(edit))
        self._left_refused = {edit.field for edit in every if edit not in self.edits}

    @property
    def changed(self) -> list[str]:
        """Fields that show another value now."""
        fields = [edit.field for edit in self.edits if not edit.is_lock_only and edit.field not in self.verdict.refused]
        return fields + self.images.changed + [each.field for each in self.also if each.field != REFRESH]

    @property
    def is_refreshed(self) -> bool:
        """Whether Plex's agent was asked to fill it."""
        return any(each.field == REFRESH for each in self.also)

    @property
    def locked(self) -> list[str]:
        """Fields of which the lock alone was set."""
        edited = [edit.field for edit in self.edits if edit.is_lock_only]
        return edited + [name for name in self.images.locked if name not in self.images.changed]

    @property
    def wrote(self) -> bool:
        """Whether anything was sent that may show in Plex."""
        return bool(self.changed or self.locked or self.is_refreshed)

    def was_refused(self, edit: FieldEdit) -> bool:
        """Whether Plex refused just this before, and shows the same still."""
        return was_refused(self._known, edit, self._wanted.value(edit.field))

    def intent(self) -> ItemState:
        """The state to store before the first write: a crash after it must not lose old values or what is ours."""
        originals, written = dict(self.state.originals), dict(self.state.written)
        shown, asked = dict(self.state.shown), dict(self.state.asked)
        for edit in self.edits:
            originals.setdefault(edit.field, self._original(edit).as_json())
            if not edit.is_lock_only:
                shown.pop(edit.field, None)
                asked.pop(edit.field, None)
            if edit.field in LIST_FIELDS:
                new = () if edit.gives_back else edit.added
                written[edit.field] = list(dict.fromkeys([*written.get(edit.field, []), *new]))
                asked[edit.field] = as_json(edit.new)
        # What an earlier run was writing stays: it may have arrived, and is then ours.
        writing = dict(self.state.writing)
        writing |= {edit.field: as_json(edit.new) for edit in self.edits if edit.field not in LIST_FIELDS}
        self.state = replace(
            self.state, originals=originals, written=written, writing=writing, shown=shown, asked=asked
        )
        return self.state

    def _original(self, edit: FieldEdit) -> Original:
        """What is kept of a field that is written for the first time."""
        original = Original(edit.old, is_locked(edit.field, self.item.locked))
        if edit.field == "performers":
            return replace(original, roles=self.item.roles)
        return replace(original, sort_title=self._sort_title_before()) if edit.field == "title" else original

    def _sort_title_before(self) -> str | None:
        """The sort title before us, None for a locked one: that follows no title."""
        name, history = "sort_title", history_of(self._known)
        value = self.item.value(name)
        before = history.originals.get(name) if history.is_ours(name, value) else None
        before = before or Original(value, is_locked(name, self.item.locked))
        return None if before.locked else str(before.value)

    @property
    def warnings(self) -> list[str]:
        """What went wrong, in words."""
        return [*self.verdict.warnings, *self.images.warnings, *self.images.unfinished]

    @property
    def known_warnings(self) -> list[str]:
        """Those that an earlier sync said already."""
        failures = {**self.images.failures, **self.images.silences}
        again = [text for name, text in failures.items() if name in self._known.refused]
        return [*map(self.verdict.refusal_in_words, self.verdict.refused_again), *again]

    def arrived(self, now: float, *, gives_up: bool = True) -> ItemState:
        """The state once everything is written, by this run or by an earlier one that could not say so any more.

        `now`: seconds since the epoch. `gives_up`: whether what was refused stands as refused from now on.
        """
        written = {**self.state.written, **self._own_names(), **self._sent_values()}
        late = self.state.writing.keys() & self._sent_values().keys() - {edit.field for edit in self.edits}
        forms = self.verdict.forms
        state = replace(
            self.state,
            originals=self._originals(),
            written=written,
            writing={},
            written_at=now if late else self.state.written_at,
            shown={**self.state.shown, **{name: as_json(value) for name, value in forms.items()}},
            asked={**self.state.asked, **{name: as_json(self._wanted.value(name)) for name in forms}},
            refused=self._refusals(now) if gives_up else {**self.state.refused, **self._refused_pictures(now)},
        )
        return _without(state, self._given_back(), self._never_written())

    def _given_back(self) -> set[str]:
        return {each.field for each in self.edits if each.gives_back and each.field not in self.verdict.refused}

    def _never_written(self) -> set[str]:
        """Fields that Plex refused, and of which it shows nothing of ours, not even a lock."""
        history = history_of(self.state)
        return {
            name
            for name in self.verdict.refused.keys() - self._known.written.keys()
            if not history.is_ours(name, self.shown.value(name))
            and is_locked(name, self.shown.locked) == history.originals[name].locked
        }

    def _originals(self) -> Mapping[str, Any]:
        """The old values, with what is to be known of a sort title once the title has arrived, or has gone back."""
        originals = self.state.originals
        if "title" in self._given_back() and "sort_title" in originals:
            before, own = (Original.from_json(originals[name]) for name in ("title", "sort_title"))
            value = own.value if own.locked else before.sort_title_before(own.value)
            return {**originals, "sort_title": replace(own, value=value).as_json()}
        told = {edit.field for edit in self.edits if edit.field == "sort_title" or edit.is_lock_only}
        is_told = not told.isdisjoint(("title", "sort_title")) or is_locked("sort_title", self.shown.locked)
        if is_told or "title" not in self._sent_values() or "sort_title" not in originals["title"]:
            return originals
        return {**originals, "title": {**originals["title"], "made": self.shown.value("sort_title")}}

    def _own_names(self) -> dict[str, list[str]]:
        """Of each list that was written, the names that are ours."""
        own = {}
        for edit in self.edits:
            if edit.field in LIST_FIELDS:
                left = names(self.shown.value(edit.field))  # what Plex did not let go has to go another time
                gone = keys(edit.removed) - keys((*names(edit.new), *left))
                missing = keys(self.verdict.missing.get(edit.field, ()))
                mine = self.state.written.get(edit.field, [])
                own[edit.field] = [name for name in mine if name_key(name) not in gone | missing]
                own[edit.field] += [name for name in self.verdict.renamed.get(edit.field, ()) if name not in mine]
        return own

    def _sent_values(self) -> dict[str, Any]:
        """What arrived of what was on its way, by field; lists are no part of it."""
        edited = {edit.field for edit in self.edits}
        current = {name: as_json(self.item.value(name)) for name in self.state.writing}
        return {
            name: value
            for name, value in self.state.writing.items()
            if (name in edited or value == current[name]) and name not in {*self.verdict.refused, *IMAGE_FIELDS}
        }

    def _refusals(self, now: float) -> dict[str, Any]:
        old_pictures = set(IMAGE_FIELDS) - set(self.images.done)
        kept = {name: each for name, each in self._known.refused.items() if name in self._left_refused | old_pictures}
        shown = {name: as_json(value) for name, value in self.verdict.shown.items()}
        asked = {name: as_json(self._wanted.value(name)) for name in self.verdict.refused}
        fresh = {name: self._refusal(name, value, shown.get(name), now) for name, value in asked.items()}
        failed = (*self.images.failures, *self.images.silences)
        given_up = {name: self._refusal(name, UNKNOWN, None, now) for name in failed}
        return {**kept, **fresh, **given_up, **self._refused_pictures(now)}

    def _refused_pictures(self, now: float) -> dict[str, Any]:
        """Those that Plex does not take: that is known at once, whatever else is tried again."""
        return {name: self._refusal(name, digest, None, now) for name, digest in self.images.refused.items()}

    def _refusal(self, name: str, asked: Any, shown: Any, now: float) -> dict[str, Any]:
        known = self._known.refused.get(name)
        if known is None or known["asked"] != asked:
            known = {"tries": 0, "next_try_at": now + refused_delay(0)}
        version = self.verdict.plex_version
        return {**known, "asked": asked, "shown": shown, "since": now, "plex_version": version}

    def write(
        self,
        plex: PlexClient,
        locks: Sequence[str],
        server: KnownServer,
        now: float,
        photos: Sequence[Parameters] = (),
        *,
        is_first_try: bool,
    ) -> None:
        """Write the difference in as few requests as it takes, `locks` and `photos` along with it. Raises PlexError.

        `now`: seconds since the epoch.
        """
        self.verdict.plex_version = server.version  # without an edit, nothing is judged
        if self.edits:
            self.send(plex, locks, server, photos, is_first_try=is_first_try)
            self.images.locks_along = self.images.locks_along if self.locks_sent else []
            writing = dict(self.state.writing)
            writing |= {each.field: as_json(each.new) for each in self.edits if each.left_out and each.field in writing}
            self.state = replace(self.state, written_at=now, writing=writing)

    def refresh(self, plex: PlexClient, updated_at: str, read_at: float) -> None:
        """Have Plex's agent fill the item anew. Raises PlexItemGone, PlexError.

        `updated_at`: the scene's, as Stash says it; `read_at`: when it was read, in seconds since the epoch.
        """
        try:
            plex.refresh(self.rating_key)
        except PlexNotFound as error:
            raise PlexItemGone(str(error)) from error
        self.also.append(Change(self.rating_key, REFRESH, self.state.refreshed.get("updated_at"), updated_at))
        self.state = replace(self.state, refreshed={"updated_at": updated_at, "read_at": read_at})


def was_refused(state: ItemState, edit: FieldEdit, wanted: FieldValue) -> bool:
    """Whether Plex refused to show what is `wanted`, and still shows what it showed then."""
    refusal = state.refused.get(edit.field)
    return refusal is not None and _same(refusal["asked"], wanted) and _same(refusal["shown"], edit.old)


def history_of(state: ItemState) -> ItemHistory:
    """What the sync state knows, as the comparison wants it."""
    return ItemHistory(
        written=_values(state.written),
        shown=_values(state.shown),
        asked=_values(state.asked),
        writing=_values(state.writing),
        originals={name: Original.from_json(stored) for name, stored in state.originals.items()},
    )


def _without(state: ItemState, forgotten: set[str], never_written: set[str]) -> ItemState:
    """The state as if these fields had never been written; of the second ones the refusals stay."""
    gone = forgotten | never_written
    return replace(
        state,
        originals={name: value for name, value in state.originals.items() if name not in gone},
        written={name: value for name, value in state.written.items() if name not in gone},
        shown={name: value for name, value in state.shown.items() if name not in gone},
        asked={name: value for name, value in state.asked.items() if name not in gone},
        refused={name: value for name, value in state.refused.items() if name not in forgotten},
    )


def _same(stored: Any, value: FieldValue) -> bool:
    one, other = from_json(stored), value
    return set(one) == set(other) if isinstance(one, tuple) and isinstance(other, tuple) else one == other


def _values(values: Mapping[str, Any]) -> dict[str, FieldValue]:
    return {name: from_json(value) for name, value in values.items()}


def changes_of(item: ItemSync) -> list[Change]:
    """What was written to an item, field by field; of a picture only that it is another one."""
    changed = set(item.changed)
    edits = {edit.field: edit for edit in item.edits}
    written = [
        Change(item.rating_key, name, as_json(edits[name].old), as_json(edits[name].new))
        if name in edits
        else Change(item.rating_key, name, None, None)
        for name in FIELDS
        if name in changed
    ]
    return [*written, *item.also]
