"""What to do about an error: the one place that decides about retries, as a value, without queue or network.

| error                              | retries     | base, cap (seconds) | breaker       | afterwards                  |
|------------------------------------|-------------|---------------------|---------------|-----------------------------|
| PlexServerDown                     | not counted | breaker decides     | opens at once | never buried                |
| PlexAuthError                      | not counted | breaker decides     | opens at once | never buried                |
| PlexTemporaryError, unknown        | 5           | 5, 80               | counts        | buried                      |
| PlexNotFound                       | 12          | 30, 600             | no            | buried, or dropped if asked |
| PlexLibraryUnknown                 | not counted | the setting decides | no            | jobs stay                   |
| PlexLibraryUnlisted                | not counted | 600, woken before   | no            | jobs stay                   |
| PlexPermanentError, AmbiguousMatch | 0           |                     | no            | buried                      |
| SceneUnreadable                    | 5           | 5, 80               | no            | buried                      |
| StashUnavailable                   | not counted | 5, 60               | no            | jobs stay                   |
| SceneGone, NothingToSync           | 0           |                     | no            | discarded (acknowledged)    |
| PartlySynced (a field failed)      | 12 at least | 5, 600              | no            | done, with a warning        |
| PictureAwaited                     | not counted | 10, 10              | no            | jobs stay                   |
| NothingArrived (answered 200)      | 5           | 5, 80               | once a scene  | done but for what is refused|
| a refused field, once that is done | not counted | REFUSED_WAITS       | no            | tried again by itself       |

PlexTemporaryError and PlexPermanentError are a scene's own only where others go through (worker/drain/settlement.py);
else they are an outage, as PlexServerDown is. PlexRequestFailed is a PlexServerDown. Any other TransientError is
treated as PlexTemporaryError, any other PermanentError as PlexPermanentError.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from enum import Enum

from plex.exceptions import (
    PlexAuthError,
    PlexLibraryUnknown,
    PlexLibraryUnlisted,
    PlexNotFound,
    PlexPermanentError,
    PlexServerDown,
    PlexTemporaryError,
)
from stash.exceptions import SceneGone, SceneUnreadable, StashUnavailable
from validation.errors import PermanentError, TransientError

NOT_COUNTED = 999
"""Stands for "never buried" where a number of retries is asked for."""
LONGEST_WAIT = 900.0
"""Seconds: no job is ever put off for longer, be it for a retry (600) or after a million were redriven (671)."""
REFUSED_WAITS = (900.0, 3_600.0, 21_600.0, 86_400.0)
"""Seconds from one try of a refused field to the next, the last one for ever. Chosen: what passes mostly does so within
the hour. Not spread, for what is due together goes in one batch."""

_TEMPORARY = (5.0, 80.0, 5)
_NOT_FOUND = (30.0, 600.0, 12)
_PARTLY = (5.0, 600.0, 12)  # never less than half an hour: it ends as done, so one route's outage had better be over
_UNLISTED = (600.0, 600.0, NOT_COUNTED)  # worker/upkeep/waiting_for_files.py wakes them
_STASH = (5.0, 60.0, NOT_COUNTED)
_AWAITED = (10.0, 10.0, NOT_COUNTED)


class NothingToSync(PermanentError):
    """The scene is left alone on purpose; the text says why."""


class NothingArrived(TransientError):
    """Plex said that it took the edit, and shows nothing of it; the text says what is missing."""


class PartlySynced(TransientError):
    """All but a field or an image was written; the text says what failed."""


class PictureAwaited(PartlySynced):
    """All but a picture was written, and what makes that one is being fetched."""


class Action(Enum):
    """What becomes of a job."""

    RETRY = "retry"
    RELEASE = "release"
    BURY = "bury"
    DISCARD = "discard"


class BreakerEffect(Enum):
    """What an error says about Plex as a whole. FAILURE_OF_SCENE counts for different scenes in a row only."""

    NONE = "none"
    FAILURE = "failure"
    FAILURE_OF_SCENE = "failure of a scene"
    TRIP = "trip"


@dataclass(frozen=True)
class Decision:
    """`delay` in seconds, for RETRY, and for a RELEASE that nobody else times."""

    action: Action
    breaker: BreakerEffect
    delay: float = 0.0


def once_only(decision: Decision) -> Decision:
    """The same for a job that nobody waits for, and that comes again by itself: it is neither retried nor buried."""
    is_put_off = decision.action is Action.RELEASE and not decision.delay
    return decision if is_put_off else replace(decision, action=Action.DISCARD, delay=0.0)


def calculate_delay(retry_count: int, base: float, cap: float, jitter_seed: int | None = None) -> float:
    """Seconds to wait before retry number `retry_count` (from 0): uniform(0, min(cap, base * 2**retry_count)).

    Full jitter, as in the AWS Architecture Blog ("Exponential Backoff And Jitter", 2015). The same `jitter_seed` gives
    the same delay.
    """
    # 2**retry_count of a huge count would be a huge number; 64 doublings pass every cap.
    ceiling = min(cap, base * 2.0 ** min(retry_count, 64))
    # Not for secrets: it spreads retries.
    return random.Random(jitter_seed).uniform(0.0, ceiling)  # noqa: S311


def get_retry_params(error: BaseException) -> tuple[float, float, int]:
    """`(base seconds, cap seconds, retries before it is given up)` of an error; NOT_COUNTED retries = never."""
    if isinstance(error, PlexNotFound):
        return _NOT_FOUND
    if isinstance(error, PictureAwaited):
        return _AWAITED
    if isinstance(error, PartlySynced):
        return _PARTLY
    if isinstance(error, StashUnavailable):
        return _STASH
    if isinstance(error, PlexLibraryUnlisted):
        return _UNLISTED
    base, cap, retries = _TEMPORARY
    if isinstance(error, PlexServerDown | PlexAuthError | PlexLibraryUnknown):
        return base, cap, NOT_COUNTED
    if isinstance(error, PermanentError):
        return base, cap, 0
    return base, cap, retries


def refused_delay(tries: int) -> float:
    """Seconds until a refused field is tried again by itself, after so many such tries."""
    return REFUSED_WAITS[min(tries, len(REFUSED_WAITS) - 1)]


def counts_against_plex(error: BaseException) -> bool:
    """Whether a failure that is a job's own still says something about Plex: enough of them in a row are an outage."""
    return not isinstance(
        error,
        PlexNotFound | PlexLibraryUnknown | PlexLibraryUnlisted | PermanentError | PartlySynced | SceneUnreadable,
    )


def may_be_plexs_fault(error: BaseException) -> bool:
    """Whether a request for a scene failed in a way in which those for others may fail as well."""
    return isinstance(error, PlexTemporaryError) or (isinstance(error, PlexPermanentError) and error.status is not None)


@dataclass(frozen=True)
class RetryPolicy:
    """The table with the user's settings: `max_retries` for temporary errors, `skip_not_found`."""

    max_retries: int = 5
    skip_not_found: bool = False

    def decide(self, error: BaseException, retry_count: int, jitter_seed: int | None = None) -> Decision:
        """What to do with a job that failed with `error` after `retry_count` earlier counted failures."""
        if isinstance(error, PlexServerDown | PlexAuthError):
            return Decision(Action.RELEASE, BreakerEffect.TRIP)
        if isinstance(error, StashUnavailable | PlexLibraryUnknown):
            return Decision(Action.RELEASE, BreakerEffect.NONE)
        if isinstance(error, PlexLibraryUnlisted):
            # Not spread: a thousand that fall due one by one would be as many batches.
            return Decision(Action.RELEASE, BreakerEffect.NONE, _UNLISTED[1])
        if isinstance(error, PictureAwaited):
            base, cap, _ = get_retry_params(error)
            return Decision(Action.RELEASE, BreakerEffect.NONE, calculate_delay(retry_count, base, cap, jitter_seed))
        if isinstance(error, SceneGone | NothingToSync):
            return Decision(Action.DISCARD, BreakerEffect.NONE)
        return self.decide_counted(error, retry_count, jitter_seed)

    def decide_counted(self, error: BaseException, retry_count: int, jitter_seed: int | None = None) -> Decision:
        """Like `decide`, but with this failure counted whatever it is: for a job that makes Plex fail by itself."""
        base, cap, retries = get_retry_params(error)
        if not isinstance(error, PlexNotFound | PermanentError):
            retries = max(retries, self.max_retries) if isinstance(error, PartlySynced) else self.max_retries
        effect = BreakerEffect.FAILURE if counts_against_plex(error) else BreakerEffect.NONE
        if isinstance(error, NothingArrived):
            effect = BreakerEffect.FAILURE_OF_SCENE
        if retry_count < retries:
            delay = calculate_delay(retry_count, base, cap, jitter_seed)
            if isinstance(error, PartlySynced):  # "equal jitter" (the same post): twelve halves make 1,817 s
                delay = (delay + min(cap, base * 2.0 ** min(retry_count, 64))) / 2
            return Decision(Action.RETRY, effect, delay)
        is_done_otherwise = isinstance(error, PartlySynced | NothingArrived)
        given_up = is_done_otherwise or (isinstance(error, PlexNotFound) and self.skip_not_found)
        return Decision(Action.DISCARD if given_up else Action.BURY, effect)
