"""Values about one item that the comparison, the writer and the undo share. Nothing is sent here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from validation.names import name_key

HALF_A_STAR = 1.0
"""On Plex's scale of 0..10, which five stars show: as far as a Plex that keeps whole stars rounds."""
_SAME_RATING = 0.05  # Stash rates in steps of 0.1 on Plex's scale of 0..10


@dataclass(frozen=True)
class WriteRules:
    """What the settings say about writing.

    `skip_fields` are left as they are. `unfilled`: fields that no setting fills any more, and which get their old value
    back where they still show ours.
    """

    skip_fields: frozenset[str] = frozenset()
    preserve_plex_edits: bool = False
    unfilled: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Original:
    """A field's value before our first write, and whether somebody had locked it.

    Of a title besides, unless that was locked: the `sort_title` beside it, which some servers make anew of each title,
    and the one that Plex `made` of the last title that we wrote (None: not known yet). Of performers besides: by name,
    what they play (`roles`).
    """

    value: FieldValue
    locked: bool
    sort_title: str | None = None
    made: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the sync state stores it."""
        besides = {"sort_title": self.sort_title, "made": self.made, "roles": dict(self.roles) or None}
        known = {name: value for name, value in besides.items() if value is not None}
        return {"value": as_json(self.value), "locked": self.locked, **known}

    def sort_title_before(self, sort_title: FieldValue) -> FieldValue:
        """What a sort title that is, or was, beside our title was beside this one: another one if Plex made it."""
        is_made = self.sort_title is not None and sort_title in (self.sort_title, self.made)
        return self.sort_title if is_made else sort_title

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Original:
        """The inverse of as_json."""
        return cls(**{**stored, "value": from_json(stored["value"])})


@dataclass(frozen=True)
class ItemHistory:
    """What earlier syncs know about an item, by field.

    written: the value that we sent last; for list fields the names that we added ourselves and that are still ours.
    shown: what Plex showed afterwards, only where it made a form of its own of the value.
    asked: what was wanted then; of lists always the whole list as we last left it.
    writing: a value that was on its way when we stopped, so that it may have arrived or not.
    originals: what was there before our first write.
    """

    written: Mapping[str, FieldValue] = field(default_factory=dict)
    shown: Mapping[str, FieldValue] = field(default_factory=dict)
    asked: Mapping[str, FieldValue] = field(default_factory=dict)
    writing: Mapping[str, FieldValue] = field(default_factory=dict)
    originals: Mapping[str, Original] = field(default_factory=dict)

    def is_ours(self, name: str, value: FieldValue) -> bool:
        """Whether a value in Plex is the one that we wrote, or Plex's form of it; of a list, whether any name is."""
        if name in LIST_FIELDS:
            return any(self.may_be_removed(name, each) for each in names(value))
        ours = (self.written, self.shown, self.writing)
        return any(name in known and same_value(value, known[name]) for known in ours)

    def may_be_removed(self, name: str, each: str) -> bool:
        """Whether a name in a list of Plex is ours, in whatever spelling; one that was there before us is not."""
        ours = {name_key(own) for own in names(self.written.get(name))}
        before = self.originals.get(name)
        return name_key(each) in ours and each not in names(before.value if before else ())


@dataclass(frozen=True)
class ServerWays:
    """What is known of one server's ways.

    forms: by field and exact spelling asked, the spelling in which it shows a name.
    loose_locks: fields whose locks do not hold there.
    removal_ignores_case: whether to take a name away takes its other spellings along.
    name_lengths: by field, to how many characters it cuts names.
    longest_lists: by field, how many names it takes at most; `address_bytes`: how long the address of an edit may be.
    """

    forms: Mapping[tuple[str, str], str] = field(default_factory=dict)
    loose_locks: frozenset[str] = frozenset()
    removal_ignores_case: bool = False
    name_lengths: Mapping[str, int] = field(default_factory=dict)
    longest_lists: Mapping[str, int] = field(default_factory=dict)
    address_bytes: int | None = None

    def cut_form(self, name: str, asked: str) -> str:
        """What is left of a name in a list where the server cuts it, the name itself where it does not."""
        length = self.name_lengths.get(name)
        return asked if length is None else asked[:length]


@dataclass(frozen=True)
class FieldEdit:
    """One field to change.

    For a list, `new` is all of it as it shall be; `added` and `removed` are the steps there. `respelled` are spellings
    of wanted names that must go, in a request of their own; `outdated` are those of which the server must tell first
    whether it keeps them beside the wanted one. `left_out`: names for which there is no room, or the end of a text.
    `seen_gone`: old names that were gone at a look, so that what shows again came of what was sent since. `locked`: how
    its lock shall be. `gives_back`: whether the field shall be as it was before us. `sort_title`: the one that shall
    stand beside this title, and not be locked, whatever the server makes of the title; None to leave that to the
    server. `roles`: by name, what performers play, which goes along with the list.
    """

    field: str
    old: FieldValue
    new: FieldValue
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    respelled: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seen_gone: tuple[str, ...] = ()
    locked: bool = True
    gives_back: bool = False
    sort_title: str | None = None
    roles: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def is_lock_only(self) -> bool:
        """Whether the value stays, and the lock alone changes."""
        return same_value(self.old, self.new) and not (self.added or self.removed or self.respelled)


def is_locked(name: str, locked: Iterable[str]) -> bool:
    """Whether a field is among Plex's names of locked ones; one that has no lock counts as not locked."""
    return name in PLEX_NAMES and PLEX_NAMES[name] in locked


def names(value: FieldValue) -> tuple[str, ...]:
    """A list field's value as names."""
    return tuple(value) if isinstance(value, (tuple, list)) else ()


def keys(value: Iterable[str]) -> frozenset[str]:
    """What the names share with their other spellings."""
    return frozenset(map(name_key, value))


def same_value(one: FieldValue, other: FieldValue) -> bool:
    """Whether two values of a field mean the same: lists as sets of exact names, ratings within Stash's steps."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return set(one) == set(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, abs_tol=_SAME_RATING)
    return one == other


def same_but_for_form(one: FieldValue, other: FieldValue) -> bool:
    """Whether two texts or ratings differ in case, accents' form, blanks at the ends, or half a star at most."""
    if isinstance(one, str) and isinstance(other, str):
        return name_key(one) == name_key(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= HALF_A_STAR + _SAME_RATING
    return one == other


def as_json(value: FieldValue) -> Any:
    """A field's value as the sync state stores it."""
    return list(value) if isinstance(value, tuple) else value


def from_json(value: Any) -> FieldValue:
    """The inverse of as_json."""
    return tuple(value) if isinstance(value, list) else value
