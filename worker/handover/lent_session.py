"""When a drainer's session at Stash needs somebody with a fresh one: what hooks are told of it, without the session."""

from __future__ import annotations

import time
from collections.abc import Callable

from stash.client import StashClient

LONGEST_MARGIN = 60.0
"""Seconds before a session's end at which it counts as near. Chosen: a standby waits that long for the lock."""
QUARTER = 0.25
"""The share of a session's life that is its margin at most, and after which a renewed one is published anew."""


class LentSession:
    """The session that Stash lent to a drainer. `clock` gives seconds since the epoch."""

    def __init__(self, stash: StashClient, clock: Callable[[], float] = time.time) -> None:
        self._stash = stash
        self._clock = clock
        self._ends_at = 0.0
        self._step = 0.0

    def relieve_from(self) -> float | None:
        """From when on a hook should send a fresh session (seconds since the epoch); None = never.

        Each question to Stash renews the session, but this moves in steps only: it is written to a file.
        """
        ends_at = self._stash.session_ends_at
        if ends_at is None:
            return None
        if not 0.0 <= ends_at - self._ends_at < self._step:
            self._ends_at = ends_at
            self._step = max(0.0, ends_at - self._clock()) * QUARTER
        return self._ends_at - min(LONGEST_MARGIN, self._step)
