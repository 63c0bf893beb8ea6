"""What is asked of Plex to find out whether an outage is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from plex.exceptions import PlexAuthError, PlexError


@dataclass(frozen=True)
class Probe:
    """Requests that Plex must answer, one after the other: each a path and query, or EDIT.

    IDENTITY asks for /identity, for which Plex needs no token; TOKEN for /, for which it does; WRITE edits an item.
    """

    requests: tuple[str, ...]

    IDENTITY: ClassVar[Probe]
    TOKEN: ClassVar[Probe]
    WRITE: ClassVar[Probe]

    @classmethod
    def after(cls, error: PlexError) -> Probe:
        """What has to work again after this error.

        The request that failed, where no scene can be at fault for it; but whether it is Plex at all that answers is
        asked first, so that the token does not go to another server each minute.
        """
        if isinstance(error, PlexAuthError):
            return cls(("/", error.request)) if error.request not in ("", "/") else cls.TOKEN
        return cls(("/identity", error.request)) if error.request else cls.IDENTITY

    @classmethod
    def stored(cls, requests: object) -> Probe:
        """The probe of these requests as they were stored, IDENTITY for anything else."""
        texts = requests if isinstance(requests, list) else []
        return cls(tuple(map(str, texts))) if texts else cls.IDENTITY


EDIT = "edit"
"""Stands for an edit that changes nothing: the lock of a field, as it is (worker/clients/harmless_edit.py)."""
Probe.IDENTITY = Probe(("/identity",))
Probe.TOKEN = Probe(("/",))
Probe.WRITE = Probe(("/identity", EDIT))
