"""Compares many scenes with Plex, a page at a time, and (to reconcile) enqueues those that differ.

After each page it is on disk how far the run is, so a killed run carries on where it stood.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from enum import Enum
from itertools import chain
from typing import Any

from plex.files.index import FileIndex
from plex.files.index_besides import BesideFiles
from stash.client import StashClient
from storage.crash_points import reach
from storage.database import Database
from storage.json_file import JsonFile
from sync_queue.enqueue import enqueue_many
from sync_queue.state.discarded import left_alone
from validation.fields import FIELDS
from worker.base.words import counted, queued
from worker.circuit_breaker import ReadOnlyStore
from worker.data_folder import DataFolder
from worker.errors import ArgumentError
from worker.items.item import REFRESH
from worker.outage.history import Outage, OutageHistory
from worker.pictures.photos import PHOTOS
from worker.reconcile.files import RunFiles, RunState
from worker.reconcile.report import write_report
from worker.reconcile.rows import AGENT_MATCHED, LOCK_ONLY, MARKS, REFUSED, UNKNOWN, marks_of, report_rows, unknown_row
from worker.sync.comparison import Comparison, SceneComparison, Verdict

logger = logging.getLogger(__name__)

SCOPES = ("all", "day", "week", "outage")
"""Every scene, or those updated in the last 24 hours, in the last 7 days, since the start of the last outage."""
PAGE_SIZE = 50
"""Scenes compared at once: the items that Plex is asked for in one request."""
MOST_IN_STEP = 500
"""Scenes in step that a report lists because an agent has matched them: where it matches a whole library, on purpose,
nobody reads them all."""
LONGEST_LIFE = 86_400.0
"""Seconds after which an unfinished run is begun anew rather than carried on: what it found has grown old."""
SOURCE = "reconcile"
SOURCE_BY_HAND = "reconcile_now"
AFTER_OUTAGE = "after-outage"
_DAYS = {"day": 1.0, "week": 7.0}
_SECONDS_PER_DAY = 86_400.0


class Kind(str, Enum):
    """COMPARE only reports. RECONCILE enqueues what differs, too."""

    COMPARE = "compare"
    RECONCILE = "reconcile"


class ReconcileRun:
    """One run of a kind over a scope. One process at a time may have one of a kind. `clock`: seconds since the epoch.

    `since` (seconds since the epoch) is where the scope begins, if that is not for `scope_start` to say. `by_hand`: a
    person asked for it, so that what Plex refused is tried again.
    Raises ArgumentError where there is no such scope now.
    """

    def __init__(
        self,
        folder: DataFolder,
        kind: Kind,
        scope: str,
        stash: StashClient,
        clock: Callable[[], float] = time.time,
        since: float | None = None,
        *,
        by_hand: bool = False,
    ) -> None:
        self._by_hand = by_hand
        self._folder = folder
        self._kind = kind
        self._stash = stash
        self._clock = clock
        # What comes by itself after an outage must not take the place of what that outage interrupted.
        self._files = RunFiles(folder, kind.value if since is None else AFTER_OUTAGE)
        self._pages: Iterator[Sequence[int]] | None = None
        self._scene_ids: list[int] = []
        self._state = RunState(kind.value, scope, clock())
        self.is_resumed = self._resume(since)
        if not self.is_resumed:
            start = scope_start(scope, self._state.started_at, folder) if since is None else since
            self._state = replace(self._state, since=start)
            self._pages = self._scenes_in_scope()
        self._has_newest = not self._is_whole

    @property
    def scope(self) -> str:
        """One of SCOPES."""
        return self._state.scope

    @property
    def since(self) -> float | None:
        """Where the scope begins (seconds since the epoch), None for every scene."""
        return self._state.since

    @property
    def started_at(self) -> float:
        """When it was begun, by whomever it carries on: seconds since the epoch."""
        return self._state.started_at

    @property
    def total(self) -> int:
        """Scenes in scope, as far as they are known yet."""
        return len(self._scene_ids)

    @property
    def position(self) -> int:
        """Scenes compared."""
        return self._state.position

    @property
    def is_done(self) -> bool:
        """Whether every scene is compared, those included that were made while the run was under way."""
        return self._pages is None and self.position >= self.total and self._has_newest

    def step(self, comparison: Comparison, database: Database, obfuscate_paths: bool) -> int:
        """Handle one page; returns how many jobs that added to the queue (0 for COMPARE).

        Raises PlexError, StashUnavailable: the page can be tried again.
        """
        if self._pages is not None:
            self._gather()
            return 0
        if self.position >= self.total:
            self._gather_new()
            return 0
        page = self._scene_ids[self.position : self.position + PAGE_SIZE]
        results = comparison.compare(page)
        rows = [rows for result in results if (rows := self._rows_of(result, obfuscate_paths))]
        rows_bytes = self._files.rows.append(chain(*rows), self._state.rows_bytes)
        reach("reconcile:appended")
        paths_bytes = self._keep_paths(results)
        added = self._enqueue(database, results) if self._kind is Kind.RECONCILE else 0
        self._state = replace(
            _counted(self._state, results),
            rows=self._state.rows + sum(map(len, rows)),
            rows_bytes=rows_bytes,
            paths_bytes=paths_bytes,
            listed=self._state.listed + len(rows),
            listed_in_step=self._state.listed_in_step + sum(each[0]["verdict"] == Verdict.IN_STEP for each in rows),
            enqueued=self._state.enqueued + added,
        )
        # Last: what is enqueued twice is one job, what is counted without having been enqueued would be lost.
        self._files.save(self._state)
        return added

    def _enqueue(self, database: Database, results: Sequence[SceneComparison]) -> int:
        """Put those that differ in the queue; what comes by itself leaves alone what was refused or discarded."""
        differing = [result for result in results if result.verdict is Verdict.DIFFERS]
        if self._by_hand:
            return enqueue_many(database, [each.scene_id for each in differing], SOURCE_BY_HAND, self._clock())
        discarded = left_alone(database, [each.scene_id for each in differing])
        free = [each.scene_id for each in differing if not each.differs_in_refused_only]
        return enqueue_many(database, [each for each in free if each not in discarded], SOURCE, self._clock())

    def finish(self, index: FileIndex, obfuscate_paths: bool) -> dict[str, Any]:
        """Write the report, forget the run and return what came of it (docs/status.md).

        Raises OSError, and PlexError where a person asked and `index` cannot be brought up to date.
        """
        unknown = self._unknown_files(index) if self._is_whole else None
        summary = self._summary(None if unknown is None else len(unknown))
        files = write_report(
            self._folder,
            summary,
            lambda: self._files.rows,
            lambda: (unknown_row(file, obfuscate_paths) for file in unknown or ()),
            self._stash.url,
        )
        reach("reconcile:reported")
        self._files.clear()
        result = {**summary, "report": files.json, "page": files.html}
        for line in in_words(result):
            logger.info("%s", line)
        return result

    @property
    def _is_whole(self) -> bool:
        """Whether every scene is looked at, so that what none leads to belongs to none."""
        return self._state.since is None

    def _rows_of(self, result: SceneComparison, obfuscate_paths: bool) -> list[dict[str, Any]]:
        is_left_out = result.verdict is Verdict.IN_STEP and self._state.listed_in_step >= MOST_IN_STEP
        return [] if is_left_out else report_rows(result, obfuscate_paths)

    def _keep_paths(self, results: Sequence[SceneComparison]) -> int:
        if not self._is_whole:
            return 0
        paths = sorted(path for result in results for path in result.paths)
        return self._files.paths.append([paths], self._state.paths_bytes)

    def _unknown_files(self, index: FileIndex) -> BesideFiles:
        """The files in Plex that belong to no scene, where a person asks as a listing of now has them."""
        if not self._by_hand:
            index.refresh()  # a person's copy of it was brought up to date when it was made
        unknown = index.files_besides(chain.from_iterable(self._files.paths))
        if len(unknown) and self._by_hand:
            # What an agent has matched since, or what is gone, no look at the newest items need have shown.
            index.refresh(force=True)
            unknown = index.files_besides(chain.from_iterable(self._files.paths))
        return unknown

    def _resume(self, since: float | None) -> bool:
        stored = self._files.load()
        if stored is None:
            return False
        state, scene_ids = stored
        age = self._state.started_at - state.started_at
        if state.scope != self.scope or not 0.0 <= age <= LONGEST_LIFE or since not in (None, state.since):
            return False
        self._state, self._scene_ids = state, scene_ids
        logger.info("A comparison was interrupted: it goes on at scene %d of %d", self.position, self.total)
        return True

    def _scenes_in_scope(self) -> Iterator[Sequence[int]]:
        if self._state.since is None:
            return self._stash.scene_ids()
        since = datetime.fromtimestamp(self._state.since, timezone.utc)
        return ([scene_id for scene_id, _ in page] for page in self._stash.updated_since(since))

    def _gather(self) -> None:
        """Take in one page of the scope's ids; after the last one the run can be carried on."""
        assert self._pages is not None  # noqa: S101 - the caller looked
        page = next(self._pages, None)
        if page is not None:
            self._scene_ids += page
            return
        self._pages = None
        # A scene that was saved meanwhile may have come twice.
        self._scene_ids = list(dict.fromkeys(self._scene_ids))
        self._files.begin(self._state, self._scene_ids)

    def _gather_new(self) -> None:
        """Take in the scenes of a whole library that were made since its ids were read: their files belong to them."""
        added = self._stash.scene_ids_after(max(self._scene_ids, default=0)).ids
        self._has_newest = not added
        if added:
            self._scene_ids += added
            self._files.plan(self._state, self._scene_ids)

    def _summary(self, unknown: int | None) -> dict[str, Any]:
        state = self._state
        return {
            "kind": state.kind,
            "scope": state.scope,
            "since": state.since,
            "started_at": state.started_at,
            "ended_at": self._clock(),
            "scenes": self.total,
            **{verdict.value: state.verdicts.get(verdict.value, 0) for verdict in Verdict},
            "fields": {name: state.fields[name] for name in (*FIELDS, PHOTOS, REFRESH) if name in state.fields},
            **{mark: state.marks.get(mark, 0) for mark in MARKS},
            UNKNOWN: unknown,
            "enqueued": state.enqueued,
            "listed": state.listed,
            "row_count": state.rows,
        }


def _counted(state: RunState, results: Sequence[SceneComparison]) -> RunState:
    """The state with these scenes behind it."""
    verdicts = Counter(result.verdict.value for result in results)
    fields = Counter(name for result in results for name in {each.field for each in result.differences})
    return replace(
        state,
        position=state.position + len(results),
        verdicts=dict(Counter(state.verdicts) + verdicts),
        fields=dict(Counter(state.fields) + fields),
        marks=dict(Counter(state.marks) + marks_of(results)),
    )


def scope_start(scope: str, now: float, folder: DataFolder) -> float | None:
    """Since when (seconds since the epoch) a scope holds scenes, None for ever. Raises ArgumentError."""
    if scope != "outage":
        return now - _DAYS[scope] * _SECONDS_PER_DAY if scope in _DAYS else None
    outages = recorded_outages(folder)
    if not outages:
        raise ArgumentError("scope is outage, but no outage is on record")
    return outages[-1].started_at


def nothing_compared(kind: Kind, scope: str, now: float, reason: str) -> dict[str, Any]:
    """What `finish` would return of a run over no scene, with `reason`; no report is written."""
    return {
        "kind": kind.value,
        "scope": scope,
        "since": None,
        "started_at": now,
        "ended_at": now,
        "scenes": 0,
        **{verdict.value: 0 for verdict in Verdict},
        "fields": {},
        **dict.fromkeys(MARKS, 0),
        UNKNOWN: None,
        "enqueued": 0,
        "listed": 0,
        "row_count": 0,
        "report": "",
        "page": "",
        "reason": reason,
    }


def recorded_outages(folder: DataFolder) -> Sequence[Outage]:
    """The outages on record, oldest first. Only reads."""
    return OutageHistory(ReadOnlyStore(JsonFile(folder.outages).peek() or {})).outages


_NOTES = (
    (LOCK_ONLY, "scene", "with a field that is equal but not locked"),
    (REFUSED, "scene", "with a field that Plex refused before"),
    (AGENT_MATCHED, "scene", "that an agent in Plex has matched to a film"),
    (UNKNOWN, "file", "in Plex that Stash does not know"),
)


def in_words(result: dict[str, Any]) -> list[str]:
    """What a run found, for a person: totals, fields, files."""
    differs = result["differs"]
    lines = [
        f"{counted(result['scenes'], 'scene')} compared with Plex: {result['in_step']:,} in step,"
        f" {differs:,} {'differs' if differs == 1 else 'differ'}, {result['not_in_plex']:,} not in Plex,"
        f" {result['ambiguous']:,} ambiguous, {result['nothing_to_sync']:,} with nothing to sync"
    ]
    if result["undone"]:
        undone = counted(result["undone"], "scene")
        lines.append(f"{undone} undone, and left alone until edited in Stash or synced by hand")
    if result["failed"]:
        lines.append(f"{counted(result['failed'], 'scene')} could not be compared. The report says why")
    fields = sorted(result["fields"].items(), key=lambda entry: -entry[1])
    if fields:
        who = "It differs" if differs == 1 else "They differ"
        lines.append(f"{who} in: {', '.join(f'{name} {count:,}' for name, count in fields)}")
    lines += [f"{counted(result[name], noun)} {what}" for name, noun, what in _NOTES if result[name]]
    if result["failed"] and result[UNKNOWN]:
        lines.append("Files of scenes that could not be compared may be among those that Stash does not know")
    if result["kind"] == Kind.RECONCILE.value:
        arrival = "It reaches Plex by itself" if differs == 1 else "They reach Plex by themselves"
        lines.append(queued(differs, result["enqueued"]) + (f". {arrival}" if differs else ""))
    lines.append(f"Report: {result['page']}")
    return lines
