"""Where an unfinished comparison stands, on disk, so that a killed one carries on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from storage.crash_points import reach
from storage.json_file import JsonFile, stored_number
from worker.data_folder import DataFolder


@dataclass(frozen=True)
class RunState:
    """How far a run is. Times in seconds since the epoch.

    `since`: only scenes updated since then, None for all. `position`: scenes handled. `rows_bytes`: how much of the
    rows' file belongs to those. `verdicts`: scenes by verdict. `fields`: scenes that differ in a field, by field.
    """

    kind: str
    scope: str
    started_at: float
    since: float | None = None
    position: int = 0
    rows: int = 0
    rows_bytes: int = 0
    enqueued: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)


class RunFiles:
    """The files of an unfinished run of this name, for the one process that runs it."""

    def __init__(self, folder: DataFolder, name: str) -> None:
        os.makedirs(folder.reports, mode=0o700, exist_ok=True)
        self._rows = os.path.join(folder.reports, f"unfinished-{name}.rows.jsonl")
        self._state = JsonFile(os.path.join(folder.reports, f"unfinished-{name}.json"))
        self._scenes = JsonFile(os.path.join(folder.reports, f"unfinished-{name}.scenes.json"))

    def load(self) -> tuple[RunState, list[int]] | None:
        """What was saved last, with the scenes of the run; None where there is nothing whole."""
        stored, plan = self._state.load(), self._scenes.load()
        try:
            state = RunState(**stored)
            is_whole = stored_number(state.started_at) == plan["started_at"] and self._size() >= state.rows_bytes
            scene_ids = [int(scene_id) for scene_id in plan["scene_ids"]]
        except (KeyError, TypeError, ValueError):
            return None
        return (state, scene_ids) if is_whole and 0 <= state.position <= len(scene_ids) else None

    def begin(self, state: RunState, scene_ids: Sequence[int]) -> None:
        """Save a run at its start. Raises OSError."""
        self.clear()
        # The state comes last: without it there is no run.
        self._scenes.save({"started_at": state.started_at, "scene_ids": list(scene_ids)})
        self.save(state)

    def save(self, state: RunState) -> None:
        """Save how far the run is. Raises OSError."""
        self._state.save(asdict(state))
        reach("reconcile:placed")

    def append(self, rows: Sequence[Mapping[str, Any]], at_byte: int) -> int:
        """Write rows behind the first `at_byte` bytes; returns the new size. What a killed run left there goes."""
        with open(self._rows, "ab") as file:
            file.truncate(at_byte)
            file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
            file.flush()
            os.fsync(file.fileno())
        reach("reconcile:appended")
        return os.path.getsize(self._rows)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row written so far; a line that a failing disk has spoiled is left out."""
        if os.path.exists(self._rows):
            with open(self._rows, encoding="utf-8", errors="replace") as file:
                for line in file:
                    with suppress(ValueError):
                        yield json.loads(line)

    def clear(self) -> None:
        """Forget the run."""
        for path in (self._state.path, self._scenes.path, self._rows):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _size(self) -> int:
        return os.path.getsize(self._rows) if os.path.exists(self._rows) else 0
