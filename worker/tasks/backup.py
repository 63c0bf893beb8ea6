"""What a button is about to delete, written down first."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Any

from storage.local_files import time_stamp, write_whole
from worker.data_folder import DataFolder


def write_backup(folder: DataFolder, what: str, entries: Sequence[Any], now: float) -> str:
    """Write entries (JSON values or dataclasses) to a new file; returns its path, "" where there are none.

    `now` is in seconds since the epoch. Raises OSError: then nothing may be deleted.
    """
    if not entries:
        return ""
    os.makedirs(folder.backups, mode=0o700, exist_ok=True)
    path = os.path.join(folder.backups, f"{what}-{time_stamp(now)}.json")
    write_whole(path, json.dumps([_plain(entry) for entry in entries], indent=1))
    return path


def _plain(entry: Any) -> Any:
    is_value = dataclasses.is_dataclass(entry) and not isinstance(entry, type)
    return dataclasses.asdict(entry) if is_value else entry
