"""What Plex made of an edit, judged by what it shows afterwards. Nothing is sent here.

    as sent       done
    own form      Plex shows something else than before: its own form of what was sent (other case, half stars, "and"
                  for "&")
    refused       Plex shows what it showed before, though that is not what was sent in another form

Lists are judged name by name. That an item is gone is told by its absence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum

from plex.editing.edits import FieldEdit, ServerWays, is_locked, keys, names, same_but_for_form, same_value
from plex.items import PlexItem
from validation.fields import LIST_FIELDS, PLEX_NAMES
from validation.names import name_key


class Answer(Enum):
    """What became of one field's value."""

    AS_SENT = "as sent"
    OWN_FORM = "own form"
    REFUSED = "refused"


def answer_to(edit: FieldEdit, shown: PlexItem, ways: ServerWays) -> Answer:
    """What became of the value; the lock is judged by `lock_is_missing`."""
    value = shown.value(edit.field)
    if edit.field in LIST_FIELDS:
        return _answer_to_list(edit, names(value), ways)
    if same_value(edit.new, value):
        return Answer.AS_SENT
    if same_value(edit.old, value) and not same_but_for_form(edit.new, value):
        return Answer.REFUSED
    return Answer.OWN_FORM


def _answer_to_list(edit: FieldEdit, have: tuple[str, ...], ways: ServerWays) -> Answer:
    if missing_names(edit, have, ways) or any(each in have for each in edit.removed):
        return Answer.REFUSED
    return Answer.AS_SENT if set(names(edit.new)) <= set(have) else Answer.OWN_FORM


def missing_names(edit: FieldEdit, have: tuple[str, ...], ways: ServerWays) -> tuple[str, ...]:
    """Names of a list that are shown in no form."""
    forms = forms_in(edit, have, ways)
    return tuple(each for each in names(edit.new) if each not in have and each not in forms)


def forms_in(edit: FieldEdit, have: tuple[str, ...], ways: ServerWays) -> dict[str, str]:
    """Of the names that were sent, those that are shown in another form only: asked → shown.

    A form is another spelling, or a name that the server is known to make of the one asked. So is a name that came
    though nobody asked for it, where it is a beginning of the one that is missing, or where one alone came for one.
    """
    shown = {name_key(each): each for each in have}
    sent = [each for each in names(edit.new) if each not in have]
    forms = {each: shown[name_key(each)] for each in sent if name_key(each) in shown}
    known = {each: ways.forms.get((edit.field, each), "") for each in sent if each not in forms}
    forms |= {each: form for each, form in known.items() if form in have}
    missing = [each for each in sent if each not in forms and each in edit.added]
    forms |= _likely_forms(missing, have, _compatible_form)
    expected = {*(set(names(edit.old)) - set(edit.seen_gone)), *names(edit.new), *forms.values()}
    unasked = [each for each in have if each not in expected]
    forms |= _likely_forms([each for each in missing if each not in forms], unasked, _cut_form)
    missing = [each for each in sent if each not in forms]
    unasked = [each for each in unasked if each not in forms.values()]
    if len(missing) == len(unasked) == 1 and missing[0] in edit.added:
        forms[missing[0]] = unasked[0]
    return forms


def _likely_forms(
    missing: Iterable[str], have: Sequence[str], form_of: Callable[[str, Sequence[str]], str | None]
) -> dict[str, str]:
    found = {each: form_of(each, have) for each in missing}
    return {each: form for each, form in found.items() if form is not None}


def _compatible_form(asked: str, have: Sequence[str]) -> str | None:
    """The name that differs from the one asked only as NFKC, the compatibility form of Unicode, evens out."""
    return next((each for each in have if _compatible_key(each) == _compatible_key(asked)), None)


def _compatible_key(name: str) -> str:
    return name_key(unicodedata.normalize("NFKC", name))


def _cut_form(asked: str, unasked: Sequence[str]) -> str | None:
    """The longest beginning of the name asked."""
    return max((each for each in unasked if is_beginning(each, asked)), key=len, default=None)


def is_beginning(shown: str, asked: str) -> bool:
    """Whether a name may be what is left of a longer one."""
    return bool(shown.strip()) and len(shown) < len(asked) and name_key(asked).startswith(name_key(shown))


def lock_is_missing(edit: FieldEdit, shown: PlexItem) -> bool:
    """Whether the field's lock is not as it was asked for."""
    return edit.field in PLEX_NAMES and is_locked(edit.field, shown.locked) != edit.locked


def has_arrived(edit: FieldEdit, before: PlexItem, shown: PlexItem) -> bool:
    """Whether anything of an edit is seen in Plex: a sign that it takes writes at all."""
    if not same_value(edit.old, shown.value(edit.field)):
        return True
    return lock_is_missing(edit, before) and not lock_is_missing(edit, shown)


def remaining(edits: Iterable[FieldEdit], shown: PlexItem, ways: ServerWays) -> tuple[FieldEdit, ...]:
    """The edits, or what is left of them, that are worth another try."""
    left = (_left_of(edit, shown, ways) for edit in edits)
    return tuple(edit for edit in left if edit is not None)


def _left_of(edit: FieldEdit, shown: PlexItem, ways: ServerWays) -> FieldEdit | None:
    value = shown.value(edit.field)
    left = _list_left(edit, names(value), ways) if edit.field in LIST_FIELDS else None
    if left is None and edit.field not in LIST_FIELDS and answer_to(edit, shown, ways) is Answer.REFUSED:
        left = replace(edit, old=value)
    if left is None and lock_is_missing(edit, shown) and edit.field not in ways.loose_locks:
        left = FieldEdit(edit.field, value, value, locked=edit.locked, gives_back=edit.gives_back)
    return left or _sort_title_left(edit, shown)


def _sort_title_left(edit: FieldEdit, shown: PlexItem) -> FieldEdit | None:
    """The sort title that an old title lost again, as the server made one of the title."""
    have = shown.value("sort_title")
    if edit.sort_title is None or have == edit.sort_title or is_locked("sort_title", shown.locked):
        return None
    return FieldEdit("sort_title", have, edit.sort_title, locked=False, gives_back=True)


def _list_left(edit: FieldEdit, have: tuple[str, ...], ways: ServerWays) -> FieldEdit | None:
    missing = missing_names(edit, have, ways)
    removed = tuple(each for each in edit.removed if each in have)
    if may_be_cut := tuple(each for each in removed if any(is_beginning(each, name) for name in missing)):
        # Seen to be gone first, it tells when it comes back that the server makes it of the longer one.
        missing, removed = (), may_be_cut
    wanted = keys(each for each in names(edit.new) if each in have)
    beside = tuple(each for each in (*edit.respelled, *edit.outdated) if each in have and name_key(each) in wanted)
    if not (missing or removed or beside):
        return None
    steps = FieldEdit(edit.field, have, edit.new, missing, removed, beside, seen_gone=edit.seen_gone)
    return replace(steps, locked=edit.locked, gives_back=edit.gives_back, roles=edit.roles)
