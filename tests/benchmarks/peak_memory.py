"""How much memory a process has had resident at most."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

MEGABYTE = 1_000_000


def peak_bytes(process: psutil.Process) -> int:
    """The high-water mark where the system keeps one (Linux, Windows), else what is resident now; in bytes."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(encoding="utf-8"), re.MULTILINE)
        assert found
        return int(found[1]) * 1024
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
