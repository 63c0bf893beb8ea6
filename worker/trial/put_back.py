"""What *Try Writing to Plex* found is kept before its first write, and put back from there, also after a kill.

One JSON object in the data folder: by the server's machineIdentifier, the item as it was (plex.trial_item) and, as
`began_at`, when the test began, in seconds since the epoch. For the holder of the drain lock only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from plex.client import PlexClient
from plex.exceptions import PlexAuthError, PlexError, PlexNotFound, PlexServerDown
from plex.trial_item import LISTS, TEXTS, TrialItem, lock_sent, names_removed, names_sent, text_sent
from storage.json_file import JsonFile, stored_number

logger = logging.getLogger(__name__)

PREFIX = "PlexSync test"
"""What every name and text begins with that the test writes."""
TEST_DATES = ("2001-02-03", "2002-02-03")
TEST_RATINGS = (7.3, 3.3)
"""What it writes of a date and a rating: the first, or where that is too near to what is there, the second."""
LONGEST_KEPT = 30 * 86_400.0
"""Seconds. Chosen: as the retention of dead letters."""
_ROUNDED_BY = 1.0  # a whole star is 2 of Plex's 10, so rounding moves a rating by 1 at most


class TrialRecord:
    """The items that are not put back yet. `clock` gives seconds since the epoch."""

    def __init__(self, file: JsonFile, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock

    def keep(self, server: str, item: TrialItem) -> None:
        """Remember an item of a server, by its machineIdentifier, as it is. Raises OSError."""
        entry = {"item": item.as_json(), "began_at": self._clock()}
        self._file.save({**self._file.load(), server: entry})

    def kept(self, server: str) -> TrialItem | None:
        """What a server's item was; None where nothing is left to put back. An unreadable entry is logged."""
        entry = self._file.load().get(server)
        if entry is None:
            return None
        try:
            return TrialItem.from_json(entry["item"])
        except (KeyError, TypeError, ValueError):
            logger.error("%s is unreadable: look for names that begin with %s in Plex", self._file.path, PREFIX)
            self.forget(server)
            return None

    def began_at(self) -> float:
        """When the last test began whose item is not put back yet, in seconds since the epoch; 0.0 for none."""
        entries = (self._file.peek() or {}).values()
        return max(map(_began_at, entries), default=0.0)

    def drop_old(self) -> None:
        """Give up what could not be put back for a month, as its server is not asked any more. Raises OSError."""
        stored = self._file.load()
        old = [key for key, entry in stored.items() if self._clock() - _began_at(entry) > LONGEST_KEPT]
        if old:
            self._file.save({key: entry for key, entry in stored.items() if key not in old})

    def forget(self, server: str) -> None:
        """The server's item is as it was. Raises OSError."""
        self._file.save({key: entry for key, entry in self._file.load().items() if key != server})


def _began_at(entry: object) -> float:
    return stored_number(entry.get("began_at")) if isinstance(entry, dict) else 0.0


def put_back_kept(plex: PlexClient, record: TrialRecord) -> tuple[str, ...]:
    """Put back what an earlier test left on this server; returns Plex's names of the fields that could not be.

    Raises PlexError where Plex is away; what was kept stays kept then.
    """
    before = record.kept(plex.machine_identifier)
    if before is None:
        return ()
    differing = put_back(plex, before)
    if not differing:
        record.forget(plex.machine_identifier)
    return differing


def put_back(plex: PlexClient, before: TrialItem) -> tuple[str, ...]:
    """Make an item what it was; returns the fields that Plex shows otherwise in the end, () too where it is gone.

    Of a list only the test's names go. A text, date or rating that is not the test's was edited since and stays.
    Raises PlexError where Plex is away.
    """
    shown = plex.trial_item(before.rating_key)
    if shown is None or not shown.is_same_film(before):
        return ()
    for kind in LISTS:
        _put_list_back(plex, before, kind)
    for name in TEXTS:
        if shown.texts[name] != before.texts[name] and _is_tests_text(shown.texts[name]):
            _send(plex, before, text_sent(name, before.texts[name]))
    if shown.rating != before.rating and _is_tests_rating(shown.rating):
        _try(lambda: plex.rate(before.rating_key, before.rating))
    shown = plex.trial_item(before.rating_key)
    if shown is not None:
        _put_locks_back(plex, before, shown)
        shown = plex.trial_item(before.rating_key)
    return () if shown is None else _differing(before, shown)


def _put_list_back(plex: PlexClient, before: TrialItem, kind: str) -> None:
    """One name a request: there are servers that take no more of the `-=` form."""
    shown = plex.trial_item(before.rating_key)
    for name in _tests_names(before, shown, kind):
        _send(plex, before, names_removed(kind, (name,)))
    shown = plex.trial_item(before.rating_key)
    if shown is None:
        return
    own = tuple(name for name in shown.lists[kind] if not is_tests_name(name) or name in before.lists[kind])
    others = tuple(name for name in own if name not in before.lists[kind])
    if own != (*before.lists[kind], *others):
        _send(plex, before, names_sent(kind, (*before.lists[kind], *others)))


def _put_locks_back(plex: PlexClient, before: TrialItem, shown: TrialItem) -> None:
    """Locks belong to values: a field that shows something else by now keeps the lock that it has."""
    edited = set(_edited_since(before, shown))
    for name in (*LISTS, *TEXTS):
        if (name in shown.locked) != (name in before.locked) and name not in edited:
            _send(plex, before, lock_sent(name, name in before.locked))


def _edited_since(before: TrialItem, shown: TrialItem) -> list[str]:
    lists = [
        kind
        for kind in LISTS
        if set(shown.lists[kind]) - set(_tests_names(before, shown, kind)) != set(before.lists[kind])
    ]
    return lists + [name for name in TEXTS if shown.texts[name] != before.texts[name]]


def _differing(before: TrialItem, shown: TrialItem) -> tuple[str, ...]:
    """The fields in which the test shows still."""
    edited = set(_edited_since(before, shown))
    lists = [kind for kind in LISTS if _tests_names(before, shown, kind)]
    texts = [name for name in TEXTS if shown.texts[name] != before.texts[name] and _is_tests_text(shown.texts[name])]
    rating = ["rating"] if shown.rating != before.rating and _is_tests_rating(shown.rating) else []
    moved = (shown.locked ^ before.locked) - edited
    return tuple(dict.fromkeys([*lists, *texts, *rating, *sorted(moved)]))


def is_tests_name(name: str) -> bool:
    """Whether the test wrote this name or text, in whatever case Plex shows it."""
    return name.strip().casefold().startswith(PREFIX.casefold())


def _tests_names(before: TrialItem, shown: TrialItem | None, kind: str) -> Sequence[str]:
    names = () if shown is None else shown.lists[kind]
    return [name for name in names if is_tests_name(name) and name not in before.lists[kind]]


def _is_tests_text(text: str) -> bool:
    return not text or text in TEST_DATES or is_tests_name(text)


def _is_tests_rating(rating: float | None) -> bool:
    return rating is None or any(abs(rating - each) <= _ROUNDED_BY for each in TEST_RATINGS)


def _send(plex: PlexClient, item: TrialItem, parameters: Sequence[tuple[str, str]]) -> None:
    _try(lambda: plex.edit(item, parameters))


def _try(send: Callable[[], object]) -> None:
    """A refusal shows in what is read at the end. Raises PlexError where Plex is away."""
    try:
        send()
    except PlexError as error:
        if is_away(error):
            raise


def is_away(error: PlexError) -> bool:
    """Whether the next request would fare no better, so that it is no answer to this one alone."""
    return error.status is None or isinstance(error, PlexServerDown | PlexAuthError | PlexNotFound)
