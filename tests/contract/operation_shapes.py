"""The shapes of docs/operations.md, as models: what every operation of the page answers.

The page's canned answers and Python's replies are held against the same models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from tests.contract.operation_parts import (
    Count,
    LiveStatus,
    Milliseconds,
    Moment,
    Page,
    Reply,
    SceneId,
    Seconds,
    Shape,
    Share,
    Value,
)
from tests.contract.operation_reports import Difference, Reconcile, Report, Reports
from tests.contract.operation_setup import (
    HealthCheck,
    Libraries,
    LoginCheck,
    LoginStart,
    Settings,
    TestPathMap,
    WriteTest,
)

# --- jobs


class Candidate(Shape):
    rating_key: int | None
    title: str
    path: str
    library: str
    scene_id: SceneId | None


class Try(Shape):
    at: Moment
    error_type: str
    error_text: str


class LookedFor(Shape):
    paths: list[str]
    libraries: list[str]


class Job(Shape):
    id: int
    kind: Literal["scene", "rename"]
    scene_id: SceneId | None
    title: str
    path: str
    state: Literal["due", "in_progress", "retry", "scan", "held", "failed"]
    fields: list[str]
    enqueued_at: Moment
    next_retry_at: Moment | None
    attempts: Count
    error_type: str
    error_text: str
    tries: list[Try]
    candidates: list[Candidate]
    looked_for: LookedFor | None
    buried_at: Moment | None


class Jobs(Page):
    state: Literal["waiting", "failed"]
    by_type: dict[str, Count]
    jobs: list[Job]


class Kept(Shape):
    id: int
    scene_id: SceneId | None
    reason: str


class Meant(Shape):
    id: int
    scene_id: SceneId | None


class RetryFailed(Shape):
    dry_run: bool
    redriven: Count
    redrive_count: Count
    keep_count: Count
    redrive: list[Meant]
    keep: list[Kept]
    reason: str


class Discard(Reply):
    dry_run: bool
    discarded: Count
    discard_count: Count
    keep_count: Count
    keep: list[Kept]
    file: str


class RetryNow(Reply):
    due: Count
    probing: bool
    reason: str


class SyncScene(Reply):
    enqueued: Count
    reason: str


# --- what was done


class Change(Shape):
    rating_key: int | None
    field: str
    was: Value
    now: Value


class Sync(Shape):
    id: int
    scene_id: SceneId
    title: str
    synced_at: Moment
    milliseconds: Milliseconds
    changes: list[Change]
    warnings: list[str]


class Recent(Page):
    syncs: list[Sync]


class Day(Shape):
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    done: Count
    failed: Count


class History(Reply):
    days: list[Day]


class Outage(Shape):
    started_at: Moment
    ended_at: Moment | None
    seconds: Seconds
    cause: str
    jobs_waiting: Count
    jobs_done_after: Count


class OutageReport(Shape):
    outages: list[Outage]
    current: dict[str, Any] | None
    count: Count
    mttr: Seconds | None
    mtbf: Seconds | None
    availability: Share | None


class LogLine(Shape):
    at: Moment | None
    level: Literal["debug", "info", "warning", "error"]
    text: str


class Log(Reply):
    lines: list[LogLine]


# --- a scene


class SceneItem(Shape):
    rating_key: int
    title: str
    library: str
    path: str
    web_url: str
    owner_scene_id: SceneId
    owner_title: str
    is_pinned: bool


class SceneStatus(Reply):
    scene_id: SceneId
    title: str
    state: Literal[
        "in_step", "differs", "waiting", "failed", "never_synced", "undone", "left_alone", "shown_by_another", "gone"
    ]
    reason: str
    last_synced_at: Moment | None
    can_undo: bool
    job: Job | None
    items: list[SceneItem]
    differences: list[Difference] | None
    differences_reason: str


class Pin(Shape):
    scene_id: SceneId
    title: str
    rating_key: int | None
    item_title: str
    path: str
    library: str
    pinned_at: Moment


class PinReply(Reply):
    pin: Pin
    enqueued: bool


class Pins(Page):
    pins: list[Pin]


class Unpin(Reply):
    unpinned: Count


class Unlock(Reply):
    dry_run: bool
    items: Count
    fields: dict[str, Count]
    unlocked: Count


class UndoneScene(Shape):
    scene_id: SceneId
    title: str
    undone_at: Moment


class Undone(Page):
    scenes: list[UndoneScene]


class UndoField(Shape):
    field: str
    from_: Annotated[Value, Field(alias="from")]
    to: Value


class UndoLeft(Shape):
    field: str
    value: Value


class Undo(BaseModel):
    """An undo that was done has the keys of `process_queue`, too."""

    dry_run: bool
    scenes: dict[str, list[UndoField]]
    left_alone: dict[str, list[UndoLeft]]
    unchanged: dict[str, str]
    undone: list[SceneId]
    refused: dict[str, list[str]]


OPERATIONS: dict[str, type[BaseModel]] = {
    "queue_status": LiveStatus,
    "jobs": Jobs,
    "retry_failed": RetryFailed,
    "discard": Discard,
    "retry_now": RetryNow,
    "sync_scene": SyncScene,
    "recent_syncs": Recent,
    "history": History,
    "outage_report": OutageReport,
    "log": Log,
    "scene_status": SceneStatus,
    "pin": PinReply,
    "pins": Pins,
    "unpin": Unpin,
    "unlock": Unlock,
    "undone": Undone,
    "undo_scene": Undo,
    "undo_since": Undo,
    "reports": Reports,
    "report": Report,
    "reconcile": Reconcile,
    "libraries": Libraries,
    "login_start": LoginStart,
    "login_check": LoginCheck,
    "health_check": HealthCheck,
    "write_test": WriteTest,
    "test_path_map": TestPathMap,
    "settings": Settings,
}
"""What each mode answers. `queue_status` has older keys beside these: `without_older_keys` leaves them out."""

OLDER_STATUS_KEYS = frozenset(
    (
        "next_due_in",
        "dead_letters_by_type",
        "settings_problems",
        "last_catch_up_at",
        "last_outages",
    )
)
"""Keys of `queue_status` that docs/status.md describes and the live file does not have."""
OLDER_INNER_KEYS = {"breaker": frozenset(("next_probe_in",)), "drainer": frozenset(("pid", "activity", "waiting_for"))}


def without_older_keys(status: dict[str, Any]) -> dict[str, Any]:
    """`queue_status` as the live file would say it."""
    kept = {key: value for key, value in status.items() if key not in OLDER_STATUS_KEYS}
    for name, older in OLDER_INNER_KEYS.items():
        kept[name] = {key: value for key, value in kept[name].items() if key not in older}
    return kept


def check_answer(mode: str, answer: dict[str, Any]) -> None:
    """Hold what a mode answered against its shape. Raises pydantic's ValidationError."""
    OPERATIONS[mode].model_validate(without_older_keys(answer) if mode == "queue_status" else answer)
