"""A picture in Stash, and how long it is waited for: the text of no scene waits for a picture that does not come."""

from __future__ import annotations

from collections.abc import Callable

from stash.exceptions import StashSilent, StashUnavailable

GLANCE = 1.0
"""Seconds for which a text waits for a picture, whose lock goes along with it. Chosen: Stash reads it from its disk."""
LONG = 10.0
"""Seconds after which it is left to the next try. Chosen: a sleeping disk turns by then. Later edits wait meanwhile."""
MOST_SILENCES = 2
"""Pictures that did not come, after which no other of the batch is asked for: one alone may be its own fault."""

Fetch = Callable[[float], bytes | None]
"""Fetches a picture within so many seconds; None where there is none."""


class Patience:
    """How long the pictures of one batch are waited for: a glance each, and long once all texts are written."""

    def __init__(self) -> None:
        self._seconds = GLANCE
        self._silences: dict[float, list[StashSilent]] = {GLANCE: [], LONG: []}

    def glance(self) -> None:
        """From now on texts wait."""
        self._seconds = GLANCE

    def take_time(self) -> None:
        """From now on no text waits."""
        self._seconds = LONG

    def fetch(self, fetch: Fetch) -> bytes | None:
        """What `fetch` returns. Raises StashUnavailable, and StashSilent without asking where others were silent."""
        for silences in (self._silences[LONG], self._silences[self._seconds]):
            if len(silences) >= MOST_SILENCES:
                raise silences[-1]
        try:
            return fetch(self._seconds)
        except StashSilent as error:
            self._silences[self._seconds].append(error)
            raise


class Picture:
    """A scene's picture in Stash, fetched when it is first needed and once for all items of the scene."""

    def __init__(self, fetch: Callable[[], bytes | None]) -> None:
        self._fetch = fetch
        self._is_fetched = False
        self._image: bytes | None = None
        self._error: StashUnavailable | None = None

    def read(self) -> bytes | None:
        """The bytes, None where Stash has no picture. Raises StashUnavailable, then each time."""
        self._fetch_once()
        if self._error is not None:
            raise self._error
        return self._image

    def can_be_sent(self, most: int) -> bool:
        """Whether there is one of at most so many bytes."""
        self._fetch_once()
        return self._image is not None and len(self._image) <= most

    def forget_silence(self) -> None:
        """Ask once more at the next need, where Stash said nothing so far."""
        if isinstance(self._error, StashSilent):
            self._is_fetched, self._error = False, None

    def _fetch_once(self) -> None:
        if self._is_fetched:
            return
        self._is_fetched = True
        try:
            self._image = self._fetch()
        except StashUnavailable as error:
            self._error = error
