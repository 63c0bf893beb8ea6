"""What has to change in Plex so that it shows what Stash says, and what brings a field back. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from plex.editing.edits import (
    FieldEdit,
    ItemHistory,
    Original,
    ServerWays,
    WriteRules,
    is_locked,
    keys,
    names,
    same_value,
)
from plex.editing.room import left_out, what_fits
from plex.items import PlexItem
from validation.fields import COMPARED_FIELDS, FIELDS, LIST_FIELDS, NEVER, OURS, PLEX_NAMES, FieldValue, is_empty
from validation.metadata import WantedMetadata
from validation.names import name_key

ANY_SERVER = ServerWays()
"""A server of which nothing is known."""


def difference(
    wanted: WantedMetadata,
    current: PlexItem,
    rules: WriteRules,
    history: ItemHistory,
    ways: ServerWays = ANY_SERVER,
) -> tuple[FieldEdit, ...]:
    """The edits that make `current` show what is `wanted`, in the order of COMPARED_FIELDS; () where nothing differs.

    Stash is the authority: lists are mirrored exactly and an emptied field is cleared, but of the collections only
    those that we set ourselves are ever removed, and an empty title or rating is left alone unless Plex shows ours,
    which then gives way to what was there before. A lock that is missing is a difference, too. Images are not compared.
    """
    compared = _Comparison(wanted, current, rules, history, ways)
    edits = (compared.edit_of(name) for name in COMPARED_FIELDS if name not in rules.skip_fields)
    return with_what_goes_along((edit for edit in edits if edit is not None), current, history)


def give_back(name: str, current: PlexItem, history: ItemHistory, ways: ServerWays = ANY_SERVER) -> FieldEdit | None:
    """What makes a field as it was before we first wrote it, lock included; None where it is, or shows nothing of ours.

    A value that somebody brought back has its lock brought back, too. Of a list, the names that we added go and the old
    ones come back; names that others added since stay.
    """
    original = history.originals.get(name)
    if original is None:
        return None
    have = current.value(name)
    if name in LIST_FIELDS:
        edit = _given_back_list(name, names(original.value), names(have), history, ways)
    elif history.is_ours(name, have) or same_value(have, original.value):
        edit = FieldEdit(name, have, original.value)
    else:
        return None
    is_unlike = name in PLEX_NAMES and is_locked(name, current.locked) != original.locked
    is_known = same_value(have, original.value) or _is_as_written(name, have, history)
    if edit.is_lock_only and not (is_unlike and is_known and name not in ways.loose_locks):
        return None
    return replace(edit, locked=original.locked, gives_back=True)


def with_what_goes_along(edits: Iterable[FieldEdit], current: PlexItem, history: ItemHistory) -> tuple[FieldEdit, ...]:
    """The edits, so that performers play what they play, or played before us, and an old title has its sort title."""
    return _with_sort_title((_with_roles(edit, current, history) for edit in edits), current, history)


def _with_roles(edit: FieldEdit, current: PlexItem, history: ItemHistory) -> FieldEdit:
    """With what those play who are in a list of performers from now on; who was taken out comes back as before us."""
    if edit.field != "performers":
        return edit
    before, there = history.originals.get(edit.field), names(current.value(edit.field))
    roles = {name: role for name, role in (before.roles if before else {}).items() if name not in there}
    roles |= current.roles
    spellings = {name_key(name): role for name, role in roles.items()}
    known = {name: roles.get(name, spellings.get(name_key(name))) for name in names(edit.new)}
    return replace(edit, roles={name: role for name, role in known.items() if role is not None})


def _with_sort_title(edits: Iterable[FieldEdit], current: PlexItem, history: ItemHistory) -> tuple[FieldEdit, ...]:
    """The edits, so that with an old title its sort title is back, too, on a server that makes one of each new title.

    One that is locked does not follow, and one that somebody changed since stays as it is.
    """
    by_field = {edit.field: edit for edit in edits}
    title, own = by_field.get("title"), by_field.get("sort_title")
    before = history.originals.get("title")
    is_old = before is not None and (title.new if title else current.value("title")) == before.value
    will_be_locked = own.locked if own else is_locked("sort_title", current.locked)
    if before is None or before.sort_title is None or not is_old or will_be_locked:
        return tuple(by_field.values())
    sort_title = before.sort_title_before(own.new if own else current.value("sort_title"))
    if "title" in history.writing:  # what Plex made of it then, nobody saw
        sort_title = before.sort_title
    if own:
        by_field["sort_title"] = replace(own, new=sort_title)
    if title and not title.is_lock_only:
        by_field["title"] = replace(title, sort_title=str(sort_title))
    return tuple(by_field.values())


def _is_as_written(name: str, have: FieldValue, history: ItemHistory) -> bool:
    """Whether a value that nothing is to be changed in is what we left there."""
    if name not in LIST_FIELDS:
        return True
    return name in history.asked and keys(names(have)) == keys(names(history.asked[name]))


def _given_back_list(
    name: str, before: tuple[str, ...], have: tuple[str, ...], history: ItemHistory, ways: ServerWays
) -> FieldEdit:
    others = tuple(
        each for each in have if name_key(each) not in keys(before) and not history.may_be_removed(name, each)
    )
    plan = _ListPlan(name, (*before, *others), have, lambda each: history.may_be_removed(name, each), ways)
    return plan.edit() or FieldEdit(name, have, have)


@dataclass(frozen=True)
class _Comparison:
    """One item and all that it is compared by."""

    wanted: WantedMetadata
    current: PlexItem
    rules: WriteRules
    history: ItemHistory
    ways: ServerWays

    def edit_of(self, name: str) -> FieldEdit | None:
        want, have = self.wanted.value(name), self.current.value(name)
        if name in self.rules.unfilled or (FIELDS[name].cleared == NEVER and is_empty(want)):
            return give_back(name, self.current, self.history, self.ways)
        if name in LIST_FIELDS:
            edit = self._list_edit(name, names(want), names(have))
        else:
            edit = self._value_edit(name, want, have)
        return edit or self._lock_edit(name, want, have)

    def _value_edit(self, name: str, want: FieldValue, have: FieldValue) -> FieldEdit | None:
        fits = what_fits(name, want, self.ways)
        if same_value(want, have) or same_value(fits, have) or self._is_own_form(name, want, have):
            return None
        if self.rules.preserve_plex_edits and not is_empty(have) and not self.history.is_ours(name, have):
            return None
        return FieldEdit(name, have, fits, left_out=left_out(want, fits))

    def _is_own_form(self, name: str, want: FieldValue, have: FieldValue) -> bool:
        """Whether just this was asked of Plex before, and Plex still shows what it made of it then."""
        if name not in self.history.shown:
            return False
        asked_then = self.history.asked.get(name, self.history.written.get(name))
        return same_value(have, self.history.shown[name]) and same_value(want, asked_then)

    def _list_edit(self, name: str, want: tuple[str, ...], have: tuple[str, ...]) -> FieldEdit | None:
        only_ours = self.rules.preserve_plex_edits or FIELDS[name].cleared == OURS
        fits = names(what_fits(name, want, self.ways))
        plan = _ListPlan(
            name,
            fits,
            have,
            lambda each: not only_ours or self.history.may_be_removed(name, each),
            self.ways,
        )
        edit = plan.edit()
        original = self.history.originals.get(name)
        if edit and only_ours and not want and original and self._is_back(edit, original):
            return replace(edit, locked=original.locked, gives_back=True)
        return replace(edit, left_out=left_out(want, fits)) if edit else None

    def _is_back(self, edit: FieldEdit, original: Original) -> bool:
        """Whether nothing of ours is left in a list, and nothing lost.

        One that we emptied stays ours, or an agent would fill it again; with `preserve_plex_edits` it may.
        """
        is_whole = set(names(original.value)) <= set(names(edit.new))
        return is_whole and (self.rules.preserve_plex_edits or bool(names(edit.new)))

    def _lock_edit(self, name: str, want: FieldValue, have: FieldValue) -> FieldEdit | None:
        """The lock alone, for a field that Stash fills or that we cleared."""
        if name not in PLEX_NAMES or is_locked(name, self.current.locked) or name in self.ways.loose_locks:
            return None
        if is_empty(want) and name not in self.history.written:
            return None
        if self.rules.preserve_plex_edits and not self.history.is_ours(name, have):
            return None
        return FieldEdit(name, have, have)


@dataclass(frozen=True)
class _ListPlan:
    """A list, judged name by name: names that differ only in case are one, and the server may have its own spelling."""

    name: str
    want: tuple[str, ...]
    have: tuple[str, ...]
    may_go: Callable[[str], bool]
    ways: ServerWays

    def edit(self) -> FieldEdit | None:
        """What to do, None where nothing is."""
        chosen = list(dict.fromkeys(map(self._chosen, self.want)))
        unchosen = [each for each in self.have if each not in chosen]
        others = [each for each in unchosen if name_key(each) not in keys(self.want)]
        spellings = [each for each in unchosen if name_key(each) in keys(self.want)]
        removed = tuple(each for each in others if self.may_go(each))
        outdated = tuple(each for each in spellings if self.may_go(each))
        respelled = tuple(each for each in outdated if self._goes_now(each, chosen))
        # What takes the other spelling along must be followed by the wanted one.
        again = keys(respelled) if self.ways.removal_ignores_case else frozenset()
        added = tuple(each for each in chosen if each not in self.have or name_key(each) in again)
        if not (added or removed or respelled):
            return None
        kept = (each for each in unchosen if each not in removed and each not in outdated)
        new = (*chosen, *kept)
        waiting = tuple(each for each in outdated if each not in respelled)
        return FieldEdit(self.name, self.have, new, added, removed, respelled, waiting)

    def _chosen(self, asked: str) -> str:
        """The spelling in which a wanted name shall be shown."""
        if asked in self.have:
            return asked
        known = self.ways.forms.get((self.name, asked))
        if known is not None and known in self.have:
            return known
        cut = name_key(self.ways.cut_form(self.name, asked))
        return asked if cut == name_key(asked) else next((each for each in self.have if name_key(each) == cut), asked)

    def _goes_now(self, outdated: str, chosen: Sequence[str]) -> bool:
        """Whether the server is known to keep a spelling beside the wanted one."""
        is_beside = any(each in self.have for each in chosen if name_key(each) == name_key(outdated))
        return is_beside or self.ways.removal_ignores_case
