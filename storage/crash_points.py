"""Named steps at which a test may have this process die as by a power cut. Off unless a test arms one.

On the hook's path: imports nothing but os.
"""

from __future__ import annotations

import os

VARIABLE = "PLEXSYNC_CRASH_AT"
"""Environment variable: the name of a point, or `name@3` for the third time that it is reached."""

POINTS = (
    "enqueue:inserted",
    "enqueue:many",
    "claim:marked",
    "claim:done",
    "read:stash",
    "read:plex",
    "state:saved",
    "plex:edited",
    "plex:rated",
    "plex:uploaded",
    "write:read_back",
    "ack:marked",
    "ack:done",
    "retry:updated",
    "retry:done",
    "bury:failed",
    "bury:done",
    "redrive:taken",
    "redrive:done",
    "expand:enqueued",
    "expand:done",
    "undo:sent",
    "undo:read_back",
    "reconcile:appended",
    "reconcile:placed",
    "reconcile:half_reported",
    "reconcile:reported",
    "catch_up:enqueued",
    "catch_up:marked",
    "save:written",
    "save:done",
    "migrate:begun",
    "migrate:statement",
    "migrate:numbered",
)
"""Every point: of the queue inside and after its transaction, of a file before and after it takes its name.

What must happen in a certain order has its point where it takes effect: in the request to Plex right after the reply,
in the function that stores the rows. A point in the caller, behind the step that it is about, would move along if
somebody swapped two steps, and a kill there would prove nothing.
"""

_SIGKILL = 9
_reached: dict[str, int] = {}


def reach(point: str) -> None:
    """Die here, without any clean-up, if this point is armed."""
    armed = os.environ.get(VARIABLE)
    if armed is None:
        return
    name, _, time = armed.partition("@")
    _reached[point] = _reached.get(point, 0) + 1
    if name == point and _reached[point] == int(time or 1):
        os.kill(os.getpid(), _SIGKILL)
