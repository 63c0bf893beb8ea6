"""Where an unfinished comparison stands, on disk, so that a killed one carries on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from storage.crash_points import reach
from storage.json_file import JsonFile, stored_number
from worker.data_folder import DataFolder


@dataclass(frozen=True)
class RunState:
    """How far a run is. Times in seconds since the epoch.

    `since`: only scenes updated since then, None for all. `position`: scenes handled. `rows_bytes`, `paths_bytes`: how
    much of the files of rows and of paths belongs to those. `verdicts`: scenes by verdict. `fields`: scenes that differ
    in a field, by field. `marks`: scenes by what else is said of them (worker.reconcile.rows.MARKS). `listed`: scenes
    that have rows; `listed_in_step`: those of them that are in step.
    """

    kind: str
    scope: str
    started_at: float
    since: float | None = None
    position: int = 0
    rows: int = 0
    rows_bytes: int = 0
    paths_bytes: int = 0
    enqueued: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[str, int] = field(default_factory=dict)
    listed: int = 0
    listed_in_step: int = 0


class Lines:
    """A file of JSON values, one a line, of which a kill may leave more than was counted."""

    def __init__(self, path: str) -> None:
        self.path = path

    def append(self, values: Iterable[Any], at_byte: int) -> int:
        """Write values behind the first `at_byte` bytes; returns the new size. What a killed run left there goes."""
        with open(self.path, "ab") as file:
            file.truncate(at_byte)
            file.write(b"".join(json.dumps(value).encode() + b"\n" for value in values))
            file.flush()
            os.fsync(file.fileno())
        return os.path.getsize(self.path)

    def __iter__(self) -> Iterator[Any]:
        """Every value written so far; a line that a failing disk has spoiled is left out."""
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8", errors="replace") as file:
                for line in file:
                    with suppress(ValueError):
                        yield json.loads(line)

    def size(self) -> int:
        """In bytes."""
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0


class RunFiles:
    """The files of an unfinished run of this name, for the one process that runs it."""

    def __init__(self, folder: DataFolder, name: str) -> None:
        os.makedirs(folder.reports, mode=0o700, exist_ok=True)
        self.rows = Lines(os.path.join(folder.reports, f"unfinished-{name}.rows.jsonl"))
        """The rows of the report."""
        self.paths = Lines(os.path.join(folder.reports, f"unfinished-{name}.paths.jsonl"))
        """Lists of the paths in Plex that belong to scenes."""
        self._state = JsonFile(os.path.join(folder.reports, f"unfinished-{name}.json"))
        self._scenes = JsonFile(os.path.join(folder.reports, f"unfinished-{name}.scenes.json"))

    def load(self) -> tuple[RunState, list[int]] | None:
        """What was saved last, with the scenes of the run; None where there is nothing whole."""
        stored, plan = self._state.load(), self._scenes.load()
        try:
            state = RunState(**stored)
            is_whole = (
                stored_number(state.started_at) == plan["started_at"]
                and self.rows.size() >= stored["rows_bytes"]
                and self.paths.size() >= stored["paths_bytes"]  # which an earlier version did not write
            )
            scene_ids = [int(scene_id) for scene_id in plan["scene_ids"]]
        except (KeyError, TypeError, ValueError):
            return None
        return (state, scene_ids) if is_whole and 0 <= state.position <= len(scene_ids) else None

    def begin(self, state: RunState, scene_ids: Sequence[int]) -> None:
        """Save a run at its start. Raises OSError."""
        self.clear()
        # The state comes last: without it there is no run.
        self.plan(state, scene_ids)
        self.save(state)

    def plan(self, state: RunState, scene_ids: Sequence[int]) -> None:
        """Save which scenes a run is about, those that it has handled first. Raises OSError."""
        self._scenes.save({"started_at": state.started_at, "scene_ids": list(scene_ids)})

    def save(self, state: RunState) -> None:
        """Save how far the run is. Raises OSError."""
        self._state.save(asdict(state))
        reach("reconcile:placed")

    def clear(self) -> None:
        """Forget the run."""
        for path in (self._state.path, self._scenes.path, self.rows.path, self.paths.path):
            with suppress(FileNotFoundError):
                os.unlink(path)
