"""Compares the scenes that a person picked, or those that differ in a report, and enqueues what still differs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sync_queue.enqueue import enqueue_many
from worker.errors import ArgumentError
from worker.reconcile.index_copy import open_index_copy
from worker.reconcile.rows import marks_of
from worker.reconcile.run import PAGE_SIZE, SOURCE_BY_HAND, Kind, nothing_compared
from worker.sync.comparison import Comparison, SceneComparison, Verdict
from worker.tasks import arguments
from worker.tasks.task import Task
from worker.tasks.views.reports import differing_scenes

MOST_SCENES = 500
SCOPE = "scenes"
NAMED = ("scene_ids", "report")
"""The arguments that name scenes."""


def is_about_some(args: Mapping[str, Any]) -> bool:
    """Whether scenes are named, one way or the other."""
    return any(args.get(name) is not None for name in NAMED)


def reconcile_some(task: Task) -> dict[str, Any]:
    """As `reconcile` over those scenes, without a report. Raises ArgumentError, ConfigError, PlexError."""
    scene_ids = _named_scenes(task)
    workplace = task.workplace
    started_at = time.time()
    config = workplace.contexts.read_settings()
    plex = workplace.contexts.new_client(config)
    results: list[SceneComparison] = []
    with open_index_copy(task.folder.file_index, plex, config.plex_library) as index:
        comparison = Comparison(workplace.contexts.over(index, config, plex), task.database)
        for start in range(0, len(scene_ids), PAGE_SIZE):
            results += comparison.compare(scene_ids[start : start + PAGE_SIZE])
    differing = [result.scene_id for result in results if result.verdict is Verdict.DIFFERS]
    enqueued = enqueue_many(task.database, differing, SOURCE_BY_HAND, time.time())
    if enqueued:
        task.start_drainer()
    verdicts = Counter(result.verdict.value for result in results)
    fields = Counter(field for result in results for field in {each.field for each in result.differences})
    return {
        **nothing_compared(Kind.RECONCILE, SCOPE, started_at, ""),
        **verdicts,
        "ended_at": time.time(),
        "scenes": len(results),
        "fields": dict(fields),
        **marks_of(results),
        "enqueued": enqueued,
        "resumed": False,
    }


def _named_scenes(task: Task) -> list[int]:
    """Raises ArgumentError: an empty text must not stand for the whole library."""
    for name in NAMED:
        if not arguments.text(task.args, name) and task.args.get(name) is not None:
            raise ArgumentError(f"{name} names nothing. Without it, the whole library is compared. Nothing was done")
    scene_ids = arguments.whole_numbers(task.args, "scene_ids", MOST_SCENES)
    return scene_ids or differing_scenes(task.folder, arguments.text(task.args, "report"))
