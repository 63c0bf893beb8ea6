"""The shapes of what a comparison answers: see operation_shapes.py."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, model_validator

from tests.contract.operation_parts import Count, Moment, Page, Reply, SceneId, Shape, Value


class Difference(Shape):
    rating_key: int | None
    field: str
    was: Value
    will_be: Value
    lock_only: bool
    refused: bool


class ReportSummary(Shape):
    name: str
    kind: Literal["compare", "reconcile"]
    scope: str
    started_at: Moment
    ended_at: Moment
    scenes: Count
    in_step: Count
    differs: Count
    not_in_plex: Count
    ambiguous: Count
    failed: Count
    nothing_to_sync: Count
    undone: Count
    gone: Count
    fields: dict[str, Count]
    lock_only: Count
    refused: Count
    agent_matched: Count
    unknown_to_stash: Count | None
    enqueued: Count
    row_count: Count
    asset: str | None

    @model_validator(mode="after")
    def adds_up(self) -> ReportSummary:
        """Every scene is counted once, by its verdict."""
        counted = (self.in_step, self.differs, self.not_in_plex, self.ambiguous, self.failed, self.nothing_to_sync)
        assert sum(counted) + self.undone + self.gone == self.scenes
        return self


class Reports(Reply):
    next_automatic_at: Moment | None
    reports: list[ReportSummary]


class ReportRow(Shape):
    scene_id: SceneId | None
    title: str
    path: str
    verdict: Literal[
        "differs", "refused", "in_step", "not_in_plex", "ambiguous", "failed", "undone", "unknown_to_stash"
    ]
    changes: list[Difference]
    candidates: list[str]
    reason: str
    guids: list[str]
    library: str
    trashed: bool


class Report(Page):
    report: ReportSummary
    rows: list[ReportRow]


class Reconcile(BaseModel):
    """The keys of `reconcile` in docs/status.md that the page reads."""

    enqueued: Count
