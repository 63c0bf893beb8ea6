"""What *Try Writing to Plex* asks of a Plex, one question a step. Each is answered by what Plex shows afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial

from plex.client import PlexClient
from plex.exceptions import PlexItemGone
from plex.trial_item import (
    DATE,
    GENRE,
    LABEL,
    TAGLINE,
    TrialItem,
    lock_sent,
    names_removed,
    names_sent,
    text_sent,
)
from worker.trial.put_back import PREFIX, TEST_DATES, TEST_RATINGS

TEXT = f"{PREFIX} "
"""Ends with a blank, to see whether Plex cuts it off."""


class Answer(Enum):
    """How Plex takes one kind of edit; the values stand in the report."""

    TAKEN = "taken"
    IGNORED = "ignored"
    REFUSED = "refused"
    NOT_TRIED = "not_tried"
    PARTLY = "partly"
    ADDS = "adds"
    REPLACES = "replaces"
    ALL_AT_ONCE = "all_at_once"
    ONE_AT_A_TIME = "one_at_a_time"
    ANY_CASE = "any_case"
    EXACT_CASE = "exact_case"
    AS_SENT = "as_sent"
    FIRST_SPELLING = "first_spelling"
    CAPITALS = "capitals"
    TRIMMED = "trimmed"
    HALF_STARS = "half_stars"
    WHOLE_STARS = "whole_stars"
    OTHER_FORM = "other_form"
    FOLLOWS = "follows"
    STAYS = "stays"
    CLEARED = "cleared"
    KEPT = "kept"


class Names:
    """The names that are tried: none that the item has already, in whatever case."""

    def __init__(self, before: TrialItem) -> None:
        listed = {name.casefold() for names in before.lists.values() for name in names}
        stems = (PREFIX, *(f"{PREFIX} {number}" for number in range(2, len(listed) + 3)))
        stem = next(stem for stem in stems if not any(name.startswith(f"{stem} ".casefold()) for name in listed))
        self.one_case, self.other_case = f"{stem} of case", f"{stem} OF CASE"
        self.two, self.three, self.four = f"{stem} two", f"{stem} three", f"{stem} four"


class Trial:
    """One item to try things with; `before` is what it was."""

    def __init__(self, plex: PlexClient, before: TrialItem) -> None:
        self._plex = plex
        self.before = before
        self.names = Names(before)

    def shown(self) -> TrialItem:
        """The item as it is now. Raises PlexError."""
        shown = self._plex.trial_item(self.before.rating_key)
        if shown is None or not shown.is_same_film(self.before):
            raise PlexItemGone("the item is gone from Plex")
        return shown

    def edit(self, parameters: Sequence[tuple[str, str]]) -> TrialItem:
        """Send one edit; returns the item as it is then. Raises PlexError."""
        self._plex.edit(self.before, parameters)
        return self.shown()

    def send_names(self, kind: str, *names: str) -> tuple[str, ...]:
        """Send the item's own names and these; returns what the list holds then. Raises PlexError."""
        return self.edit(names_sent(kind, (*self.before.lists[kind], *names))).lists[kind]

    def remove_names(self, kind: str, *names: str) -> tuple[str, ...]:
        """Remove names in one request; returns what the list holds then. Raises PlexError."""
        return self.edit(names_removed(kind, names)).lists[kind]

    def with_names(self, kind: str, *names: str) -> tuple[str, ...]:
        """See to it that the list holds these; returns how Plex spells those that it holds. Raises PlexError."""
        listed = self.shown().lists[kind]
        if not all(_spelled(name, listed) for name in names):
            listed = self.send_names(kind, *names)
        return tuple(spelled for name in names if (spelled := _spelled(name, listed)))

    def rate(self, rating: float | None) -> float | None:
        """Rate the item; returns the rating that it has then. Raises PlexError."""
        self._plex.rate(self.before.rating_key, rating)
        return self.shown().rating


def add_names(kind: str, trial: Trial) -> Answer:
    """Do names arrive at all?"""
    listed = trial.send_names(kind, trial.names.one_case, trial.names.two, trial.names.three)
    arrived = sum(1 for name in (trial.names.one_case, trial.names.two, trial.names.three) if _spelled(name, listed))
    return {0: Answer.IGNORED, 3: Answer.TAKEN}.get(arrived, Answer.PARTLY)


def remove_several(kind: str, trial: Trial) -> Answer:
    """Are several names removed in one request?"""
    present = trial.with_names(kind, trial.names.two, trial.names.three)
    if len(present) < 2:
        return Answer.NOT_TRIED
    listed = trial.remove_names(kind, *present)
    left = sum(1 for name in present if name in listed)
    return (Answer.ALL_AT_ONCE, Answer.ONE_AT_A_TIME, Answer.IGNORED)[left]


def remove_in_other_case(kind: str, trial: Trial) -> Answer:
    """Does a removal find a name in another spelling?"""
    present = trial.with_names(kind, trial.names.one_case)
    if not present or present[0] == trial.names.other_case:
        return Answer.NOT_TRIED
    if present[0] not in trial.remove_names(kind, trial.names.other_case):
        return Answer.ANY_CASE
    is_removed = present[0] not in trial.remove_names(kind, present[0])
    return Answer.EXACT_CASE if is_removed else Answer.IGNORED


def spell_differently(kind: str, trial: Trial) -> Answer:
    """Which spelling does a name get that Plex knows in another one?"""
    present = trial.with_names(kind, trial.names.one_case)
    if not present:
        return Answer.NOT_TRIED
    listed = trial.send_names(kind, trial.names.one_case, trial.names.other_case)
    if trial.names.other_case in listed:
        return Answer.AS_SENT
    spelled = _spelled(trial.names.one_case, listed)
    if spelled == trial.names.one_case:
        return Answer.FIRST_SPELLING
    has_capitals = spelled is not None and all(word[0].isupper() for word in spelled.split())
    return Answer.CAPITALS if has_capitals else Answer.OTHER_FORM


def send_another_list(kind: str, trial: Trial) -> Answer:
    """Does a list that is sent replace the one that is there?"""
    present = trial.with_names(kind, trial.names.three)
    if not present or _spelled(trial.names.four, trial.shown().lists[kind]):
        return Answer.NOT_TRIED
    listed = trial.send_names(kind, trial.names.four)
    if not _spelled(trial.names.four, listed):
        return Answer.IGNORED
    return Answer.ADDS if present[0] in listed else Answer.REPLACES


def set_text(trial: Trial) -> Answer:
    """Does a text arrive, and as it was sent?"""
    shown = trial.edit(text_sent(TAGLINE, TEXT)).texts[TAGLINE]
    if shown in (TEXT, TEXT.strip()):
        return Answer.AS_SENT if shown == TEXT else Answer.TRIMMED
    return Answer.IGNORED if shown == trial.before.texts[TAGLINE] else Answer.OTHER_FORM


def clear_text(trial: Trial) -> Answer:
    """Can a text be emptied?"""
    if not trial.shown().texts[TAGLINE]:
        return Answer.NOT_TRIED
    return Answer.KEPT if trial.edit(text_sent(TAGLINE, "")).texts[TAGLINE] else Answer.CLEARED


def set_date(trial: Trial) -> Answer:
    """Does a date arrive?"""
    if not _can_put_year_back(trial.before):
        return Answer.NOT_TRIED
    shown = trial.edit(text_sent(DATE, _test_date(trial.before))).texts[DATE]
    if shown == _test_date(trial.before):
        return Answer.TAKEN
    return Answer.IGNORED if shown == trial.before.texts[DATE] else Answer.OTHER_FORM


def look_at_year(trial: Trial) -> Answer:
    """Does the year follow the date?"""
    date, shown = _test_date(trial.before), trial.shown()
    if shown.texts[DATE] != date:
        return Answer.NOT_TRIED
    if shown.year == date[:4]:
        return Answer.FOLLOWS
    return Answer.STAYS if shown.year == trial.before.year else Answer.OTHER_FORM


def clear_date(trial: Trial) -> Answer:
    """Can a date be emptied?"""
    if not _can_put_year_back(trial.before):
        return Answer.NOT_TRIED
    return Answer.KEPT if trial.edit(text_sent(DATE, "")).texts[DATE] else Answer.CLEARED


def lock(trial: Trial) -> Answer:
    """Does a lock hold?"""
    if TAGLINE in trial.shown().locked and TAGLINE in trial.edit(lock_sent(TAGLINE, False)).locked:
        return Answer.NOT_TRIED
    return Answer.TAKEN if TAGLINE in trial.edit(lock_sent(TAGLINE, True)).locked else Answer.IGNORED


def unlock(trial: Trial) -> Answer:
    """Can it be taken off?"""
    if TAGLINE not in trial.shown().locked:
        return Answer.NOT_TRIED
    return Answer.IGNORED if TAGLINE in trial.edit(lock_sent(TAGLINE, False)).locked else Answer.TAKEN


def rate(trial: Trial) -> Answer:
    """Is a rating between two half stars kept?"""
    before = trial.before.rating
    if not _can_put_rating_back(trial.before):
        return Answer.NOT_TRIED
    is_near = before is not None and abs(before - TEST_RATINGS[0]) < 2.0
    sent = TEST_RATINGS[1] if is_near else TEST_RATINGS[0]
    shown = trial.rate(sent)
    if shown == before:
        return Answer.IGNORED
    if shown is None:
        return Answer.OTHER_FORM
    if math.isclose(shown, sent, abs_tol=0.01):
        return Answer.AS_SENT
    if shown == round(sent):
        return Answer.HALF_STARS
    return Answer.WHOLE_STARS if shown % 2 == 0 and abs(shown - sent) <= 1.0 else Answer.OTHER_FORM


def unrate(trial: Trial) -> Answer:
    """Can a rating be taken away?"""
    if trial.shown().rating is None or not _can_put_rating_back(trial.before):
        return Answer.NOT_TRIED
    return Answer.CLEARED if trial.rate(None) is None else Answer.KEPT


STEPS: dict[str, Callable[[Trial], Answer]] = {
    **{
        f"{kind}.{question}": partial(ask, kind)
        for kind in (LABEL, GENRE)
        for question, ask in (
            ("add", add_names),
            ("remove_several", remove_several),
            ("remove_in_other_case", remove_in_other_case),
            ("spelling", spell_differently),
            ("list", send_another_list),
        )
    },
    "text.set": set_text,
    "text.clear": clear_text,
    "date.set": set_date,
    "date.year": look_at_year,
    "date.clear": clear_date,
    "lock.set": lock,
    "lock.clear": unlock,
    "rating.set": rate,
    "rating.clear": unrate,
}
"""Every question in the order in which they are asked; their names stand in the report."""


def _spelled(name: str, listed: Sequence[str]) -> str | None:
    """How a list spells a name: exactly so, or else in another case; None where it does not hold it."""
    if name in listed:
        return name
    return next((each for each in listed if each.casefold() == name.casefold()), None)


def _can_put_year_back(before: TrialItem) -> bool:
    """Plex may make the year from the date, and no edit of ours sets a year of its own."""
    return bool(before.year) and before.texts[DATE].startswith(before.year)


def _can_put_rating_back(before: TrialItem) -> bool:
    """A Plex that rounds to stars, as none may have done when the item was rated, takes no other rating again."""
    return before.rating is None or before.rating % 2 == 0


def _test_date(before: TrialItem) -> str:
    return next(date for date in TEST_DATES if not before.year or not date.startswith(before.year))
