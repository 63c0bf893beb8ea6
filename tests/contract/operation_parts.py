"""What the shapes of docs/operations.md are made of, and the two live files.

`extra="forbid"`: a key that no document names is a fault.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[float, Field(gt=1_000_000_000)]
"""Seconds since the epoch."""
Seconds = Annotated[float, Field(ge=0)]
Milliseconds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
SceneId = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Value = str | int | float | list[str] | None
"""Of a field: a text, a number, a list of names, or nothing."""


class Shape(BaseModel):
    """An object of the agreement."""

    model_config = ConfigDict(extra="forbid", strict=False)


class Reply(Shape):
    """What every operation of docs/operations.md answers with at least."""

    format: Literal[1]


class Page(Reply):
    """A part of a list: `next` is the cursor of what follows, null at the end; `count` is the whole."""

    count: Count
    next: str | None


# --- the live files


class Breaker(Shape):
    state: Literal["closed", "open", "half_open"]
    since: Moment | None
    cause: str
    reason: Literal["", "down", "token", "failing"]
    next_probe_at: Moment | None


class Drainer(Shape):
    alive: bool
    started_at: Moment | None
    doing: Literal[
        "", "starting", "idle", "syncing", "plex", "stash", "retry", "scan", "renames", "comparing", "paused",
        "settings", "packages",
    ]  # fmt: skip
    blocked: str


class Drain(Shape):
    started_at: Moment
    done: Count
    total: Count


class Ramp(Shape):
    per_second: float
    until: Moment


class LiveStatus(Reply):
    """live/status.json; and, beside its older keys, `queue_status`."""

    version: str
    written_at: Moment
    believe_until: Moment | None
    paused: bool
    pending: Count
    in_progress: Count
    waiting_for_retry: Count
    waiting_for_scan: Count
    dead_letters: Count
    done_today: Count
    synced_per_minute: Count
    last_success_at: Moment | None
    next_due_at: Moment | None
    next_reconcile_at: Moment | None
    settings_problem_count: Count
    token_ends_at: Moment | None
    drain: Drain | None
    ramp: Ramp | None
    breaker: Breaker
    drainer: Drainer


class LiveScenes(Reply):
    written_at: Moment
    believe_until: Moment | None
    waiting_count: Count
    failed_count: Count
    waiting: Annotated[list[SceneId], Field(max_length=1000)]
    failed: Annotated[list[SceneId], Field(max_length=1000)]
