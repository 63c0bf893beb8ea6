"""What can go wrong between us and Plex, said once.

    PlexError
    ├── PlexServerDown        nobody answers, or not yet: refused, DNS, connect timeout, redirect, 502-504, 520-530
    │   └── PlexRequestFailed it answers, but a request fails that is no scene's, such as the list of libraries
    ├── PlexTemporaryError    it answers, but not well: read timeout, reset, 408, 425, 429, other 5xx, malformed reply
    ├── PlexAuthError         the token is not accepted: 401, 403, 498, and 422 where something is read
    ├── PlexNotFound          no such thing in Plex: 404
    │   └── PlexItemGone      an item that was there a moment ago: its file may be found under another rating key
    ├── PlexLibraryUnknown    a configured library that Plex does not have
    ├── PlexLibraryUnlisted   a library that may hold the file cannot be listed now, while others can
    └── PlexPermanentError    it will not work the next time either: other 4xx
        └── AmbiguousMatch    several Plex items fit the scene equally well

All are TransientError as well (validation/errors.py), but PlexPermanentError and what derives from it, which are
PermanentError.

Exceptions of requests and plexapi are translated into these in `plex.session` and `plex.client`; none gets
past them. How often to try again is decided elsewhere. No text holds a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from validation.errors import PermanentError, TransientError


class PlexError(Exception):
    """Base of everything that is raised here. `status` is the HTTP status, None where no reply came.

    `suspect_outage` is True where it may not have been Plex's own word: it went silent or away in mid-request (read
    timeout, reset connection, reply cut off), sent what Plex does not send, or refused in a way that any other server
    in its place would, too (404, 400). That can be this one request, or Plex going down or being replaced, and only a
    probe can tell.

    `request` is the path and query of a request that no scene can be at fault for, "" for any other: once it is
    answered, Plex is well again. `is_write` says whether the request would have changed something in Plex.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        *,
        suspect_outage: bool = False,
        request: str = "",
        is_write: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.suspect_outage = suspect_outage
        self.request = request
        self.is_write = is_write


class PlexServerDown(PlexError, TransientError):
    """Plex cannot be reached, or says itself that it is not ready."""


class PlexRequestFailed(PlexServerDown):
    """Plex is there, but does not answer a request that no scene can be at fault for; `request` says which."""


class PlexTemporaryError(PlexError, TransientError):
    """This request failed, the next one may not."""


class PlexAuthError(PlexError, TransientError):
    """Plex does not accept the token."""


class PlexNotFound(PlexError, TransientError):
    """Plex does not have what was asked for."""


class PlexItemGone(PlexNotFound):
    """An item that was just read is gone, or its rating key means another item by now."""


class PlexLibraryUnknown(PlexError, TransientError):
    """A library named in the settings is not among Plex's movie libraries; `available` names those that are."""

    def __init__(self, message: str, available: tuple[str, ...]) -> None:
        super().__init__(message)
        self.available = available


class PlexLibraryUnlisted(PlexError, TransientError):
    """Whether Plex has a file cannot be told: a library that may hold it cannot be listed, or not be believed yet."""


class PlexPermanentError(PlexError, PermanentError):
    """Plex refused the request for good."""


class AmbiguousMatch(PlexPermanentError):
    """Several files in Plex fit equally well; `candidates` holds their paths."""

    def __init__(self, message: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.candidates = candidates


@contextmanager
def no_scenes_fault(request: str) -> Iterator[None]:
    """No scene can be at fault where this request, a path and query, fails: Plex itself is not well."""
    try:
        yield
    except PlexServerDown:
        raise
    except PlexAuthError as error:
        error.request = request
        raise
    except PlexNotFound as error:  # a library that is gone is never listed again, but no longer named either
        raise PlexRequestFailed(str(error), error.status, request="/library/sections") from error
    except PlexError as error:
        raise PlexRequestFailed(str(error), error.status, request=request) from error
