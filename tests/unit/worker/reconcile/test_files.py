"""The files of an unfinished run: rows are on disk before the position behind them, whatever cuts the power."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.disk_calls import DiskCalls, Synced, whole_write
from worker.data_folder import DataFolder
from worker.reconcile.files import RunFiles, RunState


def test_rows_are_on_disk_before_the_position_behind_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(str(tmp_path))
    files = RunFiles(folder, "reconcile")
    calls = DiskCalls(monkeypatch)
    size = files.rows.append([{"scene_id": 1}], at_byte=0)
    files.save(RunState("reconcile", "all", 1.0, position=1, rows=1, rows_bytes=size))
    rows, state = (Path(folder.reports, f"unfinished-reconcile.{ending}") for ending in ("rows.jsonl", "json"))
    assert calls == [Synced(rows.stat().st_ino, size, False), *whole_write(state)]
