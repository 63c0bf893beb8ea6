"""What can go wrong between PlexSync and Stash. Nothing above `stash/` sees a requests or stashapi exception.

StashError
├── StashUnavailable        no usable answer: refused, timed out, a status of 400 or above, not JSON
│   ├── StashSilent         it took longer than it was given, be it for this one answer
│   ├── StashUnauthorized   Stash wants a login: the session has expired, or the API key was changed
│   └── StashQueryFailed    Stash answered, but with GraphQL errors: a locked database, another version's schema
├── SceneUnreadable         Stash answers, but not for this scene: a file that is no video, a missing row
└── SceneGone               the scene no longer exists

StashUnavailable and SceneUnreadable are TransientErrors, SceneGone is a PermanentError (validation/errors.py).
"""

from __future__ import annotations

import re

from validation.errors import PermanentError, TransientError
from validation.fields import NEEDED_BY

_UNKNOWN_FIELD = re.compile(r'Cannot query field "(\w+)"')
"""How gqlparser, which Stash v0.30 uses, begins to tell of a field that the schema lacks."""


class StashError(Exception):
    """Base of all errors that `stash/` raises. None of their texts holds a cookie or a key."""


class StashUnavailable(StashError, TransientError):
    """Stash gave no usable answer; asking again later may help."""


class StashSilent(StashUnavailable):
    """Stash did not answer in time."""


class StashUnauthorized(StashUnavailable):
    """Stash answered 401, or sent the caller to its login page."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"Stash at {url} wants a login, because the session that it lent to PlexSync has expired or its API "
            "key was changed. Create an API key under Settings > Security. It does not expire, and PlexSync finds it "
            "by itself"
        )


class StashQueryFailed(StashUnavailable):
    """Stash answered a GraphQL query with errors; `reason` has its own words."""

    def __init__(self, reason: str) -> None:
        unknown = _UNKNOWN_FIELD.search(reason)
        next_step = _too_old_in_words(unknown[1]) if unknown else "See Stash's log"
        super().__init__(f"Stash could not answer ({reason}). {next_step}")
        self.reason = reason


def _too_old_in_words(field: str) -> str:
    if field in NEEDED_BY:
        return f"This Stash is too old for {NEEDED_BY[field]}. Update Stash, or change that setting"
    return "This Stash is too old for PlexSync. Update Stash"


class SceneUnreadable(StashError, TransientError):
    """Stash answers for other scenes, but not for this one."""

    def __init__(self, scene_id: int, reason: str) -> None:
        super().__init__(
            f"Stash cannot answer for scene {scene_id} ({reason}). Scan its file in Stash again and press Retry Failed"
            " Jobs, or delete the scene"
        )
        self.scene_id = scene_id


class SceneGone(StashError, PermanentError):
    """The scene was deleted from Stash, or merged into another."""

    def __init__(self, scene_id: int) -> None:
        super().__init__(f"scene {scene_id} is no longer in Stash, so nothing is left to sync")
        self.scene_id = scene_id
