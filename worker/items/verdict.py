"""What became of an item's edits, judged by what Plex shows in the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from plex.editing.answers import Answer, answer_to, forms_in, has_arrived, lock_is_missing, missing_names
from plex.editing.edits import FieldEdit, ServerWays, names
from plex.exceptions import PlexError, PlexPermanentError
from plex.items import PlexItem
from validation.fields import LIST_FIELDS, PLEX_NAMES, FieldValue
from validation.names import name_key
from worker.base.words import counted
from worker.items.server import KnownServer

SHOWN_NAMES = 5
"""Names that a sentence about a long list names."""
LONGEST_TEXT = 80
"""Characters of a text that a sentence shows."""


@dataclass
class ItemVerdict:
    """By field: `forms` that Plex made of our values, what it `refused` and why, and what is `shown` instead.
    `refused_again` are those of which Plex refused just the same before.

    Of a list that was refused, `missing` are the names that are not there; of any, `renamed` are those that Plex made
    of ours, but for other spellings.

    `passing`: in words, failures that may be gone at the next try.
    `has_ignored_all`: nothing of the edit arrived, though Plex said that it did; a rating that did goes by a request of
    its own, and says nothing about that.
    """

    forms: dict[str, FieldValue] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    refused_again: set[str] = field(default_factory=set)
    shown: dict[str, FieldValue] = field(default_factory=dict)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    passing: list[str] = field(default_factory=list)
    has_ignored_all: bool = False
    plex_version: str = ""
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refusal_in_words(self, name: str) -> str:
        """That a field was refused, and why."""
        return f"{name}: {self.refused[name]}"


def judge(
    before: PlexItem,
    edits: Sequence[FieldEdit],
    failures: Mapping[str, PlexError],
    shown: PlexItem,
    server: KnownServer,
    refused_before: Collection[str] = (),
) -> ItemVerdict:
    """The verdict over edits of the item `before`, of which some failed by an error of their own.

    `refused_before`: fields of which Plex refused just the same before.
    """
    verdict = ItemVerdict(plex_version=server.version)
    verdict.refused = {name: str(error) for name, error in failures.items()}
    passing = [name for name, error in failures.items() if not isinstance(error, PlexPermanentError)]
    verdict.passing = [f"{name}: {failures[name]}" for name in passing]
    answered = [edit for edit in edits if edit.field not in failures]
    ways = server.ways
    ignored = [edit for edit in answered if answer_to(edit, shown, ways) is Answer.REFUSED]
    for edit in ignored:
        verdict.refused[edit.field] = _ignored(edit, shown.value(edit.field), ways)
        if edit.field in LIST_FIELDS:
            verdict.missing[edit.field] = missing_names(edit, names(shown.value(edit.field)), ways)
    verdict.shown = {name: shown.value(name) for name in verdict.refused}
    verdict.refused_again = set(verdict.refused).intersection(refused_before)
    arrived = [edit for edit in answered if has_arrived(edit, before, shown)]
    _judge_requests(verdict, ignored, arrived)
    for edit in answered:
        if not any(_go_together(edit, each) for each in ignored) or any(_go_together(edit, each) for each in arrived):
            _learn(edit, shown, server, verdict)
    verdict.warnings += map(verdict.refusal_in_words, verdict.refused)
    verdict.warnings += [left_out_in_words(each.field, each.new, each.left_out) for each in answered if each.left_out]
    return verdict


def _go_together(one: FieldEdit, other: FieldEdit) -> bool:
    """Whether two edits travel by the same kind of request: a rating has its own."""
    return (one.field in PLEX_NAMES) is (other.field in PLEX_NAMES)


def _judge_requests(verdict: ItemVerdict, ignored: Sequence[FieldEdit], arrived: Sequence[FieldEdit]) -> None:
    """Tell what Plex ignores for now from a field that it does not take: of such a request, nothing arrived at all."""
    for edit in ignored:
        if edit.field in verdict.refused_again or any(_go_together(edit, each) for each in arrived):
            continue
        if edit.field in PLEX_NAMES:
            verdict.has_ignored_all = True
        else:
            verdict.passing.append(verdict.refusal_in_words(edit.field))


def _learn(edit: FieldEdit, shown: PlexItem, server: KnownServer, verdict: ItemVerdict) -> None:
    """Note what one field's answer says of the server, and say what is news."""
    value = shown.value(edit.field)
    if edit.field in LIST_FIELDS:
        _learn_names(edit, names(value), server, verdict)
    elif answer_to(edit, shown, server.ways) is Answer.OWN_FORM:
        verdict.forms[edit.field] = value
        if edit.field != "rating":
            verdict.notes.append(f"{edit.field}: Plex shows {in_words(value)} for {in_words(edit.new)}")
        elif server.learn_rounding():
            verdict.notes.append(f"rating: Plex rounds ratings, {in_words(edit.new)} is shown as {in_words(value)}")
    is_loose = lock_is_missing(edit, shown) and edit.field not in server.ways.loose_locks
    if is_loose and edit.field not in verdict.refused and server.learn_loose_lock(edit.field):
        text = "this Plex does not keep the lock, so that its next metadata refresh may replace the value"
        verdict.warnings.append(f"{edit.field}: {text}")


def _learn_names(edit: FieldEdit, have: tuple[str, ...], server: KnownServer, verdict: ItemVerdict) -> None:
    forms = forms_in(edit, have, server.ways)
    verdict.renamed[edit.field] = tuple(shown for asked, shown in forms.items() if name_key(asked) != name_key(shown))
    for asked, shown in forms.items():
        if server.learn_form(edit.field, asked, shown):
            verdict.notes.append(f"{edit.field}: Plex shows {in_words(asked)} as {in_words(shown)}")
    for asked in edit.added if edit.outdated else ():
        if asked in have:
            server.learn_form(edit.field, asked, asked)


def _ignored(edit: FieldEdit, value: FieldValue, ways: ServerWays) -> str:
    if edit.field not in LIST_FIELDS:
        return f"Plex answered that it took {in_words(edit.new)}, and still shows {in_words(value)}"
    have = names(value)
    parts = {
        "does not show": missing_names(edit, have, ways),
        "still shows": tuple(each for each in edit.removed if each in have),
    }
    said = " and ".join(f"{what} {_some(which)}" for what, which in parts.items() if which)
    return f"Plex answered that it took the edit, but {said}"


def left_out_in_words(field: str, fits: FieldValue, rest: Sequence[str]) -> str:
    """That not all of a list or text fits; `rest` is what is left out."""
    if isinstance(fits, str):
        whole = len(fits) + sum(map(len, rest))
        return f"{field}: cut to {len(fits):,} of {whole:,} characters, as Plex or a proxy before it takes no more"
    return f"{field}: Plex takes {counted(len(names(fits)), 'name')} at most, without {_some(rest)}"


def _some(value: Sequence[str]) -> str:
    text = ", ".join(in_words(each) for each in value[:SHOWN_NAMES])
    return text if len(value) <= SHOWN_NAMES else f"{text} and {len(value) - SHOWN_NAMES:,} more"


def in_words(value: FieldValue) -> str:
    """A value as a sentence shows it."""
    text = ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else value
    return f'"{text[:LONGEST_TEXT]}…"' if text and len(text) > LONGEST_TEXT else f'"{text or ""}"'
