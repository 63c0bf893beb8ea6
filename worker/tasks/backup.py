"""What a button is about to delete, written down first."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from storage.local_files import time_stamp, write_whole
from worker.data_folder import DataFolder


def write_backup(folder: DataFolder, what: str, entries: Sequence[Any], now: float) -> str:
    """Write entries (JSON values or dataclasses) to a new file, one a line; returns its path, "" where there are none.

    `now` is in seconds since the epoch. Raises OSError: then nothing may be deleted. Not to be called in a transaction
    of the queue: with 100,000 entries it takes seconds, and every hook would have to wait.
    """
    if not entries:
        return ""
    os.makedirs(folder.backups, mode=0o700, exist_ok=True)
    path = os.path.join(folder.backups, f"{what}-{time_stamp(now)}.json")
    lines = ",\n".join(json.dumps(entry, default=vars) for entry in entries)
    write_whole(path, f"[\n{lines}\n]\n")
    return path
