"""The lines of a report: one for each field that differs, each scene that was not found, each file that is unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from plex.editing.edits import as_json
from plex.files.index_besides import BesideFile
from worker.base.paths import shown_path
from worker.sync.comparison import SceneComparison, Verdict

Row = Mapping[str, Any]

UNKNOWN = "unknown_to_stash"
"""What stands in the place of a verdict where a file in Plex belongs to no scene."""
LOCK_ONLY, REFUSED, AGENT_MATCHED = "lock_only", "refused", "agent_matched"
MARKS = (LOCK_ONLY, REFUSED, AGENT_MATCHED)
"""What a report counts scenes by, beside their verdict: a lock alone is missing somewhere, Plex refused something
before, an agent has matched an item to a film."""
_WITHOUT_ITEMS = (Verdict.NOT_IN_PLEX, Verdict.AMBIGUOUS, Verdict.FAILED, Verdict.UNDONE)


def report_rows(result: SceneComparison, obfuscate_paths: bool) -> list[dict[str, Any]]:
    """The lines about one scene: one for each field that differs, one where it was not found.

    One that is in step has a line for each of its items that an agent has matched to a film.
    """
    blank = {
        "scene_id": result.scene_id,
        "title": result.title,
        "path": shown_path(result.path, obfuscate_paths) if result.path else "",
        "verdict": result.verdict.value,
        "rating_key": None,
        "field": "",
        "was": None,
        "will_be": None,
        LOCK_ONLY: False,
        REFUSED: False,
        "candidates": [shown_path(path, obfuscate_paths) for path in result.candidates],
        "reason": result.reason,
        "guid": "",
    }
    if result.verdict in _WITHOUT_ITEMS:
        return [blank]
    if not result.differences:
        return [{**blank, "rating_key": key, "guid": guid} for key, guid in result.guids.items()]
    return [
        {
            **blank,
            "rating_key": each.rating_key,
            "field": each.field,
            "was": as_json(each.was),
            "will_be": as_json(each.will_be),
            LOCK_ONLY: each.is_lock,
            REFUSED: each.is_refused,
            "guid": result.guids.get(each.rating_key, ""),
        }
        for each in result.differences
    ]


def unknown_row(file: BesideFile, obfuscate_paths: bool) -> dict[str, Any]:
    """The line about a file in Plex that belongs to no scene."""
    return {
        "scene_id": None,
        "title": "",
        "path": shown_path(file.path, obfuscate_paths),
        "verdict": UNKNOWN,
        "rating_key": file.rating_key,
        "library": file.library,
        "guid": file.guid,
        "trashed": file.is_trashed,
    }


def marks_of(results: Sequence[SceneComparison]) -> Counter[str]:
    """How many of the scenes are to be marked with each of MARKS."""
    return Counter(
        {
            LOCK_ONLY: sum(any(each.is_lock for each in result.differences) for result in results),
            REFUSED: sum(any(each.is_refused for each in result.differences) for result in results),
            AGENT_MATCHED: sum(bool(result.guids) for result in results),
        }
    )


def in_order(rows: Callable[[], Iterable[Row]]) -> Iterator[Row]:
    """The lines of scenes: what is to be done first, then those in step. `rows` gives all of them anew at each call."""
    for is_in_step in (False, True):
        yield from (row for row in rows() if (row["verdict"] == Verdict.IN_STEP.value) is is_in_step)
