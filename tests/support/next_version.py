"""Two builds of the plugin: this version, and one as the next may be, with another number and an invented format."""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tests.world import PROJECT
from tools.dist import MANIFEST, VERSION_FILE, build_zip, plugin_files
from worker.version import VERSION

NEXT_VERSION = "99.0.0"
NEXT_FORMAT = 2
RENAMED = ("scene_state", "state_of_scenes")
"""A table under its old and its new name: each version fails loudly in the other's format."""
STEP = (
    "ALTER TABLE scene_state RENAME TO state_of_scenes",
    "ALTER TABLE ack_queue_default ADD COLUMN invented TEXT",
    "UPDATE ack_queue_default SET invented = 'by the step'",
    "ALTER TABLE item_state ADD COLUMN invented INTEGER NOT NULL DEFAULT 0",
    "UPDATE item_state SET invented = scene_id",
    "CREATE INDEX items_by_invention ON item_state (invented)",
)
"""From format 1 to 2."""
_SCHEMA_CHANGES = (
    ("STEPS: tuple[tuple[str, ...], ...] = ()", f"STEPS: tuple[tuple[str, ...], ...] = ({STEP!r},)"),
    ("status INTEGER,\n", "status INTEGER, invented TEXT,\n"),
    (
        "scene_id INTEGER NOT NULL, written_at",
        "invented INTEGER NOT NULL DEFAULT 0, scene_id INTEGER NOT NULL, written_at",
    ),
    (
        '    "CREATE INDEX IF NOT EXISTS item_state_by_scene',
        f'    "{STEP[-1]}",\n    "CREATE INDEX IF NOT EXISTS item_state_by_scene',
    ),
)
"""What the step adds, in the tables of a new file; a table must be there before its index, so the text is behind it."""


@dataclass(frozen=True)
class Build:
    """A version's zip: `files` are (name, content) in its order."""

    version: str
    files: tuple[tuple[str, bytes], ...]

    def unpack(self, folder: Path) -> Path:
        """Write all files into `folder`; returns it."""
        over_each_other(folder, self, self, lambda: None)
        return folder


def this_version() -> Build:
    """What `make dist` builds."""
    return _build(PROJECT, VERSION)


def next_version(folder: Path) -> Build:
    """The next version, from a changed copy of the sources in `folder`."""
    for name in plugin_files(PROJECT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    for name in (MANIFEST, VERSION_FILE):
        _change(folder / name, VERSION, NEXT_VERSION)
    for path in (folder / "sync_queue").rglob("*.py"):
        path.write_text(re.sub(rf"\b{RENAMED[0]}\b", RENAMED[1], path.read_text(encoding="utf-8")), encoding="utf-8")
    for before, after in _SCHEMA_CHANGES:
        _change(folder / "sync_queue" / "schema.py", before, after)
    return _build(folder, NEXT_VERSION)


def _change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, f"no {before!r} in {path}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def _build(project: Path, version: str) -> Build:
    with zipfile.ZipFile(io.BytesIO(build_zip(project, datetime.now(timezone.utc)))) as package:
        return Build(version, tuple((name, package.read(name)) for name in package.namelist()))


Replace = Callable[[Path, Build, Build, Callable[[], object]], None]
"""Puts a build in the place of another one; what is last is called after each file."""


def as_stash(folder: Path, old: Build, new: Build, after_each: Callable[[], object]) -> None:
    """Delete the old files, then write the new ones (Stash v0.30, its package manager)."""
    for name, _ in old.files:
        (folder / name).unlink()
        after_each()
    over_each_other(folder, old, new, after_each)


def over_each_other(folder: Path, old: Build, new: Build, after_each: Callable[[], object]) -> None:
    """Write each new file over the old one, as a copy or `git pull` does."""
    for name, content in new.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        after_each()


def slowly(seconds: float) -> Callable[[], None]:
    """To wait so long after each file."""
    return lambda: time.sleep(seconds)
