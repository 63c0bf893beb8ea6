"""Which calls that make a file durable reach the operating system, and in what order: no test can cut the power.

The calls are done as ever. They are noted with what is true at that moment, so that an fsync before the content was
flushed, or of another file, is told from one that helps.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Synced:
    """An fsync: of which file or folder (its inode), and how many bytes of it the operating system had by then."""

    inode: int
    size: int
    is_folder: bool


@dataclass(frozen=True)
class Renamed:
    """A file (its inode) took the name `target`."""

    inode: int
    target: str


class DiskCalls(list[Synced | Renamed]):
    """Every os.fsync and os.replace of this process, in order, until the test ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._fsync, self._replace = os.fsync, os.replace
        monkeypatch.setattr(os, "fsync", self._note_fsync)
        monkeypatch.setattr(os, "replace", self._note_replace)

    def _note_fsync(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(found.st_mode)
        self.append(Synced(found.st_ino, 0 if is_folder else found.st_size, is_folder))
        self._fsync(descriptor)

    def _note_replace(self, source: str, target: str) -> None:
        self.append(Renamed(Path(source).stat().st_ino, target))
        self._replace(source, target)


def whole_write(path: Path) -> list[Synced | Renamed]:
    """The calls that a durable write of the file must have made: its content, its name, the folder's list of names."""
    file = path.stat()
    calls: list[Synced | Renamed] = [Synced(file.st_ino, file.st_size, False), Renamed(file.st_ino, str(path))]
    if os.name != "nt":
        calls.append(Synced(path.parent.stat().st_ino, 0, True))
    return calls
