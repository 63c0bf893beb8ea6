"""What is known of the Plex server's ways while a batch is under way, and what the batch adds to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from plex.editing.answers import is_beginning
from plex.editing.edits import ServerWays
from plex.exceptions import PlexError
from storage.database import Database
from sync_queue.state.server_knowledge import NameForm, ServerKnowledge
from validation.fields import LIST_FIELDS
from validation.metadata import WantedMetadata
from worker.clients.context import SyncContext

LOCK_PATIENCE = 86_400.0
"""Seconds after which a lock that did not hold is asked for once more. Chosen: one edit a field and day is cheap."""

_LOOSE_LOCK = "loose_lock:"
_LONGEST_LIST = "longest_list:"
_NAME_LENGTH = "name_length:"
_ADDRESS_BYTES = "address_bytes"
_REMOVAL_IGNORES_CASE = "removal_ignores_case"
_ROUNDS_RATINGS = "rounds_ratings"
_LOCKS_IN_THE_WAY = "locks_in_the_way"


class Route(Enum):
    """What goes by requests of its own, beside an item's edit."""

    RATING = "rating"
    PICTURES = "pictures"


def known_server(context: SyncContext, database: Database, clock: Callable[[], float]) -> KnownServer:
    """What is known of the context's server. Connects if need be: raises PlexError."""
    return KnownServer(database, context.plex.machine_identifier, context.plex.version, clock)


class KnownServer:
    """One server's ways. What is learned is stored at once. `clock` gives seconds since the epoch.

    `version` is the server's: what another version did says nothing.
    """

    def __init__(self, database: Database, server_id: str, version: str, clock: Callable[[], float]) -> None:
        self._knowledge = ServerKnowledge(database, server_id)
        self.version = version
        self._clock = clock
        self._lock = threading.Lock()
        self._forms: dict[tuple[str, str], str] = {}
        self._assumed: dict[tuple[str, str], str] = {}
        self._traits: dict[str, Any] = {}
        self._silences: dict[Route, PlexError] = {}

    def recall(self, wanted: Iterable[WantedMetadata]) -> None:
        """Look up what is known about the names in these scenes. Two queries."""
        self._traits = self._knowledge.traits()
        lists = (each.value(name) for each in wanted for name in LIST_FIELDS)
        names = {name for value in lists if isinstance(value, tuple) for name in value}
        self._forms = {(form.field, form.asked): form.shown for form in self._knowledge.forms(names)}
        self._assumed = {}

    @property
    def ways(self) -> ServerWays:
        """What is known now."""
        loose = (name for name in self._traits if name.startswith(_LOOSE_LOCK) and self._is_fresh(name))
        return ServerWays(
            forms={**self._assumed, **self._forms},
            loose_locks=frozenset(name.removeprefix(_LOOSE_LOCK) for name in loose),
            removal_ignores_case=bool(self._traits.get(_REMOVAL_IGNORES_CASE)),
            name_lengths=self._by_field(_NAME_LENGTH),
            longest_lists=self._by_field(_LONGEST_LIST),
            address_bytes=self._traits.get(_ADDRESS_BYTES),
        )

    def _by_field(self, trait: str) -> dict[str, Any]:
        return {name.removeprefix(trait): value for name, value in self._traits.items() if name.startswith(trait)}

    def note_silence(self, route: Route, error: PlexError) -> None:
        """Plex said nothing to such a request: the others of the batch need not wait as long for the same."""
        self._silences.setdefault(route, error)

    def silence(self, route: Route) -> PlexError | None:
        """How it was noticed that Plex says nothing to such requests, None where it does."""
        return self._silences.get(route)

    def assume(self, field: str, asked: str, shown: str) -> None:
        """Take it that a name will be shown so, while the first item of the batch tries it out."""
        self._assumed.setdefault((field, asked), shown)

    def assumption(self, field: str, asked: str) -> str | None:
        """How a name was taken to be shown, None where nothing was assumed about it."""
        return self._assumed.get((field, asked))

    def form(self, field: str, asked: str) -> str | None:
        """How a name is shown, None where that is not known."""
        return self._forms.get((field, asked))

    def learn_form(self, field: str, asked: str, shown: str) -> bool:
        """Note how the server shows a name; returns whether that is news worth a word."""
        with self._lock:
            is_news = self._forms.get((field, asked)) != shown
            if is_news:
                self._forms[field, asked] = shown
                self._knowledge.save_forms([NameForm(field, asked, shown)])
        if is_beginning(shown, asked):
            known = self._traits.get(_NAME_LENGTH + field, 0)
            self._learn(_NAME_LENGTH + field, max(known, len(shown)))
        return is_news and asked != shown

    def learn_loose_lock(self, field: str) -> bool:
        """Note that a field's lock does not hold; returns whether that is news."""
        return self._learn(_LOOSE_LOCK + field, {"since": self._clock(), "version": self.version})

    def learn_removal_ignores_case(self) -> bool:
        """Note that to take a name away takes its other spellings along; returns whether that is news."""
        return self._learn(_REMOVAL_IGNORES_CASE, True)

    def learn_rounding(self) -> bool:
        """Note that the server rounds ratings; returns whether that is news."""
        return self._learn(_ROUNDS_RATINGS, True)

    def learn_locks_in_the_way(self) -> bool:
        """Note that locks of ours keep an agent from its fields; returns whether that is news."""
        return self._learn(_LOCKS_IN_THE_WAY, True)

    def learn_longest_list(self, field: str, names: int) -> bool:
        """Note how many names a list can have; returns whether that is news."""
        return self._learn(_LONGEST_LIST + field, names)

    def learn_address_bytes(self, size: int) -> bool:
        """Note how long the address of an edit may be, in bytes; returns whether that is news."""
        return self._learn(_ADDRESS_BYTES, size)

    def _learn(self, name: str, value: Any) -> bool:
        with self._lock:
            is_news = name not in self._traits
            if self._traits.get(name) != value:
                self._traits[name] = value
                self._knowledge.save_traits({name: value})
        return is_news

    def _is_fresh(self, name: str) -> bool:
        noted = self._traits[name]
        return bool(noted["version"] == self.version and 0.0 <= self._clock() - noted["since"] < LOCK_PATIENCE)
