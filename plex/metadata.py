"""What has to change in Plex so that it shows what Stash says. Nothing is sent here.

A sync is a comparison: `difference` names the fields in which an item differs from what is wanted, `remaining` those of
them that Plex still shows otherwise after they were written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plex.items import PlexItem
from validation.fields import COMPARED_FIELDS, FIELDS, LIST_FIELDS, NEVER, OURS, FieldValue, is_empty
from validation.metadata import WantedMetadata

_SAME_RATING = 0.05  # Stash rates in steps of 0.1 on Plex's scale of 0..10


@dataclass(frozen=True)
class WriteRules:
    """What the settings say about writing."""

    skip_fields: frozenset[str] = frozenset()
    preserve_plex_edits: bool = False


@dataclass(frozen=True)
class ItemHistory:
    """What earlier syncs know about an item, by field.

    written: the value that we sent last; for list fields the names that we added ourselves and that are still ours.
    shown: what Plex showed afterwards, only where it understood the value in its own way and we gave up.
    asked: what was wanted when we gave up; where it is missing, `written` stands for it.
    writing: a value that was on its way when we stopped, so that it may have arrived or not.
    """

    written: Mapping[str, FieldValue] = field(default_factory=dict)
    shown: Mapping[str, FieldValue] = field(default_factory=dict)
    asked: Mapping[str, FieldValue] = field(default_factory=dict)
    writing: Mapping[str, FieldValue] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldEdit:
    """One field to change. For a list, `new` is all of it as it shall be; `added` and `removed` are the steps there."""

    field: str
    old: FieldValue
    new: FieldValue
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def difference(
    wanted: WantedMetadata, current: PlexItem, rules: WriteRules, history: ItemHistory
) -> tuple[FieldEdit, ...]:
    """The edits that make `current` show what is `wanted`, in the order of COMPARED_FIELDS; () where nothing differs.

    Stash is the authority: lists are mirrored exactly and an emptied field is cleared, but an empty title or rating is
    left alone, and of the collections only those that we set ourselves are ever removed. Images are not compared.
    """
    compared = [name for name in COMPARED_FIELDS if name not in rules.skip_fields]
    edits = (_edit_of(name, wanted, current, rules, history) for name in compared)
    return tuple(edit for edit in edits if edit is not None)


def remaining(edits: Iterable[FieldEdit], shown: PlexItem) -> tuple[FieldEdit, ...]:
    """The edits, or what is left of them, that did not arrive, judged by what Plex shows now."""
    left = (_left_of(edit, shown.value(edit.field)) for edit in edits)
    return tuple(edit for edit in left if edit is not None)


def _edit_of(
    name: str, wanted: WantedMetadata, current: PlexItem, rules: WriteRules, history: ItemHistory
) -> FieldEdit | None:
    want, have = wanted.value(name), current.value(name)
    if _plex_has_its_own_form(name, want, have, history):
        return None
    if name in LIST_FIELDS:
        only_ours = rules.preserve_plex_edits or FIELDS[name].cleared == OURS
        return _list_edit(name, names(want), names(have), names(history.written.get(name)) if only_ours else None)
    if same_value(want, have) or (FIELDS[name].cleared == NEVER and is_empty(want)):
        return None
    if rules.preserve_plex_edits and not is_empty(have) and not _is_ours(name, have, history):
        return None
    return FieldEdit(name, have, want)


def _plex_has_its_own_form(name: str, want: FieldValue, have: FieldValue, history: ItemHistory) -> bool:
    """Whether just this was asked of Plex before, and Plex still shows what it made of it then."""
    if name not in history.shown:
        return False
    asked_then = history.asked.get(name, history.written.get(name))
    return same_value(have, history.shown[name]) and same_value(want, asked_then)


def _is_ours(name: str, have: FieldValue, history: ItemHistory) -> bool:
    """Whether the value in Plex is the one that we wrote, or Plex's form of it."""
    ours = (history.written, history.shown, history.writing)
    return any(name in known and same_value(have, known[name]) for known in ours)


def _list_edit(
    name: str, want: tuple[str, ...], have: tuple[str, ...], removable: tuple[str, ...] | None
) -> FieldEdit | None:
    """`removable` are the names that may be taken away, None for all."""
    added = tuple(each for each in want if each not in have)
    unwanted = tuple(each for each in have if each not in want)
    removed = unwanted if removable is None else tuple(each for each in unwanted if each in removable)
    if not added and not removed:
        return None
    kept = tuple(each for each in unwanted if each not in removed)
    return FieldEdit(name, have, (*want, *kept), added, removed)


def _left_of(edit: FieldEdit, shown: FieldValue) -> FieldEdit | None:
    if edit.field not in LIST_FIELDS:
        return None if same_value(edit.new, shown) else FieldEdit(edit.field, shown, edit.new)
    have = names(shown)
    added = tuple(each for each in names(edit.new) if each not in have)
    removed = tuple(each for each in edit.removed if each in have)
    return FieldEdit(edit.field, shown, edit.new, added, removed) if added or removed else None


def names(value: FieldValue) -> tuple[str, ...]:
    """A list field's value as names; a history that was kept as JSON may hold a list where a tuple was."""
    return tuple(value) if isinstance(value, (tuple, list)) else ()


def same_value(one: FieldValue, other: FieldValue) -> bool:
    """Whether two values of a field mean the same: lists as sets of exact names, ratings within Stash's steps."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return set(one) == set(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, abs_tol=_SAME_RATING)
    return one == other
