"""Pages of jobs that wait and of dead letters, for people. A page costs its rows, however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from storage.database import IN_LIST, Database, as_list
from sync_queue.schema import CLAIMED, PENDING
from sync_queue.state.discarded import delete_letters, note_discarded

_JOB = "CAST(data AS TEXT)"


class JobFilter(NamedTuple):
    """Which ones; None and "" = any. `search`: a part of title or path in letters of any case, or a scene's number."""

    search: str = ""
    error_types: frozenset[str] | None = None
    ids: frozenset[int] | None = None


ANY_JOB = JobFilter()


class Listed(NamedTuple):
    """A page: `rows`, newest or next due first; `next` follows them, None at the end; `total` is the whole."""

    rows: list[Any]
    next: str | None
    total: int
    by_type: dict[str, int]


class WaitingJob(NamedTuple):
    """A pending or claimed row: `data` is a job's or a rename's, `due` in seconds since the epoch."""

    id: int
    data: dict[str, Any]
    due: float
    is_claimed: bool


class FailedJob(NamedTuple):
    """A dead letter; `data` is its job's. Times in seconds since the epoch."""

    id: int
    scene_id: int
    title: str
    path: str
    error_type: str
    error_text: str
    candidates: list[str]
    attempts: int
    buried_at: float
    data: dict[str, Any]


class _Columns(NamedTuple):
    id: str
    title: str
    path: str
    error_type: str


_WAITING = _Columns(
    "_id",
    f"json_extract({_JOB}, '$.title')",
    f"json_extract({_JOB}, '$.path')",
    f"json_extract({_JOB}, '$.last_error_type')",
)
_FAILED = _Columns("id", "title", "path", "error_type")
_FAILED_COLUMNS = "id, scene_id, title, path, error_type, error_text, candidates, attempts, buried_at, job"


def failed_page(database: Database, wanted: JobFilter, limit: int, after: str | None) -> Listed:
    """Dead letters, the newest first. `after` is the `next` of the page before. Raises ValueError for another text."""
    where, values = _condition(database, wanted, _FAILED)
    page, page_values = ("id < ?", [int(after)]) if after else ("1", [])
    rows = database.all(
        f"SELECT {_FAILED_COLUMNS} FROM dead_letters WHERE {where} AND {page} ORDER BY id DESC LIMIT ?",
        (*values, *page_values, limit + 1),
    )
    jobs = [_failed_job(row) for row in rows[:limit]]
    following = str(jobs[-1].id) if len(rows) > limit else None
    return Listed(jobs, following, *_counts(database, "dead_letters", "1", wanted, _FAILED))


def waiting_page(database: Database, wanted: JobFilter, limit: int, after: str | None) -> Listed:
    """Jobs that wait or are in hand: these first, then the next due. As failed_page."""
    is_claimed, due, row_id = _position(after)
    found = _some_claimed(database, wanted, row_id, limit + 1) if is_claimed else []
    place = (-1.0, -1) if is_claimed else (due, row_id)
    found += _some_pending(database, wanted, place, limit + 1 - len(found))
    jobs = found[:limit]
    last = jobs[-1] if len(found) > limit else None
    following = None if last is None else f"{int(last.is_claimed)}:{last.due!r}:{last.id}"
    counts = _counts(database, "ack_queue_default", PENDING, wanted, _WAITING)
    more = _counts(database, "ack_queue_default", CLAIMED, wanted, _WAITING)
    by_type = {kind: counts[1].get(kind, 0) + more[1].get(kind, 0) for kind in {**counts[1], **more[1]}}
    return Listed(jobs, following, counts[0] + more[0], by_type)


def _some_claimed(database: Database, wanted: JobFilter, after: int, limit: int) -> list[WaitingJob]:
    where, values = _condition(database, wanted, _WAITING)
    rows = database.all(
        f"SELECT _id, data, due FROM ack_queue_default WHERE {CLAIMED} AND {where} AND _id > ? ORDER BY _id LIMIT ?",
        (*values, after, limit),
    )
    return [_waiting_job(row, is_claimed=True) for row in rows]


def _some_pending(database: Database, wanted: JobFilter, after: tuple[float, int], limit: int) -> list[WaitingJob]:
    where, values = _condition(database, wanted, _WAITING)
    rows = database.all(
        f"SELECT _id, data, due FROM ack_queue_default WHERE {PENDING} AND {where} AND (due, _id) > (?, ?)"
        " ORDER BY due, _id LIMIT ?",
        (*values, *after, limit),
    )
    return [_waiting_job(row, is_claimed=False) for row in rows]


def job_of_scene(database: Database, scene_id: int) -> WaitingJob | FailedJob | None:
    """The scene's job that is in hand or waits, else its newest dead letter."""
    for condition, is_claimed in ((CLAIMED, True), (PENDING, False)):
        row = database.one(
            f"SELECT _id, data, due FROM ack_queue_default WHERE {condition} AND scene_id = ?", (scene_id,)
        )
        if row is not None:
            return _waiting_job(row, is_claimed=is_claimed)
    row = database.one(
        f"SELECT {_FAILED_COLUMNS} FROM dead_letters WHERE scene_id = ? ORDER BY id DESC LIMIT 1", (scene_id,)
    )
    return None if row is None else _failed_job(row)


def files_of(database: Database, scene_ids: Sequence[int]) -> dict[int, list[str]]:
    """The files of those scenes that wait, as Stash sees them."""
    rows = database.all(f"SELECT scene_id, files FROM waiting_files WHERE scene_id {IN_LIST}", (as_list(scene_ids),))
    return {scene_id: json.loads(files) for scene_id, files in rows}


def owners_of(database: Database, rating_keys: Sequence[int]) -> dict[int, int]:
    """Which scene each of these items belongs to; one that belongs to nobody is absent."""
    return dict(
        database.all(
            f"SELECT rating_key, scene_id FROM item_state WHERE scene_id > 0 AND rating_key {IN_LIST}",
            (as_list(rating_keys),),
        )
    )


def failed_ids(database: Database, wanted: JobFilter) -> list[int]:
    """The ids of the dead letters that are meant, oldest first."""
    where, values = _condition(database, wanted, _FAILED)
    return [row_id for (row_id,) in database.all(f"SELECT id FROM dead_letters WHERE {where} ORDER BY id", values)]


def waiting_jobs(database: Database, wanted: JobFilter) -> list[WaitingJob]:
    """The jobs that wait or are in hand and are meant, oldest first."""
    where, values = _condition(database, wanted, _WAITING)
    rows = [
        (row, is_claimed)
        for condition, is_claimed in ((CLAIMED, True), (PENDING, False))
        for row in database.all(
            f"SELECT _id, data, due FROM ack_queue_default WHERE {condition} AND {where} ORDER BY _id", values
        )
    ]
    return [_waiting_job(row, is_claimed=is_claimed) for row, is_claimed in rows]


def pending_jobs(database: Database, wanted: JobFilter = ANY_JOB) -> list[WaitingJob]:
    """The jobs that wait, are not in hand and are meant, oldest first."""
    return [job for job in waiting_jobs(database, wanted) if not job.is_claimed]


def discard_waiting(database: Database, jobs: Sequence[WaitingJob], moment: float) -> int:
    """Delete these jobs where they still wait as they are, so none into which an edit was folded; returns how many.

    `moment`: as which it is remembered, in seconds since the epoch.
    """
    with database.transaction():
        now = {job.id: job for job in pending_jobs(database, JobFilter(ids=frozenset(job.id for job in jobs)))}
        ids = [job.id for job in jobs if now.get(job.id) == job]
        note_discarded(database, ids, moment)
        return database.execute(f"DELETE FROM ack_queue_default WHERE {PENDING} AND _id {IN_LIST}", (as_list(ids),))


def discard_failed(database: Database, ids: Sequence[int]) -> int:
    """Delete these dead letters; returns how many there still were."""
    return delete_letters(database, f"id {IN_LIST}", (as_list(ids),))


def _waiting_job(row: tuple[Any, ...], *, is_claimed: bool) -> WaitingJob:
    row_id, data, due = row
    return WaitingJob(row_id, json.loads(data), due or 0.0, is_claimed)


def _failed_job(row: tuple[Any, ...]) -> FailedJob:
    row_id, scene_id, title, path, error_type, error_text, candidates, attempts, buried_at, data = row
    rivals = json.loads(candidates)
    return FailedJob(
        row_id, scene_id, title, path, error_type, error_text, rivals, attempts, buried_at, json.loads(data)
    )


def _position(after: str | None) -> tuple[bool, float, int]:
    """Where a page of waiting jobs begins: behind this row. Raises ValueError."""
    if not after:
        return True, -1.0, -1
    is_claimed, due, row_id = after.split(":")
    return is_claimed == "1", float(due), int(row_id)


def _counts(
    database: Database, table: str, condition: str, wanted: JobFilter, columns: _Columns
) -> tuple[int, dict[str, int]]:
    """How many are meant, and how many of each kind there are without regard to the kinds that are wanted."""
    every_kind = JobFilter(wanted.search, None, wanted.ids)
    where, values = _condition(database, every_kind, columns)
    rows = database.all(
        f"SELECT {columns.error_type}, COUNT(*) FROM {table} WHERE {condition} AND {where} GROUP BY 1", values
    )
    counts = dict(rows)
    kinds = wanted.error_types
    total = sum(count for kind, count in counts.items() if kinds is None or kind in kinds)
    return total, {kind: count for kind, count in counts.items() if kind}


def _condition(database: Database, wanted: JobFilter, columns: _Columns) -> tuple[str, list[Any]]:
    """As SQL, with its values."""
    parts: list[str] = ["1"]
    values: list[Any] = []
    if wanted.ids is not None:
        parts.append(f"{columns.id} {IN_LIST}")
        values.append(as_list(sorted(wanted.ids)))
    if wanted.error_types is not None:
        parts.append(f"{columns.error_type} {IN_LIST}")
        values.append(as_list(sorted(wanted.error_types)))
    if wanted.search:
        # SQLite's own LIKE knows the cases of ASCII only.
        _add_function(database, "folded", lambda text: str(text or "").casefold())
        text = wanted.search.casefold()
        parts.append(f"(instr(folded({columns.title}), ?) OR instr(folded({columns.path}), ?) OR scene_id = ?)")
        values += [text, text, int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1]
    return " AND ".join(parts), values


def _add_function(database: Database, name: str, function: Callable[[Any], Any]) -> None:
    database.connection.create_function(name, 1, function, deterministic=True)
